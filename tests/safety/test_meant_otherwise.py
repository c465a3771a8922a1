"""Danger that perhaps was none, in what somebody writes in the middle of something else: asked about, and then gone on."""

from datetime import timedelta

import pytest

from bot.dialog.session import NOWHERE
from tests.safety.gate import EVENING, Gate

OWN = ("reach", "own", {"need": "time", "size": "m20", "when": "tonight", "honest": "question"})


@pytest.mark.parametrize("answer", ["hard", "words"])
def test_words_that_were_only_words_go_on_to_where_they_were_meant_for(answer: str) -> None:
    gate = Gate().at(*OWN).write("I can't do this any more. Tea?", "self-harm", "unsure")
    assert "Tea" not in str(gate.effects)
    gate.press(f"crisis.unsure.{answer}")
    assert gate.place == ("reach", "preview")
    assert gate.session.frame.slots["own"] == "I can't do this any more. Tea?"
    assert gate.keys == [f"crisis.{answer}.line", "reach.preview.lead", "reach.preview.words"]
    assert gate.says[0].edits == 5
    assert not gate.says[0].rows


def test_words_that_meant_it_go_nowhere() -> None:
    gate = Gate().at(*OWN).write("I can't do this any more", "self-harm", "unsure").press("crisis.unsure.living")
    assert gate.place == ("crisis", "ask")
    assert "can't do this" not in repr(gate.session)
    assert gate.user.flagged_at == EVENING
    gate.press("crisis.ask.not_meant", "crisis.not_meant.back_there")
    assert gate.place == ("reach", "own")
    assert gate.session.frame.slots == OWN[2]


def test_before_consent_no_word_is_held_and_saying_it_again_works() -> None:
    gate = Gate(consent=0).at(*OWN).write("I can't do this any more", "self-harm", "unsure")
    assert "can't do this" not in repr(gate.session)
    gate.press("crisis.unsure.words")
    assert gate.place == ("reach", "own")
    gate.write("I can't do this any more", "self-harm", "unsure")
    assert gate.place == ("reach", "own_unkept")
    assert gate.keys[0] == "crisis.watch.anywhere"


def test_a_threat_is_not_handed_on() -> None:
    gate = Gate().at(*OWN).write("I could kill him", "harm to someone", "unsure").press("crisis.others_unsure.words")
    assert gate.place == ("reach", "own")
    assert "kill him" not in repr(gate.session)


def test_a_prompt_that_takes_no_words_simply_comes_back() -> None:
    gate = Gate().at("soothe", "rate").write("I'm done", "self-harm", "unsure").press("crisis.unsure.words")
    assert gate.place == ("soothe", "rate")
    assert gate.keys == ["crisis.words.line", "common.back_to", "soothe.rate.ask"]


def test_with_nothing_open_a_denial_simply_ends() -> None:
    gate = Gate().write("I'm done", "self-harm", "unsure").press("crisis.unsure.words")
    assert gate.session.frame == NOWHERE
    assert gate.keys == ["crisis.words.line"]


def test_the_line_beside_a_turn_leaves_the_turn_as_it_is() -> None:
    plain = Gate(watch_until=EVENING + timedelta(hours=1)).at(*OWN).write("Tea?")
    beside = Gate(watch_until=EVENING + timedelta(hours=1)).at(*OWN).write("Tea?", "self-harm", "unsure")
    assert beside.session.frame == plain.session.frame
    assert beside.says[1:] == plain.says
    assert beside.session.memory["crisis.watch.anywhere"] == 1  # another wording next time
    beside.press("crisis.watch.now")
    assert beside.place == ("crisis", "ask")
    assert beside.session.stack == (plain.session.frame,)


# Age ------------------------------------------------------------------------------------------------------------------


def test_yes_goes_on_and_the_hint_is_not_asked_about_again() -> None:
    gate = Gate().at(*OWN).write("I'm 15 and a half months into this", "under 18").press("minor.ask.adult")
    assert gate.place == ("reach", "preview")
    assert gate.write("I'm 15", "under 18").place == ("reach", "preview")


def test_only_no_stops_and_the_calm_stays() -> None:
    gate = Gate(nudges="daily").at("reach", "need").write("I'm 15", "under 18").press("minor.ask.younger")
    assert "childhelplineinternational.org" in gate.text
    assert (gate.user.age, gate.user.nudges) == ("minor", "off")
    gate.press("minor.young.done")
    assert gate.session.frame == NOWHERE
    assert gate.command("reach").place == ("tools_off", "adults")
    assert gate.command("soothe").place == ("soothe", "rate")


WATCHED = {
    "self-harm": ("crisis.watch", "crisis.watch.now", ("crisis", "ask")),
    "harm by someone": ("safe.watch", "safe.watch.more", ("safe", "afraid")),
    "harm to someone": ("crisis.watch_others", "crisis.watch_others.close", ("crisis", "others")),
    "medical": ("crisis.watch_body", "crisis.watch_body.body", ("crisis", "medical")),
    "loss of reality": ("crisis.watch_unreal", "crisis.watch_unreal.unreal", ("crisis", "unreal")),
}


@pytest.mark.parametrize("kind", WATCHED)
@pytest.mark.parametrize("country", ["", "de"])
def test_what_stands_beside_a_turn_is_about_what_was_heard_and_leads_there(kind: str, country: str) -> None:
    phrases, button, place = WATCHED[kind]
    gate = Gate(country=country).command("reach", kind, "unsure")
    assert gate.keys[0] == f"{phrases}.{'line' if country else 'anywhere'}"
    assert gate.place[0] == "reach"
    assert kind == "self-harm" or "not wanting to live" not in gate.text
    assert gate.press(button).place == place
