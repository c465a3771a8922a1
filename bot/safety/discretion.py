"""The word to leave by: whoever writes it has everything that is open hidden and ended, with nothing said about it."""

from dataclasses import replace

from bot.core.effects import Effect, Say
from bot.core.facts import User
from bot.i18n.exit_word import plain

EXIT = "exit"
"""The dialog that hides and ends what is open."""


def leaves(user: User, text: str) -> bool:
    """Whether `text` is the person's word to leave by, letter case and signs around it aside."""
    return bool(user.exit_word) and plain(text) == user.exit_word


def uncovered(effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
    """What is said beside somebody's own turn: they are here, and need no neutral note."""
    return tuple(_shown(effect) if isinstance(effect, Say) else effect for effect in effects)


def _shown(said: Say) -> Say:
    return replace(said, cover=None)
