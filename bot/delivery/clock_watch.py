"""Sees to it that nobody waits for what the database's clock showed before it was set back: by a fail-over, NTP, or between two starts."""

import structlog

from bot.core.clock import Clock
from bot.storage import budget, lanes
from bot.storage.budget import SECOND
from bot.storage.database import Database, Transaction

EVERY = 10.0
"""Seconds between two looks."""

_BELIEVED, _DOUBTED = 300 * SECOND, 5 * SECOND
"""How much is left of a longer wait at the start, and when the clock was set back; Telegram asks for the rest anew."""

_TOLERANCE = 1.0  # seconds by which clocks may part between two looks

_log = structlog.get_logger()


class ClockWatch:
    """
    Compares the clock of `database` with the machine time of `clock`, which only runs.

    SQLite takes its time from there, so that a look at the start is enough. `process` is what this program's claims begin with.
    """

    def __init__(self, database: Database, clock: Clock, process: str) -> None:
        self._database, self._clock, self._process = database, clock, process
        self._seen: tuple[float, int] | None = None  # our machine time, and the database's just before

    async def look(self) -> None:
        """
        At the first call end what is left from before; then, at most every `EVERY` seconds, whatever lies too far ahead.

        Raises DatabaseUnavailable.
        """
        asked, seen = self._clock.machine(), self._seen
        if seen and (self._database.dialect == "sqlite" or asked < seen[0] + EVERY):
            return
        async with self._database.transaction() as tx:
            machine = await tx.machine()
            if seen is None:
                await self._begin(tx, machine)
            elif (machine - seen[1]) / SECOND < asked - seen[0] - _TOLERANCE:
                _log.warning("the database's clock was set back")
                await _wait_no_longer(tx, machine, _DOUBTED)
        self._seen = self._clock.machine(), machine

    async def _begin(self, tx: Transaction, machine: int) -> None:
        """SQLite has one process: whatever an earlier one had claimed is free at once."""
        if tx.dialect == "sqlite":
            await lanes.end_leases(tx, self._process, machine)
        await _wait_no_longer(tx, machine, _BELIEVED)


async def _wait_no_longer(tx: Transaction, machine: int, wait: int) -> None:
    """Nothing waits for longer than `wait` from `machine` on. Locks the budget before the lanes, as everybody does."""
    await budget.not_beyond(tx, machine + wait)
    await lanes.not_beyond(tx, machine, wait)
