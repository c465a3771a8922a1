"""The end of a program: what others would have to wait for gets a moment, and a database that does not answer is let go of."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from bot.storage.database import Database

ENOUGH = 8.5
"""Seconds after a stop from which on the database is not waited for, so that all ends within ten."""

MOMENT = 1.0
"""Seconds to give something back at the very end."""


class Leaving:
    """When `database` is let go of, whatever is going on: everything that waits for it then ends."""

    def __init__(self) -> None:
        self.database: Database | None = None
        self._alarms: list[asyncio.TimerHandle] = []

    def within(self, seconds: float) -> None:
        """In so many seconds at the latest, of the real clock."""
        if self.database is not None:
            self._alarms.append(asyncio.get_running_loop().call_later(seconds, self.database.let_go))

    def over(self) -> None:
        """Nothing is left to end."""
        for alarm in self._alarms:
            alarm.cancel()


async def briefly(work: Callable[[], Awaitable[None]]) -> None:
    """Do `work`, as far as it gets within a moment."""
    with suppress(TimeoutError):
        async with asyncio.timeout(MOMENT):
            await work()
