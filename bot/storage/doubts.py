"""Messages of which nobody can tell whether they arrived, and whose writer is to decide: send it again, or leave it."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Row, bindparam, select, update

from bot.core.effects import SetTimer
from bot.core.errors import Undecodable, VaultError
from bot.core.ids import base36
from bot.storage import timers
from bot.storage.database import Transaction
from bot.storage.messages import Draft, Status, place
from bot.storage.tables import outbox
from bot.storage.users import Person

UNKNOWN, LATE = "doubt.unknown", "doubt.late"
"""The kinds of timers behind the question: it may have arrived, or it could not be sent for too long."""


async def ask(tx: Transaction, messages: Collection[int], now: datetime, *, kind: str = UNKNOWN) -> None:
    """
    Have the writers of those among `messages` that say so (`if_unknown` is `ask`) asked about them, at once.

    A timer carries the question, so that it commits with the doubt and is put once. Its ref is the id in base 36.
    """
    if not messages:
        return
    found = await tx.connection.execute(_ASKED, {"ids": sorted(messages)})
    await timers.set(tx, [(row.user_id, SetTimer(kind, base36(row.id), now)) for row in found])


async def open_of(tx: Transaction, people: Collection[int]) -> Mapping[int, frozenset[int]]:
    """The messages about which each of these people may still decide."""
    found: dict[int, set[int]] = {}
    for row in await tx.connection.execute(_OPEN, {"people": list(people)}):
        found.setdefault(row.user_id, set()).add(row.id)
    return {user_id: frozenset(ids) for user_id, ids in found.items()}


async def take(tx: Transaction, writer: Person, message: int) -> Draft | None:
    """
    The message as it was drafted; its words are kept no longer. None if there is nothing left to decide.

    Raises Undecodable.
    """
    wanted = {"message": message, "writer": writer.user.id}
    row = (await tx.connection.execute(_TAKE, wanted)).one_or_none()
    if row is None:
        return None
    await tx.connection.execute(_WIPE, wanted)
    return _draft(row, writer)


def _draft(row: Row[tuple[object, ...]], writer: Person) -> Draft:
    try:
        body = writer.key.open(place(row.id), row.payload)
    except VaultError:
        raise Undecodable("A message cannot be read.", user_id=writer.user.id) from None
    return Draft(row.id, row.user_id, row.destination, row.priority, row.method, body, row.if_unknown)


_DOUBTFUL = (outbox.c.status == Status.UNKNOWN, outbox.c.if_unknown == "ask", outbox.c.payload.is_not(None))
_MINE = (outbox.c.id == bindparam("message"), outbox.c.user_id == bindparam("writer"))
_ASKED = select(outbox.c.id, outbox.c.user_id).where(outbox.c.id.in_(bindparam("ids", expanding=True)), *_DOUBTFUL)
_OPEN = select(outbox.c.id, outbox.c.user_id).where(
    outbox.c.user_id.in_(bindparam("people", expanding=True)), *_DOUBTFUL
)
_TAKE = select(outbox).where(*_MINE, *_DOUBTFUL).with_for_update()
_WIPE = update(outbox).where(*_MINE).values(payload=None)
