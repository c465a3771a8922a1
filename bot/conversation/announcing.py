"""Replicas while the dialogs change: each tells which scripts it knows, and leaves to the others whoever stands in theirs."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from bot.core.clock import Clock
from bot.core.errors import BehindOthers
from bot.core.events import Blocked, CommandGiven, Incoming, Unblocked
from bot.core.setbacks import Setbacks
from bot.dialog.library import Library
from bot.storage import scripts, sessions
from bot.storage.database import Database, Transaction, moment

EVERY = 10.0
"""Seconds between two announcements."""
FRESH = timedelta(seconds=30)
"""For so long an announcement holds: whoever made it may have died. Machine time."""
KEPT = timedelta(days=1)


class Announcer:
    """Tells the other replicas, again and again, which scripts this one knows. `clock` is the machine's own."""

    def __init__(self, database: Database, clock: Clock, library: Callable[[], Library]) -> None:
        self._database, self._clock, self._library = database, clock, library
        self._setbacks = Setbacks("scripts", aside=True)

    async def run(self) -> None:
        """Until cancelled. What fails is told later."""
        while True:
            with self._setbacks.borne():
                await self.announce()
            await self._clock.sleep(EVERY)

    async def announce(self) -> None:
        """Tell it now. A set of scripts with a new one among them gets the next version."""
        known = {dialog.script.hash for dialog in self._library().dialogs.values()}
        async with self._database.transaction() as tx:
            versions = await scripts.versions(tx, known)
            version = max(versions.values()) if versions.keys() == known else await scripts.newest(tx) + 1
            now = moment(await tx.machine())
            await scripts.announce(tx, known, version, now)
            await scripts.prune(tx, now - KEPT)


async def leave_to_others(
    tx: Transaction, library: Library, batch: Sequence[Incoming], rows: Mapping[int, sessions.Row]
) -> None:
    """
    Raise BehindOthers if a turn hangs on a state that another replica knows, and this one does not.

    Commands and cries for help need no state. Where nobody announces, as on SQLite, nobody is left to others.
    """
    asked = {
        i.user_id for i in batch if i.verdict is None and not isinstance(i.event, CommandGiven | Blocked | Unblocked)
    }
    strange = {row.script for user_id, row in rows.items() if user_id in asked and not _knows(library, row)}
    if strange and await scripts.announced(tx, strange, moment(await tx.machine()) - FRESH):
        raise BehindOthers("Somebody stands in a dialog that only another replica knows.")


def _knows(library: Library, row: sessions.Row) -> bool:
    dialog = library.dialogs.get(row.dialog)
    return not row.dialog or (dialog is not None and dialog.state(row.state) is not None)
