"""How numbers, lengths of time, clock times and lists look in a person's language."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from bot.i18n.locales import DEFAULT, cldr


def number(value: float, locale: str) -> str:
    """A number with the locale's digits and separators, at most one decimal."""
    if isinstance(value, int) and 0 <= value < 1000 and _zero(locale) == "0":  # noqa: PLR2004 - no separator yet
        return str(value)
    from babel.numbers import format_decimal

    return _digits(format_decimal(value, format="#,##0.#", locale=_name(locale)), locale)


def duration(length: timedelta, locale: str, *, short: bool = False) -> str:
    """
    "40 minutes", "1 hour 20 minutes"; `short`: "40 min".

    Under a minute in seconds, else rounded to minutes; at most two units. Less than nothing is shown as nothing.
    """
    seconds = max(0, round(length.total_seconds()))
    return _duration(seconds if seconds < 60 else (seconds + 30) // 60 * 60, locale, short)  # noqa: PLR2004 - a minute


def clock(at: datetime | time, locale: str) -> str:
    """
    A wall clock time: 12 or 24 hours as the language's readers are used to.

    English is shown with 24 hours: its readers live everywhere, and "20:00" is understood by all of them.
    """
    return _clock(at.hour, at.minute, locale)


def weekday_clock(at: datetime, locale: str) -> str:
    """The weekday and the time: "Fri 08:00"."""
    names = cldr(locale).days["stand-alone" if "abbreviated" in cldr(locale).days["stand-alone"] else "format"]
    return f"{names['abbreviated'][at.weekday()]} {clock(at, locale)}"


def date(at: datetime, locale: str) -> str:
    """The date in words: "January 5, 2026"."""
    from babel.dates import format_date

    return _digits(format_date(at, "long", locale=_name(locale)), locale)


def listed(items: Sequence[str], locale: str) -> str:
    """The items in one line, in the language's own way: "Breathe, Walk, and Quiet"."""
    from babel.lists import format_list

    return format_list(list(items), style="standard", locale=_name(locale))


def local(at: datetime, zone: str) -> datetime:
    """The instant on the wall clock of `zone` (UTC if none is known yet). Raises ValueError for a naive time."""
    if at.tzinfo is None:
        raise ValueError("a time without a zone cannot be shown")
    return at.astimezone(ZoneInfo(zone) if zone else UTC)


_HOUR_MINUTE = {"en": "HH:mm"}
"""Where we differ from CLDR's short clock time, by locale id."""

_PLAIN_PATTERNS = {"HH:mm": "{:02d}:{:02d}", "H:mm": "{}:{:02d}", "HH.mm": "{:02d}.{:02d}", "H.mm": "{}.{:02d}"}

_ZEROS = {"arab": "٠", "arabext": "۰", "beng": "০", "deva": "०", "mymr": "၀"}
"""The digit zero of writing systems that everyday text is written with; the others follow it in Unicode."""


@lru_cache(maxsize=4096)
def _clock(hour: int, minute: int, locale: str) -> str:
    pattern = _HOUR_MINUTE.get(locale) or cldr(locale).time_formats["short"].pattern
    if pattern in _PLAIN_PATTERNS:
        return _digits(_PLAIN_PATTERNS[pattern].format(hour, minute), locale)
    from babel.dates import format_time

    return _digits(format_time(time(hour, minute), pattern, locale=_name(locale)), locale)


@lru_cache(maxsize=4096)
def _duration(seconds: int, locale: str, short: bool) -> str:
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    parts = [
        _unit(amount, unit, locale, short)
        for amount, unit in ((days, "day"), (hours, "hour"), (minutes, "minute"), (rest, "second"))
        if amount
    ][:2]
    if not parts:
        return _unit(0, "minute", locale, short)
    return _pair(locale).format(*parts) if len(parts) > 1 else parts[0]


def _unit(amount: int, unit: str, locale: str, short: bool) -> str:
    from babel.units import format_unit

    text = format_unit(amount, f"duration-{unit}", "short" if short else "long", locale=_name(locale))
    if "duration-" in text:  # CLDR leaves the long form out where it equals the short one
        text = format_unit(amount, f"duration-{unit}", "short", locale=_name(locale))
    return _digits(text, locale)


@cache
def _pair(locale: str) -> str:
    """How two units stand together; a missing pattern means side by side, an empty one the usual "and"."""
    patterns = cldr(locale).list_patterns
    for style in ("unit-narrow", "unit-short"):
        if style in patterns:
            return str(patterns[style].get("2") or patterns["standard"]["2"])
    return "{0} {1}"


@cache
def _zero(locale: str) -> str:
    if locale == DEFAULT:
        return "0"
    return _ZEROS.get(cldr(locale).default_numbering_system, "0")


def _digits(text: str, locale: str) -> str:
    zero = _zero(locale)
    if zero == "0":
        return text
    return text.translate({ord("0") + n: chr(ord(zero) + n) for n in range(10)})


def _name(locale: str) -> str:
    return str(cldr(locale)) if locale != DEFAULT else DEFAULT
