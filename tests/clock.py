"""A clock whose sleepers move it: pace, leases and back-off pass in no time, promises wait until a test advances."""

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from bot.storage.database import Database, Transaction


class AdvancingClock:
    """
    Story time and machine time in one, beginning on a Monday evening.

    `sleep` never waits: the sleeper who is due first moves the clock to its end, so two who sleep side by side pass
    their time side by side. `until` waits until somebody moves the clock that far, by `advance` or by sleeping.
    """

    def __init__(self, start: datetime = datetime(2026, 5, 4, 18, tzinfo=UTC)) -> None:
        self._now = start
        self._order = itertools.count()
        self._sleepers: list[tuple[datetime, int]] = []
        self._moved: set[asyncio.Event] = set()

    def now(self) -> datetime:
        return self._now

    def machine(self) -> float:
        return self._now.timestamp()

    async def sleep(self, seconds: float) -> None:
        turn = (self._now + timedelta(seconds=seconds), next(self._order))
        heapq.heappush(self._sleepers, turn)
        try:
            while True:
                await asyncio.sleep(0)
                if self._sleepers[0] == turn:
                    break
        finally:
            self._sleepers.remove(turn)
            heapq.heapify(self._sleepers)
        self.advance(max(turn[0] - self._now, timedelta()))

    async def until(self, due: datetime) -> None:
        moved = asyncio.Event()
        self._moved.add(moved)
        try:
            while self._now < due:
                await moved.wait()
                moved.clear()
        finally:
            self._moved.discard(moved)

    def advance(self, by: timedelta) -> None:
        """Let `by` pass; whoever waits for a moment now past goes on."""
        self._now += by
        for moved in self._moved:
            moved.set()


class ClockedDatabase(Database):
    """A database whose machine time is the test's, on PostgreSQL too."""

    @asynccontextmanager
    async def transaction(self, *, brief: bool = False) -> AsyncIterator[Transaction]:
        async with super().transaction(brief=brief) as tx:
            yield _ClockedTransaction(tx.connection, tx.dialect, tx.clock)


class _ClockedTransaction(Transaction):
    async def machine(self) -> int:
        return round(self.clock.machine() * 1_000_000)
