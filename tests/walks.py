"""A person who does whatever comes: each number of a walk is a button, a text, a picture or time that passes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from functools import cache
from typing import Any

import orjson

from bot.conversation import deciding
from bot.conversation.render import Renderer
from bot.core.effects import Erase, Record, Say, SetTimer
from bot.core.events import CommandGiven, Edited, Event, Pressed, SentMedia, SharedPlace, Verdict, Wrote
from bot.core.facts import User
from bot.corner import pins
from bot.dialog.library import Library
from bot.dialog.loader import load
from bot.dialog.play import Heard, Play
from bot.dialog.session import from_body, to_body
from bot.dialogs import CARRIED, registry
from bot.i18n.markup import utf16
from bot.profile import consent
from bot.safety.lexicon import KINDS, LEVELS
from tests.carried import CACHE
from tests.pseudo import PSEUDO, with_pseudo

START = datetime(2026, 3, 2, 12, tzinfo=UTC)

TEXTS = (
    "7", "10/10", "20:30", "back at 8", "in half an hour", "tomorrow at 9", "in 3 days", "22:00 to 8", "Berlin", "Springfield",
    "yes", "no", "?", "Ann", "I miss us", "wine 🍷 and **stars** {nick} [x](y) `code`", "علی", "x" * 120, "y " * 400, "\u200f", "-1",
    "4711", "4711", "4712",
)  # fmt: skip
COMMANDS = ("back", "back", "cancel", "help", "menu", "nonsense")
VERDICTS = tuple(Verdict(kind, level) for kind in KINDS for level in LEVELS)
LENGTHS = (timedelta(seconds=2), timedelta(minutes=4), timedelta(hours=1), timedelta(hours=9), timedelta(days=2))
PEOPLE: tuple[dict[str, Any], ...] = (
    {},
    {
        "consent": consent.VERSION,
        "zone": "Europe/Berlin",
        "role": "reach",
        "nickname": "Ann",
        "nudges": "daily",
        "nudge_at": time(12, 30),
    },
    {
        "consent": consent.VERSION,
        "zone": "Asia/Tehran",
        "role": "space",
        "nickname": "علی",
        "quiet_from": time(22),
        "quiet_to": time(7),
    },
    {"consent": consent.VERSION, "role": "both", "stopped": True},
)

BUSY = ("reach",) * 10 + ("soothe",) * 7 + ("space_asked",) * 3
"""What somebody did on a day when little helped."""


@cache
def library() -> Library:
    """The carried dialogs, in every language they have and in a made-up one."""
    source = load([CARRIED], cache=CACHE)
    return Library(replace(source, words=with_pseudo(source.words)), registry())


def locales() -> tuple[str, ...]:
    return library().catalog.locales


@dataclass(slots=True)
class Walk:
    """One walk. `seen` holds every state stood in, `path` what was done, `old` the data of every button ever shown."""

    play: Play
    seen: set[tuple[str, str]] = field(default_factory=set)
    path: list[str] = field(default_factory=list)
    old: list[str] = field(default_factory=lambda: ["p.1.1.0"])

    @classmethod
    def begun(cls, dialog: str, locale: str, who: int) -> "Walk":
        person = replace(User(1, 1, locale=locale, seed=who), **PEOPLE[who % len(PEOPLE)])
        walk = cls(Play(library(), START, person, lambda pin: pins.hashed(pin, bytes(pins.SALT_BYTES))))
        if who % 5 == 0:
            walk.play.entries += [(START, Record(kind)) for kind in BUSY]
        command = next((word for word, name in library().commands.items() if name == dialog), "")
        event = CommandGiven(command) if command else Wrote("…")
        walk._happens(event, lambda: walk.play.hear(event, opens="" if command else dialog))
        return walk

    def go(self, choices: Sequence[int]) -> None:
        for choice in choices:
            self._step(choice)

    def _step(self, choice: int) -> None:
        kind, n = choice % 16, choice // 16
        buttons = self.play.buttons
        if kind < 9 and buttons:
            data = buttons[n % len(buttons)][0].data
            if data:
                self._happens(Pressed(data, 1), lambda: self.play.press(n % len(buttons)))
        elif kind < 12:
            self._hears(Wrote(TEXTS[n % len(TEXTS)]))
        elif kind == 12 and n % 3 == 0:
            self._frightens(VERDICTS[n // 3 % len(VERDICTS)])
        elif kind == 12:
            self._hears(CommandGiven((*COMMANDS, *library().commands)[n % (len(COMMANDS) + len(library().commands))]))
        elif kind == 13:
            pressed = Pressed(self.old[n // 4 % len(self.old)], 1)
            self._hears((SentMedia("photo"), Edited("?"), SharedPlace(52.5, 13.4), pressed)[n % 4])
        else:
            for at, heard in self.play.skip(LENGTHS[n % len(LENGTHS)]):
                self.path.append(f"--- {at:%a %H:%M} ---")
                self._check(heard)

    def _hears(self, event: Event) -> None:
        self._happens(event, lambda: self.play.hear(event))

    def _frightens(self, verdict: Verdict) -> None:
        """The person writes something in which the gate hears danger."""
        known = replace(self.play.facts(), verdict=verdict)
        self.path.append(repr(verdict))
        event = Wrote("I can't any more")
        heard = self.play.take(deciding.decide(library(), self.play.session, event, known))
        self._check(heard)
        assert heard, f"no answer to danger\n{self}"

    def _happens(self, event: Event, act: Callable[[], list[Heard]]) -> None:
        self.path.append(repr(event))
        heard = act()
        self._check(heard)
        if isinstance(event, Wrote | CommandGiven | SentMedia):
            assert heard, f"no answer to a message\n{self}"

    def _check(self, heard: list[Heard]) -> None:
        """What holds after every turn, whatever was done."""
        self.path += [f"    bot: {one.words[:80]!r} {[label for _, label in one.buttons]}" for one in heard]
        session = self.play.session
        body = orjson.loads(orjson.dumps(to_body(session)))
        assert from_body(body, revision=session.revision, at=self.play.now) == replace(session, at=self.play.now), self
        for effect in self.play.effects:
            if isinstance(effect, Say):
                self._fits(effect)
            if isinstance(effect, SetTimer):
                self._is_heard(effect)
        if session.open and not any(isinstance(effect, Erase) for effect in self.play.effects):
            frame = session.frame
            state = library().dialogs[frame.dialog].script.states[frame.state]
            self.seen.add((frame.dialog, frame.state))
            assert session.prompt or state.text or state.place, f"a dead end\n{self}"

    def _fits(self, said: Say) -> None:
        """Telegram takes it whole. Source: Bot API."""
        renderer = Renderer(library().catalog, self.play.person, self.play.now)
        body = orjson.loads(renderer.say(said).body)
        words = body.get("caption" if said.media else "text", "")
        assert words.strip(), f"a message without words\n{self}"
        assert not words.endswith("…") or utf16(words) < 1000, f"cut off\n{self}"
        rows = body.get("reply_markup", {}).get("inline_keyboard", [])
        assert sum(map(len, rows)) <= 100
        for button in (button for row in rows for button in row):
            assert button["text"].strip(), f"a button without a label\n{self}"
            assert len(button.get("callback_data", "").encode()) <= 40, f"{button}\n{self}"
            self.old += [button["callback_data"]] if "callback_data" in button else []
            assert 1 <= utf16(button.get("copy_text", {"text": "x"})["text"]) <= 256, f"{button}\n{self}"
        assert all(len(row) <= 8 for row in rows)

    def _is_heard(self, timer: SetTimer) -> None:
        """Some script hears the timer when it is over."""
        dialog, _, word = timer.kind.partition(".")
        if timer.kind != "wait":
            assert f"time.{word}" in library().dialogs[dialog].script.on, f"{timer}\n{self}"

    def __str__(self) -> str:
        return "\n".join(self.path[-24:])


__all__ = ["PSEUDO", "Walk", "library", "locales"]
