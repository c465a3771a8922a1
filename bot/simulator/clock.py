"""The simulated Telegram's clock: real time, or any other, that can be moved forward."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the simulator needs of a clock; a lent one may be anything that has these two."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...

    def skip(self, by: timedelta) -> None:
        """Move forward."""
        ...


class SimulatedClock:
    """A clock that runs like its source and can be moved forward; those who wait are told of every move."""

    def __init__(self, source: Callable[[], datetime] | None = None) -> None:
        self._source = source or _system_time
        self._offset = timedelta()
        self._listeners: list[Callable[[], None]] = []
        self._moved: asyncio.Future[None] | None = None

    @property
    def offset(self) -> timedelta:
        """How far this clock is ahead of its source."""
        return self._offset

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return self._source() + self._offset

    def skip(self, by: timedelta) -> None:
        """Move forward and tell the listeners and waiters.

        Raises:
            ValueError: time never runs backwards.
        """
        if by < timedelta():
            raise ValueError("A clock cannot be moved back.")
        self._offset += by
        if self._moved is not None and not self._moved.done():
            self._moved.set_result(None)
        for listener in list(self._listeners):
            listener()

    def on_skip(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after every move; the returned function ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def skipped(self) -> None:
        """Wait for the next move."""
        if self._moved is None or self._moved.done():
            self._moved = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._moved)


def seconds(moment: datetime) -> int:
    """Unix time in whole seconds, as Telegram gives dates."""
    return int(moment.timestamp())


def _system_time() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  the one place where this program reads the real time of day
