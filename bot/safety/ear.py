"""The second, softer ear: adds up what the cues of a text weigh, and asks where the patterns heard nothing. Pure."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise

from bot.core.events import Verdict
from bot.safety.automaton import BEGIN, END
from bot.safety.cues import ALWAYS, GAP
from bot.safety.lexicon import KINDS, LEVELS, Lexicon
from bot.safety.normalise import Sentence

PIECE = 24
"""Words of a piece of a long text. Two neighbours are judged together, so one clause counts however much stands around it."""


class Ear:
    """Listens for the cues of one lexicon. What it hears is never more than unsure."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._cues = lexicon.cues
        self._signs = Signs(lexicon)
        self._words = frozenset(cue for cue in self._cues.rows if " " not in cue)

    def knows(self, word: str) -> bool:
        """Whether a word, by itself or by its stem, is a cue."""
        return bool(self._words) and (word in self._words or word.isdigit() or self._signs.stem(word) in self._words)

    def hears(self, sentences: Sequence[Sentence]) -> Verdict | None:
        """One soft question about the likeliest kind, or nothing."""
        if not self._cues.rows:
            return None
        total, kind = self.greatest(sentences)
        return Verdict(KINDS[kind], LEVELS[-1]) if total >= self._cues.threshold else None

    def greatest(self, sentences: Sequence[Sentence]) -> tuple[int, int]:
        """The greatest sum of any part of the text, and which of KINDS it stands for; of equal ones the gravest."""
        first, *others = [self._found(piece) for piece in pieces(sentences)]
        sums = [self._sums(one | other) for one, other in pairwise([first, *others])] if others else [self._sums(first)]
        total = max(max(each) for each in sums)
        return total, min(each.index(total) for each in sums if total in each)

    def weighed(self, sentences: Sequence[Sentence]) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Each cue in the text and what it adds to each kind: for those who ask why, and edit the weights."""
        rows, size = self._cues.rows, len(KINDS)
        for cue in sorted(self._signs.of(sentences) & rows.keys()):
            yield cue, tuple(self._cues.weights[rows[cue] * size : (rows[cue] + 1) * size])

    def _found(self, piece: Sequence[Sentence]) -> AbstractSet[int]:
        rows = self._cues.rows
        return {rows[sign] for sign in self._signs.of(piece) if sign in rows}

    def _sums(self, found: AbstractSet[int]) -> list[int]:
        weights, size = self._cues.weights, len(KINDS)
        starts = [row * size for row in found]
        return [sum([weights[start + kind] for start in starts]) for kind in range(size)]


class Signs:
    """
    Finds everything in a text that might be a cue: its words, and their stems alone and in pairs.

    `breathing` is a word and `breath~` its stem. In pairs a person is `<they>`, a denial `<not>`, a number `<n>`;
    words that may stand anywhere are left out.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._endings = lexicon.cues.endings
        self._fillers = lexicon.sets["fillers"]
        self._roles = dict.fromkeys(lexicon.sets["others"] | lexicon.sets["people"], "<they>")
        self._roles |= dict.fromkeys(lexicon.sets["denials"], "<not>")

    def of(self, sentences: Sequence[Sentence]) -> AbstractSet[str]:
        """All signs, each once."""
        found = {ALWAYS}
        for sentence in sentences:
            found.update(sentence)
            stems = [self.stem(word) for word in sentence if word not in self._fillers]
            found.update(stems)
            bare = [BEGIN, *(stem.removesuffix("~") for stem in stems), END]
            found.update(f"{one} {other}" for one, other in pairwise(bare))
            for further in (2, 3):
                found.update(f"{one} {GAP} {other}" for one, other in zip(bare, bare[further:], strict=False))
        return found

    def stem(self, word: str) -> str:
        """The stem of a word with a `~` behind it, or the part it plays."""
        if role := self._roles.get(word):
            return role
        if word.isdigit():
            return "<n>"
        if not word.isalpha() or len(word) <= _SHORT:
            return word + "~"
        for ending in self._endings:
            stem = word.removesuffix(ending)
            if len(stem) < len(word) and len(stem) >= _SHORT:
                word = stem[:-1] if len(stem) > _SHORT and stem[-1] == stem[-2] else stem
                break
        return word.rstrip("e") + "~"


def pieces(sentences: Sequence[Sentence]) -> list[list[Sentence]]:
    """A text cut into pieces of whole sentences, where they are no longer than a piece."""
    cut: list[list[Sentence]] = [[]]
    room = PIECE
    for sentence in sentences:
        for start in range(0, len(sentence), PIECE):
            part = sentence[start : start + PIECE]
            if len(part) > room and cut[-1]:
                cut.append([])
                room = PIECE
            cut[-1].append(part)
            room -= len(part)
    return cut


_SHORT = 3
