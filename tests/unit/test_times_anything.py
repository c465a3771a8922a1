"""Whatever is typed, whenever and wherever: a time that is read lies ahead, and not too far."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.i18n.times import LIMIT, read_time

BERLIN = "Europe/Berlin"
VOCABULARY = [
    "in",
    "8",
    "20",
    "half",
    "past",
    "to",
    "quarter",
    "an",
    "hour",
    "min",
    "tomorrow",
    "tonight",
    "morning",
    "at",
    "pm",
]
MOMENTS = st.integers(0, 2 * 366 * 86400).map(
    lambda seconds: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
    "",
]


@settings(deadline=None)
@given(
    st.one_of(st.lists(st.sampled_from(VOCABULARY), max_size=5).map(" ".join), st.text(max_size=30)),
    MOMENTS,
    st.sampled_from(ZONES),
)
def test_whatever_is_typed_whenever_and_wherever_the_reading_lies_ahead(text: str, now: datetime, zone: str) -> None:
    reading = read_time(text, now, zone)
    if reading is not None:
        assert now - timedelta(seconds=1) < reading.at <= now + LIMIT
        assert reading.at.tzinfo is UTC
        assert reading.at.microsecond == 0


@settings(deadline=None)
@given(st.integers(0, 23), st.integers(0, 59), MOMENTS)
def test_a_clock_time_in_digits_comes_within_a_day_and_a_change_of_clocks(
    hour: int, minute: int, now: datetime
) -> None:
    reading = read_time(f"{hour:02d}:{minute:02d}", now, BERLIN)
    assert reading is not None
    assert timedelta() < reading.at - now <= timedelta(hours=25)
