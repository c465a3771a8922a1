"""Reads a text for signs of danger: what was said, by whom, and whether it was denied, quoted or a joke. Pure."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from bot.core.errors import ScriptError
from bot.core.events import Verdict
from bot.safety import notation
from bot.safety.automaton import PAUSE, Automaton, Hit
from bot.safety.lexicon import KINDS, LEVELS, Lexicon, Pattern
from bot.safety.normalise import OTHER, Reader, Sentence

Detect = Callable[[str], Verdict | None]

EXPLICIT, UNSURE = LEVELS


@dataclass(frozen=True, slots=True)
class Finding:
    """What one pattern found in one sentence, after its surroundings were looked at."""

    verdict: Verdict
    pattern: Pattern


def build(lexicons: Sequence[Lexicon]) -> Detect:
    """
    A detector that listens for every one of `lexicons`.

    The gravest verdict of all sentences wins: explicit before unsure, then in the order of KINDS. Denial, another person,
    a quotation or a joke lower a verdict to unsure; its kind stays. Raises ScriptError if a pattern is misspelt.
    """
    listeners = [Listener(lexicon) for lexicon in lexicons]

    def detect(text: str) -> Verdict | None:
        return min(
            (finding.verdict for listener in listeners for finding in listener.findings(text)), key=gravity, default=None
        )

    return detect


def gravity(verdict: Verdict) -> tuple[int, int]:
    """The order of verdicts, gravest first."""
    return LEVELS.index(verdict.level), KINDS.index(verdict.kind)


class Listener:
    """Finds the patterns of one lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        sets = lexicon.sets
        spelling = {word: meant.split() for word, meant in lexicon.spelling.items()}
        rules = [
            _Rule(pattern, kind, level)
            for kind, levels in lexicon.kinds.items()
            for level, patterns in levels.items()
            for pattern in patterns
        ]
        rules += [_Rule(pattern) for pattern in lexicon.idioms]
        rules += [_Rule(pattern, admits=True) for pattern in lexicon.admissions]
        for rule in rules:
            try:
                rule.node = notation.read(rule.pattern.find, lexicon.lists, lambda word: spelling.get(word, [word]))
            except notation.Misspelt as fault:
                raise ScriptError(f'{rule.pattern.place}: "{rule.pattern.find}": {fault}.') from None
            rule.denials = notation.most(rule.node, sets["denials"])
        self._rules = rules
        self._sets = sets
        self._automaton = Automaton([rule.node for rule in rules], sets["fillers"] | sets["denials"])
        vocabulary = {*self._automaton.words, *(word for words in sets.values() for word in words)}
        self._reader = Reader(spelling, vocabulary, sets["clear"])

    def findings(self, text: str) -> Iterator[Finding]:
        """Everything found in `text`, in order."""
        for sentence in self._reader.sentences(text):
            hits = self._automaton.walk(sentence).hits
            if not hits:
                continue
            if idioms := [hit for hit in hits if not self._rules[hit.pattern].kind and not self._rules[hit.pattern].admits]:
                sentence = self._without(sentence, idioms)
                hits = self._automaton.walk(sentence).hits
            yield from self._judged(sentence, hits)
