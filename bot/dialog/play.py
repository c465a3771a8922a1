"""Talk with the pure engine and nothing else: one made-up person, a clock that is moved by hand, nothing stored or sent."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.core.effects import (
    Button,
    ChangeSpace,
    ChangeUser,
    CountWrongPins,
    DropTimer,
    Effect,
    EmptyCorner,
    Erase,
    OpenSpace,
    Phrase,
    Record,
    Say,
    SetPin,
    SetTimer,
)
from bot.core.events import CommandGiven, Elapsed, Event, Pressed, Wrote
from bot.core.facts import Corner, Drop, Facts, Line, Space, User
from bot.dialog.engine import Outcome, decide
from bot.dialog.library import Library
from bot.dialog.session import Session


@dataclass(frozen=True, slots=True)
class Heard:
    """What the person sees: words, a word for the pressed button, a picture's name, and the buttons under them."""

    words: str
    buttons: tuple[tuple[Button, str], ...] = ()
    picture: str = ""
    is_toast: bool = False


class Play:
    """
    One person's talk. Whatever the engine asks for is done here at once, in memory.

    `person` is replaced as dialogs change it; `entries` holds what was recorded. `hashed` makes what is kept of a PIN.
    """

    def __init__(
        self, library: Library, now: datetime, person: User, hashed: Callable[[str], bytes] = lambda _: b""
    ) -> None:
        self.library = library
        self.now = now
        self.person = person
        self.session = Session()
        self.space: Space | None = None
        self.corner: Corner | None = None
        self._hashed = hashed
        self.entries: list[tuple[datetime, Record]] = []
        self.timers: dict[tuple[str, str], SetTimer] = {}
        self.buttons: tuple[tuple[Button, str], ...] = ()
        self.effects: tuple[Effect, ...] = ()
        self._number = 0

    def hear(self, event: Event, *, opens: str = "") -> list[Heard]:
        """Let `event` happen; with `opens`, as if it made the dialog of that name open over everything."""
        return self.take(decide(self.library, self.session, event, self.facts(), opens=opens))

    def take(self, outcome: Outcome) -> list[Heard]:
        """Let whatever a turn came to happen."""
        self._number += 1
        self.session, self.effects = outcome.session, outcome.effects
        for effect in outcome.effects:
            self._take(effect)
        heard = list(self._heard(outcome))
        if says := [one for one in heard if not one.is_toast]:
            self.buttons = says[-1].buttons
        return heard

    def say(self, words: str) -> list[Heard]:
        """The person writes; a slash makes it a command."""
        if words.startswith("/"):
            command, _, argument = words[1:].partition(" ")
            return self.hear(CommandGiven(command.lower(), argument))
        return self.hear(Wrote(words))

    def press(self, n: int) -> list[Heard]:
        """The person presses the `n`th button (from 0) of the last message; one that needs no answer does nothing."""
        button, label = self.buttons[n]
        if not button.data:
            return []
        if any(other.place for other, _ in self.buttons):  # a keyboard in the place of letters: its buttons write
            return self.hear(Wrote(label))
        return self.hear(Pressed(button.data, 1))

    def skip(self, length: timedelta) -> Iterator[tuple[datetime, list[Heard]]]:
        """Let time pass; each timer fires at its moment, and what it leads to comes with that moment."""
        end = self.now + length
        while self.timers:
            key, timer = min(self.timers.items(), key=lambda item: item[1].due_at)
            if timer.due_at > end:
                break
            self.now = max(self.now, timer.due_at)
            self._after(key, timer)
            yield self.now, self.hear(Elapsed(timer.kind, timer.ref, timer.due_at, timer.fence))
        self.now = end

    def facts(self) -> Facts:
        """What guards may ask about: today's entries, what has helped, the open space."""
        today = self._local(self.now).date()
        counts: dict[str, int] = {}
        falls: dict[str, list[int]] = {}
        for at, entry in self.entries:
            if self._local(at).date() == today:
                counts[entry.kind] = counts.get(entry.kind, 0) + 1
            if entry.before is not None and entry.after is not None:
                falls.setdefault(entry.technique, []).append(entry.before - entry.after)
        drops = {technique: Drop(len(fall), sum(fall) / len(fall)) for technique, fall in falls.items() if technique}
        lines = tuple(Line(at, entry.text) for at, entry in self.entries if entry.kind.startswith("private."))
        corner = None if self.corner is None else replace(self.corner, lines=lines)
        return Facts(self.now, self.person, self.space, counts, drops, self._number, corner=corner)

    def plain(self, phrase: Phrase) -> str:
        """The phrase as this person reads it, without formatting."""
        if phrase.key.startswith("="):
            return phrase.key[1:]
        user = self.person
        return self.library.catalog.render_plain(phrase, user.locale, user.zone, user.seed, self.now)

    def _take(self, effect: Effect) -> None:
        match effect:
            case ChangeUser(values):
                self.person = replace(self.person, **values)  # type: ignore[arg-type]  # names of User's fields
            case Record() if self.person.consent:
                self.entries.append((self.now, effect))
            case SetTimer(kind, ref):
                self.timers[kind, ref] = effect
            case DropTimer(kind, ref):
                for key in [key for key in self.timers if key[0] == kind and ref in {"", key[1]}]:
                    del self.timers[key]
            case SetPin() | CountWrongPins() | EmptyCorner():
                self._lock(effect)
            case OpenSpace(space):
                self.space = space
            case ChangeSpace(number, values) if self.space is not None and self.space.id == number:
                self.space = replace(self.space, **values)  # type: ignore[arg-type]  # names of Space's fields
            case Erase():
                self.person = User(self.person.id, self.person.chat_id, self.person.locale, seed=self.person.seed)
                self.session, self.space, self.entries, self.timers = Session(), None, [], {}
                self.corner = None
            case _:
                pass

    def _lock(self, effect: SetPin | CountWrongPins | EmptyCorner) -> None:
        match effect:
            case SetPin(pin):
                self.corner = Corner(self._hashed(pin))
            case CountWrongPins(wrong, wait_until) if self.corner is not None:
                self.corner = replace(self.corner, wrong=wrong, wait_until=wait_until)
            case EmptyCorner():
                self.corner = None
                self.entries = [(at, entry) for at, entry in self.entries if not entry.kind.startswith("private.")]

    def _after(self, key: tuple[str, str], timer: SetTimer) -> None:
        """A timer that comes back every day moves on to the next; any other is done."""
        if timer.rule:
            next_day = self._local(timer.due_at).date() + timedelta(days=1)
            zone = ZoneInfo(self.person.zone or "UTC")
            due = datetime.combine(next_day, time.fromisoformat(timer.rule), zone)
            self.timers[key] = replace(timer, due_at=due.astimezone(self.now.tzinfo))
        else:
            del self.timers[key]

    def _heard(self, outcome: Outcome) -> Iterator[Heard]:
        for effect in outcome.effects:
            if isinstance(effect, Say):
                buttons = tuple((button, self.plain(button.label)) for row in effect.rows for button in row)
                yield Heard("\n\n".join(filter(None, map(self.plain, effect.parts))), buttons, effect.media)
        if outcome.toast is not None:
            yield Heard(self.plain(outcome.toast), is_toast=True)

    def _local(self, at: datetime) -> Any:
        return at.astimezone(ZoneInfo(self.person.zone or "UTC"))
