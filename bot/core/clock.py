"""The only place that reads a clock: story time that may be moved, and machine time that never skips."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
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
    """The machine's clock. `story` may lend another story time, which then says with `moved` that it was moved."""

    def __init__(self, story: Callable[[], datetime] | None = None) -> None:
        self._story = story or _wall_clock
        self._began = time.time() - _running()  # noqa: TID251 - this is the clock
        self._waiting: set[asyncio.Event] = set()

    def now(self) -> datetime:
        """Story time: the wall clock, or the one lent."""
        return self._story()

    def machine(self) -> float:
        """
        The wall clock as it was at the start, and onwards from there: whoever sets that one does not move this one.

        It runs on while the machine is suspended, as the time of all others does.
        """
        return self._began + _running()

    async def sleep(self, seconds: float) -> None:
        """Sleep for real."""
        await asyncio.sleep(seconds)

    async def until(self, due: datetime) -> None:
        """Wait for `due`; a move past it wakes at once."""
        moved = asyncio.Event()
        self._waiting.add(moved)
        try:
            while (left := (due - self.now()).total_seconds()) > 0:
                moved.clear()
                with suppress(TimeoutError):
                    # At most a minute at once: a machine that slept does not count its sleep.
                    await asyncio.wait_for(moved.wait(), min(left, 60))
        finally:
            self._waiting.discard(moved)

    def moved(self) -> None:
        """Story time was moved: whoever waits looks again."""
        for event in self._waiting:
            event.set()


_RUNNING: int | None = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))
"""
The clock that counts suspension, too: Linux has one of its own for it, and macOS' CLOCK_MONOTONIC does.

Python's own `monotonic` stands still meanwhile on both. Source: clock_gettime(2) of Linux, clock_gettime(3) of macOS.
"""


def _running() -> float:
    """Seconds since some moment, which nobody sets."""
    return time.monotonic() if _RUNNING is None else time.clock_gettime(_RUNNING)


def _wall_clock() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - this is the clock
