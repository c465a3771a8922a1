"""What people did: kept as numbers for progress, their words sealed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Float, bindparam, cast, delete, func, insert, select, update

from bot.core.facts import Drop
from bot.storage.database import Transaction, instant, moment
from bot.storage.statements import among, many
from bot.storage.tables import entries
from bot.storage.users import Person


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
    found: dict[int, dict[str, int]] = {user_id: {} for user_id in since}
    earliest = {user_id: instant(at) for user_id, at in since.items()}
    for row in await tx.connection.execute(_RECENT, {"ids": list(since), "since": min(earliest.values())}):
        if row.at >= earliest[row.user_id]:
            kinds = found[row.user_id]
            kinds[row.kind] = kinds.get(row.kind, 0) + 1
    return found


async def drops(tx: Transaction, user_ids: Collection[int]) -> dict[int, dict[str, Drop]]:
    """For each user, how much each technique has helped, over every run that was rated before and after."""
    found: dict[int, dict[str, Drop]] = {user_id: {} for user_id in user_ids}
    if found:
        for row in await tx.connection.execute(_DROPS, {"ids": list(found)}):
            found[row.user_id][row.technique] = Drop(row.runs, row.mean)
    return found


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


async def drop(tx: Transaction, user_ids: Collection[int], kinds: Collection[str], before: datetime) -> None:
    """Delete these people's entries of these kinds from before then."""
    if user_ids:
        given = {"ids": list(user_ids), "kinds": list(kinds), "older": instant(before)}
        await tx.connection.execute(_DROP, given)


async def forget_words(
    tx: Transaction, user_ids: Collection[int], before: datetime, *, only: Collection[str] = (), but: str = ""
) -> None:
    """Wipe the words of these people's entries from before then; of the kinds `only`, or of all that don't begin with `but`."""
    if user_ids:
        given = {"ids": list(user_ids), "older": instant(before)}
        if only:
            await tx.connection.execute(_FORGET_WORDS_OF, given | {"kinds": list(only)})
        else:
            await tx.connection.execute(_FORGET_WORDS_BUT, given | {"but": f"{but}%"})


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
_OLD = entries.c.user_id.in_(bindparam("ids", expanding=True)), entries.c.at < bindparam("older")
_OF_KINDS = entries.c.kind.in_(bindparam("kinds", expanding=True))
_DROP = delete(entries).where(*_OLD, _OF_KINDS)
_FORGET_WORDS = update(entries).where(*_OLD, entries.c.text.is_not(None)).values(text=None)
_FORGET_WORDS_OF = _FORGET_WORDS.where(_OF_KINDS)
_FORGET_WORDS_BUT = _FORGET_WORDS.where(entries.c.kind.not_like(bindparam("but")))
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
