"""Finds what Telegram finds by itself in any text: commands, mentions, hashtags, addresses, links."""

import re
from typing import Any

from bot.simulator.utf16 import units


def detect(text: str, taken: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entities found in `text`; nothing is found inside code, links or what is already `taken`."""
    found: list[dict[str, Any]] = []
    blocked = [(each["offset"], each["offset"] + each["length"]) for each in taken if each["type"] in _CLOSED]
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            start, end = match.span(1)
            if kind == "url":
                end = _without_trailing_marks(text, start, end)
            offset, length = units(text[:start]), units(text[start:end])
            if length and not any(low < offset + length and offset < high for low, high in blocked):
                found.append({"type": kind, "offset": offset, "length": length})
                blocked.append((offset, offset + length))
    return found


_CLOSED = {"code", "pre", "text_link", "text_mention", "url", "email", "date_time", "custom_emoji"}
_ZONES = (
    "com|org|net|io|me|info|app|dev|edu|gov|int|biz|eu|uk|de|fr|es|it|nl|pl|br|pt|ru|ua|by|kz|uz|ir|id|in|tr|ch|at|us"
)
_PATTERNS = [
    ("url", re.compile(r"(?<![\w@/.])((?:https?|ftp|tg|ton)://[^\s<>\"]+)", re.IGNORECASE)),
    ("email", re.compile(r"(?<![\w.+-])([\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)*\.[a-zA-Z]{2,24})(?![\w-])")),
    (
        "url",
        re.compile(rf"(?<![\w@/.-])((?:[\w-]+\.)+(?:{_ZONES})(?::\d+)?(?:[/?#][^\s<>\"]*)?)(?![\w@-])", re.IGNORECASE),
    ),
    ("bot_command", re.compile(r"(?<![\w/<>])(/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?)(?![\w/<>])")),
    ("mention", re.compile(r"(?<!\w)(@[A-Za-z][A-Za-z0-9_]{2,31})(?!\w)")),
    ("hashtag", re.compile(r"(?<!\w)(#(?!\d+\b)\w{1,256})(?!\w)")),
    ("cashtag", re.compile(r"(?<![$\w])(\$[A-Z]{3,8})(?![$\w])")),
]


def _without_trailing_marks(text: str, start: int, end: int) -> int:
    while end > start and text[end - 1] in ".,;:!?'\")]}»”’…":
        if text[end - 1] == ")" and text[start:end].count("(") >= text[start:end].count(")"):
            break
        end -= 1
    return end
