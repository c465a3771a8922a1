"""No second holds more grants than Telegram allows, and nothing of the allowance is wasted."""

from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.storage.budget import PER_CHAT, SECOND, Pace, limits


def granted(pace: Pace, asked: list[tuple[int, int]]) -> list[int]:
    """When grants were given, to somebody who asks after so many microseconds for so many."""
    tat, now, given_at = 0, 10**15, []
    for pause, want in asked:
        now += pause
        room = pace.room(tat, now, want)
        tat = pace.spent(tat, now, room) if room else tat
        given_at += [now] * room
    return given_at


@given(st.integers(1, 200), st.lists(st.tuples(st.integers(0, SECOND), st.integers(1, 50)), min_size=1, max_size=200))
def test_no_second_holds_more_than_the_rate(rate: int, asked: list[tuple[int, int]]) -> None:
    pace = limits(rate).budget
    assert pace is not None
    times = granted(pace, asked)
    assert all(n - bisect_left(times, end - SECOND) < rate for n, end in enumerate(times))


@pytest.mark.parametrize(("rate", "least"), [(30, 27), (10, 9), (1, 0.9), (100, 90)])
def test_who_always_asks_gets_nine_tenths_of_the_rate(rate: int, least: float) -> None:
    pace = limits(rate).budget
    assert pace is not None
    assert len(granted(pace, [(1000, 5)] * 100_000)) >= least * 100 * 0.99


def test_thirty_a_second_leave_room_for_three_at_once() -> None:
    assert limits(30).budget == Pace(37038, 3)
    assert limits(30).lane == PER_CHAT == Pace(SECOND, 5)


def test_a_rate_of_zero_has_no_limits() -> None:
    lifted = limits(0)
    assert (lifted.budget, lifted.lane.room(10**18, 0, 999)) == (None, 999)


def test_a_hold_ends_exactly_and_then_gives_one() -> None:
    pace = Pace(SECOND, 5)
    tat = pace.held(100 * SECOND)
    assert (pace.room(tat, 100 * SECOND - 1, 9), pace.room(tat, 100 * SECOND, 9)) == (0, 1)
    assert pace.ready(tat) == 100 * SECOND
