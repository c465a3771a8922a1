"""Reading the times people type: "back at 8", "in half an hour", "tomorrow morning"."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from bot.i18n.clocks import EARLY, NIGHT, PARTS, Wall, read_clock, read_hours, wall
from bot.i18n.formatting import local
from bot.i18n.locales import DEFAULT
from bot.i18n.ratings import read_rating
from bot.i18n.symbols import symbols

__all__ = ["LIMIT", "Reading", "read_clock", "read_duration", "read_hours", "read_rating", "read_time"]

LIMIT = timedelta(days=31)
"""Longer spans are not read; what limit suits the question is for the caller to say."""


@dataclass(frozen=True, slots=True)
class Reading:
    """
    An instant in the future (UTC, whole seconds), and how it was told.

    `echo_kind` is `span` ("in 20 minutes"), `clock` ("half past eight") or `part` ("tonight": the hour is our guess, so
    name it when asking whether it is right).
    """

    at: datetime
    echo_kind: str


def read_time(text: str, now: datetime, zone: str, locale: str = DEFAULT) -> Reading | None:
    """
    The instant meant by `text`, or None where it is vague ("later"), past, or holds a word we do not know.

    - A length of time counts from `now`: "40 min", "an hour and a half". "in 20" is minutes, from "in 5" on.
    - An hour from 1 to 12 is the next one on either half of the clock: at 14:00, "8" is 20:00; at 21:00 it is 08:00. From
      13 on, and with a leading zero, it is the 24-hour clock. "am", "pm" and a part of the day decide it.
    - A part of the day alone is 08:00 (morning), 15:00 (afternoon) or 20:00 (evening, night). "tonight" and "this morning"
      when that hour is past and the part is not over: an hour from now, on the next five minutes.
    - "tomorrow at 9" is 09:00 and "tomorrow at 3" 15:00: an hour from 1 to 6 is taken as afternoon. Before four in the
      morning, "tomorrow" is the day that has already begun: whoever says it has not slept yet.
    - Wall times are those of `zone` (IANA; empty: UTC). One that a clock change skips moves on by the change; of one that
      comes twice the first that is still ahead counts. Lengths of time are elapsed time, whatever the clocks do.
    """
    found = symbols(text, locale)
    span = _span(" ".join(found))
    if span is not None:
        return Reading(now.astimezone(UTC).replace(microsecond=0) + span, "span")
    said = wall(found)
    if said is None:
        return None
    here = local(now, zone)
    return _alone(said, here) if said.hour is None else _told(said, here)


def read_duration(text: str, locale: str = DEFAULT) -> timedelta | None:
    """A length of time such as "20 min" or "an hour and a half"; None for anything else, and for a bare number."""
    found = symbols(text, locale)
    return None if _IN_MINUTES.fullmatch(" ".join(found)) else _span(" ".join(found))


_N = r"(?P<{0}>\d+(?:\.\d+)?)"
_HOURS = _N.format("h")
_MINUTES = _N.format("m")
_IN_MINUTES = re.compile(r"in (?P<m>\d{1,3})")
_SPANS = tuple(
    re.compile(rf"(?:(?:in|after) )?{pattern}(?: later)?")
    for pattern in (
        rf"{_HOURS} H(?: and)? (?P<half>half)",
        rf"{_HOURS} and (?P<half>half) H",
        r"(?P<half>half) H",
        rf"(?:{_HOURS} H )?(?:and )?(?:(?P<quarters>[13]) )?(?P<quarter>quarter)(?(h)| H)",
        rf"{_HOURS} H(?: (?:and )?{_MINUTES} M)?",
        rf"{_HOURS} H (?:and )?(?P<m>\d\d)",
        r"(?P<h>\d+):(?P<m>[0-5]\d) H",
        rf"{_MINUTES} M",
        rf"{_MINUTES} and (?P<halfminute>half) M",
        r"(?P<s>[1-9]\d+) S",
        rf"{_N.format('d')} D",
    )
)


def _span(row: str) -> timedelta | None:
    """The length of time that a row of symbols tells, if it tells one."""
    match = next((match for pattern in _SPANS if (match := pattern.fullmatch(row))), None)
    if match is None:
        match = _IN_MINUTES.fullmatch(row)
        if match is None or int(match["m"]) < 5:  # noqa: PLR2004 - "in 2" may be hours
            return None
    parts = {name: text for name, text in match.groupdict().items() if text}
    minutes = 60 * float(parts.get("h", 0)) + float(parts.get("m", 0)) + 1440 * float(parts.get("d", 0))
    minutes += 30 * ("half" in parts) + 0.5 * ("halfminute" in parts)
    minutes += 15 * int(parts.get("quarters", 1)) * ("quarter" in parts)
    seconds = round(60 * minutes) + int(parts.get("s", 0))
    return timedelta(seconds=seconds) if 0 < seconds <= LIMIT.total_seconds() else None


def _told(said: Wall, now: datetime) -> Reading | None:
    """The next instant at which the clock shows what was said."""
    today = now.date()
    if said.day == "tomorrow":
        start = today if now.hour < EARLY else today + timedelta(days=1)
        days = [start, start + timedelta(days=1)] if start == today else [start]
        hours = said.daytime_hours
    elif said.day and said.day != "today":
        days = [today + timedelta(days=n) for n in range(8) if _WEEKDAYS[(today.weekday() + n) % 7] == said.day]
        hours = said.daytime_hours
    else:
        days = [today, today + timedelta(days=1)]
        hours = said.hours
    at = _first(((day, hour, said.minute) for day in days for hour in hours), now)
    if at is None:
        return None
    over = EARLY if said.part == "night" else 0
    if said.day == "today" and at > _instant(today + timedelta(days=1), over, 0, now):
        return None
    return Reading(at, "clock")


def _alone(said: Wall, now: datetime) -> Reading | None:
    """A part of the day without an hour."""
    part = PARTS[said.part]
    today = now.date()
    if said.day == "today" or said.part in NIGHT:
        usual = _instant(today, part.usual, 0, now)
        if said.day in {"", "today"}:
            if usual > now:
                return Reading(usual, "part")
            if now < _instant(today, part.until, 0, now):
                later = now.astimezone(UTC) + timedelta(hours=1)
                missing = -(later.minute * 60 + later.second) % 300
                return Reading(later.replace(microsecond=0) + timedelta(seconds=missing), "part")
            return None
    told = _told(Wall(said.day, said.part, part.usual, 0, (part.usual,)), now)
    return None if told is None else Reading(told.at, "part")


_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _first(walls: Iterable[tuple[date, int, int]], now: datetime) -> datetime | None:
    """The earliest of these wall times that is still ahead; one that comes twice counts twice."""
    instants = (_instant(day, hour, minute, now, fold) for day, hour, minute in walls for fold in (0, 1))
    return min((at for at in instants if at > now), default=None)


def _instant(day: date, hour: int, minute: int, now: datetime, fold: int = 0) -> datetime:
    """The wall time in the zone of `now`, as UTC; hour 24 and more lie on the next day."""
    day += timedelta(days=hour // 24)
    at = datetime.combine(day, time(hour % 24, minute, fold=fold), now.tzinfo).astimezone(UTC)
    if fold and at.astimezone(now.tzinfo).replace(tzinfo=None) != datetime.combine(day, time(hour % 24, minute)):
        return _instant(day, hour, minute, now)  # skipped by a clock change: there is no second one
    return at
