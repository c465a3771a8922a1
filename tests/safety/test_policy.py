"""What a verdict does to a turn, and to everything meant for two."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.effects import ChangeSpace, ChangeUser, DropTimer, Record
from bot.core.events import CommandGiven, Edited, Pressed, Verdict, Wrote
from bot.core.facts import Space, User
from bot.dialog.session import Frame, Session
from bot.safety import policy
from bot.safety.policy import Response, respond
from bot.spaces import vocabulary as spaces
from bot.storage.spaces import UNFINISHED

NOW = datetime(2026, 5, 4, 18, tzinfo=UTC)
ANN = User(1, 1, consent=1)
BY_KIND = {
    "self-harm": "crisis",
    "harm by someone": "safe",
    "harm to someone": "crisis",
    "medical": "crisis",
    "loss of reality": "crisis",
    "under 18": "minor",
}


def of(kind: str, level: str = "explicit", user: User = ANN, session: Session | None = None) -> Response:
    return respond(Verdict(kind, level), Wrote("…"), user, session or Session(), NOW)


def changes(response: Response) -> dict[str, object]:
    return {
        name: value for each in response.effects if isinstance(each, ChangeUser) for name, value in each.values.items()
    }


# A verdict and its turn -----------------------------------------------------------------------------------------------


def test_without_a_verdict_nothing_happens() -> None:
    assert respond(None, Wrote("hello"), ANN, Session(), NOW) == Response()


@pytest.mark.parametrize(("kind", "dialog"), BY_KIND.items())
@pytest.mark.parametrize("level", ["explicit", "unsure"])
def test_each_kind_has_its_dialog(kind: str, dialog: str, level: str) -> None:
    assert of(kind, level).opens == dialog
    assert not of(kind, level).beside


def test_a_kind_that_is_not_known_yet_is_taken_as_the_gravest() -> None:
    assert of("something new").opens == "crisis"


@pytest.mark.parametrize("dialog", ["soothe", "crisis", "safe", "minor", "help", "start"])
def test_plain_danger_takes_over_whatever_is_open(dialog: str) -> None:
    session = Session(frame=Frame(dialog, "ask"), at=NOW)
    for kind in set(BY_KIND) - {"under 18"}:
        assert of(kind, session=session).opens == BY_KIND[kind]


@pytest.mark.parametrize("kind", sorted(set(BY_KIND) - {"under 18"}))
def test_a_flag_keeps_level_and_time_and_lets_the_daily_line_rest_two_days(kind: str) -> None:
    response = of(kind)
    assert [each for each in response.effects if isinstance(each, Record)] == [Record("flag", technique="explicit")]
    assert changes(response)["flagged_at"] == NOW
    rest = policy.COUPLE_TOOLS_REST if kind == "harm to someone" else timedelta(hours=48)
    assert changes(response)["paused_until"] == NOW + rest


def test_a_flag_lets_tools_that_are_off_rest_on() -> None:
    off = User(1, 1, couple_tools_off_until=NOW + timedelta(days=1))
    assert changes(of("medical", user=off))["couple_tools_off_until"] == NOW + policy.COUPLE_TOOLS_REST
    assert "couple_tools_off_until" not in changes(of("medical", user=User(1, 1, couple_tools_off_until=NOW)))


def test_a_flag_never_shortens_a_rest_and_drops_no_reminder() -> None:
    later = NOW + timedelta(days=9)
    response = of("self-harm", user=User(1, 1, paused_until=later))
    assert changes(response)["paused_until"] == later
    assert not [each for each in response.effects if isinstance(each, DropTimer | ChangeSpace)]


def test_an_unsure_sentence_is_noted_and_lets_nothing_rest() -> None:
    assert of("self-harm", "unsure").effects == (Record("flag", technique="unsure"),)


def test_after_a_denial_the_next_unsure_sentence_brings_lines_beside_the_turn_once() -> None:
    watched = User(1, 1, watch_until=NOW + timedelta(hours=1))
    response = of("self-harm", "unsure", watched)
    assert (response.opens, response.beside) == ("", "crisis.watch")
    assert changes(response) == {"watch_until": None}
    assert of("harm by someone", "unsure", watched).beside == "safe.watch"
    assert of("self-harm", user=watched).opens == "crisis"


def test_the_watch_ends_after_a_day() -> None:
    assert timedelta(hours=24) == policy.WATCH
    assert of("self-harm", "unsure", User(1, 1, watch_until=NOW)).opens == "crisis"


def test_a_command_with_an_unsure_word_is_done_and_help_stands_beside_it() -> None:
    response = respond(Verdict("self-harm", "unsure"), CommandGiven("reach", "…"), ANN, Session(), NOW)
    assert (response.opens, response.beside) == ("", "crisis.watch")
    assert respond(Verdict("self-harm", "explicit"), CommandGiven("start", "…"), ANN, Session(), NOW).opens == "crisis"


def test_a_changed_message_is_read_like_any_other() -> None:
    for level in ("explicit", "unsure"):
        assert respond(Verdict("self-harm", level), Edited("…"), ANN, Session(), NOW).opens == "crisis"


ABOUT = {"crisis": "self-harm", "safe": "harm by someone"}


@pytest.mark.parametrize("dialog", ABOUT)
def test_a_talk_about_danger_hears_what_it_is_about_itself_while_it_goes_on(dialog: str) -> None:
    talking = Session(frame=Frame(dialog, "ask"), at=NOW - timedelta(minutes=20))
    noted = (Record("flag", technique="unsure"),)
    assert of(ABOUT[dialog], "unsure", session=talking) == Response(effects=noted)
    left_open = Session(frame=Frame(dialog, "ask"), at=NOW - timedelta(days=1))
    assert of(ABOUT[dialog], "unsure", session=left_open).opens == dialog


def test_what_a_talk_about_danger_is_not_about_brings_help_beside_it() -> None:
    for dialog, other in (("crisis", "safe"), ("safe", "crisis")):
        talking = Session(frame=Frame(dialog, "ask"), at=NOW - timedelta(minutes=20))
        assert of(ABOUT[other], "unsure", session=talking).beside == f"{other}.watch"
    asked_for_the_age = Session(frame=Frame("minor", "ask"), at=NOW - timedelta(minutes=20))
    assert of("self-harm", "unsure", session=asked_for_the_age).opens == "crisis"


def test_right_after_a_denial_the_watch_holds_too() -> None:
    denied = Session(frame=Frame("crisis", "not_meant"), at=NOW - timedelta(seconds=9))
    watched = User(1, 1, watch_until=NOW + timedelta(hours=24))
    assert of("self-harm", "unsure", watched, denied).beside == "crisis.watch"


def test_an_age_beside_danger_is_asked_about_after_it_once() -> None:
    for level in ("explicit", "unsure"):
        both = Verdict("self-harm", level, young=True)
        response = respond(both, Wrote("…"), ANN, Session(), NOW)
        assert (response.opens, response.then) == ("crisis", "minor")
        assert changes(response)["age"] == "asked"
        known = respond(both, Wrote("…"), User(1, 1, age="adult"), Session(), NOW)
        assert (known.opens, known.then) == ("crisis", "")


def test_a_bare_cry_for_help_is_known_and_nothing_more() -> None:
    for text in ("help", "HELP!", "Please help me now", "sos", "i need help"):
        assert policy.asks_for_help(Wrote(text)), text
    for text in ("help with the dishes", "I helped", "", "he needs help"):
        assert not policy.asks_for_help(Wrote(text)), text
    assert policy.asks_for_help(Pressed("p.1.2.3.!", 0, ""))
    assert not policy.asks_for_help(Pressed("p.1.2.3", 0, ""))


def test_age_is_asked_about_once_and_is_no_flag() -> None:
    assert of("under 18").effects == (ChangeUser({"age": "asked"}),)
    for age in ("asked", "adult", "minor"):
        assert of("under 18", user=User(1, 1, age=age)) == Response()


def test_who_may_hurt_somebody_gets_nothing_meant_for_two() -> None:
    response = of("harm to someone")
    assert changes(response)["couple_tools_off_until"] == NOW + timedelta(days=30)
    for kind in set(BY_KIND) - {"harm to someone"}:
        assert "couple_tools_off_until" not in changes(of(kind))


def test_a_failed_turn_that_had_to_bring_help_is_known() -> None:
    assert policy.needs_people(Verdict("medical", "explicit"), Wrote("…"))
    assert not policy.needs_people(Verdict("under 18", "explicit"), Wrote("…"))
    assert policy.needs_people(None, CommandGiven("help"))
    assert not policy.needs_people(Verdict("self-harm", "unsure"), Wrote("…"))
    assert not policy.needs_people(None, Wrote("…"))


@pytest.mark.parametrize(
    ("hour", "expected"), [(3, "09:00"), (8, "09:00"), (9, "09:00"), (15, "15:00"), (20, "20:00"), (23, "20:00")]
)
def test_tomorrow_comes_by_day_where_the_clock_is_known(hour: int, expected: str) -> None:
    zone = User(1, 1, zone="America/New_York")
    at = policy.check_in_at(
        zone, datetime(2026, 5, 4, hour + 4, tzinfo=UTC) if hour < 20 else datetime(2026, 5, 5, hour - 20, tzinfo=UTC)
    )
    local = at - timedelta(hours=4)
    assert (local.date().isoformat(), f"{local:%H:%M}") == ("2026-05-05", expected)
    assert policy.check_in_at(User(1, 1), NOW) == NOW + timedelta(hours=24)


# Everything meant for two ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", BY_KIND)
@pytest.mark.parametrize("level", ["explicit", "unsure"])
def test_a_text_that_was_noticed_never_reaches_the_partner(kind: str, level: str) -> None:
    assert policy.never_deliver(Verdict(kind, level))


def test_any_other_text_may_reach_them() -> None:
    assert not policy.never_deliver(None)


def test_the_partner_is_never_told_of_a_flag_nor_of_what_follows_from_it() -> None:
    told_by_a_flag = {"flag"} | set(changes(of("harm to someone"))) | {"age", "country"}
    assert all(policy.never_tell(name) for name in told_by_a_flag)
    assert not policy.never_tell("space_asked")
    assert not policy.never_tell("nickname")


def test_the_couple_tools_stay_off_for_thirty_days_unless_turned_on_again() -> None:
    [change, *_] = policy.couple_tools_off(ANN, None, NOW)
    assert isinstance(change, ChangeUser)
    off = User(1, 1, **change.values)  # type: ignore[arg-type]
    assert not policy.may_use_couple_tools(off, NOW + timedelta(days=29))
    assert policy.may_use_couple_tools(off, NOW + timedelta(days=30))
    [change] = policy.couple_tools_on(off, NOW)
    assert isinstance(change, ChangeUser)
    assert change.values == {"couple_tools_off_until": NOW, "paused_until": None}
    assert policy.may_use_couple_tools(User(1, 1, **change.values), NOW)  # type: ignore[arg-type]
    assert policy.may_use_couple_tools(ANN, NOW)


def test_turning_them_on_leaves_the_rest_after_a_flag() -> None:
    flagged = User(1, 1, flagged_at=NOW - timedelta(hours=1), couple_tools_off_until=NOW + timedelta(days=9))
    [change] = policy.couple_tools_on(flagged, NOW)
    assert isinstance(change, ChangeUser)
    assert change.values["paused_until"] == NOW + timedelta(hours=47)


def test_under_age_nothing_for_two_is_offered_ever() -> None:
    assert not policy.may_use_couple_tools(User(1, 1, age="minor"), NOW + timedelta(days=999))
    assert policy.may_use_couple_tools(User(1, 1, age="adult"), NOW)
    assert policy.may_use_couple_tools(User(1, 1, age="asked"), NOW)


def test_turning_off_lets_go_of_the_return_that_was_promised() -> None:
    for state in policy.OWED:
        space = Space(7, 1, NOW, NOW + timedelta(hours=1), timedelta(hours=1), state=state)
        effects = policy.couple_tools_off(ANN, space, NOW)
        assert ChangeSpace(7, {"state": "closed"}) in effects
        assert {each.kind for each in effects if isinstance(each, DropTimer)} == {
            f"space.{name}" for name in policy.SPACE_TIMERS
        }
    returned = Space(7, 1, NOW, NOW, timedelta(hours=1), state="returned")
    assert not [each for each in policy.couple_tools_off(ANN, returned, NOW) if isinstance(each, ChangeSpace)]


def test_the_names_of_spaces_are_those_of_their_own_room() -> None:
    assert frozenset(UNFINISHED) == policy.OWED
    assert {f"space.{name}" for name in policy.SPACE_TIMERS} == {
        *(f"space.{name}" for name in spaces._TIMERS),
        spaces._WAIT[0],
    }


def test_the_late_line_is_not_said_after_a_flag() -> None:
    assert policy.may_tell_if_late(ANN, NOW)
    assert not policy.may_tell_if_late(User(1, 1, flagged_at=NOW - timedelta(days=29)), NOW)
    assert policy.may_tell_if_late(User(1, 1, flagged_at=NOW - timedelta(days=30)), NOW)
    assert not policy.may_tell_if_late(User(1, 1, couple_tools_off_until=NOW + timedelta(days=1)), NOW)
