"""A clock that stands still until a test moves it."""

import asyncio
from datetime import UTC, datetime, timedelta


class SteppedClock:
    """Story time and machine time in one, beginning on a Monday evening; only `move` advances it."""

    def __init__(self, start: datetime = datetime(2026, 5, 4, 18, tzinfo=UTC)) -> None:
        self._now = start
        self._moved: set[asyncio.Event] = set()

    def now(self) -> datetime:
        return self._now

    def machine(self) -> float:
        return self._now.timestamp()

    async def sleep(self, seconds: float) -> None:
        await self.until(self._now + timedelta(seconds=seconds))

    async def until(self, due: datetime) -> None:
        moved = asyncio.Event()
        self._moved.add(moved)
        try:
            while self._now < due:
                await moved.wait()
                moved.clear()
        finally:
            self._moved.discard(moved)

    def move(self, by: timedelta) -> None:
        """Let `by` pass; whoever waits for a time now past goes on."""
        self._now += by
        for moved in self._moved:
            moved.set()


class NotedClock(SteppedClock):
    """Keeps how long each sleep was to be."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await super().sleep(seconds)
