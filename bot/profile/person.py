"""What a person has set, as it will stand after the turn: the rules behind the words for settings."""

import unicodedata
from dataclasses import replace
from datetime import time

from bot.core.effects import ChangeUser, DropTimer, Effect, SetTimer
from bot.core.facts import User
from bot.dialog.turn import Turn
from bot.i18n.zones import next_daily

DAILY = "nudge.daily"
"""The kind of the timer behind the daily line; its ref is `daily`."""

OFF = "off"


def settled(turn: Turn) -> User:
    """The person with every change asked for so far in this turn."""
    user = turn.user
    for effect in turn.effects:
        if isinstance(effect, ChangeUser):
            user = replace(user, **effect.values)  # type: ignore[arg-type]  # its values are fields of User
    return user


def daily_timer(turn: Turn) -> Effect:
    """The timer that the person's settings ask for: the next daily line, or none."""
    user = settled(turn)
    if user.stopped or user.nudges == OFF or user.nudge_at is None:
        return DropTimer(DAILY, "daily")
    due_at = next_daily(turn.now, user.nudge_at, user.zone)
    return SetTimer(DAILY, "daily", due_at, rule=user.nudge_at.strftime("%H:%M"))


def nothing_set(user: User) -> bool:
    """Whether the person has told neither name, clock nor hours."""
    return not (user.nickname or user.zone or user.quiet_from or user.nudges != OFF)


def falls_into(wall: time, start: time | None, end: time | None) -> bool:
    """Whether `wall` lies from `start` up to `end`, around midnight if need be. Without hours, or with none between: no."""
    if start is None or end is None:
        return False
    return start <= wall < end if start <= end else wall >= start or wall < end


def is_odd(name: str) -> bool:
    """Whether a name cannot be shown on one line as it is: nothing to read in it, or signs that steer the text."""
    return not any(letter.isalnum() for letter in name) or any(
        unicodedata.category(letter)[0] == "C" for letter in name
    )
