"""Reads a text for signs of danger: what was said, by whom, and whether it was denied, quoted or a joke. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.core.errors import ScriptError
from bot.core.events import Verdict
from bot.safety import notation
from bot.safety.automaton import BEGIN, END, PAUSE, Automaton, Hit
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
            (finding.verdict for listener in listeners for finding in listener.findings(text)),
            key=gravity,
            default=None,
        )

    return detect


def gravity(verdict: Verdict) -> tuple[int, int]:
    """The order of verdicts, gravest first."""
    return LEVELS.index(verdict.level), KINDS.index(verdict.kind)


@dataclass(frozen=True, slots=True)
class _Rule:
    """A pattern and what it stands for; an idiom has no kind. `denials`: how many words of denial it itself asks for."""

    pattern: Pattern
    parts: tuple[notation.Node, ...]
    denials: int
    kind: str = ""
    level: str = ""


class Listener:
    """Finds the patterns of one lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._sets = lexicon.sets
        self._unless = lexicon.unless
        spelling = {word: meant.split() for word, meant in lexicon.spelling.items()}
        self._rules = list(_rules(lexicon, spelling))
        denials = self._sets["denials"]
        self._parts = [(number, part) for number, rule in enumerate(self._rules) for part in range(len(rule.parts))]
        nodes = [self._rules[number].parts[part] for number, part in self._parts]
        self._automaton = Automaton(nodes, self._sets["fillers"] | denials)
        named = {word for words in self._sets.values() for word in words}
        vocabulary = {*self._automaton.words, *named} - {BEGIN, END}
        self._reader = Reader(spelling, vocabulary, self._sets["clear"])

    def findings(self, text: str) -> Iterator[Finding]:
        """Everything found in `text`, sentence by sentence."""
        for sentence in self._reader.sentences(text):
            hits = self._hits(sentence)
            if idioms := [hit for hit in hits if not self._rules[hit.pattern].kind]:
                sentence = _without(sentence, idioms)
                hits = self._hits(sentence)
            if hits:
                yield from self._judged(sentence, hits)

    def idioms(self, text: str) -> Iterator[Pattern]:
        """The idioms in `text`: for tests, and for those who edit the lexicon."""
        for sentence in self._reader.sentences(text):
            for hit in self._hits(sentence):
                if not self._rules[hit.pattern].kind:
                    yield self._rules[hit.pattern].pattern

    def _hits(self, sentence: Sentence) -> Sequence[Hit]:
        """Where whole rules are found: those of several parts, where the last of their parts has come near the others."""
        hits: list[Hit] = []
        latest: dict[int, dict[int, Hit]] = {}
        for hit in self._automaton.walk(sentence).hits:
            number, part = self._parts[hit.pattern]
            count = len(self._rules[number].parts)
            if count == 1:
                hits.append(Hit(number, hit.start, hit.end))
                continue
            near = latest.setdefault(number, {})
            near[part] = hit
            start = min(other.start for other in near.values())
            if len(near) == count and hit.end - start <= _NEAR and not _overlap(list(near.values())):
                hits.append(Hit(number, start, hit.end))
        return hits

    def _judged(self, sentence: Sentence, hits: Sequence[Hit]) -> Iterator[Finding]:
        words = set(sentence)
        quoted = not words.isdisjoint(self._sets["quoting"])
        joking = not words.isdisjoint(self._sets["joking"])
        for hit in hits:
            rule = self._rules[hit.pattern]
            if not rule.kind:
                continue
            asked, who = rule.pattern.who, self._who(sentence, hit, rule.pattern.who)
            distant = quoted or not words.isdisjoint(self._unless[rule.kind])
            lowered = distant or joking or who != asked or self._is_denied(sentence, hit, rule.denials)
            if asked == _THEY and (who == _THING or (who == _I and rule.level == UNSURE)):
                continue  # "it hit me", "I snapped at": nobody harms the writer
            if distant and rule.level == UNSURE:
                continue
            yield Finding(Verdict(rule.kind, UNSURE if lowered else rule.level), rule.pattern)

    def _who(self, sentence: Sentence, hit: Hit, asked: str) -> str:
        """
        Whose doing it is: the nearest one named before it, or in its first word.

        A noun that an "and" or a pause parts from it may be an object ("I love my husband and …") and does not count.
        """
        sets, parted = self._sets, False
        if not asked or (asked == _I and not sets["own"].isdisjoint(sentence[hit.start : hit.end + 1])):
            return asked
        for at in range(hit.start, max(-1, hit.start - _FAR), -1):
            word = sentence[at]
            if word in sets["speaker"] and (asked == _I or word in sets["subjects"]):
                return _I
            if word in sets["others"] or (word in sets["people"] and not parted):
                return _THEY
            if word in sets["third"] and asked == _I and sentence[at + 1 : at + 2] != ["to"]:
                return _THEY
            if word in sets["things"]:
                return _THING
            parted = parted or word == PAUSE or word in sets["joining"]
        return _I if asked == _I else ""

    def _is_denied(self, sentence: Sentence, hit: Hit, asked_for: int) -> bool:
        """
        Whether more words of denial reach the hit than its pattern asks for.

        A denial reaches over the verb to its left ("not going to"), and over a verb of saying or thinking ("I don't think
        I want to"), but not out of another clause ("I can't sleep I want to die").
        """
        sets = self._sets
        denials = sum(sentence[at] in sets["denials"] for at in range(hit.start, hit.end + 1))
        named = sentence[hit.start] in sets["subjects"]
        for at in range(hit.start - 1, max(-1, hit.start - _FAR), -1):
            word = sentence[at]
            if word == PAUSE or word in sets["clauses"]:
                break
            if word in sets["denials"]:
                denials += 1
            elif word in sets["subjects"]:
                named = True
            elif named and word not in sets["raising"] and word not in sets["fillers"]:
                break
        return denials > asked_for


_I, _THEY, _THING = "i", "they", "it"
_FAR = 9
_NEAR = 14


def _rules(lexicon: Lexicon, spelling: Mapping[str, Sequence[str]]) -> Iterator[_Rule]:
    rows = [("", "", pattern) for pattern in lexicon.idioms]
    rows += [
        (kind, level, pattern)
        for kind, levels in lexicon.kinds.items()
        for level, patterns in levels.items()
        for pattern in patterns
    ]
    denials = lexicon.sets["denials"]
    for kind, level, pattern in rows:
        try:
            parts = notation.read(pattern.find, lexicon.lists, lambda word: spelling.get(word, (word,)))
        except notation.Misspelt as fault:
            raise ScriptError(f'{pattern.place}: "{pattern.find}": {fault}.') from None
        asked_for = sum(notation.most(part, denials) for part in parts)
        yield _Rule(pattern, parts, asked_for, kind, level)


def _overlap(hits: Sequence[Hit]) -> bool:
    ordered = sorted(hits, key=lambda hit: hit.start)
    return any(later.start <= earlier.end for earlier, later in pairwise(ordered))


def _without(sentence: Sentence, hits: Sequence[Hit]) -> Sentence:
    """The sentence with the words of `hits` made unknown."""
    hidden = {at for hit in hits for at in range(hit.start, hit.end + 1)}
    return [OTHER if at in hidden else word for at, word in enumerate(sentence)]
