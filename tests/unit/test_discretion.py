"""What may show on a lock screen, what hides, and that nobody's button works for somebody else."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.conversation.deciding import decide
from bot.core.effects import Hide, Say, TakeAway, Uncover
from bot.core.events import CommandGiven, Elapsed, Event, Pressed, Verdict, Wrote
from bot.core.facts import Facts, Shown
from bot.dialog.session import Frame, Session, from_body, prompt_data, to_body
from bot.i18n.exit_word import may_leave, plain
from bot.safety import discretion
from tests.carried import library
from tests.safety.gate import EVENING, Gate


def said(
    event: Event, number: int = 900, shown: tuple[Shown, ...] = (), gate: Gate | None = None
) -> tuple[object, ...]:
    gate = gate or Gate()
    outcome = decide(library(), gate.session, event, Facts(EVENING, gate.user, number=number, shown=shown))
    gate.session = outcome.session
    return outcome.effects


def by_itself(kind: str, lock_screen: str) -> Say:
    gate = Gate(lock_screen=lock_screen, nudges="daily")
    effects = said(Elapsed(kind, "0", EVENING), gate=gate)
    [words] = [effect for effect in effects if isinstance(effect, Say)]
    return words


# Neutral notes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "lock_screen", "neutral"),
    [
        ("crisis.again", "", True),
        ("crisis.again", "neutral", True),
        ("crisis.again", "shown", False),
        ("nudge.daily", "", False),
        ("nudge.daily", "shown", False),
        ("nudge.daily", "neutral", True),
    ],
)
def test_what_comes_by_itself_is_neutral_as_the_person_wants_it(kind: str, lock_screen: str, neutral: bool) -> None:
    assert (by_itself(kind, lock_screen).cover is not None) is neutral


def test_what_tells_nothing_needs_no_note_over_it() -> None:
    assert by_itself("crisis.softly", "neutral").cover is None


def test_an_answer_is_never_covered() -> None:
    gate = Gate(lock_screen="neutral")
    for event, verdict in ((Wrote("…"), Verdict("self-harm", "explicit")), (CommandGiven("safe"), None)):
        assert [each.cover for each in gate.hear(event, verdict).says] == [None]


def test_what_stands_beside_an_answer_is_not_covered_either() -> None:
    gate = Gate(lock_screen="neutral").write("…", "self-harm", "unsure").press("crisis.unsure.words")
    gate.write("…", "self-harm", "unsure")
    assert [each.cover for each in gate.says] == [None, None]


def test_an_exercise_that_goes_on_is_not_covered() -> None:
    gate = Gate(lock_screen="neutral")
    gate.at("soothe", "sigh")
    effects = said(Elapsed("wait", "70s", EVENING, fence=gate.session.revision), gate=gate)
    assert [each.cover for each in effects if isinstance(each, Say)] == [None]


# Hiding ---------------------------------------------------------------------------------------------------------------


def test_only_what_was_said_since_the_dialog_began_is_hidden_each_message_once() -> None:
    gate = Gate()
    gate.session = replace(gate.session, written=((50, 7), (60, 8)), since=50)
    gate.session = replace(gate.session, frame=Frame("safe", "more", library().dialogs["safe"].script.hash, since=60))
    shown = (
        Shown(55, 101),  # before
        Shown(61, 102),
        Shown(65, 102),  # the same one, changed
        Shown(66, 103, picture=True),
        Shown(70, 0),  # on its way
        Shown(71, 104),  # the one pressed
    )
    gate.session = replace(gate.session, prompt=("hide",), revision=1)
    effects = said(Pressed(f"{prompt_data(1, 1)}0", 104), shown=shown, gate=gate)
    hidden = [(each.target, each.line is not None) for each in effects if isinstance(each, Hide)]
    assert hidden == [(65, True), (70, True)]
    assert [each.message_ids for each in effects if isinstance(each, TakeAway)] == [(103, 8)]
    assert gate.session.written == ((50, 7),)


def test_the_word_to_leave_hides_all_that_is_open_and_ends_it_without_a_word() -> None:
    gate = Gate(exit_word="pineapple")
    gate.session = Session(
        frame=Frame("safe", "more", since=60), stack=(Frame("soothe", "rate", since=50),), since=50, written=((60, 8),)
    )
    effects = said(Wrote(" PineApple! ", 9), shown=(Shown(51, 101), Shown(61, 102)), gate=gate)
    assert [each.target for each in effects if isinstance(each, Hide)] == [51, 61]
    assert [each.message_ids for each in effects if isinstance(each, TakeAway)] == [(8, 9)]
    assert not [each for each in effects if isinstance(each, Say)]
    assert not gate.session.open
    assert not gate.session.stack
    assert not gate.session.written


def test_the_gate_reads_the_word_first() -> None:
    gate = Gate(exit_word="pineapple").write("pineapple", "self-harm")
    assert gate.place == ("crisis", "ask")


def test_nobody_without_a_word_leaves_by_one() -> None:
    assert not discretion.leaves(Gate().user, "")
    assert not discretion.leaves(Gate().user, "pineapple")


@pytest.mark.parametrize("text", ["pineapple", "Blue Door", "Ñandú", "tea time!"])
def test_words_to_leave_by(text: str) -> None:
    assert may_leave(text)
    assert plain(text) == plain(text.upper())


@pytest.mark.parametrize("text", ["ok", "7", "1234", "/menu", "stop", "yes", "x" * 31, "", "\u202epineapple"])
def test_words_that_are_taken_or_none(text: str) -> None:
    assert not may_leave(text)


def test_what_can_be_taken_away_survives_being_kept() -> None:
    session = Session(frame=Frame("safe", "more", since=60), since=50, written=((60, 8), (61, 9)), at=EVENING)
    assert from_body(to_body(session), revision=0, at=EVENING) == session


def test_a_session_from_before_is_still_read() -> None:
    body = to_body(Session(frame=Frame("safe", "more"), at=EVENING))
    body["frame"].pop()
    assert from_body(body, revision=0, at=EVENING).frame == Frame("safe", "more")


def test_words_of_long_ago_are_not_dragged_along() -> None:
    gate = Gate()
    for number in range(200):
        gate.hear(Wrote("hm", message_id=number + 1))
    assert len(gate.session.written) <= 50


# The private corner -----------------------------------------------------------------------------------------------------


def test_a_page_is_hidden_after_three_minutes_unless_its_message_says_something_else_by_then() -> None:
    timer = Elapsed("private.hide", "60", EVENING + timedelta(minutes=3))
    page, changed = (Shown(61, 101),), (Shown(61, 101), Shown(80, 101))
    assert [each.target for each in said(timer, shown=page) if isinstance(each, Hide)] == [61]
    assert not [each for each in said(timer, shown=changed) if isinstance(each, Hide)]
    assert not [each for each in said(timer) if isinstance(each, Hide)]


# Other people's buttons -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [prompt_data(2, 1) + "0", prompt_data(1, 99) + "0", "p.1.1.", "o.safe.0.nonsense"])
def test_a_press_made_for_somebody_else_or_made_up_has_no_effect(data: str) -> None:
    gate = Gate().command("safe")
    before = replace(gate.session, at=None)
    gate.hear(Pressed(data, 5))
    assert gate.effects == ()
    assert replace(gate.session, at=None) == before


@pytest.mark.parametrize("data", ["o.note..open", "o.note.zzzzzzzzzzzzz.open", "o.note.-1.open", "o.note.1.shut"])
def test_a_note_that_cannot_be_is_not_looked_for(data: str) -> None:
    assert not [each for each in said(Pressed(data, 5)) if isinstance(each, Uncover)]


def test_a_note_is_looked_for_by_its_number() -> None:
    assert said(Pressed("o.note.zz.open", 5)) == (Uncover(35 * 36 + 35, 5),)
