"""The general words of every script: keeping answers, comparing them, and what is known of the day."""

from datetime import timedelta
from typing import Any

from bot.core.effects import Value
from bot.dialog.registry import Registry
from bot.dialog.turn import REASSURED, Turn, spell

registry = Registry()


@registry.action()
def keep(turn: Turn, **slots: Any) -> None:
    """Put fixed values into slots: `keep: {length: 20m}`; a length of time becomes one."""
    for name, value in slots.items():
        turn.slots[name] = _length(value)


@registry.action()
def keep_text(turn: Turn, value: str) -> None:
    """Keep what was just written in the slot named."""
    turn.slots[value] = turn.text.strip()


@registry.action()
def forget(turn: Turn, value: str | list[str]) -> None:
    """Empty the slots named."""
    for name in [value] if isinstance(value, str) else value:
        turn.slots.pop(name, None)


@registry.action()
def open_(turn: Turn, value: str) -> None:
    """Open the dialog named, after this step. This one is taken up again if that one returns."""
    turn.opens = value


@registry.action()
def start_over(turn: Turn) -> None:
    """Begin the interrupted dialog again, once this one ends."""
    turn.restarts = True


@registry.guard()
def has(turn: Turn, value: str) -> bool:
    """Whether the slot is filled."""
    return turn.slots.get(value) not in (None, "", [])


@registry.guard()
def is_(turn: Turn, **slots: Any) -> bool:
    """Whether every slot named has the value (or one of the values) given: `is: {technique: [t1, t2]}`."""
    return all(turn.slots.get(name) in (value if isinstance(value, list) else [value]) for name, value in slots.items())


@registry.guard()
def at_least(turn: Turn, **slots: int) -> bool:
    """Whether every slot named holds a number as large as given."""
    return all(turn.slots.get(name, -1) >= value for name, value in slots.items())


@registry.guard()
def at_most(turn: Turn, **slots: int) -> bool:
    """Whether every slot named holds a number no larger than given."""
    return all(turn.slots.get(name, 11) <= value for name, value in slots.items())


@registry.guard()
def longer_than(turn: Turn, value: int) -> bool:
    """Whether the text just written has more characters than `value`."""
    return len(turn.text) > value


@registry.guard()
def is_role(turn: Turn, value: str | list[str]) -> bool:
    """Whether the person's role is (one of) `reach`, `space`, `both`, `steady` or `none` (not told)."""
    return (turn.user.role or "none") in ([value] if isinstance(value, str) else value)


@registry.guard()
def has_consent(turn: Turn) -> bool:
    """Whether the person agreed to what is kept."""
    return turn.user.consent > 0


@registry.guard(needs=("counts",))
def done_today(turn: Turn, **kinds: int) -> bool:
    """Whether entries of each kind named were made at least so often since local midnight: `done_today: {soothe: 6}`."""
    return all(turn.facts.counts.get(kind, 0) >= times for kind, times in kinds.items())


@registry.guard()
def reassured_today(turn: Turn, value: int) -> bool:
    """Whether dialogs that reassure were opened more than so often since local midnight, this time included."""
    return turn.counted_today(REASSURED) > value


@registry.value()
def nick(turn: Turn) -> Value:
    """The name the person chose, or nothing."""
    return turn.user.nickname


@registry.value()
def now(turn: Turn) -> Value:
    """The present time."""
    return turn.now


def _length(value: Any) -> Any:
    if isinstance(value, str) and value[:1].isdigit() and value[-1:] in "smhd":
        return spell(value)
    return timedelta(seconds=value.total_seconds()) if isinstance(value, timedelta) else value
