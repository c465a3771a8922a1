"""The talks about wanting to die and about somebody who hurts: asked twice and never more, help in view, no word kept."""

from datetime import timedelta
from itertools import pairwise

import pytest
from ruamel.yaml import YAML

from bot.core.effects import DropTimer, Record
from bot.core.facts import Space
from bot.dialog.machine import walk
from bot.dialog.script import END, phrase_key
from bot.dialog.session import NOWHERE
from bot.dialogs import CARRIED
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


def test_who_never_agreed_hears_what_a_check_the_next_day_means_for_what_is_kept() -> None:
    ways = ("crisis.ask.thoughts", "crisis.thoughts.done")
    assert "crisis.check.kept" not in Gate().write("…", "self-harm").press(*ways).keys
    assert "crisis.check.kept" in Gate(consent=0).write("…", "self-harm").press(*ways).keys
    gate = acting(consent=0)
    gate.wait(timedelta(minutes=6))
    assert "crisis.check.kept" in gate.press("crisis.with_someone.with", "crisis.with.day").keys


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


# Every line there is -------------------------------------------------------------------------------------------------

SAID_YES = {
    "acting": ("self-harm", "explicit", "crisis.ask.might"),
    "thoughts": ("self-harm", "explicit", "crisis.ask.thoughts"),
    "already": ("self-harm", "explicit", "crisis.ask.already"),
    "medical": ("medical", "unsure", "crisis.medical_unsure.yes"),
    "unreal": ("loss of reality", "unsure", "crisis.unreal_unsure.yes"),
    "others": ("harm to someone", "unsure", "crisis.others_unsure.yes"),
}


@pytest.mark.parametrize("country", ["", "de", "other"])
@pytest.mark.parametrize("card", SAID_YES)
def test_after_any_yes_all_lines_are_one_press_away_and_so_is_the_way_back(card: str, country: str) -> None:
    kind, level, yes = SAID_YES[card]
    gate = Gate(country=country).write("…", kind, level).press(yes)
    assert gate.place == ("crisis", card)
    if card in {"acting", "already", "medical"}:
        assert gate.text.index("112") < 60
    gate.press(f"crisis.{card}.lines")
    assert gate.place == ("crisis", "lines")
    gate.press("crisis.lines.where", "crisis.country.gb")
    assert gate.place == ("crisis", "lines")
    assert "Samaritans" in gate.text
    gate.press("crisis.lines.back")
    assert gate.place == ("crisis", card)


@pytest.mark.parametrize("way", [("not_meant",), ("thoughts", "done", "no")])
def test_from_the_lines_everybody_gets_back_to_where_they_came_from(way: tuple[str, ...]) -> None:
    gate = Gate(country="de").write("…", "self-harm")
    for state, press in zip(("ask", "thoughts", "check"), way, strict=False):
        gate.press(f"crisis.{state}.{press}")
    place = gate.place
    gate.press(f"crisis.{place[1]}.lines", "crisis.lines.back")
    assert gate.place == place


def test_lines_hidden_by_somebody_who_may_act_are_come_back_to_and_the_asking_tells_nothing() -> None:
    gate = acting(country="de").press("crisis.acting.lines", "crisis.lines.hide")
    assert gate.keys == ["crisis.hidden.line"]
    [said] = gate.wait(timedelta(hours=1))
    assert [part.key for part in said.parts] == ["crisis.softly.line"]
    gate = acting(country="de").press("crisis.acting.lines", "crisis.lines.hide", "common.continue")
    assert gate.place == ("crisis", "lines")
    gate.press("crisis.lines.back")
    assert gate.place == ("crisis", "acting")


def test_lines_hidden_by_somebody_who_reached_a_person_begin_no_asking() -> None:
    gate = acting(country="de").press("crisis.acting.reached", "crisis.check.no", "crisis.onward.lines")
    assert not gate.press("crisis.lines.hide").wait(timedelta(days=1))


def test_in_safe_all_lines_are_near_and_lead_back() -> None:
    for way in (("afraid",), ("afraid", "more"), ("afraid", "already")):
        gate = Gate(country="de").command("safe")
        for state, press in pairwise(way):
            gate.press(f"safe.{state}.{press}")
        gate.press(f"safe.{way[-1]}.lines")
        assert gate.place == ("safe", "lines")
        gate.press("safe.lines.where", "crisis.country.gb", "safe.lines.back")
        assert gate.place == ("safe", way[-1])
        if way[-1] == "more":  # and on from there, not round and round
            assert gate.press("safe.more.back").place == ("safe", "afraid")
    gate = Gate().command("safe").press("safe.afraid.where", "crisis.country.gb", "safe.lines.back")
    assert gate.place == ("safe", "afraid")


# The last words, which stay on the screen -----------------------------------------------------------------------------

TELLING = (
    "/safe", "danger", "afraid", "scare", "hurt", "harm", "fear", "living", "end your", "dark", "gets", "worse", "changes", "more",
    "too much", "just words", "read it", "read too", "not that", "doctor", "112", "911", "findahelpline",
)  # fmt: skip
"""What would tell a reader over the shoulder what was spoken about."""


def test_what_ends_a_talk_at_once_tells_nothing() -> None:
    words = library().source.words["en"]
    lasts = []
    for name in ("crisis", "safe", "help"):
        script = library().dialogs[name].script
        for state in script.states.values():
            if [step.go for step in state.go] == [END]:
                lasts += [phrase_key(name, line.say) for line in state.say]
        for note in script.notes.values():
            if not any(press.press == "hide" for row in note.buttons for press in row):
                lasts += [phrase_key(name, line.say) for line in note.say]
    assert {"crisis.hard.line", "crisis.words.line", "crisis.leave.line", "safe.words.line", "safe.okay.line"} <= {
        *lasts
    }
    for key in lasts:
        for text in words[key]:
            assert not [telling for telling in TELLING if telling in str(text).casefold()], f"{key}: {text}"


def test_who_has_someone_with_them_can_take_that_off_the_screen() -> None:
    gate = acting()
    gate.wait(timedelta(minutes=6))
    gate.press("crisis.with_someone.with")
    assert "crisis.with.hide" in gate.labels
    gate.press("crisis.with.day")
    gate.press("crisis.day.hide")
    assert gate.keys == ["crisis.hidden.line"]
    assert [part.key for said in gate.wait(timedelta(days=2)) for part in said.parts] == ["crisis.softly.line"]


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
            "leave them",
            "leave him",
            "confront",
        ):
            assert never not in str(text).casefold(), text
    script = library().dialogs["safe"].script
    assert "crisis" not in library().dialogs["safe"].opens
    for state in script.states.values():
        assert not any(line.say.startswith("/crisis.ask") for line in state.say)


@pytest.mark.parametrize("country", ["", "de"])
def test_safe_tells_that_this_chat_can_be_cleared_and_how_far_that_reaches(country: str) -> None:
    gate = Gate(country=country).command("safe")
    assert "safe.afraid.phone" in gate.keys
    gate.press("safe.afraid.more")
    assert "safe.more.phone" in gate.keys
    words = library().source.words["en"]
    for text in (*words["safe.afraid.phone"], *words["safe.more.phone"]):
        assert "/clear" in text
        assert "two days" in text
    for text in words["safe.more.phone"]:
        assert "delete" in text  # their own messages, which the bot may not


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
    assert policy.may_use_couple_tools(gate.user, gate.now)
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


@pytest.mark.parametrize("name", ["crisis", "safe"])
def test_every_line_has_three_wordings_but_for_words_to_copy(name: str) -> None:
    """A reply about danger that comes back word for word sounds as if nobody was there. Source: the safety notes."""
    words = YAML(typ="safe").load(CARRIED / name / "en.yaml")
    lines = [getattr(part, "say", ()) for _, part in walk(library().dialogs[name].script)]
    keys = [getattr(line, "say", line) for some in lines for line in ([some] if isinstance(some, str) else some or ())]
    said = {key for key in keys if isinstance(key, str) and not key.startswith(("/", "$"))}
    assert len(said) > 15
    once = {key for key in said if not isinstance(words[key], list) or len(words[key]) < 3}
    assert {key for key in once if not key.endswith("_words.line")} == set()
