"""One person and the pure engine over the sound scripts: what is said, pressed and let pass, without storage or network."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from bot.core.effects import Button, Effect, Say
from bot.core.events import CommandGiven, Event, Pressed, Wrote
from bot.core.facts import Facts, User
from bot.dialog.engine import Outcome, decide
from bot.dialog.library import Library
from bot.dialog.loader import load
from bot.dialog.session import Session, from_body, to_body
from bot.dialog.vocabulary import registry

SOUND = Path(__file__).parent / "scripts_sound"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@cache
def sound() -> Library:
    return Library(load([SOUND]), registry)


class Talk:
    """What a person hears, with the session kept as JSON between turns, as the vault keeps it."""

    def __init__(self, library: Library | None = None, **user: object) -> None:
        self.library = library or sound()
        self.user = replace(User(1, 1, seed=3, consent=1), **user)  # type: ignore[arg-type]  # names of User's fields
        self.now = NOON
        self.session = Session()
        self.last: Outcome

    def hear(self, event: Event, *, opens: str = "") -> tuple[str, ...]:
        """Let it happen; the words of the last message, or nothing."""
        self.last = decide(self.library, self.session, event, Facts(self.now, self.user), opens=opens)
        body = to_body(self.last.session)
        self.session = from_body(body, revision=self.last.session.revision, at=self.now)
        assert self.session == self.last.session
        return self.words

    def wait(self, length: timedelta) -> None:
        self.now += length

    def command(self, name: str) -> tuple[str, ...]:
        return self.hear(CommandGiven(name))

    def write(self, text: str) -> tuple[str, ...]:
        return self.hear(Wrote(text))

    def press(self, label: str) -> tuple[str, ...]:
        return self.hear(Pressed(self.button(label).data, 5))

    def button(self, label: str) -> Button:
        return next(button for row in self.says[-1].rows for button in row if self.label(button) == label)

    def label(self, button: Button) -> str:
        key = button.label.key
        return key[1:] if key.startswith("=") else self.library.catalog.render_plain(button.label, "en", "")

    @property
    def effects(self) -> tuple[Effect, ...]:
        return self.last.effects

    @property
    def says(self) -> list[Say]:
        return [effect for effect in self.last.effects if isinstance(effect, Say)]

    @property
    def words(self) -> tuple[str, ...]:
        catalog = self.library.catalog
        return tuple(catalog.render_plain(part, "en", "", 3) for part in self.says[-1].parts) if self.says else ()

    @property
    def labels(self) -> list[str]:
        return [self.label(button) for row in self.says[-1].rows for button in row]

    @property
    def toast(self) -> str:
        return self.library.catalog.render_plain(self.last.toast, "en", "") if self.last.toast else ""

    @property
    def slots(self) -> Mapping[str, object]:
        return self.session.frame.slots
