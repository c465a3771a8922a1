"""A promise to come back stays a promise: never too short, never longer than a day, moved ahead of time or not at all."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.effects import ChangeUser, OpenSpace, Phrase, SetTimer
from bot.core.events import Elapsed, Wrote
from bot.core.facts import Facts, Space, User
from bot.dialog.turn import Turn
from bot.spaces import policy, times, vocabulary

EVENING = datetime(2026, 5, 4, 18, tzinfo=UTC)  # 20:00 in Berlin
BERLIN = "Europe/Berlin"
ZONES = st.sampled_from([BERLIN, "America/New_York", "Pacific/Apia", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"])
INSTANTS = st.integers(0, 2 * 365 * 86400).map(lambda second: EVENING + timedelta(seconds=second))
LENGTHS = st.timedeltas(policy.SHORTEST, policy.LONGEST)


@st.composite
def spaces(draw: st.DrawFn) -> Space:
    asked_at, first = draw(INSTANTS), draw(LENGTHS)
    return Space(1, 1, asked_at, asked_at + first, first)


def turn(
    text: str = "", *, now: datetime = EVENING, zone: str = BERLIN, space: Space | None = None, **slots: Any
) -> Turn:
    user = User(1, 1, zone=zone, consent=1)
    return Turn("length", "space", slots, Facts(now, user, space, number=77), Wrote(text) if text else None)


# The promise ----------------------------------------------------------------------------------------------------------


@given(spaces(), st.lists(st.tuples(st.floats(0, 1.2), st.sampled_from(list(policy.MORE))), max_size=6))
def test_a_space_grows_twice_at_most_ahead_of_time_and_never_past_a_day(
    space: Space, wishes: list[tuple[float, str]]
) -> None:
    granted, now = 0, space.asked_at
    for part, more in wishes:
        now += (space.back_at - now) * part
        if not policy.may_extend(space, now):
            assert granted == policy.EXTENSIONS or now >= space.back_at or not policy.extensions(space)
            continue
        assert now < space.back_at
        if more in policy.extensions(space):
            assert policy.MORE[more] <= space.first
            space = replace(space, back_at=space.back_at + policy.MORE[more], extensions=space.extensions + 1)
            granted += 1
        assert policy.SHORTEST <= space.back_at - space.asked_at <= policy.LONGEST
    assert granted <= policy.EXTENSIONS


def test_when_the_time_is_over_there_is_no_more() -> None:
    space = Space(1, 1, EVENING, EVENING + timedelta(minutes=40), timedelta(minutes=40))
    assert policy.may_extend(space, EVENING + timedelta(minutes=39))
    assert not policy.may_extend(space, EVENING + timedelta(minutes=40))
    assert not policy.may_extend(replace(space, state="due"), EVENING)
    assert policy.extensions(space) == ["m20", "m40"]


@given(spaces(), st.floats(0, 1))
def test_reminders_come_in_order_and_nobody_is_asked_in_the_last_minutes(space: Space, part: float) -> None:
    now = space.asked_at + (space.back_at - space.asked_at) * part
    moments = policy.moments(space, now)
    assert list(moments.values()) == sorted(moments.values())
    assert moments["back"] == space.back_at
    assert ("check" in moments) == (space.back_at - now >= policy.WORTH_A_CHECK)
    assert all(at > now or at == space.back_at for at in moments.values())


def test_the_first_check_comes_two_thirds_through() -> None:
    space = Space(1, 1, EVENING, EVENING + timedelta(hours=1), timedelta(hours=1))
    assert policy.moments(space, EVENING)["check"] == EVENING + timedelta(minutes=40)


@given(INSTANTS, ZONES)
def test_every_hour_that_is_offered_can_be_kept(now: datetime, zone: str) -> None:
    here = now.astimezone(ZoneInfo(zone))
    evening, tomorrow = policy.this_evening(here), policy.tomorrow(here)
    for at in (*evening, *tomorrow):
        assert policy.fits(at - now)
        assert at.astimezone(ZoneInfo(zone)).minute in {0, 30}  # a clock that jumps by half an hour may move one
    assert len(evening) <= len(times.HOURS)
    assert len(tomorrow) <= len(times.HOURS)
    assert all(at >= policy.start_of_evening(here) for at in evening)
    assert all(at >= policy.start_of_tomorrow(here) for at in tomorrow)


def test_after_midnight_tomorrow_is_the_day_that_has_begun() -> None:
    late = datetime(2026, 5, 5, 1, 30, tzinfo=ZoneInfo(BERLIN))
    assert not policy.this_evening(late)
    assert policy.tomorrow(late)[0] == datetime(2026, 5, 5, 6, tzinfo=UTC)


# Written times --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "guard"),
    [
        ("back at 9", "is_time"),
        ("in half an hour", "is_time"),
        ("20 minutes", "is_time"),
        ("in 24 hours", "is_time"),
        ("tomorrow morning", "is_time"),
        ("in 19 minutes", "is_too_short"),
        ("in 25 hours", "is_too_long"),
        ("in 3 days", "is_too_long"),
    ],
)
def test_a_time_is_taken_or_refused_for_one_reason(text: str, guard: str) -> None:
    asked = turn(text, now=EVENING.replace(microsecond=700_000))
    guards = {name: getattr(times, name)(asked) for name in ("is_time", "is_too_short", "is_too_long")}
    assert guards == {name: name == guard for name in guards}


@pytest.mark.parametrize("text", ["later", "when I feel like it", "yes", "7 pm yesterday"])
def test_what_names_no_time_is_no_time(text: str) -> None:
    asked = turn(text)
    assert not any(guard(asked) for guard in (times.is_time, times.is_too_short, times.is_too_long, times.is_ahead))


def test_who_waits_may_name_a_time_further_away() -> None:
    assert times.is_ahead(turn("in 3 days"))
    assert times.is_ahead(turn("in 5 minutes"))
    assert not times.is_ahead(turn("in 10 days"))


def test_an_hour_needs_a_clock_and_a_length_does_not() -> None:
    for text in ("back at 9", "tomorrow morning"):
        assert times.needs_my_clock(turn(text, zone=""))
        assert not times.is_time(turn(text, zone=""))
    assert times.is_time(turn("in half an hour", zone=""))
    assert not times.needs_my_clock(turn("in half an hour", zone=""))


def test_words_kept_until_the_clock_is_known_go_by_that_clock() -> None:
    asked = turn("back at 9", zone="")
    times.keep_said(asked)
    told = turn("20:00", zone="", **asked.slots)  # the answer to "what time is it where you are?"
    told.add(ChangeUser({"zone": BERLIN}))
    assert times.is_time(told)
    times.keep_time(told)
    assert told.slots["back_at"] == datetime(2026, 5, 4, 19, tzinfo=UTC)
    assert "said" not in told.slots


@pytest.mark.parametrize(
    ("text", "hour"), [("9", 9), ("half past 9", 9.5), ("3", 15), ("tomorrow at 9", 9), ("noon", 12)]
)
def test_an_hour_written_where_tomorrow_was_asked_for_is_one_of_tomorrow(text: str, hour: float) -> None:
    asked = turn()
    times.offer_tomorrow(asked)
    written = turn(text, **asked.slots)
    assert times.is_time(written)
    times.keep_time(written)
    there = datetime(2026, 5, 5, tzinfo=ZoneInfo(BERLIN)) + timedelta(hours=hour)
    assert written.slots["back_at"] == there


def test_a_length_written_there_still_counts_from_now() -> None:
    asked = turn()
    times.offer_tomorrow(asked)
    written = turn("in 2 hours", **asked.slots)
    times.keep_time(written)
    assert written.slots["back_at"] == EVENING + timedelta(hours=2)


# Said times -----------------------------------------------------------------------------------------------------------


def test_the_promise_names_a_clock_time_where_there_is_a_clock() -> None:
    for hours, key in ((1, "space.return.today"), (12, "space.return.tomorrow")):
        at = EVENING + timedelta(hours=hours)
        assert times.return_line(turn(back_at=at, chosen_at=EVENING)) == Phrase(key, {"at": at})
    minutes = turn(zone="", back_at=EVENING + timedelta(minutes=40), chosen_at=EVENING)
    assert times.return_line(minutes) == Phrase("space.return.in", {"length": timedelta(minutes=40)})


@given(INSTANTS, LENGTHS, ZONES)
def test_the_day_that_is_named_is_the_day_on_the_wall(now: datetime, length: timedelta, zone: str) -> None:
    days = ((now + length).astimezone(ZoneInfo(zone)).date() - now.astimezone(ZoneInfo(zone)).date()).days
    line = times.return_line(turn(now=now, zone=zone, back_at=now + length, chosen_at=now))
    assert isinstance(line, Phrase)
    assert line.key == f"space.return.{['today', 'tomorrow', 'later'][days]}"


# Keeping it -----------------------------------------------------------------------------------------------------------


def opened(asked: Turn) -> tuple[Space, list[SetTimer]]:
    vocabulary.open_space(asked)
    space = next(effect.space for effect in asked.effects if isinstance(effect, OpenSpace))
    return space, [effect for effect in asked.effects if isinstance(effect, SetTimer)]


def test_sent_late_the_promise_is_still_what_they_were_told() -> None:
    back_at = EVENING + timedelta(minutes=20)
    late = turn(now=EVENING + timedelta(minutes=18), back_at=back_at, chosen_at=EVENING)
    space, timers = opened(late)
    assert (space.back_at, space.first) == (back_at, timedelta(minutes=20))
    assert [timer.kind for timer in timers] == ["space.back", "space.second", "space.late", "space.missed"]


def test_a_length_told_without_a_clock_begins_when_it_is_sent() -> None:
    sent_at = EVENING + timedelta(hours=2)
    late = turn(now=sent_at, zone="", back_at=EVENING + timedelta(minutes=40), chosen_at=EVENING)
    assert vocabulary.is_still_ahead(late)
    assert opened(late)[0].back_at == sent_at + timedelta(minutes=40)


def test_a_line_whose_hour_is_over_promises_nothing() -> None:
    late = turn(now=EVENING + timedelta(hours=2), back_at=EVENING + timedelta(minutes=40), chosen_at=EVENING)
    assert not vocabulary.is_still_ahead(late)


def test_before_consent_no_rating_is_kept_with_the_promise() -> None:
    asked = turn(back_at=EVENING + timedelta(hours=1), chosen_at=EVENING, before=8)
    assert opened(asked)[0].before == 8
    stranger = Facts(EVENING, User(1, 1, zone=BERLIN))
    asked = Turn("preview", "space", dict(asked.slots), stranger)
    assert opened(asked)[0].before is None


def test_a_button_of_an_older_space_does_not_touch_the_one_at_hand() -> None:
    space = Space(77, 1, EVENING, EVENING + timedelta(hours=1), timedelta(hours=1))
    for ref, mine in (("77", True), ("", True), ("76", False), ("wait", False)):
        pressed = turn(space=space)
        pressed.ref = ref
        assert vocabulary.is_open_space(pressed) is mine


def test_only_the_latest_of_several_reminders_speaks() -> None:
    space = Space(77, 1, EVENING, EVENING + timedelta(minutes=20), timedelta(minutes=20))
    for minutes, past in ((19, []), (20, ["back"]), (35, ["back", "second"]), (50, ["back", "second", "late"])):
        spoken = turn(now=EVENING + timedelta(minutes=minutes), space=space)
        assert [name for name in ("back", "second", "late", "missed") if vocabulary.is_past(spoken, name)] == past


def test_the_bot_says_that_it_was_away_from_half_an_hour_on() -> None:
    for minutes, away in ((29, False), (30, True)):
        spoken = turn(now=EVENING + timedelta(minutes=minutes))
        spoken.event = Elapsed("space.theirs", "wait", EVENING)
        assert vocabulary.bot_was_away(spoken) is away


def test_two_late_returns_within_a_week_are_remembered_for_a_week() -> None:
    memory: dict[str, int] = {}

    def on(day: int) -> Turn:
        late = turn(now=EVENING + timedelta(days=day))
        late.memory = memory
        return late

    vocabulary.count_late(on(0), "mine")
    vocabulary.count_late(on(8), "mine")
    vocabulary.count_late(on(8), "theirs")
    assert not vocabulary.was_often_late(on(8), "mine")
    vocabulary.count_late(on(15), "mine")
    assert vocabulary.was_often_late(on(15), "mine")
    assert vocabulary.was_often_late(on(22), "mine")
    assert not vocabulary.was_often_late(on(23), "mine")
    assert not vocabulary.was_often_late(on(15), "theirs")


def test_who_waits_is_known_to_rest_until_the_time_is_over_or_they_stop() -> None:
    memory: dict[str, int] = {}

    def after(minutes: int, **slots: Any) -> Turn:
        there = turn(now=EVENING + timedelta(minutes=minutes), **slots)
        there.memory = memory
        return there

    vocabulary.wait_with(after(0, back_at=EVENING + timedelta(minutes=40)))
    assert vocabulary.is_in_space(after(39))
    assert vocabulary.their_time(after(1)) == EVENING + timedelta(minutes=40)
    assert not vocabulary.is_in_space(after(40))
    vocabulary.stop_waiting(after(10))
    assert not vocabulary.is_in_space(after(11))
