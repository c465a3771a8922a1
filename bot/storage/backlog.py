"""How much work waits, and for how long: what a host watches. Numbers only."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select

from bot.storage import leases
from bot.storage.database import Transaction, instant
from bot.storage.tables import dead_letters, lanes, timers, unsent, users
from bot.storage.timers import AWAKE

_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Backlog:
    """
    Messages not yet sent (`waiting`), timers past their time (`overdue`), dead letters kept (`letters`).

    `late` is for how many seconds the longest waiting lane could have been served: 0 while all is well, however many
    messages wait for their pace or for Telegram's own "later". `timers_late` is the same for timers, in story time.
    """

    waiting: int
    late: float
    overdue: int
    timers_late: float
    letters: int


async def look(tx: Transaction, now: datetime) -> Backlog:
    """What waits at `now` (story time)."""
    machine = await tx.machine()
    row = (await tx.connection.execute(_LOOK, {"now": instant(now)})).one()
    return Backlog(
        waiting=row.waiting,
        late=max(0, machine - row.lane_due) / _SECOND if row.lane_due is not None else 0.0,
        overdue=row.overdue,
        timers_late=(instant(now) - row.timer_due) / _SECOND if row.timer_due is not None else 0.0,
        letters=row.letters,
    )


async def try_writing(tx: Transaction) -> None:
    """Write one row, which the next call overwrites: shows that the disk takes what is committed."""
    await leases.take(tx, "health", "health", 0)


_DUE = (
    select(func.count().label("overdue"), func.min(timers.c.due_at).label("timer_due"))
    .select_from(timers.join(users, users.c.id == timers.c.user_id))
    .where(timers.c.due_at <= bindparam("now"), *AWAKE)
    .subquery()
)
_LOOK = select(
    select(func.count()).where(unsent).scalar_subquery().label("waiting"),
    select(func.min(lanes.c.next_at)).scalar_subquery().label("lane_due"),
    select(func.count()).select_from(dead_letters).scalar_subquery().label("letters"),
    _DUE.c.overdue,
    _DUE.c.timer_due,
)
