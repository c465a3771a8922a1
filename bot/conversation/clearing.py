"""What `/clear` asks of Telegram: to delete the messages that this bot sent within the last two days."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import orjson

from bot.conversation.render import Request
from bot.core.effects import DELETED_AT_ONCE
from bot.core.facts import User
from bot.storage import outbox
from bot.storage.database import Transaction
from bot.storage.messages import Draft, Outcome, Status

DELETABLE = timedelta(hours=47, minutes=50)
"""A little less than the 48 hours for which a bot may delete a message. Source: Bot API, deleteMessage."""

_REPLY = 0


def is_reply(draft: Draft, user_id: int) -> bool:
    """Whether the draft is an answer to this person, and not something promised to them."""
    return draft.user_id == user_id and draft.priority == _REPLY


async def requests(tx: Transaction, user: User, now: datetime, outcomes: Sequence[Outcome]) -> list[Request]:
    """
    The calls, a hundred messages each. `outcomes` tell of messages that were sent and not noted yet.

    What only waits to be said as a reply is taken back; what was promised comes all the same.
    """
    await outbox.take_back(tx, user.id)
    said = {each.message_id for each in await outbox.of_user(tx, user.id, now - DELETABLE)}
    said |= {each.message_id for each in outcomes if each.user_id == user.id and each.status == Status.SENT}
    ids = sorted(said - {0})
    return [_request(user, ids[at : at + DELETED_AT_ONCE]) for at in range(0, len(ids), DELETED_AT_ONCE)]


def _request(user: User, ids: list[int]) -> Request:
    return Request("deleteMessages", orjson.dumps({"chat_id": user.chat_id, "message_ids": ids}))
