"""Whoever agreed to an older version is asked again when they begin something; nothing that matters waits for the answer."""

from datetime import timedelta

import pytest

from bot.core.events import Pressed, Wrote
from bot.profile import consent
from tests.safety.gate import Gate

OLDER = consent.VERSION - 1
AGREE, DIALOG = "renew.ask.agree", ("renew", "ask")


def test_a_command_waits_for_the_answer_and_then_goes_on() -> None:
    gate = Gate(consent=OLDER).command("space")
    assert gate.place == DIALOG
    gate.press(AGREE)
    assert gate.user.consent == consent.VERSION
    assert gate.place[0] == "space"
    assert gate.keys[0] == "renew.agreed.thanks"
    assert (
        Gate(consent=OLDER).command("menu").command("soothe").press(AGREE).place[0] == "soothe"
    )  # the last wish counts


def test_words_for_a_prompt_are_taken_there_after_the_answer() -> None:
    gate = Gate(consent=OLDER).at("settings", "name", {"walk": True})
    gate.now += timedelta(hours=2)
    gate.write("Annie")
    assert gate.place == DIALOG
    assert gate.user.nickname == ""
    gate.press(AGREE)
    assert (gate.user.nickname, gate.place) == ("Annie", ("settings", "clock"))


def test_words_to_nobody_are_answered_after_the_answer_with_what_there_is() -> None:
    gate = Gate(consent=OLDER).write("hello there")
    assert gate.place == DIALOG
    assert gate.press(AGREE).place == ("", "")


def test_who_is_in_the_middle_of_something_is_asked_at_the_next_beginning() -> None:
    gate = Gate(consent=OLDER).at("settings", "name", {"walk": True}).write("Annie")
    assert gate.place == ("settings", "clock")
    assert gate.command("menu").place == DIALOG


@pytest.mark.parametrize(
    "command", ["help", "sos", "safe", "privacy", "developer_info", "export", "delete", "stop", "clear", "about"]
)
def test_nobody_waits_for_help_or_for_their_rights(command: str) -> None:
    gate = Gate(consent=OLDER).command(command)
    assert gate.place != DIALOG
    assert not any(key.startswith("renew.") for key in gate.keys)


@pytest.mark.parametrize("kind", ["self-harm", "harm by someone", "harm to someone", "medical", "loss of reality"])
def test_danger_comes_before_the_question(kind: str) -> None:
    gate = Gate(consent=OLDER).write("…", kind)
    assert gate.place != DIALOG
    gate = Gate(consent=OLDER).command("menu").write("…", kind)
    assert gate.place != DIALOG


def test_a_standing_button_keeps_its_promise() -> None:
    gate = Gate(consent=OLDER)
    gate.hear(Pressed("o.crisis.0.with", 5))
    assert gate.keys == ["crisis.with.said"]


@pytest.mark.parametrize("user", [{"consent": 0}, {"consent": consent.VERSION}, {"consent": OLDER, "stopped": True}])
def test_nobody_else_is_asked(user: dict[str, object]) -> None:
    assert Gate(**user).command("menu").place == ("menu", "tools")
    assert Gate(**user).hear(Wrote("hello")).place[0] == "lost"


def test_what_calms_works_without_an_answer() -> None:
    gate = Gate(consent=OLDER).command("menu").press("renew.ask.not_now", "common.calm")
    assert gate.place[0] == "soothe"
    assert gate.user.consent == OLDER
    assert gate.command("menu").place == DIALOG
