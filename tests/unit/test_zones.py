"""A daily time comes once a day, whatever the clocks of its zone do."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.i18n.zones import next_daily

ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",  # jumps at midnight
    "Australia/Lord_Howe",  # by half an hour
    "Africa/Cairo",
    "Pacific/Auckland",
]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "wall", "after", "expected"),
    [
        # an ordinary day
        ("Europe/Berlin", "09:00", "2026-05-04T06:00", "2026-05-04T07:00"),
        ("Europe/Berlin", "09:00", "2026-05-04T07:00", "2026-05-05T07:00"),
        ("", "09:00", "2026-05-04T07:00", "2026-05-04T09:00"),
        # clocks jump over it: the first minute after the jump, then as ever
        ("Europe/Berlin", "02:30", "2026-03-28T12:00", "2026-03-29T01:00"),
        ("Europe/Berlin", "02:30", "2026-03-29T01:00", "2026-03-30T00:30"),
        ("America/New_York", "02:15", "2026-03-08T00:00", "2026-03-08T07:00"),
        ("America/Santiago", "00:30", "2026-09-05T12:00", "2026-09-06T04:00"),
        ("Australia/Lord_Howe", "02:10", "2026-10-03T00:00", "2026-10-03T15:30"),
        ("Africa/Cairo", "00:20", "2026-04-23T12:00", "2026-04-23T22:00"),
        ("Pacific/Auckland", "02:59", "2026-09-26T00:00", "2026-09-26T14:00"),
        # they show it twice: the first time, and not again
        ("Europe/Berlin", "02:30", "2026-10-24T12:00", "2026-10-25T00:30"),
        ("Europe/Berlin", "02:30", "2026-10-25T00:30", "2026-10-26T01:30"),
        ("America/New_York", "01:15", "2026-11-01T00:00", "2026-11-01T05:15"),
        ("America/Santiago", "23:30", "2026-04-04T12:00", "2026-04-05T02:30"),
        ("Australia/Lord_Howe", "01:45", "2026-04-04T12:00", "2026-04-04T14:45"),
        ("Africa/Cairo", "23:30", "2026-10-29T12:00", "2026-10-29T20:30"),
        ("Pacific/Auckland", "02:30", "2026-04-04T00:00", "2026-04-04T13:30"),
        # times around a change keep their wall time
        ("Europe/Berlin", "09:00", "2026-03-28T12:00", "2026-03-29T07:00"),
        ("Europe/Berlin", "09:00", "2026-10-24T12:00", "2026-10-25T08:00"),
    ],
)
def test_the_next_instant_of_a_wall_time(zone: str, wall: str, after: str, expected: str) -> None:
    assert next_daily(at(after), time.fromisoformat(wall), zone) == at(expected)


@given(
    st.sampled_from(ZONES),
    st.times().map(lambda wall: wall.replace(second=0, microsecond=0)),
    st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: at("2026-01-01T00:00") + timedelta(minutes=minutes)),
)
def test_it_is_later_within_a_day_and_shows_the_wall_time(zone: str, wall: time, after: datetime) -> None:
    found = next_daily(after, wall, zone)
    local = found.astimezone(ZoneInfo(zone))
    assert timedelta() < found - after <= timedelta(hours=25)
    jump = local.utcoffset() != (found - timedelta(minutes=1)).astimezone(ZoneInfo(zone)).utcoffset()
    assert local.time() == wall or jump
    assert local.fold == 0


@pytest.mark.parametrize("zone", ZONES)
def test_it_comes_once_a_local_day_all_year(zone: str) -> None:
    for wall in (time(0, 0), time(2, 30), time(23, 59)):
        found, days = at("2026-01-01T12:00"), set()
        for _ in range(365):
            found = next_daily(found, wall, zone)
            days.add(found.astimezone(ZoneInfo(zone)).date())
        assert len(days) == 365


def test_an_unknown_zone_is_said_so() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        next_daily(at("2026-01-01T12:00"), time(9), "Moon/Tranquility")
