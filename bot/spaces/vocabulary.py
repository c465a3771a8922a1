"""What scripts may ask and do about a space: promising it, extending it, coming back, and waiting for somebody else's."""

from dataclasses import replace
from datetime import UTC, datetime

from bot.core.effects import ChangeSpace, DropTimer, OpenSpace, SetTimer, Value
from bot.core.events import Elapsed
from bot.core.facts import Space
from bot.dialog.registry import Registry
from bot.dialog.turn import Turn
from bot.spaces import policy, times

registry = Registry(times.registry)

_TIMERS = ("check", "back", "second", "late", "missed")
_WAIT = ("space.theirs", "wait")
_WAITS_TILL, _LATE_ON, _TWICE_LATE_ON = "space.waits_till", "space.late_on", "space.twice_late_on"
"""Numbers kept in the memory of a session: minutes since 1970, and days of the calendar."""


# The promise ----------------------------------------------------------------------------------------------------------


@registry.guard(needs=("space",))
def is_resting(turn: Turn) -> bool:
    """Whether this person has a space whose time is not over."""
    return _is_here(turn) and turn.facts.space is not None and turn.facts.space.state == "resting"


@registry.guard(needs=("space",))
def is_open_space(turn: Turn) -> bool:
    """Whether this person still owes a return (for this very space, if a timer or a button of it spoke)."""
    space = turn.facts.space
    return space is not None and space.state in policy.OPEN and _is_here(turn)


@registry.guard(needs=("space",))
def is_late_space(turn: Turn) -> bool:
    """Whether the return is so late that it wants another word."""
    return turn.facts.space is not None and turn.facts.space.state == "late"


@registry.guard(needs=("space",))
def has_returned(turn: Turn) -> bool:
    """Whether the person came back from this space."""
    return _is_here(turn) and turn.facts.space is not None and turn.facts.space.state == "returned"


@registry.guard(needs=("space",))
def was_closed(turn: Turn) -> bool:
    """Whether the person closed this space without a return."""
    return _is_here(turn) and turn.facts.space is not None and turn.facts.space.state == "closed"


@registry.guard(needs=("space",))
def is_in_space(turn: Turn) -> bool:
    """Whether this person is resting, be it in a space of their own or while waiting for somebody else's return."""
    space = turn.facts.space
    return (space is not None and space.state in {"resting", "due"}) or is_waiting(turn)


@registry.guard(needs=("space",))
def is_long_space(turn: Turn) -> bool:
    """Whether this person rests for so long that the middle of it may lie in their night."""
    space = turn.facts.space
    return space is not None and space.back_at - space.asked_at > policy.LONG


@registry.guard(needs=("space",))
def may_extend(turn: Turn) -> bool:
    """Whether more time may still be asked for."""
    return turn.facts.space is not None and policy.may_extend(turn.facts.space, turn.now)


@registry.guard()
def is_still_ahead(turn: Turn) -> bool:
    """Whether the time chosen is still to come. A length of time named without a clock begins when it is sent."""
    return turn.slots["back_at"] > turn.now or not turn.user.zone


@registry.guard()
def time_is_over(turn: Turn) -> bool:
    """Whether the time that was promised here has come. True in a dialog that is taken up again hours later."""
    return bool(turn.slots["back_at"] <= turn.now)


@registry.action(sets=("ref", "back_at"))
def open_space(turn: Turn) -> None:
    """Make the promise as it was told, and set everything that will remind of it."""
    back_at, length = turn.slots["back_at"], turn.slots["back_at"] - turn.slots["chosen_at"]
    if not turn.user.zone:  # the words said "in 40 minutes": they count from now
        back_at = turn.now + length
    space = Space(
        id=turn.facts.number,
        user_id=turn.user.id,
        asked_at=turn.now,
        back_at=back_at,
        first=length,
        before=turn.slots.get("before") if turn.user.consent else None,
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
    if space is not None:
        changed = replace(space, back_at=back_at, extensions=space.extensions + 1)
        turn.add(ChangeSpace(space.id, {"back_at": back_at, "extensions": changed.extensions}))
        _set_timers(turn, changed)


@registry.action(needs=("space",))
def become(turn: Turn, value: str) -> None:
    """Let the space be `due`, `late`, `missed`, `returned` or `closed`; at its end nothing reminds of it any more."""
    space = turn.facts.space
    late = space is not None and space.state == "late"
    _become(turn, value, "space_returned_late" if late and value == "returned" else f"space_{value}")


@registry.action(needs=("space",))
def returned_meanwhile(turn: Turn) -> None:
    """Let the space be returned from, at a time that nobody knows because the bot was away."""
    _become(turn, "returned", "space_returned")


@registry.action(needs=("space",))
def record_return(turn: Turn) -> None:
    """Keep how it went: the rating when asking, and the one now."""
    space = turn.facts.space
    turn.record("space", before=space.before if space else turn.slots.get("before"), after=turn.slots.get("after"))


@registry.action()
def record_ease(turn: Turn) -> None:
    """Keep how easy the return was."""
    turn.record("space_ease", after=turn.slots.get("how"))


@registry.action(needs=("space",), sets=("ref", "back_at"))
def take_up(turn: Turn) -> None:
    """Speak of the space there is."""
    if turn.facts.space is not None:
        turn.slots["ref"] = turn.ref = str(turn.facts.space.id)
        turn.slots["back_at"] = turn.facts.space.back_at


@registry.value(needs=("space",))
def back_at(turn: Turn) -> Value:
    """The time promised."""
    return turn.facts.space.back_at if turn.facts.space else None


# Late -----------------------------------------------------------------------------------------------------------------


@registry.guard()
def bot_was_away(turn: Turn) -> bool:
    """Whether this timer speaks so late that it has to be said."""
    return isinstance(turn.event, Elapsed) and turn.now - turn.event.due_at >= policy.TOLD_HONESTLY


@registry.guard(needs=("space",))
def is_past(turn: Turn, value: str) -> bool:
    """Whether the moment of a later timer (`back`, `second`, `late`, `missed`) has come as well: then that one speaks."""
    space = turn.facts.space
    return space is not None and turn.now >= policy.moments(space, turn.now)[value]


@registry.action()
def count_late(turn: Turn, value: str) -> None:
    """Remember the day of a late return, be it `mine` or `theirs`, and whether it is the second within a week."""
    today, last = turn.now.toordinal(), turn.memory.get(f"{_LATE_ON}.{value}", 0)
    if today - last <= policy.OFTEN_LATE.days:
        turn.memory[f"{_TWICE_LATE_ON}.{value}"] = today
    turn.memory[f"{_LATE_ON}.{value}"] = today


@registry.guard()
def was_often_late(turn: Turn, value: str) -> bool:
    """Whether two returns, `mine` or `theirs`, were late within a week, not long ago."""
    return turn.now.toordinal() - turn.memory.get(f"{_TWICE_LATE_ON}.{value}", 0) <= policy.OFTEN_LATE.days


# Waiting for somebody else's return -----------------------------------------------------------------------------------


@registry.guard()
def is_waiting(turn: Turn) -> bool:
    """Whether this person waits for somebody to return at a time that is still to come."""
    return turn.memory.get(_WAITS_TILL, 0) * 60 > turn.now.timestamp()


@registry.guard()
def has_waited(turn: Turn) -> bool:
    """Whether it is not yet known how the waiting ended."""
    return _WAITS_TILL in turn.memory


@registry.value()
def their_time(turn: Turn) -> Value:
    """The time that the other one named."""
    return datetime.fromtimestamp(turn.memory.get(_WAITS_TILL, 0) * 60, UTC)


@registry.action()
def wait_with(turn: Turn) -> None:
    """Speak up once the time that the other one named is over."""
    turn.add(SetTimer(*_WAIT, turn.slots["back_at"]))
    turn.memory[_WAITS_TILL] = int(turn.slots["back_at"].timestamp()) // 60
    turn.record("space_waited")


@registry.action()
def stop_waiting(turn: Turn) -> None:
    """Wait for nobody."""
    turn.memory.pop(_WAITS_TILL, None)
    turn.add(DropTimer(*_WAIT))


def _become(turn: Turn, state: str, kind: str) -> None:
    space = turn.facts.space
    if space is None or space.state not in policy.OPEN:
        return
    turn.add(ChangeSpace(space.id, {"state": state}))
    if state not in policy.OPEN:
        for name in _TIMERS:
            turn.add(DropTimer(f"space.{name}", str(space.id)))
        turn.record(kind)


def _is_here(turn: Turn) -> bool:
    """Whether what spoke belongs to the space at hand; commands and prompts always do."""
    return turn.facts.space is None or turn.ref in {"", "0", str(turn.facts.space.id)}


def _set_timers(turn: Turn, space: Space) -> None:
    moments = policy.moments(space, turn.now)
    for name in _TIMERS:
        kind, ref = f"space.{name}", str(space.id)
        turn.add(SetTimer(kind, ref, moments[name]) if name in moments else DropTimer(kind, ref))
