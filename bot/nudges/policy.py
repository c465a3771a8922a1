"""When the daily line may come, and when it slows down by itself."""

from datetime import datetime, time, timedelta

from bot.core.facts import User

WINDOW = timedelta(hours=2)
"""Later than this after its hour, a line is left out: an old nudge is worse than none. A product choice."""

PATIENCE = 3
"""After so many lines in a row without an answer they come every other day. Source: the content plan's fatigue rules."""


def may_come(user: User, due_at: datetime, now: datetime, local: datetime) -> bool:
    """Whether today's line may be said. `local` is `now` on the person's own clock."""
    if user.nudges == "off" or not user.consent or user.stopped or now - due_at > WINDOW:
        return False
    if user.paused_until is not None and now < user.paused_until:
        return False
    if user.nudges == "alternate" and (local.toordinal() + user.seed) % 2:
        return False
    return not is_quiet(user, local.time())


def is_quiet(user: User, at: time) -> bool:
    """Whether `at` lies in the person's quiet hours; their hour of the line was chosen by themselves and may touch the edge."""
    start, end = user.quiet_from, user.quiet_to
    if start is None or end is None or start == end:
        return False
    return start <= at < end if start < end else at >= start or at < end


def slows_down(user: User) -> bool:
    """Whether the person has left so many lines unanswered that they should come less often."""
    return user.nudges == "daily" and user.ignored >= PATIENCE
