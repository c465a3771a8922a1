"""The only place that reads a clock: story time that may be moved, and machine time that never skips."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """
    Two kinds of time.

    Story time (`now`) is what promises and nudges live by: aware UTC, and tests and the demo move it. Machine time
    (`machine`, `sleep`) paces sending and counts leases: seconds since the epoch that only run.
    """

    def now(self) -> datetime:
        """Story time, aware UTC."""

    def machine(self) -> float:
        """Machine time, seconds since 1970."""

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` of machine time pass."""

    async def until(self, due: datetime) -> None:
        """Return once `now()` has reached `due`, also when it was skipped over."""


class SystemClock:
    """The machine's clock, with a story time that can be skipped forward."""

    def __init__(self) -> None:
        self._skipped = timedelta()
        self._moved: set[asyncio.Event] = set()

    def now(self) -> datetime:
        """The wall clock, plus what was skipped."""
        return datetime.now(UTC) + self._skipped  # noqa: TID251 - this is the clock

    def machine(self) -> float:
        """The wall clock; a skip does not move it."""
        return time.time()  # noqa: TID251 - this is the clock

    async def sleep(self, seconds: float) -> None:
        """Sleep for real."""
        await asyncio.sleep(seconds)

    async def until(self, due: datetime) -> None:
        """Wait for `due`; a skip past it wakes at once."""
        moved = asyncio.Event()
        self._moved.add(moved)
        try:
            while (left := (due - self.now()).total_seconds()) > 0:
                moved.clear()
                try:
                    # At most an hour at once: a machine that slept does not count its sleep.
                    await asyncio.wait_for(moved.wait(), min(left, 3600))
                except TimeoutError:
                    continue
        finally:
            self._moved.discard(moved)

    def skip(self, by: timedelta) -> None:
        """Move story time forward; whoever waits for a time now past wakes at once."""
        self._skipped += by
        for moved in self._moved:
            moved.set()
