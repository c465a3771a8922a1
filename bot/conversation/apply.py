"""Hop 6: what the turns of a batch asked for, gathered, and then written with a statement a kind."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain

from bot.conversation import clearing, export
from bot.conversation.facts import Standing
from bot.conversation.render import Renderer, Request
from bot.core.effects import (
    ChangeSpace,
    ChangeUser,
    ClearButtons,
    ClearChat,
    CountWrongPins,
    Decide,
    DropTimer,
    Effect,
    EmptyCorner,
    Erase,
    Hide,
    OpenSpace,
    Phrase,
    Record,
    Say,
    SendExport,
    SetPin,
    SetTimer,
    TakeAway,
    Uncover,
)
from bot.core.facts import Corner, Space
from bot.dialog.session import to_body
from bot.i18n.catalog import Catalog
from bot.storage import corners, covers, doubts, entries, outbox, sessions, spaces, timers, users
from bot.storage.database import Transaction
from bot.storage.deletions import Deletions
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

    def __init__(self, catalog: Catalog, now: datetime, number: Callable[[], int], deletions: Deletions) -> None:
        self._catalog = catalog
        self._deletions = deletions
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
        self._heard: set[int] = set()
        self._cleared: dict[int, int] = {}
        self._exports: dict[int, SendExport] = {}
        self._decided: list[tuple[Person, Decide]] = []
        self._covers: list[tuple[Person, covers.Cover]] = []
        self._uncovered: list[tuple[Person, Uncover]] = []
        self._locked: dict[int, tuple[Person, Corner]] = {}
        self._emptied: set[int] = set()
        self.erased: set[int] = set()
        """Who is to be erased: later events of theirs belong into a transaction of its own."""

    @property
    def said(self) -> int:
        """How many messages there are to send."""
        return len(self._drafts) + len(self._cleared) + len(self._exports) + len(self._uncovered)

    @property
    def moves_timers(self) -> bool:
        """Whether a timer was set or dropped, or may wake because its person is back: the scheduler wants to know."""
        woken = any(not RESTING.isdisjoint(values) for values in self._changes.values())
        return bool(self._set or self._dropped or woken)

    def take(  # noqa: C901 - one match over all effects
        self, standing: Standing, effects: tuple[Effect, ...], *, heard: bool = False
    ) -> None:
        """Gather the effects of one turn; the later turns of the batch see them in the standing. `heard`: the person was here."""
        user = standing.person.user
        if heard:
            self._heard.add(user.id)
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
                case ClearChat() | SendExport() | Erase() | Decide():
                    self._wish(standing.person, effect)

    def tell(self, draft: Draft) -> None:
        """Say fixed words to somebody of whom nothing is kept."""
        self._drafts.append((None, draft))

    async def write(self, tx: Transaction, *, claim_for: Owner | None, outcomes: Sequence[Outcome]) -> list[Claimed]:
        """Write it all, with `outcomes` of earlier messages; the messages that may go out right after the commit come back claimed by `claim_for`."""
        staying = {user_id: standing for user_id, standing in self._standings.items() if user_id not in self.erased}
        changed = {
            user_id: {**self._changes[user_id], **({"seen_at": self._now} if user_id in self._heard else {})}
            for user_id in sorted(staying.keys() & self._changes.keys())
        }
        await users.change(tx, [(self._as_loaded[user_id], values) for user_id, values in changed.items()])
        await users.touch(tx, (staying.keys() & self._heard) - changed.keys(), self._now)
        await sessions.save(tx, [(standing.person, _row(standing)) for standing in staying.values()])
        await entries.add(tx, self._entries)
        await corners.empty(tx, self._emptied)
        await corners.save(tx, list(self._locked.values()))
        await covers.add(tx, self._covers, self._now)
        await spaces.add(tx, list(self._opened.values()))
        await spaces.change(tx, list(self._changed.values()))
        await timers.drop(tx, self._dropped)
        await timers.set(tx, [(user_id, timer) for (user_id, _, _), timer in self._set.items()])
        if self.erased:
            self._deletions.note(sorted(self.erased), self._now)
        for writer, decided in self._decided:
            self._drafts += await self._taken_back(tx, writer, decided)
        for person, note in self._uncovered:
            self._drafts.append(await self._opened_note(tx, person, note))
        for user_id in sorted(self.erased):
            await users.erase(tx, user_id)
        drafts = [*await self._clearings(tx, outcomes), *self._drafts, *await self._documents(tx)]
        return await outbox.add(tx, drafts, self._now, claim_for=claim_for, outcomes=outcomes)

    async def _clearings(self, tx: Transaction, outcomes: Sequence[Outcome]) -> list[tuple[UserKey | None, Draft]]:
        """The calls that delete what was said to those who wish it. The first has the number of its turn: it goes first."""
        drafts = []
        for user_id, first in self._cleared.items():
            person = self._standings[user_id].person
            requests = await clearing.requests(tx, person.user, self._now, outcomes)
            drafts += self._drafted(person, requests, chain([first], iter(self._number, None)))
        return drafts

    async def _documents(self, tx: Transaction) -> list[tuple[UserKey | None, Draft]]:
        """The documents for those who asked for what is kept; they hold this turn's rows, too."""
        drafts = []
        for user_id, wish in self._exports.items():
            standing = self._standings[user_id]
            requests = await export.requests(tx, self._catalog, standing, self._now, wish)
            drafts += self._drafted(standing.person, requests, iter(self._number, None))
        return drafts

    def _drafted(
        self, person: Person, requests: Iterable[Request], numbers: Iterator[int]
    ) -> list[tuple[UserKey | None, Draft]]:
        user = person.user
        return [
            (person.key, _draft(next(numbers), user.id, user.chat_id, request, "reply", self._now))
            for request in requests
        ]

    def _wish(self, person: Person, effect: ClearChat | SendExport | Erase | Decide) -> None:
        """What becomes of what is theirs."""
        user_id = person.user.id
        match effect:
            case Decide():
                self._decided.append((person, effect))
            case ClearChat():
                self._drafts = [each for each in self._drafts if not clearing.is_reply(each[1], user_id)]
                self._cleared[user_id] = self._number()
            case SendExport():
                self._exports[user_id] = effect
            case Erase():
                self.erased.add(user_id)
                self._cleared.pop(user_id, None)
                self._exports.pop(user_id, None)

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

    async def _taken_back(self, tx: Transaction, writer: Person, decided: Decide) -> list[tuple[UserKey | None, Draft]]:
        """A message about which its writer decided, as a new one if it is to go out again."""
        draft = await doubts.take(tx, writer, decided.message)
        if draft is None or not decided.again:
            return []
        late = self._now + STILL_WORTH_SENDING["reply"]
        return [(writer.key, replace(draft, id=self._number(), expires_at=late))]

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
