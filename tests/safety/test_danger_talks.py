"""The talks about wanting to die and about somebody who hurts: asked twice and never more, help in view, no word kept."""

from datetime import timedelta

import pytest

from bot.core.effects import DropTimer, Record
from bot.core.facts import Space
from bot.dialog.session import NOWHERE
from bot.safety import policy
from tests.carried import library
from tests.safety.gate import EVENING, Gate

# The talk about wanting to die ----------------------------------------------------------------------------------------


def acting(**user: object) -> Gate:
    return Gate(**user).at("soothe", "rate").write("…", "self-harm").press("crisis.ask.might")


def test_who_may_act_is_asked_twice_more_and_then_never_again() -> None:
    gate = acting()
    said = gate.wait(timedelta(days=30))
    assert [part.key for each in said for part in each.parts] == ["crisis.with_someone.ask"] * 2
    assert gate.place == ("crisis", "acting")
    gate = acting()
    assert not gate.wait(timedelta(minutes=4))
    assert len(gate.wait(timedelta(minutes=2))) == 1
    assert len(gate.wait(timedelta(minutes=15))) == 1


def test_coming_back_to_the_card_does_not_begin_the_asking_anew() -> None:
    gate = acting()
    gate.wait(timedelta(minutes=6))
    gate.press("crisis.with_someone.not_yet")
    assert gate.place == ("crisis", "acting")
    gate.press("crisis.acting.words", "common.back")
    gate.at("crisis", "acting", gate.session.frame.slots)
    assert len(gate.wait(timedelta(days=1))) == 1


@pytest.mark.parametrize(
    "way",
    [
        ("crisis.acting.reached",),
        ("crisis.acting.words", "crisis.acting_words.reached"),
        ("crisis.acting.already", "crisis.already.coming"),
        ("crisis.acting.already", "crisis.already.not_meant"),
    ],
)
def test_who_has_reached_someone_is_not_asked_again(way: tuple[str, ...]) -> None:
    assert not acting().press(*way).wait(timedelta(days=1))


def test_a_yes_to_the_first_asking_ends_it() -> None:
    gate = acting()
    gate.wait(timedelta(minutes=6))
    gate.press("crisis.with_someone.with")
    assert gate.keys == ["crisis.with.said"]
    assert not gate.wait(timedelta(days=1))


def test_hidden_the_asking_comes_once_and_tells_nothing() -> None:
    gate = acting().press("crisis.acting.hide")
    [said] = gate.wait(timedelta(days=1))
    assert [part.key for part in said.parts] == ["crisis.softly.line"]
    gate.effects = (said,)
    gate.press("crisis.softly.open")
    assert gate.keys == ["crisis.with_someone.ask"]


def test_a_bot_that_was_away_does_not_ask_twice_at_once() -> None:
    gate = acting()
    assert len(gate.wait(timedelta(minutes=30), late=timedelta(minutes=16))) == 1
    assert not acting().wait(timedelta(days=1), late=timedelta(hours=3))


def test_a_check_the_next_day_comes_only_after_a_yes_and_tells_nothing() -> None:
    gate = Gate().write("…", "self-harm").press("crisis.ask.thoughts", "crisis.thoughts.done", "crisis.check.no")
    assert not gate.timers
    gate = Gate().write("…", "self-harm").press("crisis.ask.thoughts", "crisis.thoughts.done", "crisis.check.yes")
    [said] = gate.wait(timedelta(days=3))
    assert [part.key for part in said.parts] == ["crisis.softly.line"]
    assert said.kind == "promise"
    gate.effects = (said,)
    gate.press("crisis.tomorrow.how")
    assert gate.place == ("crisis", "how")
    gate.press("crisis.how.unsafe")
    assert gate.place == ("crisis", "ask")


def test_a_typed_yes_and_no_are_understood_and_nothing_else_is_guessed() -> None:
    for text, state in (("Yes", "acting"), ("i might", "acting"), ("no.", "not_meant"), ("maybe", "ask")):
        assert Gate().write("…", "self-harm").write(text).place == ("crisis", state), text


def test_a_name_that_was_written_is_not_kept() -> None:
    gate = Gate().write("…", "self-harm").press("crisis.ask.thoughts").write("my sister Zoe")
    assert gate.place == ("crisis", "thoughts_words")
    assert "Zoe" not in repr(gate.session)


def test_not_what_i_meant_is_gentle_keeps_help_in_view_and_watches_for_a_day() -> None:
    gate = Gate().at("soothe", "rate").write("…", "self-harm").press("crisis.ask.not_meant")
    assert "/help" in gate.text
    assert "crisis.not_meant.lines" in gate.labels
    assert gate.user.watch_until == EVENING + timedelta(hours=24)
    gate.press("crisis.not_meant.back_there").write("…", "self-harm", "unsure")
    assert gate.keys[0] == "crisis.watch.anywhere"
    assert gate.place == ("soothe", "rate")
    gate.write("…", "self-harm", "unsure")
    assert gate.place == ("crisis", "unsure")


def test_enough_for_now_lets_everything_go() -> None:
    gate = Gate().at("soothe", "rate").write("…", "self-harm").press("crisis.ask.other", "crisis.someone_else.done")
    gate.press("crisis.onward.enough")
    assert gate.session.frame == NOWHERE
    assert gate.session.stack == ()
    assert gate.keys == ["rest.quiet.line"]


def test_the_country_is_asked_once_and_before_consent_only_this_talk_knows_it() -> None:
    gate = acting().press("crisis.acting.where", "crisis.country.de")
    assert gate.place == ("crisis", "acting")
    assert gate.user.country == "de"
    assert "Telefonseelsorge" in gate.text
    assert "crisis.acting.where" not in gate.labels
    gate.at("soothe", "rate").write("…", "self-harm")
    assert "112 or 110" in gate.text
    gate = acting(consent=0).press("crisis.acting.where").write("germany")
    assert "112 or 110" in gate.text
    assert gate.user.country == ""


def test_a_country_without_a_trusted_line_is_not_asked_for_again() -> None:
    gate = acting().press("crisis.acting.where").write("Canada")
    assert gate.keys == ["crisis.country.unclear"]
    gate.press("crisis.country.other")
    assert gate.keys[0] == "crisis.country_kept.other"
    assert gate.user.country == "other"
    assert "crisis.acting.where" not in gate.labels


# Somebody else hurts --------------------------------------------------------------------------------------------------


def test_fear_of_someone_never_meets_the_question_about_dying_nor_a_word_about_the_two() -> None:
    words = library().source.words["en"]
    texts = [
        text
        for key, entry in words.items()
        if key.startswith("safe.")
        for text in ([entry] if isinstance(entry, str) else entry)
    ]
    for text in texts:
        for never in (
            "suicide",
            "ending your life",
            "want to live",
            "relationship",
            "communicat",
            "your partner",
            "/clear",
            "leave them",
            "leave him",
            "confront",
        ):
            assert never not in str(text).casefold(), text
    script = library().dialogs["safe"].script
    assert "crisis" not in library().dialogs["safe"].opens
    for state in script.states.values():
        assert not any(line.say.startswith("/crisis.ask") for line in state.say)


def test_only_calm_tools_are_left_and_the_others_come_back_when_asked_for() -> None:
    gate = Gate().at("space", "length")
    gate.space = Space(7, 1, EVENING, EVENING + timedelta(hours=1), timedelta(hours=1))
    gate.command("safe").press("safe.afraid.calm_only")
    assert gate.space.state == "closed"
    assert DropTimer("space.back") in gate.effects
    assert "June 3, 2026" in gate.text
    gate.press("safe.calm_only.done", "safe.onward.back_there")
    assert gate.place == ("tools_off", "ask")
    assert gate.session.stack == ()
    for command in ("space", "room", "reach"):
        assert gate.command(command).place == ("tools_off", "ask"), command
    assert gate.command("soothe").place == ("soothe", "rate")
    assert not {"menu.tools.space", "menu.tools.reach"} & set(gate.command("menu").labels)
    gate.command("space").press("tools_off.ask.on")
    assert gate.user.couple_tools_off_until is None
    assert {"menu.tools.space", "menu.tools.reach"} <= set(gate.command("menu").labels)
    assert gate.command("space").place[0] == "space"


def test_while_they_are_off_no_daily_line_comes() -> None:
    gate = Gate().command("safe").press("safe.afraid.calm_only")
    assert gate.user.paused_until == EVENING + timedelta(days=30)


def test_safe_by_command_is_a_flag_of_which_nothing_is_kept_but_level_and_time() -> None:
    gate = Gate().command("safe")
    assert gate.entries == [Record("flag", technique="explicit")]
    assert gate.user.flagged_at == EVENING


def test_im_okay_goes_back_to_where_one_was() -> None:
    gate = Gate().at("soothe", "rate").write("…", "harm by someone").press("safe.afraid.okay")
    assert gate.place == ("soothe", "rate")
    gate.write("…", "harm by someone", "unsure")
    assert gate.keys[0] == "safe.watch.anywhere"


def test_who_may_hurt_someone_hears_of_distance_first_and_gets_no_couple_tools() -> None:
    gate = Gate().write("…", "harm to someone")
    assert gate.keys[0] == "crisis.others.away"
    assert not policy.may_use_couple_tools(gate.user, gate.now)
    gate.press("crisis.others.not_meant")
    assert "crisis.not_meant.tools" in gate.keys
