"""What must not be kept for ever: once an hour whatever is past its time goes, in statements too small to be waited for."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.clock import Clock
from bot.core.errors import Undecodable
from bot.core.retention import Retention
from bot.core.setbacks import Setbacks
from bot.dialog.session import NOWHERE, Session, from_body, to_body
from bot.storage import covers, entries, invites, letters, outbox, seen, sessions, spaces, timers, users
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
WITH_A_CHECK = timedelta(hours=48)
"""The same, if they let the bot ask how they are the next day: so that the note comes, and can be opened for a day."""

_CHECK, _AGREED_TO = "crisis.tomorrow", frozenset({"crisis.checked.line", "crisis.day.said"})
"""The timer behind that note, and what somebody hears who agreed to it: a session counts what it said."""

AT_ONCE = 200
"""So many people, or rows, are looked after in one transaction: turns wait for a few milliseconds at most."""


class Housekeeping:
    """Runs until cancelled; whatever goes wrong is tried again an hour later."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        deletions: Deletions,
        clock: Clock,
        kept: Retention | None = None,
        *,
        on_setback: Callable[[str, str], None] | None = None,
    ) -> None:
        self._database = database
        self._vault = vault
        self._deletions = deletions
        self._clock = clock
        self._kept = kept or Retention()
        self._setbacks = Setbacks("tidying", on_setback)
        self._next = clock.now()
        self._tidied = asyncio.Event()

    async def run(self) -> None:
        """Tidy now, and then once an hour of story time."""
        while True:
            begun = self._clock.now()
            with self._setbacks.borne():
                await self.tidy()
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
        await letters.add(tx, [_letter(each.user_id, now) for each in people if each.unreadable])
        readable = [each for each in people if not each.unreadable]
        over = [each.user_id for each in readable if each.seen_at < now - await self._stays(tx, each, now)]
        if over:
            self._deletions.note(over, now)
        for user_id in over:
            await users.erase(tx, user_id)
        staying = [each.user_id for each in people if each.user_id not in over]
        if staying:
            await self._forget(tx, staying, now)
        return len(over)

    async def _stays(self, tx: Transaction, someone: users.Trace, now: datetime) -> timedelta:
        """How long after their last message this locked person is kept."""
        if someone.agreed:
            return self._kept.everything
        waits = someone.seen_at < now - WITHOUT_CONSENT and await self._has_a_check(tx, someone)
        return WITH_A_CHECK if waits else WITHOUT_CONSENT

    async def _has_a_check(self, tx: Transaction, someone: users.Trace) -> bool:
        """Whether a check-in that they agreed to is still to come, or came after their last message."""
        if any(timer.kind == _CHECK for timer in await timers.of_user(tx, someone.user_id)):
            return True
        kept = await self._session(tx, someone.user_id)
        return kept is not None and kept[1].at > someone.seen_at and not _AGREED_TO.isdisjoint(kept[2].memory)

    async def _forget(self, tx: Transaction, ids: Collection[int], now: datetime) -> None:
        await users.forget_flags(tx, ids, now - self._kept.flags, now)
        for user_id in await sessions.left(tx, ids, now - self._kept.drafts):
            await self._close(tx, user_id)

    async def _close(self, tx: Transaction, user_id: int) -> None:
        """Let go of the dialog that was left half-way, with the words in it. What cannot be read is left as it is."""
        if (kept := await self._session(tx, user_id)) is None:
            return
        person, row, session = kept
        closed = to_body(replace(session, frame=NOWHERE, stack=(), prompt=(), fixed=False, shown=0))
        await sessions.save(tx, [(person, replace(row, dialog="", state="", script="", body=closed))])

    async def _session(self, tx: Transaction, user_id: int) -> tuple[users.Person, sessions.Row, Session] | None:
        """Where a locked person stands, and the time of their last turn; None if there is nothing, or it cannot be read."""
        try:
            people = await users.lock(tx, self._vault, [user_id])
            row = (await sessions.load(tx, people))[user_id]
            return people[user_id], row, from_body(row.body, revision=row.revision, at=row.at)
        except (Undecodable, KeyError, TypeError, ValueError):
            return None


def _letter(user_id: int, now: datetime) -> letters.Letter:
    """Of somebody whose row does not tell when they were here; one each, however often it is met."""
    return letters.Letter("tidying", user_id, user_id, "Undecodable at bot/storage/users.py", now)
