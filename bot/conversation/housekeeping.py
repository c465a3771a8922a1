"""What must not be kept for ever: once an hour old rows go, and so do people who never agreed to anything."""

import asyncio
from datetime import timedelta

import structlog

from bot.core.clock import Clock
from bot.core.errors import DatabaseUnavailable
from bot.storage import covers, invites, letters, outbox, seen, users
from bot.storage.database import Database

EVERY = timedelta(hours=1)
SEEN_KEPT = timedelta(hours=48)
"""Longer than the 24 h for which Telegram keeps an update."""
IDS_KEPT = timedelta(hours=48)
"""As long as Telegram lets a bot delete its messages (Bot API, deleteMessage)."""
LETTERS_KEPT = timedelta(days=30)
COVERED = timedelta(days=7)
"""How long a neutral note can be opened. A product choice."""
WITHOUT_CONSENT = timedelta(hours=24)

_log = structlog.get_logger()


class Housekeeping:
    """Runs until cancelled; a database that is away is tried again an hour later."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._next = clock.now()
        self._tidied = asyncio.Event()

    async def run(self) -> None:
        """Tidy now, and then once an hour of story time."""
        while True:
            try:
                await self.tidy()
            except DatabaseUnavailable as fault:
                _log.warning("tidying is put off", reason=str(fault))
            self._next = self._clock.now() + EVERY
            self._tidied.set()
            await self._clock.until(self._next)

    async def quiet(self) -> None:
        """Return once everything has been tidied that is due."""
        while self._next <= self._clock.now():
            self._tidied.clear()
            await self._tidied.wait()

    async def tidy(self) -> int:
        """Take out what is past its time; how many people went who had not agreed for a day."""
        now = self._clock.now()
        async with self._database.transaction() as tx:
            gone = await users.unconsented(tx, now - WITHOUT_CONSENT)
            for user_id in gone:
                await users.erase(tx, user_id)
            await seen.prune(tx, now - SEEN_KEPT)
            await letters.prune(tx, now - LETTERS_KEPT)
            await covers.prune(tx, now - COVERED)
            await invites.prune(tx, now)
            await outbox.prune(tx, now - IDS_KEPT)
        return len(gone)
