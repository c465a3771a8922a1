"""The dialogs that come with the program, compiled once for all tests, as a program that starts again finds them."""

from functools import cache
from pathlib import Path

from bot.dialog.library import Library
from bot.dialogs import read_dialogs

CACHE = Path(__file__).parents[1] / "var/cache"
"""Where the demo and the bot keep them, too."""


@cache
def library() -> Library:
    """The project's own dialogs, checked."""
    return read_dialogs(None, CACHE)
