"""Hop 4: what a verdict does to a turn, before any dialog sees the event."""

from bot.core.events import Verdict


def opens(verdict: Verdict | None) -> str:
    """The dialog that takes the turn over, keeping the person's place; empty if none does."""
    return "help" if verdict is not None and verdict.level == "explicit" else ""
