"""The gate from every place a person may be in: the same words first, nothing lost behind them, and a way back."""

from datetime import timedelta

import pytest

from bot.core.effects import ChangeUser, Record, Say
from bot.core.events import Edited, Pressed, Verdict
from bot.dialog.session import NOWHERE, STACK
from tests.carried import library
from tests.safety.gate import EVENING, Gate, waiting_states

FIRST = {
    "self-harm": ("crisis", "ask", "crisis.ask.thanks"),
    "harm by someone": ("safe", "afraid", "safe.afraid.first"),
    "harm to someone": ("crisis", "others", "crisis.others.away"),
    "medical": ("crisis", "medical", "crisis.medical.call_anywhere"),
    "loss of reality": ("crisis", "unreal", "crisis.unreal.kind"),
    "under 18": ("minor", "ask", "minor.ask.once"),
}
UNSURE = {
    "self-harm": ("crisis", "unsure"),
    "harm by someone": ("safe", "unsure"),
    "harm to someone": ("crisis", "others_unsure"),
    "medical": ("crisis", "medical_unsure"),
    "loss of reality": ("crisis", "unreal_unsure"),
    "under 18": ("minor", "ask"),
}
PEOPLE: tuple[dict[str, object], ...] = (
    {},
    {"consent": 0, "zone": ""},
    {"stopped": True},
    {"paused_until": EVENING + timedelta(days=1)},
)
ALREADY = "already"


# From everywhere ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FIRST)
@pytest.mark.parametrize("user", PEOPLE, ids=["usual", "before consent", "stopped", "paused"])
def test_the_same_verdict_opens_the_same_first_line_wherever_a_person_is(kind: str, user: dict[str, object]) -> None:
    dialog, state, first = FIRST[kind]
    for place in waiting_states():
        gate = Gate(**user).at(*place)
        before = gate.session
        gate.write("…", kind)
        [said] = gate.says
        assert (said.parts[0].key, said.parts[0].variant) == (first, 0), place
        assert gate.place == (dialog, state), place
        assert said.edits == 0, place
        if place[0] in {"", dialog}:
            assert gate.session.stack == (), place
        else:
            assert gate.session.stack == (before.frame,), place


@pytest.mark.parametrize("kind", FIRST)
def test_an_unsure_sentence_is_asked_about_wherever_a_person_is(kind: str) -> None:
    for place in waiting_states():
        if place[0] in {"crisis", "safe", "minor"}:
            continue
        gate = Gate().at(*place)
        frame = gate.session.frame
        gate.write("…", kind, "unsure")
        assert gate.place == UNSURE[kind], place
        assert len(gate.says) == 1, place
        assert gate.session.stack == ((frame,) if frame != NOWHERE else ()), place


def test_whatever_was_interrupted_is_gone_back_to() -> None:
    for place in waiting_states():
        if place[0] in {"", "crisis"}:
            continue
        gate = Gate().at(*place)
        frame = gate.session.frame
        gate.write("…", "self-harm").press("crisis.ask.not_meant", "crisis.not_meant.back_there")
        assert gate.session.frame == frame, place
        assert gate.session.stack == (), place


def test_what_was_already_interrupted_before_is_kept_too() -> None:
    gate = Gate().command("reach").press("=8", "common.calm").write("…", "self-harm").command("help")
    assert [frame.dialog for frame in gate.session.stack] == ["reach", "soothe", "crisis"]
    assert len(gate.session.stack) == STACK


def test_danger_in_the_middle_of_the_talk_about_it_begins_with_the_question_again() -> None:
    gate = Gate().at("soothe", "rate").write("…", "self-harm").press("crisis.ask.thoughts").write("…", "self-harm")
    assert gate.place == ("crisis", "ask")
    assert [frame.dialog for frame in gate.session.stack] == ["soothe"]


def test_a_changed_message_and_a_caption_are_heard_too() -> None:
    gate = Gate().at("soothe", "rate").hear(Edited("…"), Verdict("self-harm", "explicit"))
    assert gate.place == ("crisis", "ask")


def test_one_message_says_who_to_call() -> None:
    for kind in set(FIRST) - {"under 18"}:
        for country, number in (("", "112"), ("us", "911"), ("jp", "119 or 110")):
            gate = Gate(country=country).write("…", kind)
            assert len(gate.says) == 1
            assert number in gate.text, kind


def test_every_card_for_plain_danger_asks_whether_something_was_done_already() -> None:
    for kind in set(FIRST) - {"under 18"}:
        gate = Gate(country="de").write("…", kind)
        [label] = [label for label in gate.labels if label.rpartition(".")[2] == ALREADY]
        gate.press(label)
        assert gate.text.index("112") < 60, kind
        assert gate.place[1] == ALREADY, kind


def test_every_card_for_danger_can_be_hidden_and_tells_nothing_then() -> None:
    dialogs = {name: library().dialogs[name].script for name in ("crisis", "safe", "help")}
    for name, script in dialogs.items():
        for state, shape in script.states.items():
            ways = {press.press: press.go for row in shape.buttons for press in row}
            if shape.waits and state not in {"country", "hidden"}:
                assert ways.get("hide") == "hidden", (name, state)
    gate = Gate().write("…", "self-harm").press("crisis.ask.hide")
    assert gate.says[0].edits == 5
    assert gate.labels == ["common.continue"]
    assert not {"help", "safe", "call", "program"} & set(gate.text.casefold().split())
    gate.write("who are you?")
    assert gate.keys == ["crisis.hidden.line"]


@pytest.mark.parametrize("kind", sorted(set(UNSURE) - {"under 18"}))
def test_a_hidden_question_is_come_back_to_and_the_words_it_is_about_are_not_lost(kind: str) -> None:
    dialog, state = UNSURE[kind]
    own = {"need": "time", "size": "m20", "when": "tonight", "honest": "question"}
    gate = Gate().at("reach", "own", own).write("Shall we have tea tonight?", kind, "unsure")
    gate.press(f"{dialog}.{state}.hide")
    assert gate.keys == ["crisis.hidden.line"]
    assert gate.labels == ["common.continue"]
    gate.write("who are you?").press("common.continue")
    assert gate.place == (dialog, state)
    gate.press(f"{dialog}.{state}.{'no' if kind == 'medical' else 'words'}")
    if kind == "harm to someone":  # a threat is not handed on
        assert gate.place == ("reach", "own")
    else:
        assert gate.place == ("reach", "preview")
        assert gate.session.frame.slots["own"] == "Shall we have tea tonight?"


# What is kept ---------------------------------------------------------------------------------------------------------


def test_of_a_flag_no_word_and_no_kind_is_kept() -> None:
    for kind in set(FIRST) - {"under 18"}:
        gate = Gate().at("soothe", "rate").write("something said in the dark", kind)
        assert gate.entries == [Record("flag", technique="explicit")]
        assert "dark" not in repr(gate.session)
        changed = {name for each in gate.effects if isinstance(each, ChangeUser) for name in each.values}
        assert changed <= {"flagged_at", "paused_until", "watch_until", "couple_tools_off_until"}


def test_help_leads_into_the_talk_and_keeps_the_place() -> None:
    gate = Gate().at("soothe", "rate").command("help").press("help.card.unsafe")
    assert gate.place == ("crisis", "ask")
    assert [frame.dialog for frame in gate.session.stack] == ["soothe"]
    assert gate.user.flagged_at == EVENING
    gate = Gate().at("soothe", "rate").command("sos").press("help.card.afraid")
    assert gate.place == ("safe", "afraid")


def test_old_buttons_of_the_interrupted_prompt_do_nothing() -> None:
    gate = Gate().command("soothe")
    old = gate.buttons[0].data
    gate.write("…", "self-harm").hear(Pressed(old, 4))
    assert gate.place == ("crisis", "ask")
    assert not [each for each in gate.effects if isinstance(each, Say)]
