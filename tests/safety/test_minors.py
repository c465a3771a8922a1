"""Somebody under age: asked once, only a plain no has an effect, and then nothing for two is offered any more."""

import pytest

from bot.core.effects import Button
from bot.dialog.machine import walk
from bot.dialog.script import Press
from bot.safety import policy
from tests.carried import library
from tests.safety.gate import Gate


def urls(gate: Gate) -> list[str]:
    return [button.url for button in gate.buttons if button.url]


def for_two(buttons: list[Button]) -> list[str]:
    return [button.label.key for button in buttons if button.label.key in {"menu.tools.reach", "menu.tools.space"}]


def test_no_at_the_start_ends_what_is_for_two_and_names_people_for_the_young() -> None:
    gate = Gate(consent=0).command("start").press("start.hello.set_up", "common.ok", "start.age.younger")
    assert gate.user.age == policy.MINOR
    assert urls(gate) == ["https://childhelplineinternational.org"]
    assert not for_two(gate.command("menu").buttons)
    assert gate.command("reach").keys[0] == "tools_off.adults.off"


def test_a_hint_is_asked_about_once_and_yes_changes_nothing() -> None:
    gate = Gate().write("I'm 15", "under 18").press("minor.ask.adult")
    assert gate.user.age == policy.ADULT
    assert gate.write("I'm 15", "under 18").place[0] != "minor"
    assert len(for_two(gate.command("menu").buttons)) == 2


def test_a_question_left_open_has_no_effect_and_is_not_asked_again() -> None:
    gate = Gate().write("I'm 15", "under 18")
    assert gate.user.age == policy.ASKED
    assert len(for_two(gate.command("menu").buttons)) == 2
    assert gate.write("I'm 15", "under 18").place[0] != "minor"


def test_only_no_stops_and_the_calm_tools_stay() -> None:
    gate = Gate().write("I'm 15", "under 18").press("minor.ask.younger")
    assert gate.user.age == policy.MINOR
    assert urls(gate) == ["https://childhelplineinternational.org"]
    assert gate.command("space").keys[0] == "tools_off.adults.off"
    assert gate.command("soothe").place[0] == "soothe"


AT_START = ("start.hello.set_up", "common.ok")


def test_a_wrong_tap_at_the_start_is_put_right_at_the_start() -> None:
    gate = Gate(consent=0).command("start").press(*AT_START, "start.age.younger")
    assert "start.young.slip" in gate.keys
    gate.command("start").press(*AT_START, "start.age.adult")
    assert gate.user.age == policy.MINOR  # nothing about them changes before the yes
    gate.press("start.keeping.agree")
    assert gate.user.age == policy.ADULT
    assert len(for_two(gate.command("menu").buttons)) == 2
    assert gate.command("reach").place[0] == "reach"


def test_a_wrong_tap_at_the_question_is_put_right_at_the_start_with_a_yes_that_counts() -> None:
    gate = Gate().write("I'm 15", "under 18").press("minor.ask.younger")
    assert "minor.young.slip" in gate.keys
    gate.command("start")
    assert gate.place == ("start", "age")
    gate.press("start.age.adult", "start.keeping.agree")
    assert gate.user.age == policy.ADULT
    assert gate.command("space").place[0] == "space"
    assert gate.command("start").place == ("start", "what_now")


def test_who_says_no_again_at_the_start_meets_the_same_people() -> None:
    gate = Gate(stopped=True, age=policy.MINOR).command("start").press("start.age.younger")
    assert (gate.user.age, gate.user.stopped) == (policy.MINOR, False)
    assert urls(gate) == ["https://childhelplineinternational.org"]


def test_who_had_agreed_before_and_now_wants_nothing_kept_may_erase_it() -> None:
    gate = Gate(age=policy.MINOR).command("start").press("start.age.adult", "start.keeping.nothing")
    assert gate.place == ("delete", "ask")


def test_eighteen_at_the_start_is_no_reason_not_to_ask_about_a_hint_later() -> None:
    gate = Gate(consent=0).command("start").press(*AT_START, "start.age.adult", "start.keeping.agree")
    assert gate.user.age == ""
    assert gate.write("I'm 15", "under 18").place == ("minor", "ask")


@pytest.mark.parametrize("dialog", sorted(set(library().dialogs) - policy.COUPLE_DIALOGS))
def test_no_button_outside_leads_to_a_tool_for_two_while_those_are_off(dialog: str) -> None:
    """The door stands before them anyway; a button that only leads to the door would tell that something is off."""
    for _, part in walk(library().dialogs[dialog].script):
        opened = {call.arguments["value"] for call in getattr(part, "do", ()) if call.name == "open"}
        if isinstance(part, Press) and opened & policy.COUPLE_DIALOGS:
            assert "couple_tools_on" in {call.name for call in part.when}, part.press
