"""One person before the gate: hops 4 and 5 as the bot takes them, with the detector's verdict given by the test."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.conversation.deciding import decide
from bot.core.effects import (
    Button,
    ChangeSpace,
    ChangeUser,
    DropTimer,
    Effect,
    Phrase,
    Record,
    Say,
    SetTimer,
)
from bot.core.events import CommandGiven, Elapsed, Event, Pressed, Verdict, Wrote
from bot.core.facts import Facts, Space, User
from bot.dialog.session import NOWHERE, Frame, Session, from_body, to_body
from bot.profile import consent
from tests.carried import library

EVENING = datetime(2026, 5, 4, 18, tzinfo=UTC)
SLOTS: Mapping[str, object] = {"back_at": EVENING + timedelta(hours=1)}
"""What some prompts cannot do without."""


class Gate:
    """What the person changed holds at once; `effects` and `says` are those of the last turn."""

    def __init__(self, **user: object) -> None:
        self.user = replace(User(1, 1, seed=3, consent=consent.VERSION, zone="Europe/Berlin"), **user)  # type: ignore[arg-type]
        self.now = EVENING
        self.session = Session()
        self.space: Space | None = None
        self.timers: dict[tuple[str, str], SetTimer] = {}
        self.effects: tuple[Effect, ...] = ()
        self.entries: list[Record] = []

    def at(self, dialog: str, state: str, slots: Mapping[str, object] | None = None) -> "Gate":
        """Stand in this state, or nowhere, with what was answered on the way."""
        frame = Frame(dialog, state, library().dialogs[dialog].script.hash, slots or SLOTS) if dialog else NOWHERE
        self.session = replace(self.session, frame=frame, stack=(), revision=self.session.revision + 1, at=self.now)
        return self

    def hear(self, event: Event, verdict: Verdict | None = None) -> "Gate":
        outcome = decide(library(), self.session, event, Facts(self.now, self.user, self.space, verdict=verdict))
        body = to_body(outcome.session)
        self.session = from_body(body, revision=outcome.session.revision, at=self.now)
        self.effects = outcome.effects
        for effect in outcome.effects:
            self._take(effect)
        return self

    def write(self, text: str, kind: str = "", level: str = "explicit") -> "Gate":
        return self.hear(Wrote(text), Verdict(kind, level) if kind else None)

    def command(self, name: str, kind: str = "", level: str = "explicit") -> "Gate":
        return self.hear(CommandGiven(name), Verdict(kind, level) if kind else None)

    def press(self, *keys: str) -> "Gate":
        """Press the buttons of these labels, one after the other, each in the newest message that has it."""
        for key in keys:
            [button] = [button for button in self.buttons if button.label.key == key]
            self.hear(Pressed(button.data, 5))
        return self

    def wait(self, length: timedelta, *, late: timedelta = timedelta()) -> list[Say]:
        """Let time pass, each timer in its moment (or `late`); everything said meanwhile."""
        said: list[Say] = []
        end = self.now + length
        while due := [timer for timer in self.timers.values() if timer.due_at <= end]:
            timer = min(due, key=lambda each: each.due_at)
            del self.timers[timer.kind, timer.ref]
            self.now = max(self.now, timer.due_at + late)
            self.hear(Elapsed(timer.kind, timer.ref, timer.due_at, timer.fence))
            said += self.says
        self.now = max(self.now, end)
        return said

    @property
    def says(self) -> list[Say]:
        return [effect for effect in self.effects if isinstance(effect, Say)]

    @property
    def buttons(self) -> list[Button]:
        return [button for said in self.says for row in said.rows for button in row]

    @property
    def labels(self) -> list[str]:
        return [button.label.key for button in self.buttons]

    @property
    def keys(self) -> list[str]:
        return [part.key for said in self.says for part in said.parts]

    @property
    def text(self) -> str:
        return "\n".join(self.plain(part) for said in self.says for part in said.parts)

    @property
    def place(self) -> tuple[str, str]:
        return self.session.frame.dialog, self.session.frame.state

    def plain(self, phrase: Phrase) -> str:
        return library().catalog.render_plain(phrase, "en", self.user.zone, self.user.seed, self.now)

    def _take(self, effect: Effect) -> None:
        match effect:
            case ChangeUser(values):
                self.user = replace(self.user, **values)  # type: ignore[arg-type]  # names of User's fields
            case Record():
                self.entries.append(effect)
            case SetTimer(kind, ref):
                self.timers[kind, ref] = effect
            case DropTimer(kind, ref):
                self.timers = {at: each for at, each in self.timers.items() if at[0] != kind or ref not in {"", at[1]}}
            case ChangeSpace(number, values) if self.space is not None and self.space.id == number:
                self.space = replace(self.space, **values)  # type: ignore[arg-type]  # names of Space's fields
            case _:
                pass


def waiting_states() -> list[tuple[str, str]]:
    """Every place in which somebody may be when they write."""
    places = [
        (name, state)
        for name, dialog in library().dialogs.items()
        for state, shape in dialog.script.states.items()
        if shape.waits
    ]
    return [(NOWHERE.dialog, NOWHERE.state), *places]
