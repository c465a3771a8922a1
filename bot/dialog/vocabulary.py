"""The general words of every script: keeping answers, comparing them, and what is known of the day."""

from datetime import timedelta
from typing import Any

from bot.core.effects import DELETED_AT_ONCE, Decide, Hide, Phrase, TakeAway, Value
from bot.core.events import Pressed, Wrote
from bot.dialog.registry import Registry
from bot.dialog.turn import REASSURED, Turn, spell

registry = Registry()

_NEUTRAL = Phrase("common.hidden")
"""What stands in place of what was hidden."""


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


@registry.action(needs=("shown",))
def hide(turn: Turn) -> None:
    """Put neutral words in place of what was said since this dialog began, and take away what the person wrote meanwhile."""
    _hide(turn, turn.since)
    turn.since = turn.facts.number


@registry.action(needs=("shown",))
def hide_all(turn: Turn) -> None:
    """The same for everything that is open, or was open last."""
    _hide(turn, turn.sitting)


@registry.action(needs=("shown",))
def clear_away(turn: Turn) -> None:
    """Delete what was said since this dialog began, and what the person wrote meanwhile; only this turn's words are left."""
    _hide(turn, turn.since, None)
    turn.since = turn.facts.number


@registry.action(needs=("shown",))
def hide_turn(turn: Turn) -> None:
    """Put neutral words in place of what the turn said whose number the timer's reference is, if it still stands there."""
    latest: dict[int, int] = {message.message_id: message.id for message in turn.facts.shown}
    said = next((message for message in turn.facts.shown if message.id >= int(turn.ref)), None)
    if said is not None and (not said.message_id or latest[said.message_id] == said.id):
        turn.add(Hide(said.id, None if said.picture else _NEUTRAL))


@registry.action()
def take_away(turn: Turn) -> None:
    """Delete the message that the person just wrote from the chat."""
    if isinstance(turn.event, Wrote) and turn.event.message_id:
        turn.add(TakeAway((turn.event.message_id,)))


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


@registry.guard(needs=("doubts",))
def is_in_doubt(turn: Turn) -> bool:
    """Whether nobody can tell if the message asked about arrived, and its writer has not decided yet."""
    return _asked_about(turn) in turn.facts.doubts


@registry.guard()
def was_decided(turn: Turn) -> bool:
    """Whether that was just decided, and the button pressed once more."""
    return turn.memory.get(_DECIDED) == _asked_about(turn)


@registry.action()
def send_again(turn: Turn) -> None:
    """Send the message asked about once more."""
    _decide(turn, again=True)


@registry.action()
def leave_it(turn: Turn) -> None:
    """Let the message asked about be, and forget its words."""
    _decide(turn, again=False)


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


_DECIDED = "doubt.decided"
"""In the memory of a session: the message about which was decided last."""


def _decide(turn: Turn, *, again: bool) -> None:
    turn.memory[_DECIDED] = _asked_about(turn)
    turn.add(Decide(_asked_about(turn), again))


def _asked_about(turn: Turn) -> int:
    """The outbox id that the timer or the button carries, in base 36."""
    return int(turn.ref or "0", 36)


def _hide(turn: Turn, since: int, line: Phrase | None = _NEUTRAL) -> None:
    pressed = turn.event.message_id if isinstance(turn.event, Pressed) else 0  # this turn's own words go there
    pictures = {message.message_id for message in turn.facts.shown if message.picture}
    # The latest change of each message speaks for it; one whose fate is not known yet for itself.
    standing = {message.message_id or -message.id: message for message in turn.facts.shown if message.id >= since}
    gone: list[int] = []
    for message in standing.values():
        if pressed and message.message_id == pressed:
            continue
        if line is not None and not message.picture and message.message_id not in pictures:
            turn.add(Hide(message.id, line))
        elif message.message_id:
            gone.append(message.message_id)  # a picture, in whose place no words can stand, or all of it
        else:
            turn.add(Hide(message.id))
    gone += [message for number, message in turn.written if number >= since]
    for at in range(0, len(gone), DELETED_AT_ONCE):
        turn.add(TakeAway(tuple(gone[at : at + DELETED_AT_ONCE])))


def _length(value: Any) -> Any:
    if isinstance(value, str) and value[:1].isdigit() and value[-1:] in "smhd":
        return spell(value)
    return timedelta(seconds=value.total_seconds()) if isinstance(value, timedelta) else value
