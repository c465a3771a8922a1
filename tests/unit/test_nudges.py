"""One line a day: never the same before all were said, never too soon, never at night, slower if nobody answers."""

import re
from collections import Counter
from datetime import UTC, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.effects import ChangeUser, Phrase
from bot.core.facts import Facts, User
from bot.dialog.turn import Turn
from bot.i18n.zones import next_daily
from bot.nudges import bags, policy, vocabulary
from tests.carried import library

MORNING = datetime(2026, 5, 4, 6, tzinfo=UTC)  # 08:00 in Berlin
BANKS = ("nudges_reach", "nudges_space", "nudges_steady")
SEEDS = st.integers(0, 2**62)


def drawn(names: tuple[str, ...], seed: int, count: int) -> list[str]:
    return list(islice(bags.draws([library().banks[name] for name in names], seed), count))


# The bags -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BANKS)
@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_no_line_comes_again_before_every_other_was_said(name: str, seed: int) -> None:
    size = len(library().banks[name])
    lines = drawn((name,), seed, 2 * size)
    assert len(set(lines[:size])) == len(set(lines[size:])) == size
    assert lines[:size] != lines[size:]


@pytest.mark.parametrize("names", [*((name,) for name in BANKS), ("nudges_reach", "nudges_space")], ids="+".join)
@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_a_theme_rests_three_days_also_from_one_filling_to_the_next(names: tuple[str, ...], seed: int) -> None:
    themes = [bags.theme(line) for line in drawn(names, seed, 500)]
    for at, theme in enumerate(themes):
        assert theme not in themes[max(0, at - bags.THEME_RESTS) : at]


def test_two_bags_take_turns() -> None:
    lines = drawn(("nudges_reach", "nudges_space"), 7, 20)
    reach, space = (set(library().banks[name]) for name in ("nudges_reach", "nudges_space"))
    assert all(line in reach for line in lines[::2])
    assert all(line in space for line in lines[1::2])


def test_one_draw_is_one_step_of_the_whole_order() -> None:
    banks = [library().banks["nudges_reach"], library().banks["nudges_space"]]
    assert [bags.draw(banks, 7, number) for number in range(30)] == list(islice(bags.draws(banks, 7), 30))


def test_everybody_has_an_order_of_their_own_that_stays() -> None:
    assert drawn(("nudges_reach",), 1, 30) == drawn(("nudges_reach",), 1, 30)
    assert len({tuple(drawn(("nudges_reach",), seed, 5)) for seed in range(20)}) == 20


@given(st.integers(1, 4), st.integers(1, 4), SEEDS)
def test_a_small_bank_of_few_themes_still_gives_each_line_once(themes: int, lines: int, seed: int) -> None:
    bank = [f"theme{theme}_{line}" for theme in range(themes) for line in range(lines)]
    assert sorted(bags.draw([bank], seed, number) for number in range(len(bank))) == sorted(bank)


@pytest.mark.parametrize(("name", "size"), [("nudges_reach", 120), ("nudges_space", 120), ("nudges_steady", 80)])
def test_a_bank_has_enough_short_lines_of_every_theme(name: str, size: int) -> None:
    lines = library().banks[name]
    words = {line: library().catalog.render_plain(Phrase(f"banks.{name}.{line}"), "en", "") for line in lines}
    assert len(lines) == len(set(words.values())) == size
    assert {line: text for line, text in words.items() if len(text) > 90} == {}
    assert set(Counter(map(bags.theme, lines)).values()) == {10}
    commands = {word.strip(".") for text in words.values() for word in text.split() if word.startswith("/")}
    assert commands <= {f"/{command}" for command in library().commands}


# When a line may come -------------------------------------------------------------------------------------------------


def person(**fields: object) -> User:
    return User(**{"id": 1, "chat_id": 1, "nudges": "daily", "consent": 1, "nudge_at": time(8)} | fields)  # type: ignore[arg-type]


def may(user: User, *, late: timedelta = timedelta(), at: time = time(8), last: timedelta | None = None) -> bool:
    said = None if last is None else MORNING - last
    return policy.may_come(user, MORNING - late, MORNING, at, said)


def test_a_line_comes_to_who_wants_one() -> None:
    assert may(person())
    assert not may(person(nudges="off"))
    assert not may(person(consent=0))
    assert not may(person(stopped=True))
    assert not may(person(paused_until=MORNING + timedelta(minutes=1)))
    assert may(person(paused_until=MORNING))


def test_an_old_line_is_left_out() -> None:
    assert may(person(), late=timedelta(hours=2))
    assert not may(person(), late=timedelta(hours=2, seconds=1))


@pytest.mark.parametrize(
    ("start", "end", "at", "quiet"),
    [
        (time(22), time(8), time(22), True),
        (time(22), time(8), time(0), True),
        (time(22), time(8), time(7, 59), True),
        (time(22), time(8), time(8), False),
        (time(22), time(8), time(21, 59), False),
        (time(13), time(15), time(14), True),
        (time(13), time(15), time(15), False),
        (time(13), time(13), time(13), False),
        (None, None, time(3), False),
    ],
)
def test_quiet_hours_are_quiet(start: time | None, end: time | None, at: time, quiet: bool) -> None:
    user = person(quiet_from=start, quiet_to=end)
    assert policy.is_quiet(user, at) is quiet
    assert may(user, at=at) is not quiet


def test_who_told_no_quiet_hours_is_asked_nothing_at_night_but_may_have_a_line() -> None:
    assert policy.is_quiet(person(), time(3), policy.NIGHT)
    assert not policy.is_quiet(person(), time(12), policy.NIGHT)
    assert may(person(), at=time(7))


JOURNEYS = st.lists(
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Tokyo", "Pacific/Auckland", "Pacific/Honolulu"]),
    min_size=30,
    max_size=30,
)


@given(
    st.sampled_from(["daily", "alternate"]),
    st.integers(0, 365 * 24).map(lambda hours: MORNING + timedelta(hours=hours)),
    st.times(),
    JOURNEYS,
)
def test_no_journey_makes_two_lines_of_one(nudges: str, now: datetime, hour: time, zones: list[str]) -> None:
    user = person(nudges=nudges, nudge_at=hour)
    said: list[datetime] = []
    for zone in zones:
        now = next_daily(now, hour, zone)
        if policy.may_come(user, now, now, now.astimezone(ZoneInfo(zone)).time(), said[-1] if said else None):
            said.append(now)
    gaps = [later - earlier for earlier, later in pairwise(said)]
    least = timedelta(hours=12 if nudges == "daily" else 36)
    assert least <= min(gaps)
    assert max(gaps) < least + timedelta(hours=48)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"])
@pytest.mark.parametrize("hour", [time(0), time(2, 30), time(8), time(23, 59)])
def test_at_home_a_line_comes_every_other_day_through_a_whole_year(zone: str, hour: time) -> None:
    user = person(nudges="alternate")
    now, last, days = datetime(2026, 1, 1, tzinfo=UTC), None, []
    for _ in range(365):
        now = next_daily(now, hour, zone)
        if policy.may_come(user, now, now, hour, last):
            last = now
            days.append(now.astimezone(ZoneInfo(zone)).toordinal())
    assert {later - earlier for earlier, later in pairwise(days)} == {2}


def test_three_lines_without_an_answer_slow_it_down() -> None:
    assert not policy.slows_down(person(ignored=2), kept=False)
    assert policy.slows_down(person(ignored=3), kept=False)
    assert not policy.slows_down(person(ignored=30), kept=True)
    assert not policy.slows_down(person(ignored=3, nudges="alternate"), kept=False)


# What is drawn --------------------------------------------------------------------------------------------------------


def turn(user: User, memory: dict[str, int], now: datetime = MORNING) -> Turn:
    return Turn("@begin", "nudge", {}, Facts(now, user), memory=memory, banks=library().banks)


@pytest.mark.parametrize(
    ("role", "banks"),
    [
        ("reach", ["nudges_reach"] * 4),
        ("space", ["nudges_space"] * 4),
        ("both", ["nudges_reach", "nudges_space"] * 2),
        ("steady", ["nudges_steady"] * 4),
        ("", ["nudges_steady"] * 4),
    ],
)
def test_each_role_draws_from_its_own_bags(role: str, banks: list[str]) -> None:
    memory: dict[str, int] = {}
    keys = []
    for _ in range(4):
        today = turn(person(role=role), memory)
        vocabulary.draw_nudge(today)
        line = vocabulary.line(today)
        assert isinstance(line, Phrase)
        keys.append(line.key)
    assert [key.split(".")[1] for key in keys] == banks
    assert len(set(keys)) == 4


def test_the_button_of_an_old_line_still_speaks_of_that_line() -> None:
    memory: dict[str, int] = {}
    first, second = (turn(person(role="both"), memory) for _ in range(2))
    for drawn_today in (first, second):
        vocabulary.draw_nudge(drawn_today)
    pressed = turn(person(role="space"), memory)  # who told another role since
    pressed.ref = first.ref
    assert vocabulary.line(pressed) == vocabulary.line(first) != vocabulary.line(second)


@given(st.text(max_size=12) | st.from_regex(r"[rsg]+(0|[1-9][0-9]*)", fullmatch=True))
def test_a_reference_that_nobody_made_names_no_line(ref: str) -> None:
    forged = turn(person(), {"nudge.r": 2})
    forged.ref = ref
    assert (vocabulary.line(forged) is None) == (not re.fullmatch("r0*1?", ref))


def test_a_line_counts_as_unanswered_until_somebody_answers() -> None:
    today = turn(person(ignored=1), {})
    vocabulary.draw_nudge(today)
    assert ChangeUser({"ignored": 2}) in today.effects
    vocabulary.nudge_answered(today)
    assert today.effects[-1] == ChangeUser({"ignored": 0})


def test_after_the_word_that_it_gets_slower_the_next_line_is_two_days_away() -> None:
    memory: dict[str, int] = {}
    vocabulary.slow_down(turn(person(), memory))
    slowed = person(nudges="alternate")
    assert not vocabulary.may_nudge(turn(slowed, memory, MORNING + timedelta(days=1)))
    assert vocabulary.may_nudge(turn(slowed, memory, MORNING + timedelta(days=2)))


def test_who_was_asked_and_keeps_it_is_not_asked_again_unless_they_change_it() -> None:
    memory: dict[str, int] = {}
    vocabulary.keep_nudges(turn(person(), memory))
    assert not vocabulary.nudges_slow_down(turn(person(ignored=9), memory))
    vocabulary.nudges(turn(person(), memory), "daily")
    assert vocabulary.nudges_slow_down(turn(person(ignored=9), memory))
