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
    CountWrongPins,
    DropTimer,
    Effect,
    EmptyCorner,
    Erase,
    Hide,
    OpenSpace,
    Phrase,
    Record,
    Say,
    SetPin,
    SetTimer,
    TakeAway,
    Uncover,
)
from bot.core.facts import Corner, Space
from bot.dialog.session import to_body
from bot.i18n.catalog import Catalog
from bot.storage import corners, covers, entries, outbox, sessions, spaces, timers, users
from bot.storage.database import Transaction
from bot.storage.messages import QUIET, Claimed, Draft, Outcome, Owner
from bot.storage.users import Person
from bot.storage.vault import UserKey

PRIORITY = {"reply": 0, "promise": 1, "nudge": 2}
IF_UNKNOWN = {"reply": "resend", "promise": "resend", "nudge": "drop"}
STILL_WORTH_SENDING = {"reply": timedelta(hours=24), "promise": timedelta(hours=24), "nudge": timedelta(hours=2)}
"""How long after its turn a message may still go out (story time)."""

_Message = Say | ClearButtons | Hide | TakeAway
"""What becomes a call to Telegram."""

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
        self._covers: list[tuple[Person, covers.Cover]] = []
        self._uncovered: list[tuple[Person, Uncover]] = []
        self._locked: dict[int, tuple[Person, Corner]] = {}
        self._emptied: set[int] = set()
        self.erased: set[int] = set()
        """Who is to be erased: later events of theirs belong into a transaction of its own."""

    @property
    def said(self) -> int:
        """How many messages there are to send."""
        return len(self._drafts) + len(self._uncovered)

    @property
    def moves_timers(self) -> bool:
        """Whether a timer was set or dropped, or may wake because its person is back: the scheduler wants to know."""
        woken = any(not RESTING.isdisjoint(values) for values in self._changes.values())
        return bool(self._set or self._dropped or woken)

    def take(self, standing: Standing, effects: tuple[Effect, ...]) -> None:  # noqa: C901 - one match over all effects
        """Gather the effects of one turn; the later turns of the batch see them in the standing."""
        user = standing.person.user
        self._standings[user.id] = standing
        self._as_loaded.setdefault(user.id, standing.person)
        erases = any(isinstance(effect, Erase) for effect in effects)
        for effect in effects:
            standing.take(effect)
            match effect:
                case Say() | ClearButtons() | Hide() | TakeAway():
                    self._drafts.append(self._draft(standing, effect, goodbye=erases))
                case Uncover():
                    self._uncovered.append((standing.person, effect))
                case SetPin() | CountWrongPins() | EmptyCorner():
                    self._lock(standing)
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

    def tell(self, draft: Draft) -> None:
        """Say fixed words to somebody of whom nothing is kept."""
        self._drafts.append((None, draft))

    async def write(self, tx: Transaction, *, claim_for: Owner | None, outcomes: Sequence[Outcome]) -> list[Claimed]:
        """Write it all, with `outcomes` of earlier messages; the messages that may go out right after the commit come back claimed by `claim_for`."""
        staying = {user_id: standing for user_id, standing in self._standings.items() if user_id not in self.erased}
        seen = {"seen_at": self._now}
        await users.change(
            tx, [(self._as_loaded[user_id], {**self._changes.get(user_id, {}), **seen}) for user_id in staying]
        )
        await sessions.save(tx, [(standing.person, _row(standing)) for standing in staying.values()])
        await entries.add(tx, self._entries)
        await corners.empty(tx, self._emptied)
        await corners.save(tx, list(self._locked.values()))
        await covers.add(tx, self._covers, self._now)
        await spaces.add(tx, list(self._opened.values()))
        await spaces.change(tx, list(self._changed.values()))
        await timers.drop(tx, self._dropped)
        await timers.set(tx, [(user_id, timer) for (user_id, _, _), timer in self._set.items()])
        for person, note in self._uncovered:
            self._drafts.append(await self._opened_note(tx, person, note))
        for user_id in sorted(self.erased):
            await users.erase(tx, user_id)
        return await outbox.add(tx, self._drafts, self._now, claim_for=claim_for, outcomes=outcomes)

    def _lock(self, standing: Standing) -> None:
        """Write the private corner as the turn left it: with its lock, or not at all."""
        user_id = standing.person.user.id
        if standing.corner is None:
            self._locked.pop(user_id, None)
            self._emptied.add(user_id)
        else:
            self._locked[user_id] = (standing.person, standing.corner)

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

    def _draft(self, standing: Standing, effect: _Message, *, goodbye: bool) -> tuple[UserKey | None, Draft]:
        user = standing.person.user
        renderer = Renderer(self._catalog, user, self._now)
        request = _request(renderer, effect)
        kind = effect.kind if isinstance(effect, Say) else "reply"
        # A goodbye outlives its reader's key; it holds no word of theirs and is not sealed.
        key, owner = (None, 0) if goodbye else (standing.person.key, user.id)
        draft = _draft(self._number(), owner, user.chat_id, request, kind, self._now)
        match effect:
            case Say(cover=Phrase() as line) if not goodbye:
                self._covers.append((standing.person, covers.Cover(draft.id, request.method, request.body)))
                note = renderer.note(draft.id, line, silent=effect.silent)
                draft = replace(draft, method=note.method, body=note.body)
            case ClearButtons(target=target) if target:
                draft = replace(draft, target=target)
            case Hide(target):
                draft = replace(draft, target=target, if_unknown=QUIET)
            case TakeAway():
                draft = replace(draft, if_unknown=QUIET)
        if isinstance(effect, Say) and effect.prompt:
            standing.session = replace(standing.session, shown=draft.id)
        return key, draft

    async def _opened_note(self, tx: Transaction, person: Person, opened: Uncover) -> tuple[UserKey | None, Draft]:
        """A neutral note was opened: what it stood in for."""
        cover = await covers.find(tx, person, opened.note)
        found = None if cover is None else Request(cover.method, cover.body)
        request = Renderer(self._catalog, person.user, self._now).uncovered(opened.message_id, found)
        return person.key, _draft(self._number(), person.user.id, person.user.chat_id, request, "reply", self._now)

    def _entry(self, done: Record) -> entries.Entry:
        return entries.Entry(self._number(), done.kind, done.before, done.after, done.technique, done.text, self._now)


def _request(renderer: Renderer, effect: _Message) -> Request:
    match effect:
        case Say():
            return renderer.say(effect)
        case ClearButtons():
            return renderer.clear(effect)
        case Hide():
            return renderer.hide(effect)
        case TakeAway():
            return renderer.take_away(effect)


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
