"""Guessing a person's time zone from the clock they see, the place they name or the pin they send."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from bot.i18n.cities import CITIES, NICKNAMES, PRINCIPAL
from bot.i18n.clocks import wall
from bot.i18n.locales import DEFAULT, cldr, language_of
from bot.i18n.spelling import closest, folded
from bot.i18n.symbols import symbols

CHOICES = 6
"""At most so many zones are offered: more than fit under a message help nobody."""


def zone_from_clock(text: str, now: datetime, language: str = DEFAULT) -> list[str]:
    """
    The zones in which it is about the time that `text` tells, likeliest first; empty if it tells none.

    A clock may be ten minutes off, or half an hour where no minutes were given. Zones where `language` (an IETF tag; its
    region counts most) is spoken come first, then those where more people live. Raises ValueError for a naive `now`.
    """
    if now.tzinfo is None:
        raise ValueError("the zone cannot be told from a time without a zone")
    found = symbols(text, language)
    said = wall(found)
    if said is None or said.hour is None:
        return []
    rough = said.minute == 0 and not any(":00" in symbol or ".00" in symbol for symbol in found)
    slack = 30 if rough else 10
    fitting = []
    for rank, zone in enumerate(PRINCIPAL):
        here = now.astimezone(ZoneInfo(zone))
        shown = here.hour * 60 + here.minute
        off = min(abs((hour * 60 + said.minute - shown + 720) % 1440 - 720) for hour in said.hours)
        if off <= slack:
            fitting.append((-_spoken(zone, language), rank, zone))
    return _distinct(zone for *_, zone in sorted(fitting))


def zone_of_city(text: str, language: str = DEFAULT) -> list[tuple[str, str]]:
    """
    The places called `text` as (label, zone), empty if none is known. Cities and countries, one slip allowed.

    A country with several zones gives one line for each of the larger ones; so does a name that several cities bear.
    """
    names = _names(language_of(language))
    wanted = _spelled(text)
    for spelling in (wanted, *(wanted.removeprefix(start) for start in _STARTS), *_parts(text)):
        name = spelling if spelling in names else closest(spelling, names)
        if name:
            return names[name][:CHOICES]
    return []


def zone_at(latitude: float, longitude: float) -> str:
    """The zone at a point, in degrees; empty at sea and at the poles. The point goes no further than this function."""
    from tzfpy import get_tz

    zone = str(get_tz(longitude, latitude))
    return zone if zone in _zones() else ""


_REGIONS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
_STARTS = ("i live in ", "i am in ", "im in ", "near ", "in ", "the ")


def _distinct(zones: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(zones))[:CHOICES]


def _spoken(zone: str, language: str) -> int:
    """How much a language tag speaks for a zone: 2 if it names the region, 1 if the language is official there."""
    from babel.core import get_global

    territory = get_global("zone_territories").get(zone, "")
    region = language.replace("-", "_").partition("_")[2].upper()
    if region and region == territory:
        return 2
    tongues = get_global("territory_languages").get(territory, {})
    return int(bool(tongues.get(language_of(language), {}).get("official_status")))


@cache
def _zones() -> frozenset[str]:
    """Every zone a person can live in: those named after places."""
    listed = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    return frozenset(zone for zone in listed if zone.partition("/")[0] in _REGIONS)


@cache
def _names(language: str) -> dict[str, list[tuple[str, str]]]:
    """Every known name, folded, with the places that bear it."""
    places: dict[str, dict[str, str]] = {}

    def add(name: str, label: str, zone: str) -> None:
        places.setdefault(_spelled(name), {}).setdefault(zone, label)

    wide: dict[str, list[tuple[str, str]]] = {}
    for name, title, zones in _countries(language):
        if len(zones) == 1:
            add(name, title, zones[0])
        else:
            wide[_spelled(name)] = [(_label(zone), zone) for zone in zones]
    for zone, cities in CITIES.items():
        for city in cities.split(","):
            add(city, city.strip(), zone)
    for zone in sorted(_zones()):
        add(_label(zone), _label(zone), zone)
    return {name: _labelled(zones) for name, zones in places.items()} | wide


def _countries(language: str) -> Iterator[tuple[str, str, list[str]]]:
    """Every country under each of its names: the name, the label to show, and its principal zones, the largest first."""
    from babel.core import get_global

    known = get_global("territory_zones")
    ranks = {zone: rank for rank, zone in enumerate(PRINCIPAL)}
    for locale in (DEFAULT, language):
        titles = {code: str(name) for code, name in cldr(locale).territories.items() if code in known}
        for name, code in [(title, code) for code, title in titles.items()] + list(NICKNAMES.items()):
            zones = sorted((zone for zone in known[code] if zone in ranks), key=ranks.__getitem__)
            zones = zones or [zone for zone in known[code] if zone in _zones()][:1]
            if zones:
                yield name, titles[code], zones


def _labelled(zones: dict[str, str]) -> list[tuple[str, str]]:
    """Two old names of one zone are one place; a name several cities bear tells the zone apart in brackets."""
    kept: dict[str, tuple[str, str]] = {}
    for zone, label in zones.items():
        kept.setdefault(_identity(zone), (label, zone))
    if len(kept) == 1:
        return list(kept.values())
    return [(f"{label} ({_label(zone)})" if label != _label(zone) else label, zone) for label, zone in kept.values()]


def _identity(zone: str) -> str:
    from babel.core import get_global

    return str(get_global("zone_aliases").get(zone, zone))


def _label(zone: str) -> str:
    return zone.rpartition("/")[2].replace("_", " ")


def _spelled(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]|_", " ", re.sub(r"['’.]", "", folded(text))).split())


def _parts(text: str) -> list[str]:
    """For "Austin, Texas": what stands before the comma, then what stands behind it."""
    return [part for piece in text.split(",") if (part := _spelled(piece))]
