"""Where each person stands in which dialog; what they said on the way lies sealed in the row's body."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import bindparam, select

from bot.core.errors import Undecodable, VaultError
from bot.core.values import dataclass
from bot.storage.database import Transaction, instant, moment, upsert
from bot.storage.statements import among, found, many
from bot.storage.tables import sessions
from bot.storage.users import Person


@dataclass(frozen=True, slots=True)
class Row:
    """A stored session: dialog, state and script's hash in the open; `body` is any JSON object."""

    user_id: int
    dialog: str
    state: str
    script: str
    revision: int
    body: dict[str, Any]
    at: datetime


async def load(tx: Transaction, people: Mapping[int, Person]) -> dict[int, Row]:
    """The sessions of these locked people, where they have one. Raises Undecodable, with `user_id`, for a broken one."""
    rows = await found(tx, _LOAD, {"ids": list(people)})
    return {
        user_id: Row(user_id, dialog, state, script, revision, _opened(people[user_id], body), moment(at))
        for user_id, dialog, state, script, revision, body, at in rows
    }


async def save(tx: Transaction, changed: Collection[tuple[Person, Row]]) -> None:
    """Write these sessions in place of what was there."""
    await many(tx, _SAVE[tx.dialect], [_sealed(person, row) for person, row in changed])


async def left(tx: Transaction, user_ids: Collection[int], before: datetime) -> list[int]:
    """Which of these people left a dialog open and said nothing since before then."""
    return list((await tx.connection.execute(_LEFT, {"ids": list(user_ids), "before": instant(before)})).scalars())


_c = sessions.c
_LOAD = select(_c.user_id, _c.dialog, _c.state, _c.script, _c.revision, _c.body, _c.at).where(among(_c.user_id, "ids"))
_SAVE = upsert(sessions)
_LEFT = (
    select(sessions.c.user_id)
    .where(
        among(sessions.c.user_id, "ids"),
        sessions.c.dialog != "",
        sessions.c.at < bindparam("before"),
    )
    .order_by(sessions.c.user_id)
)


def _opened(person: Person, body: bytes) -> dict[str, Any]:
    user_id = person.user.id
    try:
        read = orjson.loads(person.key.open(_place(user_id), body))
    except (VaultError, orjson.JSONDecodeError):
        raise Undecodable("The body of a session cannot be opened.", user_id=user_id) from None
    if not isinstance(read, dict):
        raise Undecodable("The body of a session is no JSON object.", user_id=user_id)
    return read


def _sealed(person: Person, row: Row) -> dict[str, Any]:
    return {
        "user_id": row.user_id,
        "dialog": row.dialog,
        "state": row.state,
        "script": row.script,
        "revision": row.revision,
        "body": person.key.seal(_place(row.user_id), orjson.dumps(row.body)),
        "at": instant(row.at),
    }


def _place(user_id: int) -> str:
    return f"sessions.body.{user_id}"
