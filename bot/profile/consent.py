"""What a person agreed to, as a version: when what is kept changes, they are asked again at their next contact."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.core.effects import ChangeUser, Effect
from bot.core.events import CommandGiven, Event, Pressed, Wrote
from bot.core.facts import User
from bot.dialog.session import Session

VERSION = 2
"""
The version that a yes stands for. Count up when something else is kept, or longer, or for another purpose, and put what
changed into `dialogs/renew`. 2: limits for how long things stay, and that danger was written.
"""

DIALOG = "renew"
"""The dialog that asks again."""

WANTED, HELD = "wanted", "words"
"""Its slots: the command, or the words for the open prompt, that wait for the answer."""

A_NEW_CONTACT = timedelta(hours=1)
"""After so long without a word, also somebody in the middle of a dialog is asked. A product choice."""

_AT_ANY_TIME = frozenset(
    {"help", "sos", "safe", "privacy", "developer_info", "about", "export", "delete", "stop", "clear", "back", "cancel"}
)
"""Commands that are answered whatever was agreed to."""

_UNDISTURBED = frozenset({"help", "crisis", "safe", "minor", "privacy", "export", "delete", "stop", "clear", DIALOG})
"""Dialogs that are not interrupted for it."""


def asks_again(user: User, event: Event, session: Session, now: datetime) -> bool:
    """Whether `event` has to wait: the person agreed to an older version, and begins something."""
    if not 0 < user.consent < VERSION or user.stopped:
        return False
    match event:
        case CommandGiven(command):
            return command not in _AT_ANY_TIME
        case Wrote() | Pressed():
            if isinstance(event, Pressed) and not (session.open and event.data.startswith("p.")):
                return False  # a standing button keeps its promise
            fresh = session.at is None or now - session.at >= A_NEW_CONTACT
            return session.frame.dialog not in _UNDISTURBED and (fresh or not session.open)
    return False


def waiting(before: Session, effects: Iterable[Effect]) -> Event | None:
    """What waited for the answer and may go on now: the person has just agreed."""
    if before.frame.dialog != DIALOG:
        return None
    if not any(isinstance(effect, ChangeUser) and effect.values.get("consent") == VERSION for effect in effects):
        return None
    slots = before.frame.slots
    if command := slots.get(WANTED):
        return CommandGiven(str(command))
    return Wrote(str(slots[HELD])) if slots.get(HELD) and before.stack else None
