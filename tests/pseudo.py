"""A made-up translation: right to left, 40 % longer, all six plural forms. What works in it works in any language."""

import re
from collections.abc import Mapping

from bot.i18n.catalog import Entry, Words
from bot.i18n.locales import PLURAL_FORMS

PSEUDO = "ar"
"""Arabic's rules: written from right to left, and the only language that uses every plural form."""

GROWTH = 0.4
LETTERS = "𐤀𐤁𐤂𐤃𐤄𐤅𐤆𐤇𐤈𐤉"
"""Phoenician: strongly right to left, and each letter two UTF-16 units long."""

_RIGHT_TO_LEFT = "\u200f"
_ADDED = re.compile(rf"{_RIGHT_TO_LEFT}| [{LETTERS}]+")
_SLOT = re.compile(r"\{[a-z][a-z0-9_]*(?::[a-z]+)?\}")
_SILENT = re.compile(r"\*\*|`|\\(?=[^\w\s])|\]\([^)\s]*\)|\[(?=[^\]]*\]\()|^> ?", re.MULTILINE)
"""Marks that are not seen in the chat and so don't count as length."""


def with_pseudo(words: Words, source: str = "en") -> dict[str, Mapping[str, Entry]]:
    """`words` and the made-up locale, generated from `source`."""
    return {**words, PSEUDO: {key: pseudo_entry(entry) for key, entry in words[source].items()}}


def pseudo_entry(entry: Entry) -> Entry:
    """One phrase in the made-up language; a plural gets all the forms the language has."""
    if isinstance(entry, str):
        return pseudo_text(entry)
    if isinstance(entry, list):
        return [pseudo_text(variant) for variant in entry]
    forms: dict[str, str | list[str]] = {}
    if isinstance(by := entry.get("plural"), str):
        forms["plural"] = by
    for form in PLURAL_FORMS:
        texts = entry.get(form, entry["other"])
        forms[form] = pseudo_text(texts) if isinstance(texts, str) else [pseudo_text(text) for text in texts]
    return forms


def pseudo_text(text: str) -> str:
    """
    Each line begins with a right-to-left mark and ends with letters: 40 % more of what is seen, everything counted.

    Placeholders and marks stay where they are, and so do the words: a failing test can still be read.
    """
    return "\n".join(_longer(line) if line.strip() else line for line in text.split("\n"))


def restored(text: str) -> str:
    """The words without what was added."""
    return _ADDED.sub("", text)


def seen(text: str) -> int:
    """How many characters of a line stay when marks and placeholders are taken away."""
    return len(_SILENT.sub("", _SLOT.sub("", text)))


def _longer(line: str) -> str:
    quote, words = ("> ", line[2:]) if line.startswith("> ") else ("", line)
    more = max(1, seen(words) * 2 // 5) - 1
    # A space first: a command, an address or a closing mark at the end of the line has to end there.
    tail = f" {(LETTERS * more)[: more - 1]}" if more > 1 else _RIGHT_TO_LEFT * more
    return f"{quote}{_RIGHT_TO_LEFT}{words}{tail}"
