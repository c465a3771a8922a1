"""Typed words turned into a short row of symbols that means the same in every language."""

import re
import unicodedata
from functools import cache

from bot.i18n.locales import DEFAULT, language_of
from bot.i18n.spelling import closest, folded
from bot.i18n.words import LANGUAGES

LONGEST = 120
"""Nobody tells a time at greater length, in characters."""

UNITS = frozenset({"H", "M", "S", "D"})


def symbols(text: str, locale: str) -> tuple[str, ...]:
    """
    The meanings of `text` in order (see `bot.i18n.words`), numbers as written; empty if any word is unknown.

    Words with one slip in them are understood. "an hour" becomes `1 H`, "twenty five" `25`; words that say nothing about
    the time are left out.
    """
    if len(text) > LONGEST:
        return ()
    meanings = _vocabulary(language_of(locale))
    words = _TOKEN.findall(_tidied(text))
    found: list[str] = []
    spoken: list[bool] = []  # was the number a word? Only then "twenty five" is one number
    position = 0
    while position < len(words):
        word = words[position]
        size = next((n for n in (3, 2, 1) if " ".join(words[position : position + n]) in meanings), 0)
        phrase = " ".join(words[position : position + size])
        position += size or 1
        if size:
            meaning = meanings[phrase]
        elif word[0].isdigit() or word in _SIGNS:
            meaning = word
        else:
            meaning = meanings.get(closest(word, meanings), "")
        if not meaning:
            return ()
        for symbol in meaning.split():
            if symbol != "skip":
                found.append(symbol)
                spoken.append(bool(size))
    return _whole(_tens(found, spoken))


_SIGNS = "-/"
_TOKEN = re.compile(r"\d+(?:[:.]\d+)?|[-/]|[^\s\d/-]+")
_FRACTIONS = {"½": ".5", "¼": ".25", "¾": ".75"}


@cache
def _vocabulary(language: str) -> dict[str, str]:
    """Every spelling with its meaning; the language's own words win over English ones."""
    known: dict[str, str] = {}
    for name in (DEFAULT, language):
        for meaning, spellings in LANGUAGES.get(name, {}).items():
            known |= {spelling.strip(): meaning for spelling in spellings.split(",")}
    return known


def _tidied(text: str) -> str:
    """Without what carries no meaning here: apostrophes, emoji, final dots; fractions and dashes in one form."""
    text = re.sub(r"(\d*)\s?([½¼¾])", lambda match: f" {match[1] or 0}{_FRACTIONS[match[2]]} ", text)
    text = folded(text.replace("🔟", "10"))
    text = re.sub(r"(?:\b(\d+) )?\b1[/⁄]2\b", lambda match: f"{match[1] or 0}.5", text)
    text = re.sub(r"\b([ap])\.\s?m\b\.?", r"\1m", text)
    text = re.sub(r"(?<=\d),(?=\d)", ".", text)
    text = re.sub(r"(?<=\d)\s*:\s*(?=\d)", ":", text)
    text = re.sub(r"['’`´]", "", text)
    text = re.sub(r"[‐‑‒–—−]", "-", text)
    text = re.sub(r"(?<=\w)-(?=[^\W\d])", " ", text)
    text = re.sub(r"(?<!\S)\.(?=\d)", "0.", text)
    text = re.sub(r"\.(?!\d)|(?<!\d)\.", " ", text)
    return "".join(" " if _is_silent(letter) else letter for letter in text)


def _is_silent(letter: str) -> bool:
    return letter in ',;!?()"“”„«»…~≈@*\ufe0f' or unicodedata.category(letter) in {"So", "Sk", "Cf", "Me", "Cc", "Zs"}


def _tens(found: list[str], spoken: list[bool]) -> list[str]:
    joined: list[str] = []
    for n, symbol in enumerate(found):
        follows = n > 0 and spoken[n] and spoken[n - 1]
        if follows and joined[-1] in {"20", "30", "40", "50"} and symbol in set("123456789"):
            joined[-1] = str(int(joined[-1]) + int(symbol))
        else:
            joined.append(symbol)
    return joined


def _whole(found: list[str]) -> tuple[str, ...]:
    """A unit without a number is one of it, unless it is halved; "am" without a number is the verb."""
    kept: list[str] = []
    for symbol in found:
        before = kept[-1] if kept else ""
        if symbol == "am" and not (before[:1].isdigit() or before == "oclock"):
            continue
        if symbol in UNITS and not (before[:1].isdigit() or before in {"half", "quarter"}):
            kept.append("1")
        kept.append(symbol)
    return tuple(kept)
