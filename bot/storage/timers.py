"""When to speak up next: nudges, promised returns and waits, in story time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import bindparam, delete, or_, select, update

from bot.core.effects import DropTimer, SetTimer
from bot.core.errors import Undecodable
from bot.core.setbacks import where
from bot.storage import letters
from bot.storage.database import Transaction, in_each_dialect, instant, moment
from bot.storage.letters import Letter
from bot.storage.statements import among, found, many
from bot.storage.tables import timers, users

_MINUTE = 60_000_000  # microseconds
_MINUTES = 11  # bits of an id: a day and a half

EVEN_STOPPED = "crisis."
"""
Kinds of timers that don't rest while their person is stopped. /stop drops them; what is set later was asked for later, by
somebody who wrote of danger after it, and who is asked whether they are with someone like anybody else.
"""


@dataclass(frozen=True, slots=True)
class Due:
    """A timer whose time has come. Its `id` was made for this one time: set or moved, a timer gets another."""

    id: int
    user_id: int
    chat_id: int
    kind: str
    ref: str
    due_at: datetime
    rule: str
    fence: int | None


async def set(tx: Transaction, wanted: Iterable[tuple[int, SetTimer]]) -> None:  # noqa: A001 - read as timers.set
    """Set timers of users; one with the same kind and ref is moved. Of two in one call the later holds."""
    rows = [
        {
            "id": _new_id(tx, f"{user_id} {timer.kind} {timer.ref}", instant(timer.due_at)),
            "user_id": user_id,
            "kind": timer.kind,
            "ref": timer.ref,
            "due_at": instant(timer.due_at),
            "rule": timer.rule,
            "fence": timer.fence,
        }
        for user_id, timer in wanted
    ]
    await many(tx, _SET[tx.dialect], rows)


async def drop(tx: Transaction, unwanted: Iterable[tuple[int, DropTimer]]) -> None:
    """Forget timers of users; without a ref, all of a kind."""
    rows = [{"who": user_id, "what": timer.kind, "which": timer.ref} for user_id, timer in unwanted]
    await many(tx, _DROP, rows)


async def due(tx: Transaction, now: datetime, limit: int = 100) -> list[Due]:
    """
    The timers that are due, longest overdue first, but not those that another transaction is just handling.

    The timers of people who blocked or stopped the bot rest (EVEN_STOPPED apart); they are due again once their owner is back.
    One that cannot be read becomes a dead letter, so that nobody waits behind it.
    """
    while rows := await found(tx, _DUE, {"now": instant(now), "limit": limit}):
        if read := await _read(tx, rows, now):
            return read
    return []


async def finish(tx: Transaction, ids: Iterable[int]) -> dict[int, Due]:
    """
    Take timers out, by id: those that still stood, as they were.

    What is missing was dropped, moved or handled elsewhere since it was found due: nothing may be said for it.
    A daily one (`rule`) is set anew by the turn. Locks their users first, as every turn does, then the timers.
    """
    wanted = {"ids": sorted(ids)}
    if tx.dialect == "postgresql":  # SQLite has one lock, and this transaction holds it
        await found(tx, _LOCK_USERS, wanted)
        await found(tx, _LOCK, wanted)
    return {timer.id: timer for timer in await _read(tx, await found(tx, _FINISH, wanted), tx.clock.now())}


async def move(tx: Transaction, later: Sequence[tuple[int, datetime]]) -> None:
    """Let timers be due at another time, by id; each gets a new id."""
    rows = [{"old": timer, "new": _new_id(tx, str(timer), instant(at)), "at": instant(at)} for timer, at in later]
    await many(tx, _MOVE, rows)


async def of_user(tx: Transaction, user_id: int) -> list[SetTimer]:
    """A person's timers, the next one first; without those that nobody can read."""
    rows = await tx.connection.execute(_OF_USER, {"who": user_id})
    return [SetTimer(row.kind, row.ref, moment(row.due_at), row.rule, row.fence) for row in rows]


async def next_due(tx: Transaction) -> datetime | None:
    """When the next timer is due that does not rest."""
    at = (await tx.connection.execute(_NEXT)).scalar_one_or_none()
    return None if at is None else moment(max(at, 0))  # what lies before all time is due as well


def _new_id(tx: Transaction, timer: str, due_at: int) -> int:
    """
    Never the id that the timer had before: whoever still holds that one finds nothing.

    Positive and below 2**63: the minute in which it is due, so that what is due together lies together and is taken out
    together, and then 52 bits of a digest: unique without a counter that all replicas would have to wait for.
    """
    told = f"{timer} {due_at} {tx.clock.machine()}"
    digest = int.from_bytes(blake2b(told.encode(), digest_size=8).digest())
    return due_at // _MINUTE % (1 << _MINUTES) << (63 - _MINUTES) | digest >> (1 + _MINUTES)


async def _read(tx: Transaction, rows: Iterable[Sequence[Any]], now: datetime) -> list[Due]:
    """These locked rows. One that cannot be read is taken out, and a dead letter kept of it."""
    read, faults = list[Due](), dict[int, Undecodable]()
    for row in rows:
        try:
            read.append(_due(*row))
        except Undecodable as fault:
            faults[row[0]] = fault
    if faults:
        kept = [Letter("timer", timer, fault.user_id, where(fault), now) for timer, fault in faults.items()]
        await letters.add(tx, kept)
        await found(tx, _PUT_AWAY, {"ids": sorted(faults)})
    return read


def _due(timer: int, user_id: int, chat_id: int, kind: str, ref: str, due_at: int, rule: str, fence: int | None) -> Due:
    try:
        return Due(timer, user_id, chat_id, kind, ref, moment(due_at), rule, fence)
    except ValueError:
        raise Undecodable("A timer cannot be read.", user_id=user_id) from None


_timer = timers.c
_TIMER = (
    *(_timer.id, _timer.user_id, users.c.chat_id),
    *(_timer.kind, _timer.ref, _timer.due_at, _timer.rule, _timer.fence),
)
AWAKE = (
    users.c.blocked_at.is_(None),
    or_(users.c.stopped.is_(False), timers.c.kind.startswith(EVEN_STOPPED, autoescape=True)),
)
"""Whose timers don't rest."""

_WITH_USER = timers.join(users, users.c.id == timers.c.user_id)


def _insert(new: Any) -> Any:
    changed = {name: new.excluded[name] for name in ("id", "due_at", "rule", "fence")}
    return new.on_conflict_do_update(index_elements=["user_id", "kind", "ref"], set_=changed)


_SET = in_each_dialect(lambda insert: _insert(insert(timers)))
_DROP = delete(timers).where(
    timers.c.user_id == bindparam("who"),
    timers.c.kind == bindparam("what"),
    or_(timers.c.ref == bindparam("which"), bindparam("which") == ""),
)
_DUE = (
    select(*_TIMER)
    .select_from(_WITH_USER)
    .where(timers.c.due_at <= bindparam("now"), *AWAKE)
    .order_by(timers.c.due_at)
    .limit(bindparam("limit"))
    .with_for_update(of=timers, skip_locked=True)
)
_LOCK_USERS = (
    select(users.c.id)
    .where(users.c.id.in_(select(timers.c.user_id).where(among(timers.c.id, "ids"))))
    .order_by(users.c.id)
    .with_for_update()
)
_LOCK = select(timers.c.id).where(among(timers.c.id, "ids")).order_by(timers.c.id).with_for_update()
_PUT_AWAY = delete(timers).where(among(timers.c.id, "ids"))
_FIRST, _LAST = instant(datetime.min.replace(tzinfo=UTC)), instant(datetime.max.replace(tzinfo=UTC))
_OF_USER = (
    select(timers)
    .where(timers.c.user_id == bindparam("who"), timers.c.due_at.between(_FIRST, _LAST))
    .order_by(timers.c.due_at, timers.c.id)
)
# SQLite's RETURNING names columns without their table: `user_id` must not be one of users' own.
_owner = select(users.c.chat_id).where(users.c.id == timers.c.user_id)
_FINISH = (
    delete(timers)
    .where(among(timers.c.id, "ids"), _owner.where(*AWAKE).exists())
    .returning(*(_owner.scalar_subquery() if column is users.c.chat_id else column for column in _TIMER))
)
_MOVE = update(timers).where(timers.c.id == bindparam("old")).values(id=bindparam("new"), due_at=bindparam("at"))
_NEXT = (
    select(timers.c.due_at)
    .select_from(_WITH_USER)
    .where(*AWAKE, timers.c.due_at <= _LAST)
    .order_by(timers.c.due_at)
    .limit(1)
)
