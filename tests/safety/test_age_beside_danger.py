"""Somebody young who is in danger, too: the danger comes first, and the age is still asked about, once, behind it."""

import pytest

from bot.core.events import Verdict, Wrote
from bot.safety import policy
from tests.safety.gate import Gate
from tests.safety.test_detector import heard

BOTH = (
    ("im 16 and there's no point in living", "self-harm", "unsure"),
    ("I'm 15 years old. he scares me so much", "harm by someone", "unsure"),
    ("i'm 15 and I want to die", "self-harm", "explicit"),
    ("im 16 and he hits me", "harm by someone", "explicit"),
)


@pytest.mark.parametrize(("text", "kind", "level"), BOTH)
def test_the_danger_is_what_is_heard_and_the_age_beside_it(text: str, kind: str, level: str) -> None:
    assert heard(text) == Verdict(kind, level, young=True)


def test_an_age_alone_is_heard_as_before() -> None:
    assert heard("I'm 16") == Verdict("under 18", "explicit")
    assert heard("i'm 15 and he broke up with me, i feel so alone") == Verdict("under 18", "explicit")


def unsure(gate: Gate) -> Gate:
    return gate.hear(Wrote("…"), Verdict("self-harm", "unsure", young=True))


def test_after_the_question_about_danger_the_age_is_asked_about_and_then_the_place_is_back() -> None:
    gate = unsure(Gate().at("soothe", "rate"))
    assert gate.place == ("crisis", "unsure")
    assert gate.user.age == policy.ASKED
    gate.press("crisis.unsure.hard")
    assert gate.place == ("minor", "ask")
    assert gate.keys[0] == "crisis.hard.line"
    gate.press("minor.ask.adult")
    assert gate.place == ("soothe", "rate")
    assert gate.user.age == policy.ADULT


def test_words_that_were_held_wait_until_both_are_answered() -> None:
    gate = unsure(Gate().at("reach", "own"))
    gate.press("crisis.unsure.words")
    assert "minor.ask.unread" not in gate.keys
    gate.press("minor.ask.adult")
    assert gate.place[0] == "reach"
    assert gate.place != ("reach", "own")


def test_plain_danger_comes_first_too() -> None:
    gate = Gate().hear(Wrote("…"), Verdict("self-harm", "explicit", young=True))
    assert gate.place == ("crisis", "ask")
    gate.press("crisis.ask.not_meant", "crisis.not_meant.back_there")
    assert gate.place == ("minor", "ask")


def test_whose_age_is_known_is_not_asked_again() -> None:
    gate = unsure(Gate(age=policy.ADULT).at("soothe", "rate"))
    gate.press("crisis.unsure.hard")
    assert gate.place == ("soothe", "rate")
