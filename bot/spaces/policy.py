"""The rules of a promise to come back: how short, how long, how often more, and when it counts as late."""

from datetime import datetime, timedelta

from bot.core.facts import Space

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

TOLD_HONESTLY = timedelta(minutes=30)
"""If the bot itself comes this much too late, it says that it was away."""

OPEN = frozenset({"resting", "due", "late"})
"""The states in which a return is still owed."""

MORE = {"m20": timedelta(minutes=20), "m40": timedelta(minutes=40), "h1": timedelta(hours=1), "h3": timedelta(hours=3)}
"""The lengths offered, at first and for an extension."""


def fits(length: timedelta) -> bool:
    """Whether a space may be this long."""
    return SHORTEST <= length <= LONGEST


def latest_return(space: Space) -> datetime:
    """The end of the longest extension that may still be asked for: no longer than at first, and all within a day."""
    return min(space.back_at + space.first, space.asked_at + LONGEST)


def may_extend(space: Space, now: datetime) -> bool:
    """Whether more time may be asked for: at most twice, before the promised time is over, and while a day allows it."""
    before_deadline = space.state == "resting" and now <= space.back_at
    return before_deadline and space.extensions < EXTENSIONS and bool(extensions(space))


def extensions(space: Space) -> list[str]:
    """The names of the lengths by which this space may grow."""
    return [name for name, length in MORE.items() if space.back_at + length <= latest_return(space)]


def moments(space: Space) -> dict[str, datetime]:
    """When this space will speak up, by the name of its timer."""
    length = space.back_at - space.asked_at
    return {
        "check": space.asked_at + length * CHECK_AT,
        "back": space.back_at,
        "second": space.back_at + SECOND_REMINDER,
        "late": space.back_at + LATE,
        "missed": space.back_at + MISSED,
    }
