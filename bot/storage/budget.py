"""How much may be sent when: one allowance for the whole bot, shared by all replicas, and one for each chat."""

from dataclasses import dataclass
from typing import cast

from sqlalchemy import bindparam, select, update

from bot.storage.database import Transaction, in_each_dialect
from bot.storage.statements import found
from bot.storage.tables import budget

SECOND = 1_000_000
"""Microseconds; machine time is stored in them."""


@dataclass(frozen=True, slots=True)
class Pace:
    """
    One grant each `interval` microseconds, and up to `burst` of them at once after a rest.

    The generic cell rate algorithm (ITU-T I.371): `tat` is the time at which all that was granted is paid off. An
    interval of 0 grants everything.
    """

    interval: int
    burst: int

    def room(self, tat: int, now: int, want: int) -> int:
        """How many of `want` are granted at once."""
        if not self.interval:
            return want
        return max(0, min(want, (now + self.burst * self.interval - max(tat, now)) // self.interval))

    def spent(self, tat: int, now: int, grants: int) -> int:
        """`tat` after so many grants."""
        return max(tat, now) + grants * self.interval

    def ready(self, tat: int) -> int:
        """When the next one is granted."""
        return tat - self._slack

    def held(self, until: int) -> int:
        """The `tat` that grants nothing before `until`, and then one at a time."""
        return until + self._slack

    @property
    def _slack(self) -> int:
        return (self.burst - 1) * self.interval


PER_CHAT = Pace(SECOND, 5)
"""Telegram allows one chat a message a second, with short bursts."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The paces to keep. Without a `budget` nothing is counted for the bot as a whole."""

    budget: Pace | None
    lane: Pace


def limits(rate: int) -> Limits:
    """
    The limits of a bot that Telegram allows `rate` messages a second; 0 lifts them all.

    A tenth is kept for the burst, so that no second, wherever it begins, holds more than `rate` grants.
    """
    if rate == 0:
        return Limits(None, Pace(0, PER_CHAT.burst))
    return Limits(Pace(-(-SECOND * 10 // (9 * rate)), max(1, rate // 10)), PER_CHAT)


async def lock(tx: Transaction) -> int:
    """
    The shared budget's `tat`, locked until the transaction ends: before any lane, or two replicas wait for each other.

    Machine time is to be read after it: who waited for the lock would else grant the time of its waiting once more.
    """
    rows = await found(tx, _LOCK)
    if not rows:
        await tx.connection.execute(_CREATE[tx.dialect], {"name": _NAME, "tat": 0})
        return await lock(tx)
    return cast("int", rows[0][0])


async def write(tx: Transaction, tat: int) -> None:
    """Keep a new `tat` of the locked budget."""
    await found(tx, _WRITE, {"new": tat})


async def not_beyond(tx: Transaction, latest: int) -> None:
    """The bot as a whole does not wait beyond `latest` (machine time, microseconds)."""
    await tx.connection.execute(_NOT_BEYOND, {"latest": latest})


_NAME = "telegram"
_LOCK = select(budget.c.tat).where(budget.c.name == _NAME).with_for_update()
_CREATE = in_each_dialect(lambda insert: insert(budget).on_conflict_do_nothing())
_NOT_BEYOND = update(budget).where(budget.c.tat > bindparam("latest")).values(tat=bindparam("latest"))
_WRITE = update(budget).where(budget.c.name == _NAME).values(tat=bindparam("new"))
