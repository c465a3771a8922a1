"""Promises to come back: the one that counts now, and how many were made today."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, insert, or_, select, update

from bot.core.facts import Space
from bot.storage.database import Transaction, instant, moment
from bot.storage.statements import among, found
from bot.storage.tables import spaces
from bot.storage.users import Person

UNFINISHED = ("resting", "due", "late")
STILL_FELT = timedelta(hours=24)
"""A finished space still counts this long after the return it promised."""


async def open_of(tx: Transaction, people: Mapping[int, Person], now: datetime) -> dict[int, Space]:
    """Each person's newest space that is unfinished, or whose promised return is less than a day ago. Raises Undecodable."""
    rows = await found(tx, _OPEN, {"ids": list(people), "since": instant(now - STILL_FELT)})
    return {row[1]: _space(people[row[1]], row) for row in rows}  # ordered by age: the newest stays


async def of_ids(tx: Transaction, people: Mapping[int, Person], ids: Collection[int]) -> dict[int, Space]:
    """Those of the spaces `ids` that belong to these people, by id. Raises Undecodable."""
    rows = await tx.connection.execute(_OF_IDS, {"spaces": list(ids), "ids": list(people)})
    return {row[0]: _space(people[row[1]], row) for row in rows}


async def of_day(tx: Transaction, since: Mapping[int, datetime]) -> dict[int, int]:
    """For each user of `since`, how many spaces they asked for from that instant on."""
    asked = dict.fromkeys(since, 0)
    if asked:
        earliest = {user_id: instant(at) for user_id, at in since.items()}
        for row in await tx.connection.execute(_ASKED, {"ids": list(since), "since": min(earliest.values())}):
            asked[row.user_id] += row.asked_at >= earliest[row.user_id]
    return asked


async def add(tx: Transaction, asked: Collection[tuple[Person, Space]]) -> None:
    """Keep these new spaces."""
    if asked:
        await tx.connection.execute(_ADD, [{"id": space.id, **_row(person, space)} for person, space in asked])


async def change(tx: Transaction, changed: Collection[tuple[Person, Space]]) -> None:
    """Write these spaces as they are now."""
    if changed:
        await tx.connection.execute(
            _CHANGE, [{"space_id": space.id, **_row(person, space)} for person, space in changed]
        )


async def of_user(tx: Transaction, person: Person) -> list[Space]:
    """Every space the person asked for, oldest first. Raises Undecodable."""
    rows = await tx.connection.execute(_OF_USER, {"ids": [person.user.id]})
    return [_space(person, row) for row in rows]


async def forget_words(tx: Transaction, before: datetime, limit: int) -> int:
    """Wipe the warm words of finished spaces whose return was promised for before then, the oldest first; of how many."""
    return len((await tx.connection.execute(_FORGET_WORDS, {"older": instant(before), "limit": limit})).all())


_MINE = among(spaces.c.user_id, "ids")
_SPACE = (
    *(spaces.c.id, spaces.c.user_id, spaces.c.asked_at, spaces.c.back_at, spaces.c.first, spaces.c.extensions),
    *(spaces.c.tell_if_late, spaces.c.state, spaces.c.warm, spaces.c.before),
)
_OPEN = (
    select(*_SPACE)
    .where(_MINE, or_(spaces.c.back_at > bindparam("since"), *(spaces.c.state == state for state in UNFINISHED)))
    .order_by(spaces.c.asked_at, spaces.c.id)
)
_OF_IDS = select(*_SPACE).where(_MINE, spaces.c.id.in_(bindparam("spaces", expanding=True)))
_OF_USER = select(*_SPACE).where(_MINE).order_by(spaces.c.asked_at, spaces.c.id)
_PAST = (
    select(spaces.c.id)
    .where(spaces.c.warm.is_not(None), spaces.c.state.not_in(UNFINISHED), spaces.c.back_at < bindparam("older"))
    .order_by(spaces.c.back_at)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_FORGET_WORDS = update(spaces).where(spaces.c.id.in_(_PAST)).values(warm=None).returning(spaces.c.id)
_ASKED = select(spaces.c.user_id, spaces.c.asked_at).where(_MINE, spaces.c.asked_at >= bindparam("since"))
_ADD = insert(spaces)
_SET = [column.name for column in spaces.c if column.name not in {"id", "receiver_id"}]
_CHANGE = update(spaces).where(spaces.c.id == bindparam("space_id")).values({name: bindparam(name) for name in _SET})


def _space(person: Person, row: Sequence[Any]) -> Space:
    number, user_id, asked_at, back_at, first, extensions, tell_if_late, state, warm, before = row
    return Space(
        id=number,
        user_id=user_id,
        asked_at=moment(asked_at),
        back_at=moment(back_at),
        first=timedelta(microseconds=first),
        extensions=extensions,
        tell_if_late=bool(tell_if_late),
        state=state,
        warm=person.open(_place(number), warm),
        before=before,
    )


def _row(person: Person, space: Space) -> dict[str, object]:
    return {
        "user_id": person.user.id,
        "asked_at": instant(space.asked_at),
        "back_at": instant(space.back_at),
        "first": space.first // timedelta(microseconds=1),
        "extensions": space.extensions,
        "tell_if_late": space.tell_if_late,
        "state": space.state,
        "warm": person.seal(_place(space.id), space.warm),
        "before": space.before,
    }


def _place(space_id: int) -> str:
    return f"spaces.warm.{space_id}"
