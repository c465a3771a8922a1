"""What `/export` sends: everything kept about one person, opened, as two documents."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime, time, timedelta

import orjson

from bot.conversation import documents
from bot.conversation.documents import Sheet
from bot.conversation.facts import Standing
from bot.conversation.render import Request
from bot.core.effects import SendExport
from bot.core.facts import User
from bot.dialog.session import Session
from bot.i18n.catalog import Catalog
from bot.safety import policy
from bot.storage import entries, spaces, timers
from bot.storage.database import Transaction
from bot.storage.entries import PRIVATE, Entry

SHOWN = (
    "id",
    "nickname",
    "locale",
    "role",
    "zone",
    "quiet_from",
    "quiet_to",
    "nudge_at",
    "nudges",
    "ignored",
    "consent",
    "stopped",
    "blocked_at",
    "seed",
    "created_at",
    "seen_at",
)
"""The fields of a user that are always in it. All others are only in the fuller one: a new field has to be thought of."""

_ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
_CORNER = PRIVATE.rstrip(".")
_CLOSED = ("help", *policy.DIALOGS.values())
"""Dialogs whose answers are only in the copy with the private corner, and only in the fuller one."""


async def requests(
    tx: Transaction, catalog: Catalog, standing: Standing, now: datetime, wish: SendExport
) -> list[Request]:
    """The calls that send the documents. Own rows only. Raises Undecodable."""
    person = standing.person
    done = await entries.of_user(tx, person, _ALWAYS)
    sheets = [
        Sheet("you", ("what", "value"), list(_profile(person.user, wish))),
        Sheet("done", ("at", "what", "before", "after", "how", "words"), list(_done(done, wish))),
        Sheet(
            "returns",
            ("at", "back_at", "state", "extended", "before", "words"),
            [
                (each.asked_at, each.back_at, each.state, each.extensions, each.before, each.warm)
                for each in await spaces.of_user(tx, person)
            ],
        ),
        Sheet(
            "reminders",
            ("at", "what", "daily"),
            [
                (timer.due_at, timer.kind, timer.rule)
                for timer in await timers.of_user(tx, person.user.id)
                if _is_told(timer.kind, wish)
            ],
        ),
        Sheet("open", ("what", "answer", "value"), list(_open(standing.session, wish))),
    ]
    copy = documents.Copy(catalog, person.user, now, sheets, whole=wish.fuller and wish.corner)
    return [
        Request("sendDocument", orjson.dumps({"chat_id": person.user.chat_id, "document": document}))
        for document in copy.files()
    ]


def _profile(user: User, wish: SendExport) -> Iterator[tuple[object, ...]]:
    for each in fields(user):
        value = getattr(user, each.name)
        shown = each.name in SHOWN or (wish.fuller and each.name != "chat_id")
        if shown and isinstance(value, str | int | datetime | time) and value != "":
            yield each.name, value


def _done(done: list[Entry], wish: SendExport) -> Iterator[tuple[object, ...]]:
    for each in done:
        if wish.corner if each.kind.startswith(PRIVATE) else wish.fuller or not policy.never_tell(each.kind):
            yield each.at, each.kind, each.before, each.after, each.technique, each.text


def _open(session: Session, wish: SendExport) -> Iterator[tuple[object, ...]]:
    """What was answered in talks that are not finished."""
    for frame in (*session.stack, session.frame):
        if _is_told(frame.dialog, wish):
            for name, value in frame.slots.items():
                if isinstance(value, str | int | float | datetime | timedelta) and value != "":
                    yield frame.dialog, name, value


def _is_told(name: str, wish: SendExport) -> bool:
    """Whether the answers in a dialog, or a timer of its, are in this copy."""
    dialog = name.partition(".")[0]
    return wish.corner if dialog == _CORNER else wish.fuller or dialog not in _CLOSED
