"""Wordings rotate: each is heard before any comes again, and none twice in a row."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.i18n.variants import shuffled

SEEDS = st.integers(0, 2**63)
NAMES = st.integers(0, 2**32 - 1)


@settings(deadline=None)
@given(SEEDS, NAMES, st.integers(1, 12), st.integers(0, 50))
def test_each_comes_once_before_any_comes_again(seed: int, name: int, size: int, lap: int) -> None:
    assert sorted(shuffled(seed, name, lap * size + n, size) for n in range(size)) == list(range(size))


@settings(deadline=None)
@given(SEEDS, NAMES, st.integers(2, 9))
def test_none_comes_twice_in_a_row_also_where_a_new_round_begins(seed: int, name: int, size: int) -> None:
    order = [shuffled(seed, name, turn, size) for turn in range(20 * size)]
    assert all(one != other for one, other in pairwise(order))


@settings(deadline=None)
@given(SEEDS, NAMES, st.integers(1, 9), st.integers(0, 10**6))
def test_the_same_meeting_always_gives_the_same_wording(seed: int, name: int, size: int, turn: int) -> None:
    assert shuffled(seed, name, turn, size) == shuffled(seed, name, turn, size)


def test_every_round_is_shuffled_anew() -> None:
    assert len({tuple(shuffled(1, 1, 6 * lap + n, 6) for n in range(6)) for lap in range(50)}) > 40


def test_people_and_phrases_differ_in_order() -> None:
    def order(seed: int, name: int) -> tuple[int, ...]:
        return tuple(shuffled(seed, name, turn, 6) for turn in range(6))

    assert len({order(seed, 1) for seed in range(50)}) > 40
    assert len({order(1, name) for name in range(50)}) > 40


def test_every_wording_comes_first_for_someone_about_equally_often() -> None:
    firsts = [shuffled(seed, 7, 0, 5) for seed in range(1000)]
    assert all(140 < firsts.count(n) < 260 for n in range(5))
