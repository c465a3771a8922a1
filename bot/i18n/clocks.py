"""Reading wall clock times: an hour, or the hours from one to another."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time

from bot.i18n.locales import DEFAULT
from bot.i18n.symbols import symbols

EARLY = 4
"""Until this hour the night before is not over for whoever is still up."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the day: the hour meant when none is named, when it ends, and the hours of its own on a 12-hour clock."""

    usual: int
    until: int
    hours: Mapping[int, int]


PARTS: Mapping[str, Part] = {
    "morning": Part(8, 12, {12: 0} | {hour: hour for hour in range(12)}),
    "afternoon": Part(15, 18, {12: 12} | {hour: hour + 12 for hour in range(1, 8)}),
    "evening": Part(20, 24, {12: 24} | {hour: hour + 12 for hour in range(4, 12)}),
    "night": Part(
        20, 24, {12: 24, 0: 24} | {hour: hour + 12 for hour in range(6, 12)} | {n: n + 24 for n in range(1, 6)}
    ),
}
NIGHT = frozenset({"evening", "night"})


@dataclass(frozen=True, slots=True)
class Wall:
    """
    What was said of a clock time. `day` is `today`, `tomorrow`, a weekday (`mon` …) or empty; `part` a part of the day or
    empty; `hour` None if only a part was named. `hours` are the hours of the day it may mean; 24 and more lie on the next.
    """

    day: str
    part: str
    hour: int | None
    minute: int
    hours: tuple[int, ...]

    @property
    def daytime_hours(self) -> tuple[int, ...]:
        """The hour it means on another day: of two, the one between 7:00 and 18:59."""
        return self.hours if len(self.hours) == 1 else tuple(hour for hour in self.hours if 7 <= hour < 19)  # noqa: PLR2004


def wall(found: Sequence[str]) -> Wall | None:
    """The clock time that a row of symbols tells, on whatever day."""
    days = [symbol for symbol in found if symbol in _DAYS]
    parts = [symbol for symbol in found if symbol in PARTS]
    if len(days) > 1 or len(parts) > 1:
        return None
    day, part = "".join(days), "".join(parts)
    row = " ".join(symbol for symbol in found if symbol not in _DAYS and symbol not in PARTS and symbol != "until")
    if part:
        row = re.sub(r"^in\b ?| ?\bin$", "", row)
    if not row:
        return Wall(day, part, None, 0, ()) if part else None
    if row in {"midnight", "12 midnight"}:
        return None if day not in {"", "today"} or part not in {"", "night"} else Wall(day, part, 24, 0, (24,))
    if row in {"noon", "12 noon"}:
        return None if part else Wall(day, part, 12, 0, (12,))
    match = next((match for pattern in _CLOCKS if (match := pattern.fullmatch(row))), None)
    return None if match is None else _told(match, day, part)


def read_clock(text: str, locale: str = DEFAULT, around: time | None = None) -> time | None:
    """
    A time of day for a setting: "quarter past ten", "8pm", "22".

    An hour that may be morning or evening is the one nearer to `around`; without it, as written on a 24-hour clock. A
    part of the day alone ("evening") is its usual hour.
    """
    return _clock(symbols(text, locale), around)


def read_hours(text: str, locale: str = DEFAULT) -> tuple[time, time] | None:
    """
    Quiet hours, from when until when: "22-8", "from 10pm to 7".

    An hour that may be morning or evening is taken near 22:00 for the beginning and near 07:00 for the end.
    """
    found = symbols(text, locale)
    readings = set()
    for n, symbol in enumerate(found):
        if symbol in {"-", "to", "until", "and"}:
            start = _clock(found[:n], time(22))
            end = _clock(found[n + 1 :], time(7))
            if start is not None and end is not None and start != end:
                readings.add((start, end))
    return readings.pop() if len(readings) == 1 else None


_DAYS = frozenset({"today", "tomorrow", "mon", "tue", "wed", "thu", "fri", "sat", "sun"})
_END = r"(?: oclock)?(?: (?P<half>am|pm))?(?: oclock)?"
_H = r"(?P<h>\d{1,2})"
_CLOCKS = tuple(
    re.compile(pattern + _END)
    for pattern in (
        rf"{_H}(?:[:. ](?P<m>[0-5]\d))?",
        r"(?P<h>[01]?\d|2[0-3])(?P<m>[0-5]\d)",
        rf"(?:1 )?(?P<past>half|quarter) past {_H}",
        rf"(?:1 )?(?P<to>quarter) to {_H}",
        rf"(?P<past>half) {_H}",
        rf"(?P<to>half)_to {_H}",
        rf"(?P<past>[1-5]?\d)(?: M)? past {_H}",
        rf"(?P<to>[1-5]?\d)(?: M)? to {_H}",
    )
)
_SAID_MINUTES = {"half": 30, "quarter": 15}


def _told(match: re.Match[str], day: str, part: str) -> Wall | None:
    said = match.groupdict()
    hour, minute = int(said["h"]), int(said.get("m") or 0)
    if re.fullmatch(r"\d{3}", match[0]) and minute not in {15, 30, 45}:
        return None  # "120" is rather a number of minutes
    hours = _hours(said["h"], said["half"] or "", part)
    if past := said.get("past"):
        minute = _SAID_MINUTES.get(past) or int(past)
    elif to := said.get("to"):
        minute = 60 - (_SAID_MINUTES.get(to) or int(to))
        hours = tuple(hour - 1 if hour else 23 for hour in hours)
    if not hours or minute not in range(60):
        return None
    return Wall(day, part, hour, minute, tuple(sorted(hours)))


def _hours(written: str, half: str, part: str) -> tuple[int, ...]:
    """The hours of the day that `written` may mean, given "am" or "pm" and a part of the day."""
    hour = int(written)
    if hour > 24:  # noqa: PLR2004 - hours of a day
        return ()
    if hour > 12:  # noqa: PLR2004 - half a day
        wrong = half == "am" or (part == "morning")
        return () if wrong else (hour,)
    if half == "am":
        return (hour % 12,) if part in {"", "morning", "night"} else ()
    if half == "pm":
        return (hour % 12 + 12,) if part != "morning" else ()
    if part:
        return (PARTS[part].hours[hour],) if hour in PARTS[part].hours else ()
    if hour == 0 or written.startswith("0"):
        return (hour,)
    return (hour % 12, hour % 12 + 12)


def _clock(found: Sequence[str], around: time | None) -> time | None:
    said = wall(found)
    if said is None or said.day:
        return None
    if said.hour is None:
        return time(PARTS[said.part].usual)
    hours = said.hours
    if len(hours) > 1:
        if around is None:
            hours = tuple(hour for hour in hours if hour == said.hour) or hours
        else:
            goal = around.hour * 60 + around.minute
            hours = tuple(sorted(hours, key=lambda hour: abs((hour * 60 + said.minute - goal + 720) % 1440 - 720)))
    return time(hours[0] % 24, said.minute)
