"""What scripts may ask and do about a space: choosing a time, promising it, extending it, and coming back."""

from datetime import datetime, timedelta

from bot.core.effects import ChangeSpace, DropTimer, OpenSpace, SetTimer, Value
from bot.core.events import Elapsed
from bot.core.facts import Space
from bot.dialog.registry import Registry
from bot.dialog.turn import Turn
from bot.i18n.times import read_duration, read_time
from bot.spaces import policy

registry = Registry()

_TIMERS = ("check", "back", "second", "late", "missed")


# Choosing a time ------------------------------------------------------------------------------------------------------


@registry.guard()
def is_time(turn: Turn) -> bool:
    """Whether what was written names a time or a length that a space may have."""
    at = _meant(turn)
    return at is not None and policy.fits(at - turn.now)


@registry.guard()
def is_too_short(turn: Turn) -> bool:
    """Whether what was written is sooner than bodies come down."""
    at = _meant(turn)
    return at is not None and at - turn.now < policy.SHORTEST


@registry.guard()
def is_too_long(turn: Turn) -> bool:
    """Whether what was written is more than a day away."""
    at = _meant(turn)
    return at is not None and at - turn.now > policy.LONGEST


@registry.action(sets=("back_at",))
def keep_time(turn: Turn) -> None:
    """Keep the time that was written."""
    turn.slots["back_at"] = _meant(turn)


@registry.action(sets=("back_at",))
def keep_length(turn: Turn, value: str) -> None:
    """Keep a length from now on: `m20`, `m40`, `h1`, `h3`."""
    turn.slots["back_at"] = turn.now + policy.MORE[value]


@registry.value()
def length(turn: Turn) -> Value:
    """How long the time chosen is from now, in whole minutes."""
    back_at = turn.slots.get("back_at")
    if not isinstance(back_at, datetime):
        return None
    return timedelta(minutes=round((back_at - turn.now).total_seconds() / 60))


@registry.guard()
def chose_shortest(turn: Turn) -> bool:
    """Whether the time chosen is about the shortest there is."""
    back_at = turn.slots.get("back_at")
    return isinstance(back_at, datetime) and back_at - turn.now <= policy.SHORTEST


# The promise ----------------------------------------------------------------------------------------------------------


@registry.guard(needs=("space",))
def is_resting(turn: Turn) -> bool:
    """Whether this person has a space whose time is not over."""
    return turn.facts.space is not None and turn.facts.space.state == "resting"


@registry.guard(needs=("space",))
def is_open_space(turn: Turn) -> bool:
    """Whether this person (and, from a timer or standing button, this very space) still owes a return."""
    space = turn.facts.space
    return space is not None and space.state in policy.OPEN and turn.ref in {"", "0", str(space.id)}


@registry.guard(needs=("space",))
def is_late_space(turn: Turn) -> bool:
    """Whether the return is so late that it wants another word."""
    return turn.facts.space is not None and turn.facts.space.state == "late"


@registry.guard(needs=("space",))
def may_extend(turn: Turn) -> bool:
    """Whether more time may still be asked for."""
    return turn.facts.space is not None and policy.may_extend(turn.facts.space, turn.now)


@registry.guard()
def bot_was_away(turn: Turn) -> bool:
    """Whether this timer speaks so late that it has to be said."""
    return isinstance(turn.event, Elapsed) and turn.now - turn.event.due_at >= policy.TOLD_HONESTLY


@registry.action(sets=("ref",))
def open_space(turn: Turn) -> None:
    """Make the promise, and set everything that will remind of it."""
    back_at = turn.slots["back_at"]
    if back_at - turn.now < policy.SHORTEST / 2:  # chosen, and then left lying for long: begin from now
        back_at = turn.now + policy.SHORTEST
    space = Space(
        id=turn.facts.number,
        user_id=turn.user.id,
        asked_at=turn.now,
        back_at=back_at,
        first=back_at - turn.now,
        before=turn.slots.get("before"),
    )
    turn.slots["back_at"], turn.slots["ref"] = back_at, str(space.id)
    turn.ref = str(space.id)
    turn.add(OpenSpace(space))
    turn.record("space_asked", before=space.before)
    _set_timers(turn, space)


@registry.options(*policy.MORE, needs=("space",))
def extensions(turn: Turn) -> list[str]:
    """The lengths by which this space may still grow."""
    return policy.extensions(turn.facts.space) if turn.facts.space else []


@registry.action(needs=("space",), sets=("back_at",))
def choose_more(turn: Turn) -> None:
    """Keep the new time that the length in the slot `more` leads to."""
    space = turn.facts.space
    if space is not None:
        turn.slots["back_at"] = min(space.back_at + policy.MORE[turn.slots["more"]], policy.latest_return(space))


@registry.action(needs=("space",))
def extend(turn: Turn) -> None:
    """Move the promise to the time chosen."""
    space, back_at = turn.facts.space, turn.slots["back_at"]
    if space is None:
        return
    changed = Space(
        space.id, space.user_id, space.asked_at, back_at, space.first, space.extensions + 1, state="resting", before=space.before
    )
    turn.add(ChangeSpace(space.id, {"back_at": back_at, "extensions": changed.extensions, "state": "resting"}))
    _set_timers(turn, changed)


@registry.action(needs=("space",))
def become(turn: Turn, value: str) -> None:
    """Let the space be `due`, `late`, `missed`, `returned` or `closed`; at its end nothing reminds of it any more."""
    space = turn.facts.space
    if space is None or space.state not in policy.OPEN:
        return
    turn.add(ChangeSpace(space.id, {"state": value}))
    if value not in policy.OPEN:
        for name in _TIMERS:
            turn.add(DropTimer(f"space.{name}", str(space.id)))
    if value in {"missed", "closed"}:
        turn.record(f"space_{value}")


@registry.action(needs=("space",))
def record_return(turn: Turn) -> None:
    """Keep how it went: the rating when asking, and the one now."""
    space = turn.facts.space
    turn.record("space", before=space.before if space else None, after=turn.slots.get("after"))


@registry.action(needs=("space",), sets=("ref",))
def take_up(turn: Turn) -> None:
    """Speak of the space there is."""
    if turn.facts.space is not None:
        turn.slots["ref"] = turn.ref = str(turn.facts.space.id)


@registry.value(needs=("space",))
def back_at(turn: Turn) -> Value:
    """The time promised."""
    return turn.facts.space.back_at if turn.facts.space else None


# Waiting for somebody else's return -----------------------------------------------------------------------------------


@registry.action()
def wait_with(turn: Turn) -> None:
    """Speak up once the time that the other one named is over."""
    turn.add(SetTimer("space.theirs", "wait", turn.slots["back_at"]))
    turn.record("space_waited")


def _meant(turn: Turn) -> datetime | None:
    """The time that the text just written means: `back at 8`, `in half an hour`, `90 minutes`."""
    reading = read_time(turn.text, turn.now, turn.zone, turn.user.locale)
    if reading is not None:
        return reading.at
    span = read_duration(turn.text, turn.user.locale)
    return turn.now + span if span is not None else None


def _set_timers(turn: Turn, space: Space) -> None:
    for name, at in policy.moments(space).items():
        turn.add(SetTimer(f"space.{name}", str(space.id), at))
