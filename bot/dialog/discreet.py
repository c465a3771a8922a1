"""What others may see over somebody's shoulder: when words come under a neutral note, and what can be taken away again."""

import re
from collections.abc import Iterable

from bot.core.effects import Effect, TakeAway
from bot.core.events import CommandGiven, Elapsed, Event, Wrote
from bot.core.facts import User
from bot.dialog.script import Script
from bot.dialog.session import WRITTEN

Written = tuple[tuple[int, int], ...]
"""The person's own messages: the number of the turn, and Telegram's id."""

_NOTE = re.compile("[0-9a-z]{1,12}")


def needs_cover(event: Event, user: User, script: Script | None) -> bool:
    """
    Whether a neutral note goes out first: for what comes by itself, as far as the person wants it so.

    What answers somebody, or goes on with what they are in the middle of, never needs one.
    """
    if not isinstance(event, Elapsed) or event.kind == "wait":
        return False
    private = script is not None and script.discreet and user.lock_screen != "shown"
    return private or user.lock_screen == "neutral"


def note_number(said: str) -> int:
    """The outbox id that a neutral note's button carries, in base 36; 0 if it is none."""
    return int(said, 36) if _NOTE.fullmatch(said) else 0


def written(event: Event, number: int) -> Written:
    """The person's own message behind the event of the turn `number`; nothing if there is none."""
    match event:
        case Wrote(message_id=message) | CommandGiven(message_id=message) if message:
            return ((number, message),)
    return ()


def still_there(messages: Written, since: int, effects: Iterable[Effect]) -> Written:
    """Those written since the turn `since` that `effects` don't take away, the latest ones."""
    gone = {message for effect in effects if isinstance(effect, TakeAway) for message in effect.message_ids}
    return tuple(pair for pair in messages if pair[0] >= since and pair[1] not in gone)[-WRITTEN:]
