"""What the engine promises to every script: one message a turn, a way back, nothing lost, old buttons answered kindly."""

import copy
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from bot.core.effects import ClearButtons, Phrase, Say, SetTimer
from bot.core.events import CommandGiven, Edited, Elapsed, Pressed, SentMedia, SharedPlace, Wrote
from bot.core.facts import Facts, User
from bot.dialog.engine import DOUBLE_TAP, PAUSE, decide
from bot.dialog.library import Library
from bot.dialog.loader import Source
from bot.dialog.session import STACK, prompt_data
from bot.dialog.vocabulary import registry
from tests.talk import NOON, Talk, sound

STALE = "That button is from earlier."


def at_kind(**user: object) -> Talk:
    """Somebody who is asked which tea."""
    talk = Talk(**user)  # type: ignore[arg-type]  # names of User's fields
    talk.command("tea")
    talk.press("3")
    return talk


def at_name() -> Talk:
    """Somebody who is asked whose cup it is."""
    talk = at_kind()
    talk.press("Mint")
    return talk


def changed(library: Library, **states: str | None) -> Library:
    """The library with states of `tea` renamed, or gone where None."""
    source = library.source
    tea = source.scripts["tea"]
    kept = {states.get(name, name) or "": state for name, state in tea.states.items() if states.get(name, name)}
    renamed = {old: new for old, new in states.items() if new}
    words = dict(source.words["en"])
    for old, new in renamed.items():
        words |= {
            f"tea.{new}{key.removeprefix(f'tea.{old}')}": words[key] for key in words if key.startswith(f"tea.{old}.")
        }
    script = replace(tea, states=kept, renamed=renamed, begin=tea.begin[1:])
    return Library(Source({**source.scripts, "tea": script}, {"en": words}, source.placed, "new"), registry)


# One turn -------------------------------------------------------------------------------------------------------------


def test_the_same_turn_comes_out_the_same_and_changes_nothing_it_was_given() -> None:
    talk = at_name()
    session, before = talk.session, copy.deepcopy(talk.session)
    facts = Facts(NOON, User(1, 1, seed=3))
    events = (
        Wrote("Ann"),
        CommandGiven("back"),
        Pressed(f"{prompt_data(1, session.revision)}0", 5),
        SentMedia("voice"),
    )
    for event in events:
        assert decide(sound(), session, event, facts) == decide(sound(), session, event, facts)
    assert session == before


def test_a_turn_says_one_message_with_the_passages_as_its_first_paragraphs() -> None:
    talk = Talk()
    talk.command("tea")
    assert talk.press("9")[0] == "That is strong."
    assert talk.words[-1] == "Which tea?"
    assert len(talk.says) == 1
    assert talk.session.frame.state == "kind"


def test_a_press_changes_its_message_and_a_text_gets_a_new_one() -> None:
    talk = Talk()
    talk.command("tea")
    talk.press("3")
    assert talk.says[0].edits == 5
    talk.write("Mint")
    assert talk.says[0].edits == 0


def test_a_message_that_stays_only_loses_its_buttons() -> None:
    talk = at_name()
    talk.press("Nobody's")
    talk.press("Pour it")
    assert ClearButtons(5) in talk.effects
    assert talk.says[0].edits == 0


def test_variants_come_in_turn_and_none_twice_in_a_row() -> None:
    talk = Talk()
    leads = []
    for _ in range(6):
        talk.command("tea")
        leads.append(talk.press("3")[0])
    assert len(set(leads[:3])) == 3
    assert all(one != other for one, other in pairwise(leads))


def test_a_button_without_a_way_says_its_line_and_asks_again() -> None:
    talk = at_kind()
    words = talk.press("None of these")
    assert words[0] == "Then the nearest one."
    assert talk.session.frame.state == "kind"


# What may come back ---------------------------------------------------------------------------------------------------


def test_a_number_is_pressed_or_typed() -> None:
    for answer in ("3", "3/10", "three"):
        talk = Talk()
        talk.command("tea")
        assert talk.write(answer)[-1] == "Which tea?", answer
        assert talk.slots["strength"] == 3
    assert at_kind().slots["strength"] == 3


def test_a_choice_is_kept_with_its_word() -> None:
    talk = at_name()
    assert talk.slots["kind"] == "mint"
    assert talk.slots["kind_word"] == Phrase("banks.teas.mint")


def test_typing_a_buttons_label_presses_it() -> None:
    talk = at_kind()
    assert talk.write(" mint ") == ("Whose cup is it?",)
    assert talk.write("NOBODY'S") == ("It stands for three minutes.",)
    assert "name" not in talk.slots


def test_a_text_takes_the_first_line_whose_guard_holds() -> None:
    talk = at_name()
    assert talk.write("x" * 30)[0] == "Shorter, please."
    assert talk.write("Ann") == ("The cup of Ann stands for three minutes.",)


def test_what_a_prompt_does_not_know_brings_it_once_more() -> None:
    for event, line in (
        (Wrote("?"), "One of the buttons works here."),
        (SentMedia("sticker"), "I can only read words."),
        (Edited("?"), "I only follow new messages."),
        (SharedPlace(1.0, 2.0), "One of the buttons works here."),
        (CommandGiven("nonsense"), "One of the buttons works here."),
    ):
        talk = at_kind()
        words = talk.hear(event)
        assert (words[0], words[-1]) == (line, "Which tea?")
        assert talk.labels == ["Green", "Black", "Mint", "None of these", "Back"]


def test_what_comes_when_nothing_is_open_shows_what_there_is() -> None:
    for event in (Wrote("hello"), CommandGiven("nonsense"), SharedPlace(1.0, 2.0)):
        talk = Talk()
        assert talk.hear(event) == ("I don't know what you mean.",)
        assert talk.labels == ["Tea", "I want help now"]


# Old buttons ----------------------------------------------------------------------------------------------------------


def test_a_stale_press_is_told_so_and_changes_nothing() -> None:
    talk = at_name()
    before = talk.session
    talk.hear(Pressed(f"{prompt_data(1, 1)}0", 5))
    assert (talk.toast, talk.effects) == (STALE, ())
    assert talk.session.frame == before.frame
    assert talk.session.prompt == before.prompt


def test_a_double_tap_is_silent_and_an_answer_after_a_while_is_not() -> None:
    talk = at_kind()
    mint = talk.button("Mint").data
    talk.hear(Pressed(mint, 5))
    talk.hear(Pressed(mint, 5))
    assert (talk.toast, talk.effects) == ("", ())
    talk.wait(DOUBLE_TAP * 2)
    talk.hear(Pressed(mint, 5))
    assert talk.toast == STALE


def test_a_press_on_somebody_elses_button_does_nothing() -> None:
    talk = at_kind()
    talk.hear(Pressed(f"{prompt_data(2, talk.session.revision)}0", 5))
    assert (talk.toast, talk.effects, talk.session.frame.state) == (STALE, (), "kind")


def test_callback_data_that_nobody_wrote_does_nothing() -> None:
    talk = at_kind()
    for data in ("", "p", "p.1.zz.9999", "p.1.3.x", "o.nowhere.1.x", "o.bell.1.nothing", "q.1.2.3", "o.tea"):
        talk.hear(Pressed(data, 5))
        assert (talk.effects, talk.session.frame.state) == ((), "kind"), data


# Ways back and out ----------------------------------------------------------------------------------------------------


def test_back_brings_the_prompt_before_with_what_was_known_then() -> None:
    talk = at_name()
    words = talk.command("back")
    assert (words[0], words[-1]) == ("One step back.", "Which tea?")
    assert "kind" not in talk.slots
    assert talk.press("Back")[-1] == "How strong, 0 to 10?"
    assert talk.command("back")[0] == "There is no step before this one."


def test_back_never_leads_into_a_passage() -> None:
    talk = Talk()
    talk.command("tea")
    talk.press("9")
    assert talk.command("back") == ("One step back.", "How strong, 0 to 10?")


def test_cancel_leaves_what_is_open_and_says_so() -> None:
    talk = at_kind()
    assert talk.command("cancel") == ("We leave it there.",)
    assert not talk.session.open
    assert talk.command("cancel") == ("Nothing is open.",)


def test_help_interrupts_and_returns_to_the_same_prompt() -> None:
    talk = at_name()
    talk.press("I want help now")
    assert talk.words == ("These people can help.",)
    assert talk.press("Done") == ("Back to where we were.", "Whose cup is it?")
    assert talk.write("Ann") == ("The cup of Ann stands for three minutes.",)


def test_only_the_last_interrupted_dialogs_are_kept_and_none_twice() -> None:
    talk = at_name()
    for _ in range(STACK + 2):
        talk.command("help")
        talk.hear(Pressed("o.bell.0.visit", 9))
    assert [frame.dialog for frame in talk.session.stack] == ["tea", "help"]


def test_a_dialog_that_does_not_return_leaves_the_open_one() -> None:
    talk = at_name()
    talk.command("help")
    talk.command("tea")
    assert talk.session.stack == ()


def test_the_safety_policy_opens_its_dialog_over_everything_and_the_place_is_kept() -> None:
    talk = at_name()
    assert talk.hear(Wrote("something plain"), opens="help") == ("These people can help.",)
    assert [frame.state for frame in talk.session.stack] == ["name"]


# Pauses, waits and changes --------------------------------------------------------------------------------------------


def test_after_hours_a_text_that_fits_nowhere_asks_whether_to_go_on() -> None:
    talk = at_kind()
    talk.wait(PAUSE)
    assert talk.write("hello again") == ("Pick up where we left?",)
    assert talk.press("Continue")[-1] == "Which tea?"


def test_after_hours_one_may_start_over() -> None:
    talk = at_kind()
    talk.wait(PAUSE)
    talk.write("hello again")
    assert talk.press("Start over") == ("How strong, 0 to 10?",)
    assert talk.session.stack == ()


def test_a_wait_moves_on_only_if_nothing_happened_since() -> None:
    talk = at_name()
    talk.press("Nobody's")
    [timer] = [effect for effect in talk.effects if isinstance(effect, SetTimer)]
    assert timer == SetTimer("wait", "3m", NOON + timedelta(minutes=3), fence=talk.session.revision)
    late = Talk()
    late.session, late.now = talk.session, timer.due_at
    assert late.hear(Elapsed("wait", "3m", timer.due_at, timer.fence)) == ("It is ready. Shall I pour?",)
    talk.press("Pour it")
    assert talk.hear(Elapsed("wait", "3m", timer.due_at, timer.fence)) == ()


def test_a_renamed_state_goes_on_where_it_was() -> None:
    talk = at_name()
    talk.library = changed(sound(), name="owner")
    assert talk.write("Ann") == ("The cup of Ann stands for three minutes.",)


def test_a_state_that_is_gone_begins_its_dialog_again_and_says_why() -> None:
    for event in (Wrote("Ann"), SentMedia("photo"), Pressed(f"{prompt_data(1, 3)}0", 5)):
        talk = at_name()
        talk.library = changed(sound(), name=None, kind="sort")
        assert talk.hear(event) == ("My words were changed. Let's begin this part again.", "How strong, 0 to 10?")


def test_a_wait_in_a_state_that_is_gone_says_nothing() -> None:
    talk = at_name()
    talk.press("Nobody's")
    talk.library = changed(sound(), steep=None)
    assert talk.hear(Elapsed("wait", "3m", NOON, talk.session.revision)) == ()


# Notes and standing buttons -------------------------------------------------------------------------------------------


def test_a_note_leaves_the_open_prompt_as_it_is() -> None:
    talk = at_kind()
    mint = talk.button("Mint").data
    assert talk.hear(Elapsed("bell.ring", "7", NOON)) == ("The bell rang.",)
    assert talk.says[0].kind == "nudge"
    assert talk.button("I heard it").data == "o.bell.7.answer"
    assert talk.hear(Pressed(mint, 5)) == ("Whose cup is it?",)


def test_a_standing_button_works_whenever_it_is_pressed_and_changes_its_own_message() -> None:
    talk = at_kind()
    assert talk.hear(Pressed("o.bell.7.answer", 8)) == ("Good that you heard it.",)
    assert talk.says[0].edits == 8
    assert talk.session.frame.state == "kind"


def test_a_standing_button_may_open_a_prompt_and_the_open_one_waits() -> None:
    talk = at_kind()
    assert talk.hear(Pressed("o.bell.7.visit", 8)) == ("This is the bell.",)
    assert ClearButtons(8) in talk.effects
    assert talk.press("Fine")[-1] == "Which tea?"


def test_a_timer_of_a_dialog_that_is_gone_is_silent() -> None:
    assert Talk().hear(Elapsed("gone.daily", "", NOON)) == ()


# The keyboard that asks for a place -----------------------------------------------------------------------------------


def test_a_keyboard_is_put_away_with_the_next_message() -> None:
    talk = at_name()
    talk.press("Nobody's")
    talk.press("Bring it to me")
    assert talk.labels == ["Share my place", "Too far"]
    talk.hear(SharedPlace(1.0, 2.0))
    away, last = talk.says
    assert away.closes_keyboard
    assert last.parts == (Phrase("tea.done.line"),)
    assert not talk.session.keyboard


def test_a_keyboards_other_buttons_are_typed_by_telegram() -> None:
    talk = at_name()
    talk.press("Nobody's")
    talk.press("Bring it to me")
    assert talk.write("Too far") == ("Here is your tea.",)


def test_every_say_of_a_turn_has_words() -> None:
    talk = at_kind()
    for event in (Pressed("o.bell.1.tea", 2), Elapsed("bell.visit", "1", NOON), CommandGiven("cancel")):
        talk.hear(event)
        assert all(isinstance(say, Say) and say.parts for say in talk.says)
