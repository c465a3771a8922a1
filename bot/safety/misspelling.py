"""Recognises the words that matter most behind slips of the finger, missing vowels and asterisks."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from itertools import groupby

SHORTEST = 5
"""Shorter words lie too close to ordinary ones to guess, unless every vowel is missing."""

LONGEST = 24
"""Nobody misspells a longer word, in letters."""


class Guesser:
    """
    Guesses which of the words `clear` is meant. `known`: every word that means something already, and is never guessed at.

    A guess keeps the first letter. Its work is bounded by the length of the word, not by how many there are to guess.
    """

    def __init__(self, clear: Collection[str], known: Collection[str]) -> None:
        self._known = known
        self._clear = frozenset(clear)
        self._slips: dict[str, str] = {}
        self._bones: dict[str, list[str]] = defaultdict(list)
        self._masked: dict[tuple[int, str, str], list[str]] = defaultdict(list)
        for word in sorted(clear):
            self._masked[len(word), word[0], word[-1]].append(word)
            self._bones[_bones(word)].append(word)
            if len(word) > SHORTEST:
                self._slips |= dict.fromkeys((word, *_one_less(word)), word)

    def guess(self, word: str) -> str:
        """The word meant by `word`, which is unknown and of letters only; empty if that is anybody's guess."""
        if len(word) > LONGEST:
            return ""
        if word.endswith("in") and word + "g" in self._known:
            return word + "g"
        if word.endswith("eing") and word[:-4] + "ing" in self._known:
            return word[:-4] + "ing"
        if meant := next((meant for meant in _as_it_sounds(word) if meant in self._clear), ""):
            return meant
        if len(word) < SHORTEST and not _NO_VOWELS.fullmatch(word):
            return ""
        if meant := next((meant for meant in self._bones.get(_bones(word), ()) if _left_out(word, meant)), ""):
            return meant
        if len(word) >= SHORTEST:
            for slip in (word, *_one_less(word)):
                if (meant := self._slips.get(slip, "")) and meant[0] == word[0]:
                    return meant
        return ""

    def unmask(self, sign: str) -> str:
        """The word meant by `sign`, whose asterisks stand for letters."""
        return next((word for word in self._masked.get((len(sign), sign[0], sign[-1]), ()) if _hides(sign, word)), "")


_NO_VOWELS = re.compile(r"[^aeiouy]{3,}")
_VOWELS = re.compile(r"(?<!^)[aeiouy]")


def _as_it_sounds(word: str) -> Iterator[str]:
    """What "hitin", "slapt" and "chokd" may stand for."""
    match word[-2:]:
        case "in":
            yield word[:-2] + word[-3:-2] + "ing"
        case ending if len(ending) > 1 and ending[-1] in {"t", "d"}:
            yield from (word[:-1] + "ed", word[:-1] + word[-2] + "ed")


def _bones(word: str) -> str:
    """The first letter and the consonants."""
    return "".join(letter for letter, _ in groupby(_VOWELS.sub("", word)))


def _left_out(word: str, meant: str) -> bool:
    """Whether `word` is `meant` with letters left out, and nothing else."""
    letters = iter(meant)
    return len(word) < len(meant) and all(letter in letters for letter in word)


def _one_less(word: str) -> Iterator[str]:
    return (word[:at] + word[at + 1 :] for at in range(1, len(word)))


def _hides(sign: str, word: str) -> bool:
    return "*" in sign and all(shown in {letter, "*"} for shown, letter in zip(sign, word, strict=True))
