"""The number that tells this replica's ids from those of all others, leased so that no two have the same."""

from bot.core.clock import Clock
from bot.core.errors import DatabaseUnavailable
from bot.core.ids import NODES, Ids
from bot.core.setbacks import Setbacks
from bot.delivery.lease import Lease
from bot.storage.database import Database

SECONDS = 60.0
"""How long a number stays its owner's without being renewed. A process that was stopped for longer makes no ids until it has one again."""


class Node:
    """
    Keeps `ids` supplied with a number that nobody else has. `clock` is the machine's own.

    A process that dies leaves its number taken for a minute; there are 1,024.
    """

    def __init__(self, database: Database, clock: Clock, owner: str, ids: Ids) -> None:
        self._database, self._clock, self._owner, self._ids = database, clock, owner, ids
        self._setbacks = Setbacks("node", aside=True)
        self._lease = self._of(ids.node)

    async def take(self) -> None:
        """Take the first free number from the one on that `ids` has. Raises DatabaseUnavailable."""
        first = self._ids.node
        for step in range(NODES):
            number = (first + step) % NODES
            self._lease = self._of(number)
            if await self._lease.take():
                self._ids.use(number, self._lease.until)
                return
        raise DatabaseUnavailable(f"All {NODES} numbers of replicas are taken. Run fewer, or wait a minute.")

    async def keep(self) -> None:
        """Renew it, or find another if it was lost; until cancelled."""
        while True:
            async for held in self._lease.looks():
                if held:
                    self._ids.use(self._ids.node, self._lease.until)
                elif self._lease.elsewhere:
                    break
            with self._setbacks.borne():  # after a fault the next look finds it lost once more
                await self.take()

    async def release(self) -> None:
        """Let others have it."""
        await self._lease.release()

    def _of(self, number: int) -> Lease:
        return Lease(self._database, self._clock, f"node:{number}", self._owner, SECONDS)
