"""What a person sets about themselves: each change holds at once, and the daily line follows it."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from bot.core.effects import ChangeUser, DropTimer, Effect, Phrase, SetTimer
from bot.core.events import CommandGiven, Event, Wrote
from bot.core.facts import Facts, Space, User
from bot.dialog.turn import Turn
from bot.profile.clocks import registry as clock_words
from bot.profile.person import daily_timer, falls_into, is_odd, nothing_set, settled
from bot.profile.vocabulary import registry

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def a_turn(event: Event | None = None, *, space: Space | None = None, value: Any = None, **user: Any) -> Turn:
    facts = Facts(NOON, User(1, 1, **user), space)
    return Turn("somewhere", "settings", {}, facts, event, value)


def do(turn: Turn, action: str, *values: Any, **named: Any) -> None:
    registry.actions[action].function(turn, *values, **named)


def holds(turn: Turn, guard: str, *values: Any) -> bool:
    return bool(registry.guards[guard].function(turn, *values))


def shown(turn: Turn, value: str) -> Any:
    return registry.values[value].function(turn)


def timers(turn: Turn) -> list[Effect]:
    return [effect for effect in turn.effects if isinstance(effect, SetTimer | DropTimer)]


def test_a_change_is_seen_by_later_guards_of_the_same_turn() -> None:
    turn = a_turn()
    assert not holds(turn, "knows_zone")
    turn.add(ChangeUser({"zone": "Europe/Vienna"}))
    assert holds(turn, "knows_zone")
    assert settled(turn).zone == "Europe/Vienna"
    assert turn.user.zone == ""


def test_the_daily_line_comes_at_the_wall_time_of_the_persons_own_clock() -> None:
    turn = a_turn(zone="America/New_York")  # it is 07:00 there
    do(turn, "set_nudge_hour", "08:30")
    assert timers(turn) == [
        SetTimer("nudge.daily", "daily", datetime(2026, 3, 2, 13, 30, tzinfo=UTC), rule="08:30"),
    ]
    assert settled(turn).nudges == "daily"
    assert turn.slots["nudge_hour"] == "08:30"


def test_an_hour_that_is_past_today_begins_tomorrow() -> None:
    turn = a_turn(Wrote("7 am"), zone="UTC")
    do(turn, "keep_nudge_hour")
    [timer] = timers(turn)
    assert isinstance(timer, SetTimer)
    assert timer.due_at == datetime(2026, 3, 3, 7, tzinfo=UTC)


def test_a_new_hour_forgets_how_many_lines_were_ignored() -> None:
    turn = a_turn(zone="UTC", ignored=3)
    do(turn, "set_nudge_hour", "08:00")
    assert settled(turn).ignored == 0


def test_no_daily_line_drops_its_timer() -> None:
    turn = a_turn(nudges="daily", nudge_at=time(8))
    do(turn, "no_nudges")
    assert timers(turn) == [DropTimer("nudge.daily", "daily")]
    assert settled(turn).nudges == "off"


def test_another_clock_moves_the_daily_line_to_the_same_wall_time_there() -> None:
    turn = a_turn(Wrote("Tokyo"), zone="Europe/Vienna", nudges="daily", nudge_at=time(8))
    do(turn, "keep_city")
    assert settled(turn).zone == "Asia/Tokyo"
    [timer] = timers(turn)
    assert isinstance(timer, SetTimer)
    assert timer.due_at == datetime(2026, 3, 2, 23, tzinfo=UTC)


def test_another_clock_sets_no_timer_for_who_wants_no_daily_line() -> None:
    turn = a_turn(Wrote("Tokyo"))
    do(turn, "keep_city")
    assert not timers(turn)


def test_stop_rests_the_daily_line_and_resume_brings_it_back() -> None:
    turn = a_turn(zone="UTC", nudges="daily", nudge_at=time(18))
    do(turn, "stop")
    assert holds(turn, "is_stopped")
    assert DropTimer("nudge.daily", "daily") in timers(turn)
    assert not any(isinstance(timer, SetTimer) for timer in timers(turn))

    again = a_turn(zone="UTC", nudges="daily", nudge_at=time(18), stopped=True)
    do(again, "resume")
    assert not holds(again, "is_stopped")
    assert timers(again) == [SetTimer("nudge.daily", "daily", NOON + timedelta(hours=6), rule="18:00")]


def test_stop_ends_every_question_that_was_still_to_come_about_how_somebody_is() -> None:
    turn = a_turn()
    do(turn, "stop")
    asking = {f"crisis.{word}" for word in ("again", "last", "softly", "tomorrow")}
    assert asking <= {timer.kind for timer in timers(turn) if isinstance(timer, DropTimer)}


def test_resume_asks_for_nothing_where_nobody_was_silent() -> None:
    turn = a_turn(nudges="daily", nudge_at=time(18))
    do(turn, "resume")
    assert turn.effects == []


def test_an_hour_chosen_in_silence_waits_for_its_end() -> None:
    turn = a_turn(stopped=True)
    do(turn, "set_nudge_hour", "08:00")
    assert isinstance(daily_timer(turn), DropTimer)


@pytest.mark.parametrize(
    ("wall", "start", "end", "inside"),
    [
        (time(23), time(22), time(8), True),
        (time(3), time(22), time(8), True),
        (time(22), time(22), time(8), True),
        (time(8), time(22), time(8), False),
        (time(12), time(22), time(8), False),
        (time(14), time(13), time(15), True),
        (time(15), time(13), time(15), False),
        (time(9), time(9), time(9), False),
        (time(9), None, None, False),
    ],
)
def test_quiet_hours_reach_round_midnight(wall: time, start: time | None, end: time | None, inside: bool) -> None:
    assert falls_into(wall, start, end) is inside


def test_a_daily_line_within_the_quiet_hours_is_noticed_in_the_turn_that_sets_them() -> None:
    turn = a_turn(nudges="daily", nudge_at=time(7, 30))
    assert not holds(turn, "nudge_in_quiet")
    do(turn, "set_quiet", start="22:00", end="08:00")
    assert holds(turn, "nudge_in_quiet")
    do(turn, "no_quiet")
    assert not holds(turn, "nudge_in_quiet")


def test_quiet_hours_are_read_as_people_write_them() -> None:
    turn = a_turn(Wrote("21:30 to 7"))
    assert holds(turn, "is_hours")
    do(turn, "keep_quiet")
    assert (settled(turn).quiet_from, settled(turn).quiet_to) == (time(21, 30), time(7))
    assert turn.slots["quiet_hours"] == Phrase("common.shown.hours", {"start": "21:30", "end": "07:00"})
    assert not holds(a_turn(Wrote("at night, I guess")), "is_hours")


def test_only_a_name_that_can_be_read_on_one_line_is_kept() -> None:
    assert not is_odd("Ann")
    assert not is_odd("Зоя 2")
    assert not is_odd("مریم")
    assert is_odd("…!")
    assert is_odd("An\nn")
    assert is_odd("An\u202en")
    turn = a_turn(Wrote("  Ann "))
    do(turn, "keep_nickname")
    assert settled(turn).nickname == turn.slots["nickname"] == "Ann"
    do(turn, "drop_nickname")
    assert settled(turn).nickname == ""
    assert "nickname" not in turn.slots


@pytest.mark.parametrize("told", [{"nickname": "Ann"}, {"zone": "UTC"}, {"quiet_from": time(22)}, {"nudges": "daily"}])
def test_whoever_told_anything_has_set_something(told: dict[str, Any]) -> None:
    assert nothing_set(User(1, 1, role="reach", consent=1))
    assert not nothing_set(User(1, 1, **told))


def test_the_clock_is_found_from_the_time_it_is_there() -> None:
    turn = a_turn(Wrote("21:00"))
    assert holds(turn, "is_my_clock")
    do(turn, "offer_my_clocks")
    options = clock_words.lists["zones"].function(turn)
    tokyo = next(option for option in options if turn.slots[option] == "Asia/Tokyo")
    assert turn.slots[f"{tokyo}_place"] == "Tokyo"
    turn.value = tokyo
    do(turn, "keep_zone")
    assert settled(turn).zone == "Asia/Tokyo"
    assert turn.slots["place"] == "Tokyo"


def test_english_does_not_hide_the_places_where_another_language_is_spoken() -> None:
    turn = a_turn(Wrote("13:00"))
    do(turn, "offer_my_clocks")
    found = [turn.slots[option] for option in clock_words.lists["zones"].function(turn)]
    assert "Europe/Berlin" in found


def test_a_language_at_home_in_one_region_comes_first() -> None:
    turn = a_turn(Wrote("13:00"), locale="de")
    do(turn, "offer_my_clocks")
    assert turn.slots["z1"] == "Europe/Berlin"


def test_a_name_with_several_clocks_is_asked_about() -> None:
    several = a_turn(Wrote("Brazil"))
    assert holds(several, "is_city")
    assert not holds(several, "is_one_city")
    do(several, "offer_cities")
    assert len(clock_words.lists["zones"].function(several)) > 1
    assert holds(a_turn(Wrote("Vienna")), "is_one_city")
    assert not holds(a_turn(Wrote("Blorb")), "is_city")


def test_a_new_search_leaves_nothing_of_the_last() -> None:
    turn = a_turn(Wrote("Brazil"))
    do(turn, "offer_cities")
    turn.event = Wrote("Vienna")
    do(turn, "offer_cities")
    assert clock_words.lists["zones"].function(turn) == ["z1"]


def test_a_shared_place_leaves_the_zone_and_nothing_else() -> None:
    turn = a_turn(value=(48.2, 16.37))
    assert holds(turn, "is_known_place")
    do(turn, "keep_place")
    assert turn.effects == [ChangeUser({"zone": "Europe/Vienna"})]
    assert turn.slots == {"place": "Vienna"}


def test_a_promise_counts_until_it_is_kept_or_closed() -> None:
    space = Space(1, 1, NOON, NOON + timedelta(hours=1), timedelta(hours=1))
    assert holds(a_turn(space=space), "promise_open")
    assert shown(a_turn(space=space), "promised") == NOON + timedelta(hours=1)
    returned = Space(1, 1, NOON, NOON, timedelta(hours=1), state="returned")
    assert not holds(a_turn(space=returned), "promise_open")
    assert not holds(a_turn(), "promise_open")


def test_what_was_not_told_is_shown_as_such() -> None:
    turn = a_turn()
    assert [shown(turn, name).key for name in ("name_shown", "zone_shown", "role_shown")] == ["common.shown.unset"] * 3
    assert [shown(turn, name).key for name in ("nudge_shown", "quiet_shown")] == ["common.shown.off"] * 2
    told = a_turn(nickname="Ann", zone="America/New_York", role="space", nudges="daily", nudge_at=time(8))
    assert shown(told, "name_shown") == "Ann"
    assert shown(told, "zone_shown") == "New York"
    assert shown(told, "role_shown") == Phrase("common.shown.space")
    assert shown(told, "nudge_shown") == "08:00"


def test_a_command_is_told_from_a_press() -> None:
    assert holds(a_turn(CommandGiven("role")), "asked_with", ["settings", "role"])
    assert holds(a_turn(CommandGiven("role")), "asked_with", "role")
    assert not holds(a_turn(CommandGiven("settings")), "asked_with", "role")
    assert not holds(a_turn(), "asked_with", "role")
