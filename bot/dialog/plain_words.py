"""How hard words are to read: sentences, reading grade, and words that the style guide keeps out."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

HARDEST = 6.0
"""The school grade (United States) above which a text is too hard."""

LONG_PHRASE = 20
"""From this many words on a phrase has a grade of its own; fewer say too little."""

LONGEST_SENTENCE = 16
"""Words in a sentence; the style guide wants 14."""


def sentences(text: str) -> list[str]:
    """The text's sentences; a line or paragraph of its own is one too."""
    return [part for part in _END.split(text) if _WORD.search(part)]


def word_count(text: str) -> int:
    """How many words; a number counts as one."""
    return len(_WORD.findall(text))


def grade(text: str) -> float:
    """
    The Flesch-Kincaid grade of an English text: the years of school it takes to read it with ease.

    0.39 words a sentence + 11.8 syllables a word - 15.59. Source: Kincaid, Fishburne, Rogers and Chissom, 1975.
    """
    text = _ADDRESS.sub("it", text)
    words = _WORD.findall(text)
    if not words:
        return 0.0
    return 0.39 * len(words) / len(sentences(text)) + 11.8 * sum(map(_syllables, words)) / len(words) - 15.59


def banned(style: Mapping[str, str]) -> "re.Pattern[str] | None":
    """
    A pattern for the words that `style` keeps out, whole words only, letter case aside; None if there are none.

    A star stands for any letters: `deactivat*`. The matched group `n<i>` is the `i`th entry's. Words in quotation marks
    are somebody else's and pass.
    """
    if not style:
        return None
    entries = (re.escape(entry).replace(r"\*", r"\w*").replace(r"\ ", r"\s+").replace("'", "['’]") for entry in style)
    anyone = "|".join(f"(?P<n{n}>{entry})" for n, entry in enumerate(entries))
    return re.compile(rf"(?<!\w)(?:{anyone})(?!\w)", re.IGNORECASE)


def kept_out(pattern: "re.Pattern[str] | None", style: Mapping[str, str], text: str) -> Iterable[tuple[str, str]]:
    """Each banned word in the text, with what to say instead."""
    reasons = list(style.values())
    for match in pattern.finditer(_QUOTED.sub("", text)) if pattern else ():
        yield match.group(), reasons[int((match.lastgroup or "n0")[1:])]


_END = re.compile(r"[.!?…:](?=[\s\"”’)]|$)[\"”’)]*|\n+")
_QUOTED = re.compile(r"\"[^\"\n]*\"|“[^”\n]*”")
_ADDRESS = re.compile(r"\b[\w-]+\.[a-z]{2,}\b|/\w+")
_WORD = re.compile(r"\w[\w'’.-]*\w|\w")
_VOWELS = re.compile(r"[aeiouy]+")
_SILENT = re.compile(r"(?:[^laeiouy]es|[^tdaeiouy]ed|[^laeiouy]e)$")


@lru_cache(maxsize=8192)
def _syllables(word: str) -> int:
    """Groups of vowels, without the silent endings -e, -es and -ed; never less than one."""
    letters = re.sub(r"[^a-z]", "", word.lower())
    return max(1, len(_VOWELS.findall(_SILENT.sub("", letters) if len(letters) > 3 else letters)))  # noqa: PLR2004
