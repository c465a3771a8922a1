"""A lane for each destination: what is said to one person leaves in order, in pace, and from one sender at a time."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Table,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningInsert

from bot.storage.budget import PER_CHAT, SECOND
from bot.storage.database import Insert, Transaction, in_each_dialect
from bot.storage.messages import LEASE, Owner
from bot.storage.tables import lanes, outbox

LEASE_MICROSECONDS = round(LEASE * SECOND)


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane as the database has it. `owner`: whose claim it carries; `tat`: its pace; `next_at`: when it is due."""

    destination: str
    tat: int
    owner: str | None
    next_at: int | None


@dataclass(frozen=True, slots=True)
class Queued:
    """So many new messages for a destination, the most urgent of this priority; `claim`: they should go at once."""

    destination: str
    messages: int
    priority: int
    claim: bool


async def lock(tx: Transaction, destinations: Collection[str]) -> dict[str, Lane]:
    """
    The lanes, locked until the transaction ends.

    A statement of its own, before anything is read that hangs on it: an UPDATE that first waits for the lock still sees
    what was there before it waited, and would miss a message added meanwhile.
    """
    found = await tx.connection.execute(_LOCK, {"destinations": sorted(destinations)})
    return {row.destination: Lane(row.destination, row.tat, row.owner, row.next_at) for row in found}


async def enqueue(tx: Transaction, queued: Sequence[Queued], owner: Owner | None, machine: int) -> set[str]:
    """
    Tell the lanes about new messages, making lanes as needed; returns those that `owner` now holds.

    A lane is claimed if that is asked for, nothing older waits in it, and its pace allows all the messages.
    """
    rows = [
        {
            "destination": new.destination,
            "priority": new.priority,
            "next_at": machine + (LEASE_MICROSECONDS if owner and new.claim else 0),
            "tat": machine + (owner.limits.lane.interval * new.messages if owner and new.claim else 0),
            "owner": owner.token if owner and new.claim else None,
        }
        for new in sorted(queued, key=lambda new: new.destination)  # the same order everywhere: nobody waits in a ring
    ]
    kept = await tx.connection.execute(_ENQUEUE[tx.dialect], rows)
    return {row.destination for row in kept if owner and row.owner == owner.token}


async def release(tx: Transaction, freed: Mapping[str, tuple[Lane, int]]) -> None:
    """Free the locked lanes, each due not before its time (machine, microseconds), or idle if nothing waits in it."""
    rows = [
        {"lane": destination, "token": lane.owner, "at": max(rest_until, PER_CHAT.ready(lane.tat))}
        for destination, (lane, rest_until) in freed.items()
    ]
    if rows:
        await tx.connection.execute(_RELEASE, rows)


async def due(tx: Transaction, machine: int, limit: int, busy: Collection[str]) -> list[Lane]:
    """The lanes to be served next, locked, most urgent first; lanes that somebody else has locked are left to them."""
    found = await tx.connection.execute(_DUE, {"now": machine, "limit": limit, "busy": sorted(busy)})
    return [Lane(row.destination, row.tat, row.owner, row.next_at) for row in found]


async def occupy(tx: Transaction, changed: Sequence[Lane]) -> None:
    """Write the new owner, pace and time of locked lanes."""
    rows = [{"lane": lane.destination, "token": lane.owner, "at": lane.next_at, "pace": lane.tat} for lane in changed]
    if rows:
        await tx.connection.execute(_OCCUPY, rows)


@dataclass(frozen=True, slots=True)
class Ahead:
    """
    What is next, of some lanes; machine time in microseconds.

    `free_at`: when the next unclaimed lane is due (None: none waits); `lease_end`: when the first claim ends; `held`: how
    many lanes are claimed.
    """

    free_at: int | None
    lease_end: int | None
    held: int


async def ahead(tx: Transaction, busy: Collection[str]) -> Ahead:
    """What is next in all lanes but the busy."""
    row = (await tx.connection.execute(_AHEAD, {"busy": sorted(busy)})).one()
    return Ahead(row.free_at, row.lease_end, row.held)


async def end_leases(tx: Transaction, process: str, machine: int) -> None:
    """
    Every claim is over at once, but those of `process` (tokens `<process>:<n>`).

    For the start of a program that is alone with its database.
    """
    await tx.connection.execute(_END_LEASES, {"now": machine, "own": f"{process}:%"})


async def forget(tx: Transaction, destinations: Collection[str]) -> None:
    """Forget these locked lanes at once, where nothing waits in them."""
    if destinations:
        await tx.connection.execute(_FORGET, {"destinations": sorted(destinations)})


async def not_beyond(tx: Transaction, latest: int) -> None:
    """No lane waits, for its pace or because of an answer of Telegram's, beyond `latest` (machine time, microseconds)."""
    await tx.connection.execute(_NOT_BEYOND_PACE, {"latest": latest})
    await tx.connection.execute(_NOT_BEYOND, {"latest": latest})


async def prune(tx: Transaction, before: int) -> None:
    """Forget lanes that have been idle since `before` (machine time, microseconds): most never come back."""
    await tx.connection.execute(_PRUNE, {"before": before})


def _enqueue(insert: Callable[[Table], Insert]) -> ReturningInsert[Any]:
    new = insert(lanes)
    row, added = lanes.c, new.excluded
    # Only columns may stand here: with a parameter SQLAlchemy would run the statement row by row.
    machine = case((added.owner.is_(None), added.next_at), else_=added.next_at - _number(LEASE_MICROSECONDS))
    cost = added.tat - machine
    full_burst = machine + _number(PER_CHAT.burst * PER_CHAT.interval)
    claims = and_(
        added.owner.is_not(None),
        row.owner.is_(None),
        row.next_at.is_(None),
        _later(row.tat, machine) + cost <= full_burst,
    )
    ready = row.tat - _number((PER_CHAT.burst - 1) * PER_CHAT.interval)
    return new.on_conflict_do_update(
        index_elements=["destination"],
        set_={
            "owner": case((claims, added.owner), else_=row.owner),
            "tat": case((claims, _later(row.tat, machine) + cost), else_=row.tat),
            "next_at": case((claims, added.next_at), else_=func.coalesce(row.next_at, _later(ready, machine))),
            "priority": case(
                (and_(row.next_at.is_not(None), row.priority < added.priority), row.priority), else_=added.priority
            ),
        },
    ).returning(row.destination, row.owner)


def _number(value: int) -> ColumnElement[int]:
    return literal_column(str(value), BigInteger)


def _later(one: ColumnElement[int], other: ColumnElement[int]) -> ColumnElement[int]:
    """The greater of two: SQLite and PostgreSQL have different functions for it."""
    return case((one > other, one), else_=other)


_LANE = (lanes.c.destination, lanes.c.tat, lanes.c.owner, lanes.c.next_at)
_WAITS = (outbox.c.destination == lanes.c.destination, outbox.c.status < 2)  # noqa: PLR2004 - as in the index outbox_open
_NOT_BUSY = lanes.c.destination.not_in(bindparam("busy", expanding=True))

_LOCK = (
    select(*_LANE)
    .where(lanes.c.destination.in_(bindparam("destinations", expanding=True)))
    .order_by(lanes.c.destination)
    .with_for_update()
)
_ENQUEUE = in_each_dialect(_enqueue)
_RELEASE = (
    update(lanes)
    .where(lanes.c.destination == bindparam("lane"), lanes.c.owner == bindparam("token"))
    .values(
        owner=None,
        next_at=case((exists().where(*_WAITS), bindparam("at", type_=BigInteger))),
        priority=func.coalesce(select(func.min(outbox.c.priority)).where(*_WAITS).scalar_subquery(), lanes.c.priority),
    )
)
_DUE = (
    select(*_LANE)
    .where(lanes.c.next_at <= bindparam("now"), _NOT_BUSY)
    .order_by(lanes.c.priority, lanes.c.next_at)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_OCCUPY = (
    update(lanes)
    .where(lanes.c.destination == bindparam("lane"))
    .values(owner=bindparam("token"), next_at=bindparam("at"), tat=bindparam("pace"))
)
_AHEAD = select(
    func.min(case((lanes.c.owner.is_(None), lanes.c.next_at))).label("free_at"),
    func.min(case((lanes.c.owner.is_not(None), lanes.c.next_at))).label("lease_end"),
    func.count(lanes.c.owner).label("held"),
).where(lanes.c.next_at.is_not(None), _NOT_BUSY)
_END_LEASES = (
    update(lanes)
    .where(lanes.c.owner.is_not(None), lanes.c.owner.not_like(bindparam("own")))
    .values(next_at=bindparam("now"))
)
_FORGET = delete(lanes).where(
    lanes.c.destination.in_(bindparam("destinations", expanding=True)), lanes.c.next_at.is_(None)
)
_latest = bindparam("latest", type_=BigInteger)
_NOT_BEYOND_PACE = update(lanes).where(lanes.c.tat > _latest).values(tat=_latest)
_NOT_BEYOND = update(lanes).where(lanes.c.next_at > _latest).values(next_at=_latest)
_PRUNE = delete(lanes).where(lanes.c.next_at.is_(None), lanes.c.tat < bindparam("before"))
