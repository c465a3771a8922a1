"""Hop 6: what the turns of a batch asked for, gathered, and then written with a statement a kind."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.conversation.facts import Standing
from bot.conversation.render import Renderer, Request
from bot.core.effects import (
    ChangeSpace,
    ChangeUser,
    ClearButtons,
    DropTimer,
    Effect,
    Erase,
    OpenSpace,
    Record,
    Say,
    SetTimer,
)
from bot.core.facts import Space
from bot.dialog.session import to_body
from bot.i18n.catalog import Catalog
from bot.storage import entries, outbox, sessions, spaces, timers, users
from bot.storage.database import Transaction
from bot.storage.messages import Claimed, Draft, Outcome, Owner
from bot.storage.users import Person
from bot.storage.vault import UserKey

PRIORITY = {"reply": 0, "promise": 1, "nudge": 2}
IF_UNKNOWN = {"reply": "resend", "promise": "resend", "nudge": "drop"}
STILL_WORTH_SENDING = {"reply": timedelta(hours=24), "promise": timedelta(hours=24), "nudge": timedelta(hours=2)}
"""How long after its turn a message may still go out (story time)."""

RESTING = frozenset({"blocked_at", "stopped"})
"""What lets a person's timers rest (`storage/timers`)."""


class Writing:
    """
    Everything one batch will write. `take` gathers a turn's effects in order; `write` is called once, before the commit.

    Before consent no entry is kept, and no name. Rows get their ids from `number`.
    """

    def __init__(self, catalog: Catalog, now: datetime, number: Callable[[], int]) -> None:
        self._catalog = catalog
        self._now = now
        self._number = number
        self._standings: dict[int, Standing] = {}
        self._as_loaded: dict[int, Person] = {}
        self._changes: dict[int, dict[str, object]] = {}
        self._entries: list[tuple[Person, entries.Entry]] = []
        self._opened: dict[int, tuple[Person, Space]] = {}
        self._changed: dict[int, tuple[Person, Space]] = {}
        self._set: dict[tuple[int, str, str], SetTimer] = {}
        self._dropped: list[tuple[int, DropTimer]] = []
        self._drafts: list[tuple[UserKey | None, Draft]] = []
        self.erased: set[int] = set()
        """Who is to be erased: later events of theirs belong into a transaction of its own."""

    @property
    def said(self) -> int:
        """How many messages there are to send."""
        return len(self._drafts)

    @property
    def moves_timers(self) -> bool:
        """Whether a timer was set or dropped, or may wake because its person is back: the scheduler wants to know."""
        woken = any(not RESTING.isdisjoint(values) for values in self._changes.values())
        return bool(self._set or self._dropped or woken)

    def take(self, standing: Standing, effects: tuple[Effect, ...]) -> None:
        """Gather the effects of one turn; the later turns of the batch see them in the standing."""
        user = standing.person.user
        self._standings[user.id] = standing
        self._as_loaded.setdefault(user.id, standing.person)
        erases = any(isinstance(effect, Erase) for effect in effects)
        for effect in effects:
            standing.take(effect)
            match effect:
                case Say() | ClearButtons():
                    self._drafts.append(self._draft(standing, effect, goodbye=erases))
                case Record() if user.consent:
                    self._entries.append((standing.person, self._entry(effect)))
                case SetTimer() | DropTimer():
                    self._arrange(user.id, effect)
                case ChangeUser(values):
                    self._changes.setdefault(user.id, {}).update(values)
                case OpenSpace(space):
                    self._opened[space.id] = (standing.person, space)
                case ChangeSpace(space_id) if standing.space is not None:
                    shelf = self._opened if space_id in self._opened else self._changed
                    shelf[space_id] = (standing.person, standing.space)
                case Erase():
                    self.erased.add(user.id)

    async def write(self, tx: Transaction, *, claim_for: Owner | None, outcomes: Sequence[Outcome]) -> list[Claimed]:
        """Write it all, with `outcomes` of earlier messages; the messages that may go out right after the commit come back claimed by `claim_for`."""
        staying = {user_id: standing for user_id, standing in self._standings.items() if user_id not in self.erased}
        changed = {
            user_id: {**self._changes[user_id], "seen_at": self._now}
            for user_id in sorted(staying.keys() & self._changes.keys())
        }
        await users.change(tx, [(self._as_loaded[user_id], values) for user_id, values in changed.items()])
        await users.touch(tx, staying.keys() - changed.keys(), self._now)
        await sessions.save(tx, [(standing.person, _row(standing)) for standing in staying.values()])
        await entries.add(tx, self._entries)
        await spaces.add(tx, list(self._opened.values()))
        await spaces.change(tx, list(self._changed.values()))
        await timers.drop(tx, self._dropped)
        await timers.set(tx, [(user_id, timer) for (user_id, _, _), timer in self._set.items()])
        for user_id in sorted(self.erased):
            await users.erase(tx, user_id)
        return await outbox.add(tx, self._drafts, self._now, claim_for=claim_for, outcomes=outcomes)

    def _arrange(self, user_id: int, timer: SetTimer | DropTimer) -> None:
        if isinstance(timer, SetTimer):
            self._set[user_id, timer.kind, timer.ref] = timer
            return
        self._dropped.append((user_id, timer))
        kept = {
            at: each
            for at, each in self._set.items()
            if at[:2] != (user_id, timer.kind) or timer.ref not in ("", at[2])
        }
        self._set = kept

    def _draft(self, standing: Standing, effect: Say | ClearButtons, *, goodbye: bool) -> tuple[UserKey | None, Draft]:
        user = standing.person.user
        renderer = Renderer(self._catalog, user, self._now)
        request = renderer.say(effect) if isinstance(effect, Say) else renderer.clear(effect)
        kind = effect.kind if isinstance(effect, Say) else "reply"
        # A goodbye outlives its reader's key; it holds no word of theirs and is not sealed.
        key, owner = (None, 0) if goodbye else (standing.person.key, user.id)
        draft = _draft(self._number(), owner, user.chat_id, request, kind, self._now)
        if isinstance(effect, Say) and effect.prompt:
            standing.session = replace(standing.session, shown=draft.id)
        if isinstance(effect, ClearButtons) and effect.target:
            draft = replace(draft, target=effect.target)
        return key, draft

    def _entry(self, done: Record) -> entries.Entry:
        return entries.Entry(self._number(), done.kind, done.before, done.after, done.technique, done.text, self._now)


def apology(number: int, chat_id: int, request: Request, now: datetime) -> Draft:
    """Fixed words to somebody whose own rows may be broken: nobody's message, for this chat."""
    return _draft(number, 0, chat_id, request, "reply", now)


def _draft(number: int, owner: int, chat_id: int, request: Request, kind: str, now: datetime) -> Draft:
    return Draft(
        id=number,
        user_id=owner,
        destination=f"chat:{chat_id}",
        priority=PRIORITY[kind],
        method=request.method,
        body=request.body,
        if_unknown=IF_UNKNOWN[kind],
        expires_at=now + STILL_WORTH_SENDING[kind],
    )


def _row(standing: Standing) -> sessions.Row:
    session, frame = standing.session, standing.session.frame
    at = session.at or standing.person.user.created_at
    assert at is not None  # noqa: S101 - a stored person was created at some time
    return sessions.Row(
        standing.person.user.id, frame.dialog, frame.state, frame.script, session.revision, to_body(session), at
    )
