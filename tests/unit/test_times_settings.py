"""Times of day for settings, hours from one to another, and ratings are read from plain words."""

from datetime import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.i18n.times import read_clock, read_hours, read_rating


@pytest.mark.parametrize(
    ("text", "around", "at"),
    [
        ("quarter past ten", None, "10:15"),
        ("quarter past ten", "22:00", "22:15"),
        ("quarter past ten", "08:00", "10:15"),
        ("8pm", None, "20:00"),
        ("8 am", "22:00", "08:00"),
        ("22", None, "22:00"),
        ("22:30", "08:00", "22:30"),
        ("12", "22:00", "00:00"),
        ("12", None, "12:00"),
        ("noon", None, "12:00"),
        ("midnight", None, "00:00"),
        ("at 9 in the evening", None, "21:00"),
        ("in the evening", None, "20:00"),
        ("morning please", None, "08:00"),
        ("0:30", None, "00:30"),
        ("1", "00:30", "01:00"),
        ("half past seven", "20:00", "19:30"),
    ],
)
def test_a_time_of_day_is_read_near_what_it_is_for(text: str, around: str | None, at: str) -> None:
    assert read_clock(text, around=time.fromisoformat(around) if around else None) == time.fromisoformat(at)


@pytest.mark.parametrize("text", ["tomorrow at 9", "later", "in an hour", "25", "", "never", "9 or 10"])
def test_what_is_no_time_of_day_is_not_read(text: str) -> None:
    assert read_clock(text) is None


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("22-8", "22:00", "08:00"),
        ("22 – 8", "22:00", "08:00"),
        ("22:30-07:15", "22:30", "07:15"),
        ("from 10pm to 7", "22:00", "07:00"),
        ("10 to 7", "22:00", "07:00"),
        ("10-7am", "22:00", "07:00"),
        ("between eleven and six", "23:00", "06:00"),
        ("from half past ten until quarter to seven", "22:30", "06:45"),
        ("quarter to 10 to 7", "21:45", "07:00"),
        ("11pm till noon", "23:00", "12:00"),
        ("midnight to 8", "00:00", "08:00"),
        ("9 in the evening to 9 in the morning", "21:00", "09:00"),
        ("12 to 8", "00:00", "08:00"),
    ],
)
def test_quiet_hours_go_from_the_evening_to_the_morning(text: str, start: str, end: str) -> None:
    assert read_hours(text) == (time.fromisoformat(start), time.fromisoformat(end))


@pytest.mark.parametrize("text", ["22", "22-", "-8", "22-22", "22-25", "1-2-3", "", "all night", "20-30 min"])
def test_what_is_not_two_times_is_no_quiet_hours(text: str) -> None:
    assert read_hours(text) is None


@pytest.mark.parametrize(
    ("text", "rating"),
    [
        ("7", 7),
        ("7/10", 7),
        ("7 / 10", 7),
        ("7 out of 10", 7),
        ("seven", 7),
        ("seveen", 7),
        ("about 6", 6),
        ("maybe a 6?", 6),
        ("it's a 7", 7),
        ("６", 6),
        ("٧", 7),
        ("7️⃣", 7),
        ("🔟", 10),
        ("10", 10),
        ("ten", 10),
        ("10/10!!", 10),
        ("0", 0),
        ("zero", 0),
        ("7.", 7),
        ("8.0", 8),
    ],
)
def test_a_rating_is_read_from_digits_and_words(text: str, rating: int) -> None:
    assert read_rating(text) == rating


@pytest.mark.parametrize(
    "text",
    [
        "11",
        "-1",
        "7-8",
        "6 or 7",
        "7.5",
        "3/5",
        "very",
        "",
        "twenty",
        "8 pm",
        "8:00",
        "an hour",
        "100",
        "no",
        "7 8",
        "𝟟𝟟𝟟",
    ],
)
def test_what_is_no_rating_from_0_to_10_is_not_read(text: str) -> None:
    assert read_rating(text) is None


@settings(deadline=None)
@given(st.text(max_size=20))
def test_any_text_is_a_rating_from_0_to_10_or_none(text: str) -> None:
    assert read_rating(text) in {None, *range(11)}
