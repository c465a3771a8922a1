"""What the script of the private corner may ask and do. Whatever reads a line asks `corner_is_open` first."""

from datetime import timedelta

from bot.core.effects import CountWrongPins, DropTimer, EmptyCorner, SetPin, Value
from bot.core.facts import Line
from bot.corner import pins
from bot.dialog.registry import Registry
from bot.dialog.turn import Turn
from bot.i18n import formatting

registry = Registry()

OPEN_FOR = timedelta(minutes=3)
"""So long after the last move the corner is open; then its lines go from the chat, and the PIN is asked again."""

HIDE = "private.hide"
"""The timer that hides a page of lines; its ref is the number of the turn that showed it."""

PAGE = 5
"""Lines on one page: with `LONGEST` each, they fit into a message."""

LINE = "private.line"
"""The kind of entry a line is. Every kind of the private corner begins with `private.`."""

# Slots: chosen (a slow hash of a PIN that was written once), open_until (when the corner shuts by itself), page (0 is the newest).


@registry.guard(needs=("corner",))
def has_corner(turn: Turn) -> bool:
    """Whether there is a private corner with a PIN. Says nothing about lines in it."""
    return turn.facts.corner is not None


@registry.guard()
def is_pin(turn: Turn) -> bool:
    """Whether 4 to 8 digits were written."""
    return pins.is_pin(turn.text)


@registry.guard(needs=("corner",))
def is_right_pin(turn: Turn) -> bool:
    """Whether the PIN of the private corner was written. Takes about 20 ms, so ask once a turn."""
    return turn.facts.corner is not None and pins.matches(turn.text, turn.facts.corner.pin)


@registry.guard()
def is_chosen_pin(turn: Turn) -> bool:
    """Whether the PIN that was just chosen was written once more. Takes about 20 ms, so ask once a turn."""
    chosen = turn.slots.get("chosen")
    return chosen is not None and pins.matches(turn.text, bytes.fromhex(chosen))


@registry.guard(needs=("corner",))
def pin_waits(turn: Turn) -> bool:
    """Whether no PIN is looked at now, after too many wrong ones."""
    corner = turn.facts.corner
    return corner is not None and corner.wait_until is not None and turn.now < corner.wait_until


@registry.guard()
def corner_is_open(turn: Turn) -> bool:
    """Whether the PIN was written a moment ago, or something was done in the open corner since."""
    until = turn.slots.get("open_until")
    return until is not None and turn.now < until


@registry.guard(needs=("corner",))
def has_lines(turn: Turn) -> bool:
    """Whether there is a line in the corner. To be asked only while it is open."""
    return bool(_lines(turn))


@registry.guard(needs=("corner",))
def has_older(turn: Turn) -> bool:
    """Whether there are lines before those of this page."""
    return len(_lines(turn)) > (_page(turn) + 1) * PAGE


@registry.guard()
def has_newer(turn: Turn) -> bool:
    """Whether there are lines after those of this page."""
    return _page(turn) > 0


@registry.action(sets=("chosen",))
def choose_pin(turn: Turn) -> None:
    """Remember the PIN that was written until it is written once more. What is in force stays so, and no digit is kept."""
    salt = turn.facts.number.to_bytes(pins.SALT_BYTES)  # no other turn has it, which is all that a salt needs
    turn.slots["chosen"] = pins.hashed(turn.text, salt).hex()


@registry.action()
def set_pin(turn: Turn) -> None:
    """Lock the private corner with the PIN that was written; a PIN it had is gone."""
    turn.add(SetPin(turn.text.strip()))


@registry.action(needs=("corner",))
def count_wrong_pin(turn: Turn) -> None:
    """Count a wrong PIN; from the third in a row on none is looked at for a while, each time for longer."""
    corner = turn.facts.corner
    if corner is not None:
        wrong = corner.wrong + 1
        wait = pins.wait_after(wrong)
        turn.add(CountWrongPins(wrong, turn.now + wait if wait else None))


@registry.action(sets=("open_until",))
def open_corner(turn: Turn) -> None:
    """Open the corner for three minutes: the right PIN was written."""
    turn.slots["open_until"] = turn.now + OPEN_FOR
    turn.add(CountWrongPins(0))


@registry.action(sets=("open_until",))
def stay_open(turn: Turn) -> None:
    """Keep the open corner open for three minutes from now; a shut one stays shut."""
    if corner_is_open(turn):
        turn.slots["open_until"] = turn.now + OPEN_FOR


@registry.action()
def hide_soon(turn: Turn) -> None:
    """Put neutral words over what this turn shows in three minutes, wherever the person is by then."""
    turn.remind(HIDE, str(turn.facts.number), turn.now + OPEN_FOR)


@registry.action()
def shut_corner(turn: Turn) -> None:
    """Shut the corner; what it showed has been hidden."""
    turn.slots.pop("open_until", None)
    turn.add(DropTimer(HIDE))


@registry.action()
def keep_line(turn: Turn) -> None:
    """Keep the line that was written in the private corner."""
    turn.record(LINE, text=turn.text.strip())


@registry.action()
def empty_corner(turn: Turn) -> None:
    """Forget the PIN and everything in the private corner."""
    turn.slots.pop("open_until", None)
    turn.add(EmptyCorner())
    turn.add(DropTimer(HIDE))


@registry.action(sets=("page",))
def newest_page(turn: Turn) -> None:
    """Turn to the newest lines."""
    turn.slots["page"] = 0


@registry.action(sets=("page",))
def older_page(turn: Turn) -> None:
    """Turn to the lines before."""
    turn.slots["page"] = _page(turn) + 1


@registry.action(sets=("page",))
def newer_page(turn: Turn) -> None:
    """Turn to the lines after."""
    turn.slots["page"] = max(_page(turn) - 1, 0)


@registry.value(needs=("corner",))
def private_lines(turn: Turn) -> Value:
    """The lines of this page, each with its day; nothing unless the corner is open."""
    if not corner_is_open(turn):
        return None
    lines = _lines(turn)
    end = len(lines) - _page(turn) * PAGE
    return "\n\n".join(f"{_day(turn, line)}\n{line.text}" for line in lines[max(end - PAGE, 0) : end])


@registry.value(needs=("corner",))
def pin_free_at(turn: Turn) -> Value:
    """When a PIN is looked at again."""
    return turn.facts.corner.wait_until if turn.facts.corner else None


def _lines(turn: Turn) -> tuple[Line, ...]:
    return turn.facts.corner.lines if turn.facts.corner else ()


def _page(turn: Turn) -> int:
    return int(turn.slots.get("page", 0))


def _day(turn: Turn, line: Line) -> str:
    return formatting.date(formatting.local(line.at, turn.zone), turn.user.locale)
