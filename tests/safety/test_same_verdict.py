"""The gate hears the same wherever a text is typed, and takes the turn over wherever a person stands."""

from functools import cache
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.core.events import CommandGiven, Incoming, Verdict, Wrote
from bot.safety.detector import gravity
from bot.safety.policy import DIALOGS
from bot.telegram.updates import read
from tests.safety.gate import Gate, waiting_states
from tests.safety.test_detector import heard, lines, listener

ANN: dict[str, Any] = {"id": 42, "is_bot": False, "first_name": "Ann", "language_code": "en"}
CHAT: dict[str, Any] = {"id": 42, "type": "private", "first_name": "Ann"}
ENVELOPE: dict[str, Any] = {"message_id": 9, "date": 1, "chat": CHAT, "from": ANN}


@cache
def _sentences() -> list[str]:
    return [line.text for file in ("en.tsv", "en-fresh.tsv") for line in lines(file) if line.expect == "explicit"]


SENTENCES = st.deferred(lambda: st.sampled_from(_sentences()))
WORDS = st.deferred(lambda: st.sampled_from(sorted(listener()._automaton.words)))
TEXTS = st.one_of(
    SENTENCES,
    st.lists(WORDS, min_size=1, max_size=12).map(" ".join),
    st.tuples(SENTENCES, st.text(max_size=40)).map(" ".join),
    st.text(min_size=1, max_size=200),
).filter(lambda text: text.strip() and not text.strip().startswith("/"))

CARRIERS: dict[str, Any] = {
    "a message": lambda text: {"message": ENVELOPE | {"text": text}},
    "a caption": lambda text: {"message": ENVELOPE | {"photo": [], "caption": text}},
    "a changed message": lambda text: {"edited_message": ENVELOPE | {"text": text}},
    "a changed caption": lambda text: {"edited_message": ENVELOPE | {"photo": [], "caption": text}},
    "a contact's name": lambda text: {"message": ENVELOPE | {"contact": {"phone_number": "1", "first_name": text}}},
    "a place's name": lambda text: {"message": ENVELOPE | {"venue": {"title": text}, "location": {}}},
    "a place's address": lambda text: {"message": ENVELOPE | {"venue": {"title": "", "address": text}, "location": {}}},
    "a poll": lambda text: {"message": ENVELOPE | {"poll": {"question": text}}},
    "an inline query": lambda text: {"inline_query": {"id": "1", "from": ANN, "query": text, "offset": ""}},
}
"""Where words may stand in an update."""


TALKS = {"crisis", "safe"}
AGE = DIALOGS["under 18"]


def arrived(update: dict[str, Any]) -> Incoming | None:
    found = read({"update_id": 5} | update, "still_bot", 7, heard)
    assert found is None or isinstance(found, Incoming)
    return found


@settings(deadline=None, max_examples=60)
@given(TEXTS, st.sampled_from(sorted(CARRIERS)))
@example("k!ll my\0self", "a caption")
@example("I want to die", "an inline query")
def test_the_verdict_is_the_same_whatever_carries_the_text(text: str, carrier: str) -> None:
    message = arrived(CARRIERS["a message"](text))
    assert message is not None
    verdict = message.verdict
    carried = arrived(CARRIERS[carrier](text))
    assert (carried and carried.verdict) == verdict
    assert verdict == heard(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", ""))


@settings(deadline=None, max_examples=40)
@given(TEXTS, st.sampled_from(["start", "reach", "help", "space", "nonsense"]))
def test_behind_a_command_it_is_no_less_grave(text: str, command: str) -> None:
    argument = " ".join(text.replace("\0", "").split())
    found = arrived({"message": ENVELOPE | {"text": f"/{command} {argument}"}})
    assert found is not None
    assert isinstance(found.event, CommandGiven)
    assert _gravity(found.verdict) <= _gravity(heard(argument))


def test_a_deep_link_says_words_with_underscores() -> None:
    found = arrived({"message": ENVELOPE | {"text": "/start i_want_to_die"}})
    assert found is not None
    assert found.verdict == Verdict("self-harm", "explicit")


def _gravity(verdict: Verdict | None) -> tuple[bool, int, int]:
    return gravity(verdict) if verdict else (True, 9, 9)


@settings(deadline=None, max_examples=80)
@given(TEXTS, st.sampled_from(waiting_states()), st.sampled_from([{}, {"consent": 0, "zone": ""}, {"stopped": True}]))
def test_danger_takes_the_turn_over_anywhere_and_nothing_else_does(
    text: str, place: tuple[str, str], person: dict[str, object]
) -> None:
    verdict = heard(text)
    gate = Gate(**person).at(*place)
    frame = gate.session.frame
    gate.hear(Wrote(text), verdict)
    if verdict is None:
        assert gate.place[0] not in DIALOGS.values() or place[0] in DIALOGS.values()
    elif verdict.level == "explicit":
        assert gate.place[0] == DIALOGS[verdict.kind]
        kept = [] if place[0] in {"", gate.place[0]} else [frame]
        assert [each for each in gate.session.stack if each.dialog != AGE or place[0] == AGE] == kept
        assert (AGE in {each.dialog for each in gate.session.stack}) == (verdict.young or place[0] == AGE)
        assert text not in repr(gate.effects) or len(text) < 12
    elif (
        place[0] in TALKS and verdict.kind != "under 18"
    ):  # it hears what it is about itself, and brings help lines beside it for the rest
        assert gate.place[0] == place[0]
        others = DIALOGS[verdict.kind] != place[0]
        assert any(key.startswith(f"{DIALOGS[verdict.kind]}.watch") for key in gate.keys) == others
    else:
        assert gate.place[0] == DIALOGS[verdict.kind]


@pytest.mark.parametrize("place", waiting_states(), ids=".".join)
def test_plain_danger_is_answered_from_every_place(place: tuple[str, str]) -> None:
    for line in lines("en.tsv", "train")[:3]:
        gate = Gate().at(*place).hear(Wrote(line.text), line.heard)
        assert gate.place == ("crisis", "ask")
