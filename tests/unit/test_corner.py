"""The private corner's dialog: no screen of it leaves a PIN in the chat, and none keeps one in the clear."""

from collections.abc import Mapping
from datetime import timedelta

import orjson
import pytest

from bot.core.effects import SetPin, TakeAway
from bot.core.events import Wrote
from bot.core.facts import Corner, Facts, User
from bot.corner import pins
from bot.dialog.engine import Outcome, decide
from bot.dialog.session import Frame, Session, to_body
from bot.profile import consent
from tests.carried import library
from tests.safety.gate import EVENING

PIN = "4711"
LOCK = Corner(pins.hashed(PIN, bytes(pins.SALT_BYTES)))
OPEN = {"open_until": EVENING + timedelta(minutes=1)}
SCREENS = [
    *(("private", state) for state, shape in library().dialogs["private"].script.states.items() if shape.waits),
    ("export", "pin"),
]


def wrote(
    text: str, dialog: str, state: str, slots: Mapping[str, object] | None = None, corner: Corner | None = LOCK
) -> Outcome:
    session = Session(Frame(dialog, state, library().dialogs[dialog].script.hash, slots or {}), at=EVENING)
    person = User(1, 1, seed=3, consent=consent.VERSION, zone="Europe/Berlin")
    return decide(library(), session, Wrote(text, 9), Facts(EVENING, person, number=900, corner=corner))


@pytest.mark.parametrize("slots", [{}, OPEN], ids=["shut", "open"])
@pytest.mark.parametrize(("dialog", "state"), SCREENS)
def test_a_pin_goes_from_the_chat_wherever_in_the_corner_it_is_written(
    dialog: str, state: str, slots: Mapping[str, object]
) -> None:
    assert TakeAway((9,)) in wrote(PIN, dialog, state, slots).effects


@pytest.mark.parametrize(("state", "slots", "corner"), [("new", {}, None), ("pin", OPEN, LOCK)])
def test_a_pin_written_once_is_not_in_force_and_lies_nowhere_in_the_clear(
    state: str, slots: Mapping[str, object], corner: Corner | None
) -> None:
    once = wrote("2580", "private", state, slots, corner)
    assert not [effect for effect in once.effects if isinstance(effect, SetPin)]
    assert b"2580" not in orjson.dumps(to_body(once.session))
    frame = once.session.frame
    again = wrote("2580", "private", frame.state, frame.slots, corner)
    assert SetPin("2580") in again.effects
    assert "chosen" not in again.session.frame.slots


@pytest.mark.parametrize(("state", "back_at"), [("again", "new"), ("pin_again", "pin")])
def test_who_stands_at_the_second_time_with_no_first_one_begins_again(state: str, back_at: str) -> None:
    """As somebody does who came there before the first one was kept with the answers."""
    outcome = wrote(PIN, "private", state, OPEN)
    assert outcome.session.frame.state == back_at
    assert not [effect for effect in outcome.effects if isinstance(effect, SetPin)]
