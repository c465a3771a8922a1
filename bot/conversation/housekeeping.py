"""What must not be kept for ever: once an hour whatever is past its time goes, in statements too small to be waited for."""

import asyncio
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from bot.core.clock import Clock
from bot.core.errors import DatabaseUnavailable, Undecodable
from bot.core.retention import Retention
from bot.dialog.session import NOWHERE, from_body, to_body
from bot.storage import covers, entries, invites, letters, outbox, seen, sessions, spaces, users
from bot.storage.database import Database, Transaction
from bot.storage.deletions import KEPT as DELETIONS_KEPT
from bot.storage.deletions import Deletions
from bot.storage.vault import Vault

EVERY = timedelta(hours=1)
SEEN_KEPT = timedelta(hours=48)
"""Longer than the 24 h for which Telegram keeps an update."""
IDS_KEPT = timedelta(hours=48)
"""As long as Telegram lets a bot delete its messages (Bot API, deleteMessage)."""
LETTERS_KEPT = timedelta(days=30)
COVERED = timedelta(days=7)
"""How long a neutral note can be opened. A product choice."""
WITHOUT_CONSENT = timedelta(hours=24)
AT_ONCE = 200
"""So many people, or rows, are looked after in one transaction: turns wait for a few milliseconds at most."""

_log = structlog.get_logger()


class Housekeeping:
    """Runs until cancelled; a database that is away is tried again an hour later."""

    def __init__(
        self, database: Database, vault: Vault, deletions: Deletions, clock: Clock, kept: Retention | None = None
    ) -> None:
        self._database = database
        self._vault = vault
        self._deletions = deletions
        self._clock = clock
        self._kept = kept or Retention()
        self._next = clock.now()
        self._tidied = asyncio.Event()

    async def run(self) -> None:
        """Tidy now, and then once an hour of story time."""
        while True:
            begun = self._clock.now()
            try:
                await self.tidy()
            except DatabaseUnavailable as fault:
                _log.warning("tidying is put off", reason=str(fault))
            self._next = begun + EVERY
            self._tidied.set()
            await self._clock.until(self._next)

    async def quiet(self) -> None:
        """Return once everything has been tidied that is due."""
        while self._next <= self._clock.now():
            self._tidied.clear()
            await self._tidied.wait()

    async def tidy(self) -> int:
        """Take out what is past its time; how many people went: who had not agreed for a day, or not been here for a year."""
        now = self._clock.now()
        async with self._database.transaction() as tx:
            await seen.prune(tx, now - SEEN_KEPT)
        async with self._database.transaction() as tx:
            await letters.prune(tx, now - LETTERS_KEPT)
            await covers.prune(tx, now - COVERED)
            await invites.prune(tx, now)
            await outbox.prune(tx, now - IDS_KEPT)
        self._deletions.prune(now - DELETIONS_KEPT)
        await self._forget_rows(now)
        gone = after = 0
        while True:
            async with self._database.transaction() as tx:
                people = await users.traces(tx, after, AT_ONCE)
                gone += await self._look_after(tx, people, now)
            if not people:
                return gone
            after = people[-1].user_id

    async def _forget_rows(self, now: datetime) -> None:
        """Flags, and words, of whomever they are: the oldest first, so many at a time."""
        for forget, kept in (
            (entries.forget_flags, self._kept.flags),
            (entries.forget_drafts, self._kept.drafts),
            (entries.forget_words, self._kept.notes),
            (spaces.forget_words, self._kept.drafts),
        ):
            more = True
            while more:
                async with self._database.transaction() as tx:
                    more = await forget(tx, now - kept, AT_ONCE) == AT_ONCE

    async def _look_after(self, tx: Transaction, people: Collection[users.Trace], now: datetime) -> int:
        """Erase those of these locked people whose time is over, and forget what is too old of the others."""
        over = [each.user_id for each in people if each.seen_at < now - self._stays(each)]
        if over:
            self._deletions.note(over, now)
        for user_id in over:
            await users.erase(tx, user_id)
        staying = [each.user_id for each in people if each.user_id not in over]
        if staying:
            await self._forget(tx, staying, now)
        return len(over)

    def _stays(self, someone: users.Trace) -> timedelta:
        return self._kept.everything if someone.agreed else WITHOUT_CONSENT

    async def _forget(self, tx: Transaction, ids: Collection[int], now: datetime) -> None:
        await users.forget_flags(tx, ids, now - self._kept.flags, now)
        for user_id in await sessions.left(tx, ids, now - self._kept.drafts):
            await self._close(tx, user_id)

    async def _close(self, tx: Transaction, user_id: int) -> None:
        """Let go of the dialog that was left half-way, with the words in it. What cannot be read is left as it is."""
        try:
            people = await users.lock(tx, self._vault, [user_id])
            row = (await sessions.load(tx, people))[user_id]
            session = from_body(row.body, revision=row.revision, at=row.at)
        except (Undecodable, KeyError, TypeError, ValueError):
            return
        closed = to_body(replace(session, frame=NOWHERE, stack=(), prompt=(), fixed=False, shown=0))
        await sessions.save(tx, [(people[user_id], replace(row, dialog="", state="", script="", body=closed))])
