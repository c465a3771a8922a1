"""A lane for each destination: what is said to one person leaves in order, in pace, and from one sender at a time."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ScalarSelect,
    bindparam,
    case,
    delete,
    func,
    literal_column,
    not_,
    select,
    update,
)

from bot.core.values import dataclass
from bot.storage.budget import PER_CHAT, SECOND
from bot.storage.database import Transaction, in_each_dialect
from bot.storage.messages import LEASE, Owner
from bot.storage.statements import among, each, found, many
from bot.storage.tables import lanes, outbox, unsent

LEASE_MICROSECONDS = round(LEASE * SECOND)


@dataclass(frozen=True, slots=True)
class Lane:
    """
    A lane as the database has it. `tat`: its pace; `owner`: whose claim it carries; `next_at`: when it is due, or when its
    claim ends (None: nothing waits); `priority` is that of its most urgent message.
    """

    destination: str
    priority: int
    tat: int
    owner: str | None
    next_at: int | None

    def freed(self, waiting: int | None, rest_until: int) -> "Lane":
        """Without its claim, due not before `rest_until`; idle, if there is no priority `waiting` in it."""
        if waiting is None:
            return Lane(self.destination, self.priority, self.tat, None, None)
        return Lane(self.destination, waiting, self.tat, None, max(rest_until, PER_CHAT.ready(self.tat)))

    def joined(self, new: "Queued", owner: Owner | None, machine: int) -> "Lane":
        """With new messages: claimed, if that is asked for, nothing older waits, and the pace allows them all."""
        idle = self.next_at is None
        priority = new.priority if idle else min(new.priority, self.priority)
        if owner and new.claim and idle and self.owner is None:
            tat = owner.limits.lane.spent(self.tat, machine, new.messages)
            if tat <= machine + PER_CHAT.burst * PER_CHAT.interval:
                return Lane(self.destination, priority, tat, owner.token, machine + LEASE_MICROSECONDS)
        due = max(PER_CHAT.ready(self.tat), machine) if self.next_at is None else self.next_at
        return replace(self, priority=priority, next_at=due)


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
    rows = await found(tx, _LOCK, {"destinations": sorted(destinations)})
    return {row[0]: Lane(*row) for row in rows}


async def make(tx: Transaction, destinations: Collection[str]) -> dict[str, Lane]:
    """New idle lanes where there are none yet, all locked."""
    if not destinations:
        return {}
    rows = [{"destination": destination, "priority": 0, "tat": 0} for destination in sorted(destinations)]
    await many(tx, _MAKE[tx.dialect], rows)  # the same order everywhere: nobody waits in a ring
    return await lock(tx, destinations)


async def waiting(tx: Transaction, destinations: Collection[str]) -> dict[str, int]:
    """The most urgent priority that waits in each of these locked lanes; those in which nothing waits are left out."""
    if not destinations:
        return {}
    rows = await found(tx, _WAITING, {"destinations": sorted(destinations)})
    return {destination: priority for destination, priority in rows}  # noqa: C416 - rows are sequences of any length to the types


async def write(tx: Transaction, changed: Sequence[Lane]) -> None:
    """Keep locked lanes as they are now."""
    rows = [
        {"lane": lane.destination, "urgency": lane.priority, "pace": lane.tat, "token": lane.owner, "at": lane.next_at}
        for lane in changed
    ]
    await many(tx, _WRITE, rows)


async def due(tx: Transaction, machine: int, limit: int, busy: Collection[str]) -> list[Lane]:
    """The lanes to be served next, locked, most urgent first; lanes that somebody else has locked are left to them."""
    rows = await tx.connection.execute(_DUE, {"now": machine, "limit": limit, "busy": sorted(busy)})
    return [Lane(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Ahead:
    """
    What is next, of some lanes; machine time in microseconds.

    `first_at`: when the first of them is due, or its claim over (None: nothing waits); `free_at`: when the first unclaimed one
    will be due that is not due yet; `held`: how many are claimed, and their leases not over.
    """

    first_at: int | None
    free_at: int | None
    held: int


async def ahead(tx: Transaction, machine: int, busy: Collection[str]) -> Ahead:
    """What is next in all lanes but the busy: a few looks into an index, however many lanes wait."""
    now = {"now": machine, "lease": machine + LEASE_MICROSECONDS}
    row = (await tx.connection.execute(_AHEAD, now | {"priorities": _PRIORITIES, "busy": sorted(busy)})).one()
    return Ahead(row.first_at, row.free_at, row.held)


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


async def not_beyond(tx: Transaction, machine: int, wait: int) -> None:
    """
    No lane waits for longer than its pace can ask for, a claim can last, or, because of an answer of Telegram's, `wait`.

    From `machine` on; both in microseconds. For when it cannot be told what the clock showed before.
    """
    ends = {"latest": machine + wait, "lease": machine + LEASE_MICROSECONDS}
    await tx.connection.execute(_NOT_BEYOND_PACE, {"latest": machine + PER_CHAT.burst * PER_CHAT.interval})
    await tx.connection.execute(_NOT_BEYOND, ends)


async def prune(tx: Transaction, before: int) -> None:
    """Forget lanes that have been idle since `before` (machine time, microseconds): most never come back."""
    await tx.connection.execute(_PRUNE, {"before": before})


_LANE = (lanes.c.destination, lanes.c.priority, lanes.c.tat, lanes.c.owner, lanes.c.next_at)
_NOT_BUSY = not_(among(lanes.c.destination, "busy"))

_LOCK = select(*_LANE).where(among(lanes.c.destination, "destinations")).order_by(lanes.c.destination).with_for_update()
_MAKE = in_each_dialect(lambda insert: insert(lanes).on_conflict_do_nothing())
_WAITING = (
    select(outbox.c.destination, func.min(outbox.c.priority).label("priority"))
    .where(among(outbox.c.destination, "destinations"), unsent)
    .group_by(outbox.c.destination)
)
_WRITE = (
    update(lanes)
    .where(lanes.c.destination == bindparam("lane"))
    .values(priority=bindparam("urgency"), tat=bindparam("pace"), owner=bindparam("token"), next_at=bindparam("at"))
)
_DUE = (
    select(*_LANE)
    .where(lanes.c.next_at <= bindparam("now"), _NOT_BUSY)
    .order_by(lanes.c.priority, lanes.c.next_at)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_PRIORITIES = (0, 1, 2)  # what `Draft` may have: the index over lanes that wait begins with it
_priority = each("priorities", lanes.c.priority.type)
_IN_FUTURE = lanes.c.next_at > bindparam("now", type_=BigInteger)


def _first(*wanted: ColumnElement[bool]) -> ScalarSelect[int]:
    """When the first of the waiting lanes that are `wanted` is due: of each priority the first, and of these the first."""
    of_one = (
        select(lanes.c.next_at)
        .where(lanes.c.priority == _priority.c.value, lanes.c.next_at.is_not(None), _NOT_BUSY, *wanted)
        .order_by(lanes.c.next_at)
        .limit(literal_column("1"))
        .scalar_subquery()
    )
    return select(func.min(of_one)).select_from(_priority).scalar_subquery()


_HELD = (
    select(func.count())
    .where(
        among(lanes.c.priority, "priorities"),
        _IN_FUTURE,
        lanes.c.next_at <= bindparam("lease", type_=BigInteger),  # no claim ends later; what waits in a crowd is due
        lanes.c.owner.is_not(None),
        _NOT_BUSY,
    )
    .scalar_subquery()
)
_AHEAD = select(
    _first().label("first_at"),
    _first(_IN_FUTURE, lanes.c.owner.is_(None)).label("free_at"),
    _HELD.label("held"),
)
_END_LEASES = (
    update(lanes)
    .where(lanes.c.owner.is_not(None), lanes.c.owner.not_like(bindparam("own")))
    .values(next_at=bindparam("now"))
)
_FORGET = delete(lanes).where(among(lanes.c.destination, "destinations"), lanes.c.next_at.is_(None))
_latest = bindparam("latest", type_=BigInteger)
_NOT_BEYOND_PACE = update(lanes).where(lanes.c.tat > _latest).values(tat=_latest)
_longest = case((lanes.c.owner.is_(None), _latest), else_=bindparam("lease", type_=BigInteger))
_NOT_BEYOND = update(lanes).where(lanes.c.next_at > _longest).values(next_at=_longest)
_PRUNE = delete(lanes).where(lanes.c.next_at.is_(None), lanes.c.tat < bindparam("before"))
