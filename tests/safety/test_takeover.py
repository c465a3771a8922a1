"""The gate from every place a person may be in: the same words first, nothing lost behind them, and a way back."""

from datetime import timedelta

import pytest

from bot.core.effects import ChangeUser, DropTimer, Record, Say
from bot.core.events import Edited, Pressed, Verdict
from bot.core.facts import Space
from bot.dialog.session import NOWHERE, STACK
from bot.safety import policy
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
            if not shape.waits:
                continue
            asks_one_thing = state in {"country", "hidden"} or state.endswith("unsure") or (name, state) in _HELP_ONLY
            assert asks_one_thing or ways.get("hide") == "hidden", (name, state)
    gate = Gate().write("…", "self-harm").press("crisis.ask.hide")
    assert gate.says[0].edits == 5
    assert gate.labels == ["common.continue"]
    assert not {"help", "safe", "call", "program"} & set(gate.text.casefold().split())
    gate.write("who are you?")
    assert gate.keys == ["crisis.hidden.line"]


_HELP_ONLY = {("help", "words"), ("help", "body")}


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


# Perhaps meant otherwise ----------------------------------------------------------------------------------------------


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
