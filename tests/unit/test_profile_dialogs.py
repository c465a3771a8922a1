"""The first two minutes, and the ways out: what the dialogs about oneself promise, whatever their words are."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.core.effects import ChangeUser, Effect, Erase, OpenSpace, Record, Say
from bot.core.events import CommandGiven, Event, Pressed, Wrote
from bot.core.facts import Facts, User
from bot.dialog.engine import decide
from bot.dialog.script import END
from bot.dialog.session import Session
from bot.profile import consent
from tests.carried import library

DIALOGS = Path(__file__).parents[2] / "dialogs"
HOME = ("start", "settings", "role", "menu", "help", "privacy", "delete", "stop", "lost", "pause", "about")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Chat:
    """One person and the pure engine: what is asked for is remembered, and changes of the person hold."""

    def __init__(self, **user: object) -> None:
        self.user = replace(User(1, 1, seed=3), **user)  # type: ignore[arg-type]  # names of User's fields
        self.session = Session()
        self.effects: list[Effect] = []
        self.said: list[Say] = []

    def hear(self, event: Event) -> list[Effect]:
        outcome = decide(library(), self.session, event, Facts(NOON, self.user))
        self.session = outcome.session
        for effect in outcome.effects:
            if isinstance(effect, ChangeUser):
                self.user = replace(self.user, **effect.values)  # type: ignore[arg-type]
        self.effects += outcome.effects
        self.said += [effect for effect in outcome.effects if isinstance(effect, Say)]
        return list(outcome.effects)

    def command(self, command: str) -> list[Effect]:
        return self.hear(CommandGiven(command))

    def press(self, *keys: str) -> list[Effect]:
        """Press the open prompt's buttons whose labels have these keys, one after the other."""
        effects: list[Effect] = []
        for key in keys:
            [data] = [b.data for row in self.said[-1].rows for b in row if b.label.key == key and b.data]
            effects = self.hear(Pressed(data))
        return effects

    @property
    def at(self) -> tuple[str, str]:
        return self.session.frame.dialog, self.session.frame.state

    @property
    def words(self) -> str:
        parts = (
            library().catalog.render(part, "en", self.user.zone, self.user.seed, NOON).text
            for part in self.said[-1].parts
        )
        return "\n".join(parts)


AGREE = ("start.hello.set_up", "common.ok", "start.age.adult", "start.keeping.agree")


def test_the_first_calm_is_one_tap_away_and_keeps_nothing() -> None:
    chat = Chat()
    chat.command("start")
    chat.press("start.hello.calm")
    assert chat.said[-1].media
    chat.press("common.done", "start.felt.easier")
    assert all(isinstance(effect, Say) or type(effect).__name__ == "ClearButtons" for effect in chat.effects)


def test_nothing_about_a_person_changes_before_they_agree() -> None:
    chat = Chat()
    chat.command("start")
    chat.press(*AGREE[:-1])
    assert not [e for e in chat.effects if isinstance(e, ChangeUser | Record | OpenSpace)]
    chat.press(AGREE[-1])
    assert chat.user.consent == consent.VERSION
    assert chat.at == ("role", "ask")


@pytest.mark.parametrize("command", ["settings", "role"])
def test_settings_before_consent_lead_to_the_words_on_what_is_kept(command: str) -> None:
    chat = Chat()
    chat.command(command)
    assert chat.at == ("settings", "consent_first")
    chat.press("settings.consent_first.read")
    assert chat.at == ("start", "hello")


def test_the_words_before_agreeing_name_what_matters() -> None:
    chat = Chat()
    chat.command("start")
    words = chat.words
    for tap in AGREE[:-1]:
        chat.press(tap)
        words += "\n" + chat.words
    for said in ("not a person", "therapy", "emergencies", "No clinician", "18", "who runs this bot", "/delete"):
        assert said in words
    assert "run your own" in words  # where the host is the one to fear
    assert "somebody else runs" in words


def test_no_is_a_full_answer() -> None:
    chat = Chat()
    chat.command("start")
    chat.press(*AGREE[:-1], "start.keeping.nothing")
    assert chat.user.consent == 0
    assert chat.at == ("start", "unkept")
    chat.press("common.calm")
    assert chat.session.frame.dialog == "soothe"


def test_who_is_younger_meets_people_and_a_calm_minute_but_no_set_up() -> None:
    chat = Chat()
    chat.command("start")
    chat.press(*AGREE[:2], "start.age.younger")
    assert "childhelplineinternational.org" in chat.words
    labels = [button.label.key for row in chat.said[-1].rows for button in row]
    assert labels == ["start.young.find", "start.young.breathe"]
    chat.press("start.young.breathe", "common.done")
    assert chat.user == User(1, 1, seed=3, age="minor")


def test_every_step_of_the_set_up_can_be_skipped() -> None:
    chat = Chat()
    chat.command("start")
    chat.press(*AGREE, "common.skip", "settings.invite.go", "common.skip", "common.skip", "settings.lock.private")
    assert chat.user == User(1, 1, seed=3, consent=consent.VERSION)
    assert chat.at == ("menu", "tools")


def test_without_a_clock_it_is_asked_all_the_same_what_a_lock_screen_may_show() -> None:
    chat = Chat()
    chat.command("start")
    chat.press(*AGREE, "common.skip", "settings.invite.go", "common.skip", "common.skip")
    assert chat.at == ("settings", "lock")
    assert "nothing by myself" not in chat.words  # reminders come without a clock, too
    chat.press("settings.lock.neutral")
    assert chat.user.lock_screen == "neutral"
    assert chat.at == ("menu", "tools")


def test_a_set_up_from_end_to_end() -> None:
    chat = Chat()
    chat.command("start")
    chat.press(*AGREE, "role.ask.reach", "role.result.fits", "settings.invite.go")
    chat.hear(Wrote("Ann"))
    chat.hear(Wrote("13:00"))
    assert chat.at == ("settings", "zone")
    chat.hear(Wrote("Vienna"))
    chat.hear(Wrote("8:30 pm"))
    chat.press("settings.quiet.q22", "settings.lock.neutral")
    assert chat.at == ("menu", "tools")
    assert chat.user.lock_screen == "neutral"
    user = chat.user
    assert (user.role, user.nickname, user.zone, user.nudges) == ("reach", "Ann", "Europe/Vienna", "daily")
    assert (str(user.nudge_at), str(user.quiet_from), str(user.quiet_to)) == ("20:30:00", "22:00:00", "08:00:00")
    chat.command("settings")
    assert chat.at == ("settings", "overview")
    assert "Ann" in chat.words
    assert "20:30" in chat.words


def test_a_daily_line_without_a_clock_asks_for_the_clock_first() -> None:
    chat = Chat(consent=1, nickname="Ann")
    chat.command("settings")
    chat.press("settings.overview.nudge")
    assert chat.at == ("settings", "clock")
    chat.hear(Wrote("Vienna"))
    assert chat.at == ("settings", "nudge")


def test_stop_holds_until_start() -> None:
    chat = Chat(consent=1)
    chat.command("stop")
    assert chat.user.stopped
    chat.hear(Wrote("hello?"))
    assert chat.user.stopped
    assert chat.at == ("lost", "resting")
    chat.command("start")
    assert not chat.user.stopped


def test_start_again_says_hello_by_name() -> None:
    chat = Chat(consent=1, nickname="Ann")
    chat.command("start")
    assert "Ann" in chat.words
    assert chat.at == ("start", "what_now")


def test_erasing_is_asked_once_and_says_goodbye_without_a_word_of_theirs() -> None:
    chat = Chat(consent=1, nickname="Ann")
    assert not [effect for effect in chat.command("delete") if isinstance(effect, Erase)]
    effects = chat.press("delete.ask.erase")
    assert [effect for effect in effects if isinstance(effect, Erase)] == [Erase()]
    assert not any(part.values for part in chat.said[-1].parts)
    assert not chat.session.open


def test_hiding_help_shows_a_neutral_line_and_keeps_the_place() -> None:
    chat = Chat(consent=1)
    chat.command("settings")
    place = chat.at
    chat.command("help")
    chat.press("help.card.hide")
    assert "help" not in chat.words.lower()
    chat.press("common.continue")
    assert chat.at == place


def test_the_card_is_short_enough_to_be_said_without_anything_else() -> None:
    chat = Chat()
    chat.command("help")
    assert len(chat.words) <= 600
    assert "findahelpline.com" in chat.words
    assert "112" in chat.words
    assert "911" in chat.words


@pytest.mark.parametrize("dialog", HOME)
def test_every_farewell_names_a_way_on(dialog: str) -> None:
    for name, key in _farewells(dialog):
        assert "/" in str(library().source.words["en"][key]), f"{dialog}.{name}"


def _farewells(dialog: str) -> Iterator[tuple[str, str]]:
    """The states that end a dialog without opening another, and the last phrase said there."""
    for name, state in library().dialogs[dialog].script.states.items():
        if [step.go for step in state.go] == [END] and not any(call.name == "open" for call in state.do):
            yield name, f"{dialog}.{state.say[-1].say}"
