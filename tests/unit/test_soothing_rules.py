"""Which tools come first, and when they stop: the rules behind `/soothe`, without a word of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.facts import Drop
from bot.soothing import stops, techniques

ROLES = ("reach", "space", "both", "steady", "")
BODY = {"t1", "t2", "t6"}

ratings = st.integers(0, 10)
roles = st.sampled_from(ROLES)
drops = st.dictionaries(st.sampled_from(techniques.TECHNIQUES), st.builds(Drop, st.integers(1, 9), st.floats(-10, 10)))


@given(st.integers(8, 10), roles, drops)
def test_from_eight_on_only_the_body_is_offered_whatever_helped_before(
    rating: int, role: str, drops: dict[str, Drop]
) -> None:
    assert set(techniques.suggested(rating, role, drops)) == BODY


@given(st.integers(0, 7), roles, drops)
def test_below_eight_every_tool_is_offered_once(rating: int, role: str, drops: dict[str, Drop]) -> None:
    assert sorted(techniques.suggested(rating, role, drops)) == sorted(techniques.TECHNIQUES)


@pytest.mark.parametrize("role", ROLES)
def test_the_middle_begins_with_the_body_and_shows_one_tool_of_words(role: str) -> None:
    for rating in (5, 6, 7):
        first, second, third = techniques.page(techniques.fitting(rating, role), others=False)
        assert {first, second} <= BODY
        assert third not in BODY


@pytest.mark.parametrize("role", ROLES)
def test_a_low_number_begins_with_words(role: str) -> None:
    for rating in range(5):
        assert not BODY & set(techniques.page(techniques.fitting(rating, role), others=False))


def test_who_reaches_meets_someone_safe_early_and_who_steps_back_meets_feet_and_hands() -> None:
    assert techniques.page(techniques.fitting(6, "reach"), others=False) == ("t1", "t2", "t14")
    assert techniques.page(techniques.fitting(6, "space"), others=False) == ("t6", "t2", "t8")


def test_three_rated_runs_are_needed_before_a_persons_own_numbers_count() -> None:
    assert techniques.ranked(4, "", {"t9": Drop(2, 5.0)}) == techniques.fitting(4, "")
    assert techniques.ranked(4, "", {"t9": Drop(3, 5.0)})[0] == "t9"
    assert techniques.ranked(4, "", {"t9": Drop(1, 5.0), "t6": Drop(2, 1.0)})[:2] == ("t9", "t6")


def test_what_is_untried_comes_before_what_made_it_worse() -> None:
    order = techniques.ranked(3, "", {"t8": Drop(3, -1.0), "t2": Drop(3, 2.0)})
    assert order == ("t2", "t9", "t14", "t1", "t6", "t8")


def test_a_favourite_is_named_only_if_it_helped() -> None:
    helped, hindered = {"t2": Drop(3, 2.0)}, {"t2": Drop(3, -2.0)}
    assert techniques.favourite(techniques.ranked(6, "", helped), helped) == "t2"
    assert techniques.favourite(techniques.ranked(6, "", hindered), hindered) == ""
    assert techniques.favourite(techniques.ranked(6, "", {}), {}) == ""


def test_what_was_just_tried_comes_last_and_dizziness_ends_breathing() -> None:
    assert techniques.suggested(9, "", {}, tried=["t1"]) == ("t2", "t6", "t1")
    assert techniques.suggested(9, "", {}, breathing=False) == ("t6",)
    assert not techniques.BREATHING & set(techniques.suggested(2, "", {}, breathing=False))


@given(ratings, roles, drops)
def test_the_two_pages_hold_each_tool_once(rating: int, role: str, drops: dict[str, Drop]) -> None:
    order = techniques.suggested(rating, role, drops)
    assert techniques.page(order, others=False) + techniques.page(order, others=True) == order


@pytest.mark.parametrize(("before", "after", "worse"), [(4, 6, True), (4, 5, False), (6, 4, False), (None, 10, False)])
def test_two_more_than_before_ends_the_exercises(before: int | None, after: int, worse: bool) -> None:
    assert stops.made_worse(before, after) is worse


@pytest.mark.parametrize(("after", "runs", "stop"), [(8, 2, True), (10, 3, True), (8, 1, False), (7, 5, False)])
def test_still_eight_after_two_exercises_ends_them(after: int, runs: int, stop: bool) -> None:
    assert stops.stays_high(after, runs) is stop


@pytest.mark.parametrize(("today", "sitting", "often"), [(5, 0, False), (6, 0, True), (0, 6, True), (0, 5, False)])
def test_the_seventh_run_of_a_day_offers_a_person_first(today: int, sitting: int, often: bool) -> None:
    assert stops.is_often(today, sitting) is often


@pytest.mark.parametrize("text", ["stop", "Stop!", "please stop", "enough", "I want to stop", "stop it please"])
def test_the_wish_to_stop_is_heard(text: str) -> None:
    assert stops.says_stop(text, "en")


@pytest.mark.parametrize("text", ["I can't stop thinking", "he won't stop calling", "I'm not good enough", "7", ""])
def test_other_words_are_no_wish_to_stop(text: str) -> None:
    assert not stops.says_stop(text, "en")


@pytest.mark.parametrize(
    "text",
    [
        "I feel dizzy",
        "a bit light-headed",
        "my hands are tingling",
        "I\u2019m going numb",
        "nothing feels real",
        "I can't feel my hands",
    ],
)
def test_what_the_body_reports_is_heard(text: str) -> None:
    assert stops.reports_body(text, "en")


@pytest.mark.parametrize(
    "text", ["tense", "my chest is tight from crying", "number 7", "my real feelings", "a faithful friend"]
)
def test_other_words_report_nothing(text: str) -> None:
    assert not stops.reports_body(text, "en")


@pytest.mark.parametrize(
    "text",
    [
        "I'm drunk",
        "I am so wasted",
        "I drank too much",
        "I've been drinking all night",
        "I took some ketamine",
        "i got pretty stoned",
    ],
)
def test_much_drink_or_drugs_are_heard(text: str) -> None:
    assert stops.tells_of_drink(text, "en")


@pytest.mark.parametrize(
    "text",
    [
        "he was drunk again",
        "I drank a lot of tea",
        "I had a lot to do",
        "high hopes",
        "let's have a drink of water",
        "I had a lot of coffee",
    ],
)
def test_other_drinks_and_other_people_are_not_meant(text: str) -> None:
    assert not stops.tells_of_drink(text, "en")


def test_a_language_without_words_is_left_to_its_buttons() -> None:
    assert not stops.says_stop("stop", "xx")
