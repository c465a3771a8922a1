"""How long a call to Telegram may take, with one alarm for all that are under way."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")

PATIENCE = 30.0
"""Seconds from the first call for a message to its outcome. A channel's own patience should end before."""


class Patience:
    """
    `bear` is `asyncio.timeout` for many calls that may all take equally long.

    That one sets and clears an alarm for each call, 3 % of the CPU of an update; here only the earliest has one.
    """

    def __init__(self) -> None:
        self._ends: dict[asyncio.Task[Any], float] = {}  # when each has waited for long enough, the earliest first
        self._late: set[asyncio.Task[Any]] = set()
        self._alarm: asyncio.TimerHandle | None = None

    async def bear(self, work: Awaitable[T]) -> T:
        """What comes of `work`, for which the current task waits. Raises TimeoutError after `PATIENCE` seconds."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - whatever is awaited is awaited by a task
        loop = task.get_loop()
        self._ends[task] = end = loop.time() + PATIENCE
        if self._alarm is None:
            self._alarm = loop.call_at(end, self._ring)
        try:
            return await work
        except asyncio.CancelledError:
            if task in self._late and not task.uncancel():  # else somebody else wants it to end, too
                raise TimeoutError from None
            raise
        finally:
            del self._ends[task]
            self._late.discard(task)
            if self._alarm is not None and not self._ends:
                self._alarm.cancel()
                self._alarm = None

    def _ring(self) -> None:
        """Cut off who has waited for long enough; the next alarm is for the first who has not."""
        self._alarm = None
        for task, end in self._ends.items():
            loop = task.get_loop()
            if end > loop.time():
                self._alarm = loop.call_at(end, self._ring)
                break
            if task not in self._late:
                self._late.add(task)
                task.cancel()
