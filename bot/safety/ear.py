"""The second, softer ear: adds up what the cues of a text weigh, asks where patterns heard nothing, doubts some of what they did. Pure."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise

from bot.core.events import Verdict
from bot.safety.automaton import BEGIN, END
from bot.safety.cues import ALWAYS, GAP, NEVER, Cues
from bot.safety.lexicon import KINDS, LEVELS, Lexicon
from bot.safety.normalise import Sentence

PIECE = 24
"""Words of a piece of a long text. Two neighbours are judged together, so one clause counts however much stands around it."""

PLAINER = 20
"""Beside an age, what else is asked about lies so far above the threshold: of young people's lines 3 in 100, instead of 10."""

LONGER = 15
"""What a sum has to be greater by each time the parts of a text double: of everyday texts of three parts and more, 14 in 100 are asked
about instead of 30, and 82 in 100 of the explicit ones instead of 86."""

ENOUGH = 8
"""Words that a text needs before they may speak against what a pattern found in it: "I can't go on like this" stands for itself."""


def settled(heard: str, total: int, sentences: Sequence[Sentence], cues: Cues) -> str:
    """
    The level at which a text is heard in the end: `heard` by patterns ("": not at all), the greatest sum of its parts `total`.

    A long text has many parts, and the greatest of many sums is greater by chance.
    """
    if not heard:
        parts = max(1, len(pieces(sentences)) - 1)
        return UNSURE if total >= cues.threshold + LONGER * (parts.bit_length() - 1) else ""
    if total >= cues.doubts or sum(map(len, sentences)) < ENOUGH:
        return heard
    return UNSURE if heard != UNSURE else ""


class Ear:
    """Listens for the cues of one lexicon. What it hears by itself is never more than unsure."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._cues = lexicon.cues
        self._signs = Signs(lexicon)

    def knows(self, word: str) -> bool:
        """Whether a word, by itself, by its stem or by its class, is a cue."""
        if not self._cues.hashes:
            return False
        known = word.isdigit() or self._cues.find(word) >= 0 or self._cues.find(self._signs.stem(word)) >= 0
        return known or bool(self._signs.classes(word))

    def hears(self, sentences: Sequence[Sentence], beside: str = "") -> Verdict | None:
        """One soft question about the likeliest kind, or nothing; where one kind was heard, only about another that is plainer."""
        if not self._cues.hashes:
            return None
        total, kind = self.greatest(sentences, KINDS.index(beside) if beside else -1)
        more = PLAINER if beside else 0
        return Verdict(KINDS[kind], UNSURE) if settled("", total - more, sentences, self._cues) else None

    def settles(self, heard: str, sentences: Sequence[Sentence]) -> str:
        """The level that remains of what patterns `heard`: of a text whose words together are far from danger, one step less."""
        if not self._cues.hashes:
            return heard
        return settled(heard, self.greatest(sentences)[0], sentences, self._cues)

    def greatest(self, sentences: Sequence[Sentence], but: int = -1) -> tuple[int, int]:
        """The greatest sum of any part of the text, and which of KINDS, left out `but`, it stands for; of equal ones the gravest."""
        first, *others = [self._found(piece) for piece in pieces(sentences)]
        sums = [self._sums(one | other) for one, other in pairwise([first, *others])] if others else [self._sums(first)]
        if but >= 0:
            for each in sums:
                each[but] = NEVER
        total = max(max(each) for each in sums)
        return total, min(each.index(total) for each in sums if total in each)

    def weighed(self, sentences: Sequence[Sentence]) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Each cue in the text and what it adds to each kind: for those who ask why, and edit the weights."""
        for sign in sorted(self._signs.of(sentences)):
            if (at := self._cues.find(sign)) >= 0:
                yield sign, self._cues.of(at)

    def _found(self, piece: Sequence[Sentence]) -> AbstractSet[int]:
        return set(map(self._cues.find, self._signs.of(piece))) - {-1}

    def _sums(self, found: AbstractSet[int]) -> list[int]:
        return [sum(map(kind.__getitem__, found)) for kind in self._cues.weights]


class Signs:
    """
    Finds everything in a text that might be a cue: its words, their stems and their classes, alone and in pairs.

    `breathing` is a word, `breath~` its stem, `@breath` its class. In pairs a person is `<they>`, a denial `<not>`, a
    number `<n>`; words that may stand anywhere are left out.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self.classes = lexicon.classes.of
        self._endings = lexicon.cues.endings
        self._fillers = lexicon.sets["fillers"]
        self._roles = dict.fromkeys(lexicon.sets["others"] | lexicon.sets["people"], "<they>")
        self._roles |= dict.fromkeys(lexicon.sets["denials"], "<not>")

    def of(self, sentences: Sequence[Sentence]) -> AbstractSet[str]:
        """All signs, each once."""
        found = {ALWAYS}
        for sentence in sentences:
            found.update(sentence)
            found.update(*map(self.classes, sentence))
            words = [word for word in sentence if word not in self._fillers]
            stems = [self.stem(word) for word in words]
            found.update(stems)
            bare = [BEGIN, *(stem.removesuffix("~") for stem in stems), END]
            found.update(_pairs([(stem,) for stem in bare], 1, 2, 3))
            classes = [(BEGIN,), *map(self.classes, words), (END,)]
            found.update(_pairs(classes, 1, 2, 3))
            for at, each in enumerate(classes[1:-1], 1):
                for name in each:
                    found.add(f"{name} {bare[at + 1]}")
                    found.add(f"{bare[at - 1]} {name}")
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


def _pairs(row: Sequence[tuple[str, ...]], *apart: int) -> Iterator[str]:
    """Each two of a row that stand so far apart; what stands at one place may be several."""
    for far in apart:
        between = " " if far == 1 else f" {GAP} "
        for one, other in zip(row, row[far:], strict=False):
            if one and other:
                yield from [first + between + second for first in one for second in other]


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


UNSURE = LEVELS[-1]
_SHORT = 3
