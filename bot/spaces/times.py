"""What scripts may ask and do about times: reading them, offering them, and saying them in whole sentences."""

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.core.effects import ChangeUser, Phrase, Value
from bot.core.facts import Space
from bot.dialog.registry import Registry
from bot.dialog.turn import Turn
from bot.i18n.formatting import local
from bot.i18n.times import Reading, read_time
from bot.spaces import policy

registry = Registry()

HOURS = ("t1", "t2", "t3", "t4", "t5", "t6")
"""The options of the list `hours`; the slot of the same name holds the time."""


# Written times --------------------------------------------------------------------------------------------------------


@registry.guard()
def is_time(turn: Turn) -> bool:
    """Whether what was written names a time or a length that a space may have."""
    at = _meant(turn)
    return at is not None and policy.fits(_until(turn, at))


@registry.guard()
def is_too_short(turn: Turn) -> bool:
    """Whether what was written is sooner than bodies come down."""
    at = _meant(turn)
    return at is not None and _until(turn, at) < policy.SHORTEST


@registry.guard()
def is_too_long(turn: Turn) -> bool:
    """Whether what was written is more than a day away."""
    at = _meant(turn)
    return at is not None and _until(turn, at) > policy.LONGEST


@registry.guard()
def is_ahead(turn: Turn) -> bool:
    """Whether what was written names any time within the next days."""
    at = _meant(turn)
    return at is not None and at - turn.now <= policy.FURTHEST_WAIT


@registry.guard()
def needs_my_clock(turn: Turn) -> bool:
    """Whether a clock time was written, and the person's clock is not known."""
    said = _read(turn)
    return said is not None and said.echo_kind != "span" and not _zone(turn)


@registry.action(sets=("clock",))
def go_by_clock(turn: Turn) -> None:
    """Go by a clock that was only just told, up to the buttons of this very turn."""
    turn.slots["clock"] = _zone(turn)


@registry.action(sets=("said",))
def keep_said(turn: Turn) -> None:
    """Keep the words of a time until the clock they go by is known."""
    turn.slots["said"] = turn.text


@registry.action(sets=("back_at", "chosen_at"))
def keep_time(turn: Turn) -> None:
    """Keep the time that was written."""
    _choose(turn, _meant(turn))


# Times to choose from -------------------------------------------------------------------------------------------------


@registry.action(sets=("back_at", "chosen_at"))
def keep_length(turn: Turn, value: str) -> None:
    """Keep a length from now on: `m20`, `m40`, `h1`, `h3`."""
    _choose(turn, turn.now + policy.MORE[value])


@registry.guard()
def has_evening(turn: Turn) -> bool:
    """Whether this evening has hours left for a space."""
    return bool(_zone(turn)) and bool(policy.this_evening(_local(turn)))


@registry.guard()
def has_tomorrow(turn: Turn) -> bool:
    """Whether tomorrow has hours that are less than a day away."""
    return bool(_zone(turn)) and bool(policy.tomorrow(_local(turn)))


@registry.action(sets=("since", *HOURS))
def offer_evening(turn: Turn) -> None:
    """Fill the list `hours` with those of this evening."""
    _offer(turn, policy.this_evening, policy.start_of_evening)


@registry.action(sets=("since", *HOURS))
def offer_tomorrow(turn: Turn) -> None:
    """Fill the list `hours` with those of tomorrow."""
    _offer(turn, policy.tomorrow, policy.start_of_tomorrow)


@registry.options(*HOURS)
def hours(turn: Turn) -> list[str]:
    """The hours that were offered."""
    return [option for option in HOURS if option in turn.slots]


@registry.action(sets=("back_at", "chosen_at"))
def keep_hour(turn: Turn) -> None:
    """Keep the hour that was chosen from the list."""
    _choose(turn, turn.slots[turn.value])


@registry.guard()
def chose_shortest(turn: Turn) -> bool:
    """Whether the time chosen is about the shortest there is."""
    back_at = turn.slots.get("back_at")
    return isinstance(back_at, datetime) and back_at - turn.now <= policy.SHORTEST


# Times as they are said -----------------------------------------------------------------------------------------------


@registry.value()
def left(turn: Turn) -> Value:
    """How long it is until the time chosen or promised, in whole minutes."""
    at = turn.slots.get("back_at") or (turn.facts.space.back_at if turn.facts.space else None)
    return timedelta(minutes=round((at - turn.now).total_seconds() / 60)) if isinstance(at, datetime) else None


@registry.value()
def return_line(turn: Turn) -> Value:
    """The promise as a sentence of its own; as a length of time where no clock is known."""
    at: datetime = turn.slots["back_at"]
    if not _zone(turn):
        return Phrase("space.return.in", {"length": at - turn.slots["chosen_at"]})
    return Phrase(f"space.return.{_day(turn, at)}", {"at": at})


@registry.value()
def here_line(turn: Turn) -> Value:
    """When the person can talk, as a sentence of its own: at the time chosen, or whenever."""
    at = turn.slots.get("back_at")
    if not isinstance(at, datetime) or not _zone(turn):
        return Phrase("space.here.open") if at is None else Phrase("space.here.in", {"length": at - turn.now})
    return Phrase(f"space.here.{_day(turn, at)}", {"at": at})


@registry.value(needs=("space",))
def more_line(turn: Turn) -> Value:
    """The new time of an extension as a sentence of its own; as a length of time where no clock is known."""
    at: datetime = turn.slots["back_at"]
    space: Space | None = turn.facts.space
    if _zone(turn) or space is None:
        return Phrase("space.longer.until", {"at": at})
    return Phrase("space.longer.by", {"length": at - space.back_at})


def _choose(turn: Turn, at: datetime | None) -> None:
    turn.slots["back_at"], turn.slots["chosen_at"] = at, turn.now
    turn.slots.pop("said", None)


def _offer(turn: Turn, which: Callable[[datetime], list[datetime]], since: Callable[[datetime], datetime]) -> None:
    for option in HOURS:
        turn.slots.pop(option, None)
    here = _local(turn)
    turn.slots.update(zip(HOURS, which(here), strict=False))
    turn.slots["since"] = since(here)


def _meant(turn: Turn) -> datetime | None:
    """The time that was written: `back at 8`, `in half an hour`. None if it takes a clock that is not known."""
    said = _read(turn)
    return said.at if said is not None and (said.echo_kind == "span" or _zone(turn)) else None


def _read(turn: Turn) -> Reading | None:
    """What was written, now or before the clock was asked for. Where hours of one part of a day were offered, of that."""
    words = turn.slots.get("said") or turn.text
    said = read_time(words, turn.now, _zone(turn), turn.user.locale)
    since = turn.slots.get("since")
    if said is None or said.echo_kind == "span" or not isinstance(since, datetime) or said.at >= since:
        return said
    return read_time(words, since, _zone(turn), turn.user.locale)


def _zone(turn: Turn) -> str:
    """The person's zone as it will stand after this turn; empty until told."""
    told = [
        effect.values["zone"] for effect in turn.effects if isinstance(effect, ChangeUser) and "zone" in effect.values
    ]
    return str(told[-1]) if told else turn.user.zone or turn.slots.get("clock", "")


def _until(turn: Turn, at: datetime) -> timedelta:
    """How long it is until a time that was read, which is told in whole seconds."""
    return at - turn.now.replace(microsecond=0)


def _day(turn: Turn, at: datetime) -> str:
    days = (local(at, _zone(turn)).date() - _local(turn).date()).days
    return {0: "today", 1: "tomorrow"}.get(days, "later")


def _local(turn: Turn) -> datetime:
    return local(turn.now, _zone(turn))
