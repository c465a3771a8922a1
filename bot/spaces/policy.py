"""The rules of a promise to come back: how short, how long, how often more, and when it counts as late."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from bot.core.facts import Space
from bot.i18n.clocks import EARLY

SHORTEST = timedelta(minutes=20)
"""Below this a body has rarely come down. Source: expert practice (grade C–D in the evidence notes)."""

LONGEST = timedelta(hours=24)
"""A break longer than a day is no break. Source: expert practice (grade D)."""

EXTENSIONS = 2
CHECK_AT = 2 / 3
SECOND_REMINDER = timedelta(minutes=15)
LATE = timedelta(minutes=30)
MISSED = LATE + timedelta(hours=24)
"""After the promised time. Source: the space protocol; product choices."""

WORTH_A_CHECK = timedelta(minutes=10)
"""With less time than this left nobody is asked half way whether it still fits."""

TOLD_HONESTLY = timedelta(minutes=30)
"""If the bot itself comes this much too late, it says that it was away."""

LONG = timedelta(hours=3)
"""Only up to this length is somebody asked half way in quiet hours whether the time still fits."""

OFTEN_LATE = timedelta(days=7)
"""Two late returns within this time: one's own, and shorter spaces are suggested. Source: the space protocol."""

FURTHEST_WAIT = timedelta(days=6)
"""How far away a time may lie that somebody waits for: a weekday still names it."""

OPEN = frozenset({"resting", "due", "late"})
"""The states in which a return is still owed."""

MORE = {"m20": timedelta(minutes=20), "m40": timedelta(minutes=40), "h1": timedelta(hours=1), "h3": timedelta(hours=3)}
"""The lengths offered, at first and for an extension."""

EVENING, TOMORROW = (18, 19, 20, 21, 22, 23), (8, 10, 12, 15, 18, 20)
"""The hours offered of this evening and of tomorrow."""


def fits(length: timedelta) -> bool:
    """Whether a space may be this long."""
    return SHORTEST <= length <= LONGEST


def latest_return(space: Space) -> datetime:
    """The end of the longest extension that may still be asked for: no longer than at first, and all within a day."""
    return min(space.back_at + space.first, space.asked_at + LONGEST)


def may_extend(space: Space, now: datetime) -> bool:
    """Whether more time may be asked for: at most twice, before the promised time is over, and while a day allows it."""
    before_deadline = space.state == "resting" and now < space.back_at
    return before_deadline and space.extensions < EXTENSIONS and bool(extensions(space))


def extensions(space: Space) -> list[str]:
    """The names of the lengths by which this space may grow."""
    return [name for name, length in MORE.items() if space.back_at + length <= latest_return(space)]


def moments(space: Space, now: datetime) -> dict[str, datetime]:
    """When a space promised (or extended) `now` will speak up, by the name of its timer; two thirds through, if worth it."""
    left = space.back_at - now
    times = {
        "back": space.back_at,
        "second": space.back_at + SECOND_REMINDER,
        "late": space.back_at + LATE,
        "missed": space.back_at + MISSED,
    }
    return {"check": now + left * CHECK_AT, **times} if left >= WORTH_A_CHECK else times


def this_evening(local: datetime) -> list[datetime]:
    """The hours of this evening that a space from `local` (on the person's own clock) may last to."""
    return list(_offered(local, _day(local), EVENING))


def tomorrow(local: datetime) -> list[datetime]:
    """The hours of tomorrow that a space from `local` may last to. Before four in the morning nobody has slept yet."""
    return list(_offered(local, _day(local) + timedelta(days=1), TOMORROW))


def start_of_evening(local: datetime) -> datetime:
    """When times of this evening begin."""
    return datetime.combine(_day(local), time(EVENING[0] - 1), local.tzinfo)


def start_of_tomorrow(local: datetime) -> datetime:
    """When times of tomorrow begin."""
    return datetime.combine(_day(local) + timedelta(days=1), time(EARLY), local.tzinfo)


def _day(local: datetime) -> date:
    return local.date() if local.hour >= EARLY else local.date() - timedelta(days=1)


def _offered(local: datetime, day: date, hours: tuple[int, ...]) -> Iterator[datetime]:
    for hour in hours:
        at = datetime.combine(day, time(hour), local.tzinfo)
        if fits(at.astimezone(UTC) - local.astimezone(UTC)):
            yield at.astimezone(UTC)
