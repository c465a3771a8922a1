"""The locks of private corners, and the lines behind them."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import bindparam, delete, select

from bot.core.errors import Undecodable, VaultError
from bot.core.facts import Corner, Line
from bot.storage.database import Transaction, instant, moment, upsert
from bot.storage.statements import among, found
from bot.storage.tables import corners, entries
from bot.storage.users import Person

KIND = "private."
"""What the kind of every entry in a private corner begins with."""

MOST = 500
"""How many lines are read back, the newest ones."""


async def of(tx: Transaction, people: Mapping[int, Person]) -> dict[int, Corner]:
    """The corners of these locked people, where they have one, with their newest lines. Raises Undecodable."""
    rows = await found(tx, _LOAD, {"ids": list(people)})
    locks = {user_id: Corner(_pin(people[user_id], pin), wrong, _at(until)) for user_id, pin, wrong, until in rows}
    return {user_id: replace(lock, lines=await _lines(tx, people[user_id])) for user_id, lock in locks.items()}


async def save(tx: Transaction, changed: Collection[tuple[Person, Corner]]) -> None:
    """Write these locks in place of what was there. Lines are entries, and are kept with `entries.add`."""
    rows = [
        {
            "user_id": person.user.id,
            "pin": person.key.seal(_place(person.user.id), corner.pin),
            "wrong": corner.wrong,
            "wait_until": None if corner.wait_until is None else instant(corner.wait_until),
        }
        for person, corner in changed
    ]
    if rows:
        await tx.connection.execute(_SAVE[tx.dialect], rows)


async def empty(tx: Transaction, user_ids: Collection[int]) -> None:
    """Forget the locks of these users and every line behind them."""
    if user_ids:
        await tx.connection.execute(_UNLOCK, {"ids": list(user_ids)})
        await tx.connection.execute(_FORGET, {"ids": list(user_ids)})


async def _lines(tx: Transaction, person: Person) -> tuple[Line, ...]:
    rows = (await tx.connection.execute(_LINES, {"user_id": person.user.id})).all()
    return tuple(Line(moment(row.at), person.open(f"entries.text.{row.id}", row.text)) for row in reversed(rows))


def _pin(person: Person, sealed: bytes) -> bytes:
    try:
        return person.key.open(_place(person.user.id), sealed)
    except VaultError:
        raise Undecodable("The lock of a private corner cannot be opened.", user_id=person.user.id) from None


def _place(user_id: int) -> str:
    return f"corners.pin.{user_id}"


def _at(stored: int | None) -> datetime | None:
    return None if stored is None else moment(stored)


_LOAD = select(corners.c.user_id, corners.c.pin, corners.c.wrong, corners.c.wait_until).where(
    among(corners.c.user_id, "ids")
)
_SAVE = upsert(corners)
_UNLOCK = delete(corners).where(corners.c.user_id.in_(bindparam("ids", expanding=True)))
_FORGET = delete(entries).where(
    entries.c.user_id.in_(bindparam("ids", expanding=True)), entries.c.kind.startswith(KIND, autoescape=True)
)
_LINES = (
    select(entries)
    .where(entries.c.user_id == bindparam("user_id"), entries.c.kind.startswith(KIND, autoescape=True))
    .order_by(entries.c.at.desc(), entries.c.id.desc())
    .limit(MOST)
)
