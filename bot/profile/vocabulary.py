"""The words of set-up and of what a person may decide about themselves: consent, role, name, clock, hours, silence, erasing."""

from datetime import time

from bot.core.effects import ChangeUser, DropTimer, Erase, Phrase, Value
from bot.core.events import CommandGiven
from bot.dialog.registry import Registry
from bot.dialog.turn import Turn
from bot.i18n import formatting
from bot.i18n.times import read_clock, read_hours
from bot.profile import clocks, discretion, person, rights
from bot.profile.person import OFF, settled

ASKING = ("crisis.again", "crisis.last", "crisis.softly", "crisis.tomorrow")
"""The timers by which somebody is asked how they are. They end with /stop, so that none speaks up at a /start days later."""

registry = Registry(clocks.registry, discretion.registry, rights.registry)


# Where the person stands ----------------------------------------------------------------------------------------------


@registry.guard()
def asked_with(turn: Turn, value: str | list[str]) -> bool:
    """Whether this turn came by (one of) these commands."""
    return isinstance(turn.event, CommandGiven) and turn.event.command in _listed(value)


@registry.guard()
def is_stopped(turn: Turn) -> bool:
    """Whether the person asked for silence."""
    return settled(turn).stopped


@registry.guard()
def has_nickname(turn: Turn) -> bool:
    """Whether the person told a name."""
    return bool(settled(turn).nickname)


@registry.guard()
def nothing_set(turn: Turn) -> bool:
    """Whether the person told neither name, clock nor hours."""
    return person.nothing_set(settled(turn))


@registry.guard()
def nudge_in_quiet(turn: Turn) -> bool:
    """Whether the daily line falls into the quiet hours."""
    user = settled(turn)
    wanted = user.nudges != OFF and user.nudge_at is not None
    return wanted and person.falls_into(user.nudge_at or time(), user.quiet_from, user.quiet_to)


@registry.guard(needs=("space",))
def promise_open(turn: Turn) -> bool:
    """Whether the person still has a time to return."""
    return turn.facts.space is not None and turn.facts.space.state in {"resting", "due", "late"}


@registry.value(needs=("space",))
def promised(turn: Turn) -> Value:
    """The time the person said they'd be back."""
    return turn.facts.space.back_at if turn.facts.space else None


# Silence, erasing ----------------------------------------------------------------------------------------------------


@registry.action()
def stop(turn: Turn) -> None:
    """Be silent until /start; nobody is asked again how they are, either."""
    _change(turn, stopped=True)
    for kind in ASKING:
        turn.add(DropTimer(kind))
    turn.add(person.daily_timer(turn))


@registry.action()
def resume(turn: Turn) -> None:
    """End the silence, if there was any."""
    if turn.user.stopped:
        _change(turn, stopped=False)
        turn.add(person.daily_timer(turn))


@registry.action()
def erase(turn: Turn) -> None:
    """Erase everything that is kept about the person."""
    turn.add(Erase())


# Role and name --------------------------------------------------------------------------------------------------------


@registry.action(sets=("role",))
def set_role(turn: Turn, value: str) -> None:
    """Keep what the person tends to do: `reach`, `space`, `both` or `steady`."""
    turn.slots["role"] = value
    _change(turn, role=value)


@registry.guard()
def is_odd_name(turn: Turn) -> bool:
    """Whether what was written cannot be shown as a name."""
    return person.is_odd(turn.text.strip())


@registry.action(sets=("nickname",))
def keep_nickname(turn: Turn) -> None:
    """Call the person what they just wrote."""
    turn.slots["nickname"] = turn.text.strip()
    _change(turn, nickname=turn.text.strip())


@registry.action()
def drop_nickname(turn: Turn) -> None:
    """Call the person by no name."""
    turn.slots.pop("nickname", None)
    _change(turn, nickname="")


# The daily line and quiet hours ---------------------------------------------------------------------------------------


@registry.action(sets=("nudge_hour",))
def set_nudge_hour(turn: Turn, value: str) -> None:
    """Say one line a day at this wall time, `HH:MM`."""
    _nudge_at(turn, time.fromisoformat(value))


@registry.guard()
def is_hour(turn: Turn) -> bool:
    """Whether a time of day was written."""
    return read_clock(turn.text, turn.user.locale) is not None


@registry.action(sets=("nudge_hour",))
def keep_nudge_hour(turn: Turn) -> None:
    """Say one line a day at the time that was written."""
    at = read_clock(turn.text, turn.user.locale)
    if at is not None:
        _nudge_at(turn, at)


@registry.action()
def no_nudges(turn: Turn) -> None:
    """Say no daily line."""
    turn.slots.pop("nudge_hour", None)
    _change(turn, nudges=OFF, ignored=0)
    turn.add(person.daily_timer(turn))


@registry.action(sets=("quiet_hours",))
def set_quiet(turn: Turn, start: str, end: str) -> None:
    """Say nothing unasked between these wall times, `HH:MM`."""
    _quiet(turn, time.fromisoformat(start), time.fromisoformat(end))


@registry.guard()
def is_hours(turn: Turn) -> bool:
    """Whether hours from when to when were written."""
    return read_hours(turn.text, turn.user.locale) is not None


@registry.action(sets=("quiet_hours",))
def keep_quiet(turn: Turn) -> None:
    """Say nothing unasked in the hours that were written."""
    hours = read_hours(turn.text, turn.user.locale)
    if hours is not None:
        _quiet(turn, *hours)


@registry.action()
def no_quiet(turn: Turn) -> None:
    """Keep no quiet hours."""
    turn.slots.pop("quiet_hours", None)
    _change(turn, quiet_from=None, quiet_to=None)


# Everything at a glance -----------------------------------------------------------------------------------------------


@registry.options("name", "clock", "nudge", "quiet", "lock", "exit", "role")
def settings(turn: Turn) -> list[str]:
    """What can be set."""
    del turn
    return ["name", "clock", "nudge", "quiet", "lock", "exit", "role"]


@registry.value()
def name_shown(turn: Turn) -> Value:
    """The person's name, or that there is none."""
    return settled(turn).nickname or Phrase("common.shown.unset")


@registry.value()
def role_shown(turn: Turn) -> Value:
    """What the person tends to do, in their own words, or that it wasn't told."""
    return Phrase(f"common.shown.{settled(turn).role or 'unset'}")


@registry.value()
def nudge_shown(turn: Turn) -> Value:
    """The hour of the daily line, or that it is off."""
    user = settled(turn)
    return formatting.clock(user.nudge_at, user.locale) if user.nudge_at and user.nudges != OFF else _off()


@registry.value()
def quiet_shown(turn: Turn) -> Value:
    """The quiet hours, or that there are none."""
    user = settled(turn)
    return _hours(user.quiet_from, user.quiet_to, user.locale) if user.quiet_from and user.quiet_to else _off()


def _change(turn: Turn, **values: object) -> None:
    turn.add(ChangeUser(values))


def _nudge_at(turn: Turn, at: time) -> None:
    turn.slots["nudge_hour"] = formatting.clock(at, turn.user.locale)
    _change(turn, nudge_at=at, nudges="daily", ignored=0)
    turn.add(person.daily_timer(turn))


def _quiet(turn: Turn, start: time, end: time) -> None:
    turn.slots["quiet_hours"] = _hours(start, end, turn.user.locale)
    _change(turn, quiet_from=start, quiet_to=end)


def _hours(start: time, end: time, locale: str) -> Phrase:
    shown = {"start": formatting.clock(start, locale), "end": formatting.clock(end, locale)}
    return Phrase("common.shown.hours", shown)


def _off() -> Phrase:
    return Phrase("common.shown.off")


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
