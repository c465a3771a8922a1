"""A right that only one replica has at a time: taken from the database, kept alive, given back, and never believed in for too long."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from bot.core.clock import Clock
from bot.core.errors import DatabaseUnavailable
from bot.core.setbacks import Setbacks
from bot.storage import leases
from bot.storage.database import Database

RENEWALS = 5
"""How often a lease is renewed while it lasts; those who wait for it look as often."""


class Lease:
    """
    The lease `name` for `owner`, for `seconds` after each renewal. `clock`: the machine's own; the database has another.

    `held` counts from before the database was asked, so it says no before anybody else can have the lease: also to a process
    that was stopped in the middle and goes on later.
    """

    def __init__(
        self, database: Database, clock: Clock, name: str, owner: str, seconds: float = leases.SECONDS
    ) -> None:
        self.name = name
        self._database, self._clock, self._owner, self._seconds = database, clock, owner, seconds
        self._setbacks = Setbacks(f"{name.partition(':')[0]}_lease", aside=True)
        self._rests_until = 0.0
        self.until = 0.0
        """Until when it is surely ours; machine time."""
        self.elsewhere = False
        """Whether another replica had it at the last look."""

    @property
    def held(self) -> bool:
        """Whether it is surely ours now."""
        return self._clock.machine() < self.until

    async def take(self) -> bool:
        """Take or renew it; whether it is ours. Raises DatabaseUnavailable: what was held then ends by itself."""
        asked = self._clock.machine()
        try:
            async with asyncio.timeout(self._seconds), self._database.transaction() as tx:
                taken = await leases.take(tx, self.name, self._owner, self._seconds)
        except TimeoutError:
            raise DatabaseUnavailable("The database takes too long to renew a lease.") from None
        self.until = asked + self._seconds if taken else 0.0
        self.elsewhere = not taken
        return self.held

    async def looks(self) -> AsyncIterator[bool]:
        """For ever, whether it is ours: taken as soon as it is free, and renewed in time, whatever else the database refuses."""
        while True:
            if self._clock.machine() >= self._rests_until:
                with self._setbacks.borne():
                    await self.take()
            yield self.held
            await self._clock.sleep(self._seconds / RENEWALS)

    async def release(self, rest: float = 0.0) -> None:
        """Give it back, for others to have it at once; `looks` leaves it to them for `rest` seconds."""
        self._rests_until = self._clock.machine() + rest
        self.until, self.elsewhere = 0.0, False
        with self._setbacks.borne(), suppress(TimeoutError):  # then it ends by itself
            async with asyncio.timeout(self._seconds), self._database.transaction() as tx:
                await leases.release(tx, self.name, self._owner)
