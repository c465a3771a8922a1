"""When the daily line may come, and when it slows down by itself."""

from datetime import datetime, time, timedelta

from bot.core.facts import User

WINDOW = timedelta(hours=2)
"""Later than this after its hour, a line is left out: an old nudge is worse than none. A product choice."""

PATIENCE = 3
"""After so many lines in a row without an answer they come every other day. Source: the content plan's fatigue rules."""

REST = {"daily": timedelta(hours=12), "alternate": timedelta(hours=36)}
"""
How long no line comes after one: less than a day (or two) by half a day, so that neither a clock change nor a journey
makes two of one, nor loses one.
"""


Hours = tuple[time, time]
NONE: Hours = (time(), time())
NIGHT: Hours = (time(22), time(8))
"""Hours from when to when: none at all, and those in which whoever told no quiet hours is likely to sleep."""


def may_come(user: User, due_at: datetime, now: datetime, local: time, last: datetime | None) -> bool:
    """Whether a line may be said now. `local` is the time on the person's own clock, `last` when the last line was said."""
    if user.nudges not in REST or not user.consent or user.stopped or is_paused(user, now):
        return False
    if now - due_at > WINDOW or (last is not None and now - last < REST[user.nudges]):
        return False
    return not is_quiet(user, local)


def is_paused(user: User, now: datetime) -> bool:
    """Whether the person is to be left in peace, as after words of danger."""
    return user.paused_until is not None and now < user.paused_until


def is_quiet(user: User, at: time, otherwise: Hours = NONE) -> bool:
    """Whether `at` lies in the person's quiet hours: from the first up to the last, around midnight if need be."""
    told = user.quiet_from is not None and user.quiet_to is not None and user.quiet_from != user.quiet_to
    start, end = (user.quiet_from or time(), user.quiet_to or time()) if told else otherwise
    return start <= at < end if start <= end else at >= start or at < end


def slows_down(user: User, *, kept: bool) -> bool:
    """Whether so many lines went without an answer that they come less often; not if the person asked to keep them."""
    return user.nudges == "daily" and user.ignored >= PATIENCE and not kept
