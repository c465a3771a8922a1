"""What people did: kept as numbers for progress, their words sealed."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Select,
    bindparam,
    cast,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from bot.core.facts import Drop
from bot.core.values import dataclass
from bot.storage.database import Transaction, instant, moment
from bot.storage.statements import among, found, many
from bot.storage.tables import entries
from bot.storage.users import Person

DRAFTS = ("reach", "draft")
PRIVATE = "private."
"""Kinds of entries: whose words are meant for a partner, and how the kinds of the private corner begin."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing done: ratings 0–10 before and after, the technique, words. `id` is made in the program."""

    id: int
    kind: str
    before: int | None
    after: int | None
    technique: str
    text: str
    at: datetime


async def add(tx: Transaction, done: Collection[tuple[Person, Entry]]) -> None:
    """Keep these entries."""
    await many(tx, _ADD, [_row(person, entry) for person, entry in done])


async def counts(tx: Transaction, since: Mapping[int, datetime]) -> dict[int, dict[str, int]]:
    """For each user of `since`, how many entries of each kind there are from that instant on."""
    if not since:
        return {}
    counted: dict[int, dict[str, int]] = {user_id: {} for user_id in since}
    earliest = {user_id: instant(at) for user_id, at in since.items()}
    for user_id, at, kind in await found(tx, _RECENT, {"ids": list(since), "since": min(earliest.values())}):
        if at >= earliest[user_id]:
            kinds = counted[user_id]
            kinds[kind] = kinds.get(kind, 0) + 1
    return counted


async def drops(tx: Transaction, user_ids: Collection[int]) -> dict[int, dict[str, Drop]]:
    """For each user, how much each technique has helped, over every run that was rated before and after."""
    helped: dict[int, dict[str, Drop]] = {user_id: {} for user_id in user_ids}
    if helped:
        for user_id, technique, runs, mean in await found(tx, _DROPS, {"ids": list(helped)}):
            helped[user_id][technique] = Drop(runs, mean)
    return helped


async def of_user(tx: Transaction, person: Person, since: datetime) -> list[Entry]:
    """The person's entries from `since` on, oldest first. Raises Undecodable."""
    rows = await tx.connection.execute(_OF_USER, {"user_id": person.user.id, "since": instant(since)})
    return [
        Entry(
            row.id,
            row.kind,
            row.before,
            row.after,
            row.technique,
            person.open(_place(row.id), row.text),
            moment(row.at),
        )
        for row in rows
    ]


async def forget_flags(tx: Transaction, before: datetime, limit: int) -> int:
    """Delete notes from before then that danger was written, the oldest first; how many."""
    return len((await tx.connection.execute(_FORGET_FLAGS, {"older": instant(before), "limit": limit})).all())


async def forget_drafts(tx: Transaction, before: datetime, limit: int) -> int:
    """Wipe words from before then that were meant for a partner, the oldest first; of how many entries."""
    return len((await tx.connection.execute(_FORGET_DRAFTS, {"older": instant(before), "limit": limit})).all())


async def forget_words(tx: Transaction, before: datetime, limit: int) -> int:
    """Wipe all words from before then but those of the private corner, the oldest first; of how many entries."""
    return len((await tx.connection.execute(_FORGET_WORDS, {"older": instant(before), "limit": limit})).all())


_ADD = insert(entries)
_RECENT = select(entries.c.user_id, entries.c.at, entries.c.kind).where(
    among(entries.c.user_id, "ids"), entries.c.at >= bindparam("since")
)
_DROPS = (
    select(
        entries.c.user_id,
        entries.c.technique,
        func.count().label("runs"),
        func.avg(cast(entries.c.before - entries.c.after, Float)).label("mean"),
    )
    .where(
        among(entries.c.user_id, "ids"),
        entries.c.technique != "",
        entries.c.before.is_not(None),
        entries.c.after.is_not(None),
    )
    .group_by(entries.c.user_id, entries.c.technique)
)


def _oldest(*which: ColumnElement[bool]) -> Select[Any]:
    """Ids of the oldest of these; those that another program has just taken are left to it."""
    return (
        select(entries.c.id)
        .where(entries.c.at < bindparam("older"), *which)
        .order_by(entries.c.at)
        .limit(bindparam("limit"))
        .with_for_update(skip_locked=True)
    )


def _wiped(*which: ColumnElement[bool]) -> ReturningUpdate[Any]:
    with_words = _oldest(entries.c.text.is_not(None), *which)
    return update(entries).where(entries.c.id.in_(with_words)).values(text=None).returning(entries.c.id)


_FLAGS = _oldest(entries.c.kind == literal_column("'flag'"))  # in so many words, or the index of flags is not used
_FORGET_FLAGS = delete(entries).where(entries.c.id.in_(_FLAGS)).returning(entries.c.id)
_FORGET_DRAFTS = _wiped(entries.c.kind.in_(DRAFTS))
_FORGET_WORDS = _wiped(entries.c.kind.not_like(f"{PRIVATE}%"))
_OF_USER = (
    select(entries)
    .where(entries.c.user_id == bindparam("user_id"), entries.c.at >= bindparam("since"))
    .order_by(entries.c.at, entries.c.id)
)


def _row(person: Person, entry: Entry) -> dict[str, object]:
    return {
        "id": entry.id,
        "user_id": person.user.id,
        "kind": entry.kind,
        "before": entry.before,
        "after": entry.after,
        "technique": entry.technique,
        "text": person.seal(_place(entry.id), entry.text),
        "at": instant(entry.at),
    }


def _place(entry_id: int) -> str:
    return f"entries.text.{entry_id}"
