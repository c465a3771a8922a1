"""Help is one press or one word away: from every place, by every button that offers it, however old the button is."""

import pytest

from bot.core.events import Pressed
from tests.carried import library
from tests.safety.gate import Gate, waiting_states

HELP = "common.help"


def test_a_bare_cry_for_help_opens_the_card_from_every_place_and_keeps_it() -> None:
    for place in waiting_states():
        if place[0] == "help":
            continue
        gate = Gate().at(*place)
        frame = gate.session.frame
        gate.write("Help!")
        assert gate.place == ("help", "card"), place
        assert list(gate.session.stack) == ([frame] if place[0] else []), place


@pytest.mark.parametrize("words", ["what can you do", "asdf", "hello"])
def test_what_is_not_understood_offers_help_too(words: str) -> None:
    gate = Gate().write(words)
    assert gate.place == ("lost", "ask")
    assert HELP in gate.labels


@pytest.mark.parametrize("user", [{}, {"consent": 0, "zone": ""}, {"stopped": True}], ids=["usual", "new", "stopped"])
def test_an_old_button_for_help_works_as_well_as_a_new_one(user: dict[str, object]) -> None:
    gate = Gate(**user).command("menu")
    [old] = [button.data for button in gate.buttons if button.label.key == HELP]
    gate.command("about").hear(Pressed(old, 5))
    assert gate.place == ("help", "card")


def test_another_persons_button_for_help_is_nothing() -> None:
    gate = Gate().command("menu")
    [button] = [button.data for button in gate.buttons if button.label.key == HELP]
    kind, _, *rest = button.split(".")
    assert gate.hear(Pressed(".".join((kind, "zz", *rest)), 5)).place[0] == "menu"


PEOPLE = {"acting", "already", "medical", "others", "unreal", "afraid", "lines"}
"""The places that name people to call."""


@pytest.mark.parametrize("name", ["crisis", "safe", "help"])
def test_every_button_that_leads_to_people_is_answered_even_without_a_database(name: str) -> None:
    for state, shape in library().dialogs[name].script.states.items():
        for press in (press for row in shape.buttons for press in row):
            back = press.press in {"$back", "back"}
            assert press.urgent or back or press.go not in PEOPLE, (state, press.press)
            assert not (press.urgent and press.press == "hide"), state
