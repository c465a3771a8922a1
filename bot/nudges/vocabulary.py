"""What scripts may ask and do about the daily line."""

from bot.core.effects import ChangeUser, DropTimer, Phrase, SetTimer
from bot.core.events import Elapsed
from bot.dialog.registry import Registry
from bot.dialog.turn import Turn
from bot.i18n.zones import next_daily
from bot.nudges import bags, policy

registry = Registry()

TIMER = "nudge.daily"


@registry.guard()
def may_nudge(turn: Turn) -> bool:
    """Whether today's line may be said: wanted, in time, outside quiet hours, and this day's turn."""
    due_at = turn.event.due_at if isinstance(turn.event, Elapsed) else turn.now
    return policy.may_come(turn.user, due_at, turn.now, turn.local)


@registry.guard()
def nudges_slow_down(turn: Turn) -> bool:
    """Whether the last lines went without an answer for so long that they should come less often."""
    return policy.slows_down(turn.user)


@registry.guard()
def nudges_are(turn: Turn, value: str) -> bool:
    """Whether the lines come `daily`, on `alternate` days, or are `off`."""
    return turn.user.nudges == value


@registry.action(sets=("line",))
def draw_nudge(turn: Turn) -> None:
    """Draw today's line from the bags of the person's role, and count it as unanswered for now."""
    name, lines = _bag(turn)
    line = bags.draw(lines, turn.user.seed, turn.count(f"nudges.{name}"))
    bank = next(bank for bank in ("nudges_reach", "nudges_space") if line in turn.banks[bank] and bank in name)
    turn.slots["line"] = Phrase(f"banks.{bank}.{line}")
    turn.add(ChangeUser({"ignored": turn.user.ignored + 1}))


@registry.action()
def nudge_answered(turn: Turn) -> None:
    """Somebody read it: the count of unanswered lines begins anew."""
    turn.add(ChangeUser({"ignored": 0}))


@registry.action()
def nudge_done(turn: Turn) -> None:
    """Keep that today's line was tried."""
    turn.record("nudge")


@registry.action()
def nudges(turn: Turn, value: str) -> None:
    """Let the line come `daily`, on `alternate` days, or not at all (`off`)."""
    turn.add(ChangeUser({"nudges": value, "ignored": 0}))
    if value == "off" or turn.user.nudge_at is None:
        turn.add(DropTimer(TIMER))
    else:
        due_at = next_daily(turn.now, turn.user.nudge_at, turn.zone)
        turn.add(SetTimer(TIMER, "daily", due_at, rule=turn.user.nudge_at.strftime("%H:%M")))


def _bag(turn: Turn) -> tuple[str, tuple[str, ...]]:
    """The bag to draw from, by role: one's own, or both in turn; for the steady, what fits anybody."""
    role = turn.user.role
    if role in {"reach", "space"}:
        return f"nudges_{role}", turn.banks[f"nudges_{role}"]
    side = "reach" if turn.count("nudges.side") % 2 == 0 else "space"
    lines = turn.banks[f"nudges_{side}"]
    if role == "both":
        return f"nudges_{side}", lines
    return f"nudges_{side}.anybody", tuple(line for line in lines if bags.theme(line) in bags.FOR_ANYBODY)
