"""The way of an update: a batch of turns is one transaction, and nothing leaves before it has committed."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Protocol

import structlog

from bot.conversation import deciding, facts
from bot.conversation.access import Access
from bot.conversation.apply import Writing, apology
from bot.conversation.facts import Standing
from bot.conversation.render import Renderer
from bot.core.clock import Clock
from bot.core.effects import ChangeUser, Effect, Phrase, Say, SetTimer
from bot.core.errors import BehindOthers, DatabaseUnavailable, Undecodable
from bot.core.events import Blocked, Elapsed, Incoming, Pressed, Unblocked
from bot.core.facts import User
from bot.core.ids import Ids
from bot.core.retention import Retention
from bot.core.setbacks import where
from bot.dialog.library import Library
from bot.i18n.zones import next_daily
from bot.safety import policy
from bot.storage import letters, outbox, seen, timers, users
from bot.storage.database import Database, Transaction
from bot.storage.deletions import Deletions
from bot.storage.messages import Claimed, Draft, Outcome, Owner
from bot.storage.timers import Due
from bot.storage.vault import Vault

TOAST_LIMIT = 200
"""Characters of an answer to a press. Source: Bot API, answerCallbackQuery."""

_SORRY = ("common.went_wrong",)
_DAY = timedelta(days=1)

_log = structlog.get_logger()


class Outlet(Protocol):
    """What takes messages once they are committed: the sender."""

    def owner(self) -> Owner | None:
        """A token under which a turn may claim its own messages; None while older ones come first."""

    def unsettled(self) -> AbstractContextManager[list[Outcome]]:
        """Outcomes of earlier messages for a turn to settle in its own transaction, opened within."""

    def send(self, claimed: Sequence[Claimed], *, waiting: bool = False) -> None:
        """Send these now: they are committed as claimed. `waiting`: others were written that wait in their lanes."""

    def when_missed(self, make_good: Callable[[Sequence[int]], Awaitable[None]]) -> None:
        """Tell `make_good` of people whose awaited words will never come: refused for ever, or unreadable."""


@dataclass(slots=True)
class _Done:
    """What a committed batch leaves to do outside the database."""

    claimed: list[Claimed] = field(default_factory=list)
    answers: list[tuple[str, str]] = field(default_factory=list)
    rest: list[Incoming] = field(default_factory=list)
    waiting: bool = False
    moves_timers: bool = False


class Conversation:
    """
    Turns events into committed sessions and messages.

    `library` may be replaced between batches (a reload). `answer` ends the spinner of a pressed button; `on_timers` is
    told when timers were set; `deletions` lists who was erased; `kept` is for how long this host keeps things; `access` says
    who may use the bot (everybody).
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        library: Library,
        clock: Clock,
        ids: Ids,
        outlet: Outlet,
        answer: Callable[[str, str], None],
        on_timers: Callable[[], None],
        *,
        deletions: Deletions,
        kept: Retention | None = None,
        access: Access | None = None,
    ) -> None:
        self.library = library
        self._database = database
        self._vault = vault
        self._clock = clock
        self._ids = ids
        self._outlet = outlet
        self._answer = answer
        self._on_timers = on_timers
        self._deletions = deletions
        self._kept = kept or Retention()
        self.on_behind: Callable[[], None] = lambda: None
        """Told when somebody stands where only the dialogs of another replica lead."""
        self._access = access or Access("open", clock)
        outlet.when_missed(self.make_good)

    async def handle(self, batch: Sequence[Incoming]) -> None:
        """
        Take the turns of `batch`, in order, and return once they are committed.

        Raises DatabaseUnavailable, with nothing marked as seen: the batch is to come again. Any other fault is one
        person's: the others' turns are taken, and the culprit's event is put away and apologised for.
        """
        try:
            done = await self._commit(batch)
        except BehindOthers:
            if len({incoming.user_id for incoming in batch}) == 1:
                self.on_behind()
                raise
            await self._apart(batch)
            return
        except DatabaseUnavailable:
            raise
        except Exception as fault:  # noqa: BLE001 - one of the three places: whatever a turn raises is one person's
            if len(batch) == 1:
                await self._put_away(batch[0], fault)
            else:
                await self._apart(batch)
            return
        self._release(done)
        if done.rest:
            await self.handle(done.rest)

    async def make_good(self, people: Sequence[int]) -> None:
        """Say sorry to people who wait for words that will never come. Raises DatabaseUnavailable."""
        for user_id in people:
            now = self._clock.now()
            async with self._database.transaction() as tx:
                if (user := await self._reader(tx, user_id)) is None:
                    continue
                draft = self._sorry(user, now)
                claimed = await outbox.add(tx, [(None, draft)], now, claim_for=self._outlet.owner())
            self._outlet.send(claimed, waiting=not claimed)

    async def _commit(self, batch: Sequence[Incoming]) -> _Done:
        """Hops 2 to 6. What earlier messages came to is noted on the way."""
        with self._outlet.unsettled() as outcomes:
            async with self._database.transaction(brief=True) as tx:
                return await self._take_turns(tx, batch, outcomes)

    async def _take_turns(self, tx: Transaction, batch: Sequence[Incoming], outcomes: Sequence[Outcome]) -> _Done:
        now = self._clock.now()
        done = _Done()
        fresh, due = await self._not_yet_taken(tx, batch, now)
        fresh, refused = await self._access.admit(tx, fresh, now)
        standings = await facts.load(tx, self._vault, self.library, fresh, now)
        writing = Writing(self.library.catalog, now, self._ids.next, self._deletions)
        for refusal in refused:
            writing.tell(self._sorry(self._unknown(refusal.incoming), now, refusal.words))
        for incoming in fresh:
            standing = standings.get(incoming.user_id)
            if incoming.user_id in writing.erased:
                done.rest.append(incoming)
            elif standing is None:
                self._stranger(incoming, done)
            else:
                if isinstance(incoming.event, Elapsed) and due[incoming.id].rule:
                    writing.take(standing, (_tomorrow(due[incoming.id], standing.person.user, now),))
                heard = not isinstance(incoming.event, Elapsed)
                writing.take(standing, self._turn(standing, incoming, now, done), heard=heard)
        await seen.forget(tx, done.rest)
        done.claimed = await writing.write(tx, claim_for=self._outlet.owner(), outcomes=outcomes)
        done.waiting = writing.said > len(done.claimed)
        done.moves_timers = writing.moves_timers
        return done

    async def _not_yet_taken(
        self, tx: Transaction, batch: Sequence[Incoming], now: datetime
    ) -> tuple[list[Incoming], Mapping[int, Due]]:
        """
        Those events whose turn nobody has taken, and the timers among them; from here on they count as taken.

        An update is known by its id, a timer by its row: what was dropped or moved meanwhile is not said.
        """
        elapsed = [incoming.id for incoming in batch if isinstance(incoming.event, Elapsed)]
        standing = await timers.finish(tx, elapsed) if elapsed else {}
        updates = [incoming for incoming in batch if not isinstance(incoming.event, Elapsed)]
        fresh = {id(incoming) for incoming in await seen.fresh(tx, updates, now)}
        return [i for i in batch if id(i) in fresh or (isinstance(i.event, Elapsed) and i.id in standing)], standing

    def _turn(self, standing: Standing, incoming: Incoming, now: datetime, done: _Done) -> tuple[Effect, ...]:
        """Hops 4 and 5."""
        user = standing.person.user
        if isinstance(incoming.event, Blocked | Unblocked):
            return (ChangeUser({"blocked_at": now if isinstance(incoming.event, Blocked) else None}),)
        known = standing.facts(now, self._ids.next(), incoming.verdict, self._kept)
        outcome = deciding.decide(self.library, standing.session, incoming.event, known)
        standing.session = outcome.session
        if isinstance(incoming.event, Pressed):
            done.answers.append((incoming.event.query_id, self._toast(user, outcome.toast, now)))
        if user.blocked_at is not None and not isinstance(incoming.event, Elapsed):
            return (ChangeUser({"blocked_at": None}), *outcome.effects)
        return outcome.effects

    def _toast(self, user: User, toast: Phrase | None, now: datetime) -> str:
        return Renderer(self.library.catalog, user, now).plain(toast, TOAST_LIMIT) if toast else ""

    def _stranger(self, incoming: Incoming, done: _Done) -> None:
        """Somebody who is not known: a press is answered, and nobody is created by it."""
        if isinstance(incoming.event, Pressed):
            toast = self._toast(self._unknown(incoming), Phrase("common.stale"), self._clock.now())
            done.answers.append((incoming.event.query_id, toast))

    def _release(self, done: _Done) -> None:
        """Hop 7 begins: the transaction has committed."""
        self._outlet.send(done.claimed, waiting=done.waiting)
        for query_id, text in done.answers:
            self._answer(query_id, text)
        if done.moves_timers:
            self._on_timers()

    # Faults ----------------------------------------------------------------------------------------------------------

    async def _apart(self, batch: Sequence[Incoming]) -> None:
        """
        Take the turns of each person apart, and at last each turn, so that one person's fault stays theirs.

        Raises BehindOthers, after all, if somebody's turn is another replica's.
        """
        people = dict.fromkeys(incoming.user_id for incoming in batch)
        behind: BehindOthers | None = None
        for user_id in people:
            theirs = [incoming for incoming in batch if incoming.user_id == user_id]
            for part in [theirs] if len(people) > 1 else [[incoming] for incoming in theirs]:
                try:
                    await self.handle(part)
                except BehindOthers as left:
                    behind = left
        if behind:
            raise behind

    async def _put_away(self, incoming: Incoming, fault: Exception) -> None:
        """
        Mark the event as seen, keep a dead letter without words, and say sorry; a cry for help gets the card instead.

        What comes again tomorrow is left out in silence.
        """
        at = where(fault)
        _log.error("turn failed", kind=type(incoming.event).__name__, fault=at)
        now = self._clock.now()
        user = self._unknown(incoming)
        words = policy.CARD if policy.needs_people(incoming.verdict, incoming.event) else _SORRY
        claimed: list[Claimed] = []
        async with self._database.transaction() as tx:
            fresh, due = await self._not_yet_taken(tx, [incoming], now)
            if not fresh:
                return
            await letters.add(tx, [letters.Letter(incoming.source, incoming.id, incoming.user_id, at, now)])
            daily = [_same_hour(timer, now) for timer in due.values() if timer.rule]
            await timers.set(tx, [(incoming.user_id, timer) for timer in daily])
            if not daily:
                drafts = [(None, self._sorry(user, now, words))]
                claimed = await outbox.add(tx, drafts, now, claim_for=self._outlet.owner())
        self._outlet.send(claimed, waiting=not (claimed or daily))
        if daily:
            self._on_timers()
        if isinstance(incoming.event, Pressed):
            self._answer(incoming.event.query_id, "")

    def _unknown(self, incoming: Incoming) -> User:
        """The sender, as far as a message tells who that is."""
        return User(incoming.user_id, incoming.chat_id, self.library.catalog.suiting(incoming.language))

    def _sorry(self, user: User, now: datetime, words: Sequence[str] = _SORRY) -> Draft:
        """Fixed words, sealed with nobody's key: the reader's may be what is broken."""
        said = Renderer(self.library.catalog, user, now).say(Say(tuple(map(Phrase, words))))
        return apology(self._ids.next(), user.chat_id, said, now)

    async def _reader(self, tx: Transaction, user_id: int) -> User | None:
        """The person, as far as their row can be read; None if they are forgotten."""
        try:
            found = await users.lock(tx, self._vault, [user_id])
        except Undecodable:
            return User(user_id, user_id, self.library.catalog.suiting(""))  # private chats have their person's number
        return found[user_id].user if user_id in found else None


def _tomorrow(due: Due, user: User, now: datetime) -> SetTimer:
    """A daily timer, set for its next day before its turn, which may change or drop it."""
    return SetTimer(due.kind, due.ref, next_daily(now, time.fromisoformat(due.rule), user.zone or "UTC"), due.rule)


def _same_hour(due: Due, now: datetime) -> SetTimer:
    """A daily timer whose turn failed, a day or more later. Nothing of its person is looked at: it may be what is broken."""
    days = (now - due.due_at) // _DAY + 1
    return SetTimer(due.kind, due.ref, due.due_at + days * _DAY, due.rule)
