"""The words for what others may see of the bot on somebody's phone: notes on the lock screen, and a word to leave by."""

from bot.core.effects import ChangeUser, Phrase, Value
from bot.dialog.registry import Registry
from bot.dialog.turn import Turn
from bot.i18n.exit_word import may_leave, plain
from bot.profile.person import settled

registry = Registry()


@registry.action()
def set_lock_screen(turn: Turn, value: str) -> None:
    """Let notes that come by themselves be `shown`, all `neutral`, or (empty) only the most private ones neutral."""
    turn.add(ChangeUser({"lock_screen": value}))


@registry.value()
def lock_shown(turn: Turn) -> Value:
    """Which notes are neutral."""
    lock_screen = settled(turn).lock_screen
    if lock_screen == "neutral":
        return Phrase("common.shown.lock_all")
    return Phrase("common.shown.lock_none") if lock_screen == "shown" else Phrase("common.shown.lock_private")


@registry.guard()
def is_exit_word(turn: Turn) -> bool:
    """Whether what was written can be a word to leave by."""
    return may_leave(turn.text)


@registry.guard()
def has_exit_word(turn: Turn) -> bool:
    """Whether there is a word to leave by."""
    return bool(settled(turn).exit_word)


@registry.action()
def keep_exit_word(turn: Turn) -> None:
    """Hide and end what is open whenever the word that was written is written again."""
    turn.add(ChangeUser({"exit_word": plain(turn.text)}))


@registry.action()
def drop_exit_word(turn: Turn) -> None:
    """Have no word to leave by."""
    turn.add(ChangeUser({"exit_word": ""}))


@registry.value()
def exit_shown(turn: Turn) -> Value:
    """Whether there is a word to leave by; never the word itself."""
    return Phrase("common.shown.set") if settled(turn).exit_word else Phrase("common.shown.unset")
