"""What scripts may ask and do about the daily line."""

from datetime import UTC, datetime

from bot.core.effects import ChangeUser, DropTimer, Phrase, SetTimer, Value
from bot.core.events import Elapsed
from bot.dialog.registry import Registry
from bot.dialog.turn import Turn
from bot.i18n.zones import next_daily
from bot.nudges import bags, policy

registry = Registry()

TIMER = ("nudge.daily", "daily")
"""The kind and the reference of the timer behind the line."""

_SAID_AT, _DONE, _KEPT = "nudge.said_at", "nudge.done", "nudge.kept"
"""Numbers kept in the memory of a session: minutes since 1970, the draw of the last line that was tried, and 1 for yes."""

_BANKS = {"r": "nudges_reach", "s": "nudges_space", "g": "nudges_steady"}
_ROLES = {"reach": "r", "space": "s", "both": "rs"}
"""The banks that a role draws from, in turn; for the steady, and whoever told no role, there is a general one."""


@registry.guard()
def may_nudge(turn: Turn) -> bool:
    """Whether a line may be said: wanted, in time, outside quiet hours, and not too soon after the last one."""
    due_at = turn.event.due_at if isinstance(turn.event, Elapsed) else turn.now
    said_at = turn.memory.get(_SAID_AT)
    last = None if said_at is None else datetime.fromtimestamp(said_at * 60, UTC)
    return policy.may_come(turn.user, due_at, turn.now, turn.local.time(), last)


@registry.guard()
def is_quiet_hour(turn: Turn) -> bool:
    """Whether it is within the person's quiet hours, or at night if they told none."""
    return policy.is_quiet(turn.user, turn.local.time(), policy.NIGHT if turn.user.zone else policy.NONE)


@registry.guard()
def nudges_slow_down(turn: Turn) -> bool:
    """Whether the last lines went without an answer for so long that they should come less often."""
    return policy.slows_down(turn.user, kept=bool(turn.memory.get(_KEPT)))


@registry.guard()
def nudges_are(turn: Turn, value: str) -> bool:
    """Whether the lines come `daily`, on `alternate` days, or are `off`."""
    return turn.user.nudges == value


@registry.guard()
def has_nudge_hour(turn: Turn) -> bool:
    """Whether the person ever chose an hour for their line."""
    return turn.user.nudge_at is not None


@registry.action()
def draw_nudge(turn: Turn) -> None:
    """Draw the next line from the bags of the person's role, and count it as unanswered for now."""
    drawer = _ROLES.get(turn.user.role, "g")
    turn.ref = f"{drawer}{turn.count(f'nudge.{drawer}')}"
    turn.memory[_SAID_AT] = _minutes(turn)
    turn.add(ChangeUser({"ignored": turn.user.ignored + 1}))


@registry.value()
def line(turn: Turn) -> Value:
    """The line that this turn, or the message whose button was pressed, is about."""
    drawer, number = _drawn(turn.ref)
    if number >= turn.memory.get(f"nudge.{drawer}", 0):
        return None
    banks = [_BANKS[letter] for letter in drawer]
    drawn = bags.draw([turn.banks[bank] for bank in banks], turn.user.seed, number)
    return Phrase(f"banks.{banks[number % len(banks)]}.{drawn}")


@registry.action()
def nudge_answered(turn: Turn) -> None:
    """Somebody read it: the count of unanswered lines begins anew."""
    turn.add(ChangeUser({"ignored": 0}))


@registry.guard()
def was_done(turn: Turn) -> bool:
    """Whether this line was just tried, and the button pressed once more."""
    return turn.memory.get(_DONE) == _drawn(turn.ref)[1]


@registry.action()
def nudge_done(turn: Turn) -> None:
    """Keep that this line was tried."""
    turn.memory[_DONE] = _drawn(turn.ref)[1]
    turn.record("nudge")


@registry.action()
def slow_down(turn: Turn) -> None:
    """Let the line come every other day from now on: saying so is today's line."""
    nudges(turn, "alternate")
    turn.memory[_SAID_AT] = _minutes(turn)


@registry.action()
def keep_nudges(turn: Turn) -> None:
    """Let the line come every day, answered or not: the person was asked, and wants it so."""
    nudges(turn, "daily")
    turn.memory[_KEPT] = 1


@registry.action()
def nudges(turn: Turn, value: str) -> None:
    """Let the line come `daily`, on `alternate` days, or not at all (`off`)."""
    turn.memory.pop(_KEPT, None)
    turn.add(ChangeUser({"nudges": value, "ignored": 0}))
    if value == "off" or turn.user.nudge_at is None:
        turn.add(DropTimer(*TIMER))
    else:
        due_at = next_daily(turn.now, turn.user.nudge_at, turn.zone)
        turn.add(SetTimer(*TIMER, due_at, rule=turn.user.nudge_at.strftime("%H:%M")))


def _minutes(turn: Turn) -> int:
    return int(turn.now.timestamp()) // 60


def _drawn(ref: str) -> tuple[str, int]:
    """The letters of the banks and the number of the draw that a line's reference is made of."""
    drawer = ref.rstrip("0123456789")
    return drawer, int(ref.removeprefix(drawer) or 0)
