"""The words for what people may ask of their own data: agreeing, a copy of it, clearing the chat, how long it stays."""

from datetime import datetime, timedelta

from bot.core.effects import ChangeUser, ClearChat, SendExport, Value
from bot.core.events import CommandGiven
from bot.dialog.registry import Registry
from bot.dialog.turn import Turn
from bot.profile import consent

registry = Registry()

FRESH = timedelta(minutes=10)
"""For so long a question about the whole of somebody's data may be answered. A product choice."""


@registry.action()
def agree(turn: Turn) -> None:
    """Keep that the person agreed to what is kept, as it is told now."""
    turn.add(ChangeUser({"consent": consent.VERSION}))


@registry.action(sets=(consent.WANTED, consent.HELD))
def hold_wish(turn: Turn) -> None:
    """Hold what the person came for until they answered: their command, or their words for the open prompt."""
    if isinstance(turn.event, CommandGiven):
        turn.slots[consent.WANTED] = turn.event.command
    elif turn.text:
        turn.slots[consent.HELD] = turn.text


@registry.action()
def clear_chat(turn: Turn) -> None:
    """Delete the bot's messages of the last two days from this chat."""
    turn.add(ClearChat())


@registry.action(sets=("asked_at",))
def note_time(turn: Turn) -> None:
    """Remember when this was asked."""
    turn.slots["asked_at"] = turn.now


@registry.guard()
def is_fresh(turn: Turn) -> bool:
    """Whether the question was asked a few minutes ago at most."""
    asked_at = turn.slots.get("asked_at")
    return isinstance(asked_at, datetime) and turn.now - asked_at <= FRESH


@registry.action()
def send_export(turn: Turn, value: str) -> None:
    """Send what is kept, as two documents: the `usual` copy, the `fuller` with what has to do with danger, or the `whole` with the private corner, too."""
    turn.add(SendExport(fuller=value != "usual", corner=value == "whole"))


@registry.value()
def drafts_kept(turn: Turn) -> Value:
    """How long words meant for a partner stay."""
    return turn.facts.kept.drafts


@registry.value()
def notes_kept(turn: Turn) -> Value:
    """How long words about oneself stay."""
    return turn.facts.kept.notes


@registry.value()
def flags_kept(turn: Turn) -> Value:
    """How long it is kept that danger was written."""
    return turn.facts.kept.flags


@registry.value()
def all_kept(turn: Turn) -> Value:
    """How long everything stays after the last message."""
    return turn.facts.kept.everything
