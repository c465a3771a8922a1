"""A time zone is guessed from a clock, a place's name or a pin."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from babel.core import get_global
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.i18n.cities import CITIES, NICKNAMES, PRINCIPAL
from bot.i18n.places import CHOICES, _zones, zone_at, zone_from_clock, zone_of_city

WINTER = datetime(2026, 1, 10, 13, 4, tzinfo=UTC)
SUMMER = datetime(2026, 7, 10, 13, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "zones"),
    [
        ("Berlin", ["Europe/Berlin"]),
        ("  berlin! ", ["Europe/Berlin"]),
        ("Berln", ["Europe/Berlin"]),
        ("I live in Paris", ["Europe/Paris"]),
        ("München", ["Europe/Berlin"]),
        ("muenchen", ["Europe/Berlin"]),
        ("são paulo", ["America/Sao_Paulo"]),
        ("New-York", ["America/New_York"]),
        ("NYC", ["America/New_York"]),
        ("L.A.", ["America/Los_Angeles"]),
        ("Austin, Texas", ["America/Chicago"]),
        ("London, UK", ["Europe/London"]),
        ("Unknownville, Germany", ["Europe/Berlin"]),
        ("St. Petersburg", ["Europe/Moscow"]),
        ("mumbai", ["Asia/Kolkata"]),
        ("Bombay", ["Asia/Kolkata"]),
        ("Kiev", ["Europe/Kyiv"]),
        ("Teheran", ["Asia/Tehran"]),
        ("Buenos Aires", ["America/Argentina/Buenos_Aires"]),
        ("uk", ["Europe/London"]),
        ("the Netherlands", ["Europe/Amsterdam"]),
        ("nepal", ["Asia/Kathmandu"]),
        ("San Jose", ["America/Costa_Rica", "America/Los_Angeles"]),
        ("Georgia", ["Asia/Tbilisi", "America/New_York"]),
        ("Portugal", ["Europe/Lisbon", "Atlantic/Azores"]),
        ("Xanadu", []),
        ("", []),
        ("🙂", []),
        ("UTC", []),
    ],
)
def test_a_place_is_found_by_name(text: str, zones: list[str]) -> None:
    assert [zone for _, zone in zone_of_city(text)] == zones


def test_a_large_country_offers_its_larger_zones_by_city() -> None:
    assert zone_of_city("USA")[:3] == [
        ("New York", "America/New_York"),
        ("Chicago", "America/Chicago"),
        ("Los Angeles", "America/Los_Angeles"),
    ]
    assert len(zone_of_city("Russia")) == CHOICES


def test_labels_tell_places_of_one_name_apart() -> None:
    labels = [label for label, _ in zone_of_city("san jose")]
    assert labels == ["San Jose (Costa Rica)", "San Jose (Los Angeles)"]
    assert zone_of_city("munchen") == [("München", "Europe/Berlin")]
    assert zone_of_city("uk") == [("United Kingdom", "Europe/London")]


def test_countries_are_known_in_the_persons_language_too() -> None:
    assert zone_of_city("Україна", "uk") == [("Україна", "Europe/Kyiv")]
    assert zone_of_city("Deutschland", "de-at") == [("Deutschland", "Europe/Berlin")]
    assert zone_of_city("Germany", "de") == [("Germany", "Europe/Berlin")]


@pytest.mark.parametrize(
    ("text", "language", "now", "first"),
    [
        ("14:05", "de", WINTER, "Europe/Berlin"),
        ("14:05", "fr", WINTER, "Africa/Kinshasa"),
        ("14:05", "fr-fr", WINTER, "Europe/Paris"),
        ("14:05", "pl", WINTER, "Europe/Warsaw"),
        ("13:04", "en", WINTER, "Europe/London"),
        ("14:04", "en", SUMMER, "Africa/Lagos"),
        ("14:04", "en-gb", SUMMER, "Europe/London"),
        ("it's 1pm", "en", WINTER, "Europe/London"),
        ("8:05", "en", WINTER, "America/New_York"),
        ("8 05 in the morning", "en", WINTER, "America/New_York"),
        ("10:00", "pt-br", WINTER, "America/Sao_Paulo"),
        ("16", "ru", WINTER, "Europe/Moscow"),
        ("18:35", "en", WINTER, "Asia/Kolkata"),
        ("half past six", "hi", WINTER, "Asia/Kolkata"),
        ("16:34", "fa", WINTER, "Asia/Tehran"),
        ("18:49", "ne", WINTER, "Asia/Kathmandu"),
        ("9:34", "en", WINTER, "America/St_Johns"),
        ("2:05 am", "en-nz", WINTER, "Pacific/Auckland"),
    ],
)
def test_the_zone_follows_from_what_the_clock_shows(text: str, language: str, now: datetime, first: str) -> None:
    assert zone_from_clock(text, now, language)[:1] == [first]


@settings(deadline=None)
@given(
    st.sampled_from(PRINCIPAL),
    st.integers(0, 366 * 1440).map(lambda minutes: minutes * 60 + 1_767_225_600),
    st.integers(-9, 9),
)
def test_a_clock_a_few_minutes_off_never_leads_to_another_hour(zone: str, stamp: int, off: int) -> None:
    now = datetime.fromtimestamp(stamp, UTC)
    shown = datetime.fromtimestamp(stamp + 60 * off, ZoneInfo(zone))
    found = zone_from_clock(f"{shown:%H:%M}", now, "en")
    exact = shown.minute != 0
    assert found or not exact
    for candidate in found:
        apart = abs(now.astimezone(ZoneInfo(candidate)).utcoffset() - shown.utcoffset()).total_seconds()  # type: ignore[operator]
        # Before 13:00 it may be either half of the day.
        assert min(apart % 43200, -apart % 43200) <= (20 * 60 if exact else 40 * 60)


@pytest.mark.parametrize("text", ["hello", "", "tonight", "25:00", "in an hour"])
def test_no_clock_no_zone(text: str) -> None:
    assert zone_from_clock(text, WINTER) == []


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        zone_from_clock("14:05", datetime(2026, 1, 1))  # noqa: DTZ001


def test_a_pin_gives_a_zone_on_land_and_none_at_sea() -> None:
    assert zone_at(52.5, 13.4) == "Europe/Berlin"
    assert zone_at(27.7, 85.3) == "Asia/Kathmandu"
    assert zone_at(40.7, -74.0) == "America/New_York"
    assert zone_at(40.0, -30.0) == ""


def test_every_zone_in_our_lists_exists_and_its_country_is_known() -> None:
    territories = get_global("zone_territories")
    assert set(PRINCIPAL) | set(CITIES) <= _zones()
    assert len(set(PRINCIPAL)) == len(PRINCIPAL)
    assert [zone for zone in PRINCIPAL if zone not in territories] == []
    assert [code for code in NICKNAMES.values() if code not in get_global("territory_zones")] == []


def test_every_city_in_our_list_is_found_in_its_zone() -> None:
    for zone, cities in CITIES.items():
        for city in cities.split(","):
            assert zone in [found for _, found in zone_of_city(city)], city
