"""Reads a text for signs of danger: what was said, by whom, and whether it was denied, quoted or a joke. Pure."""

import functools
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import orjson

from bot.core import shelf
from bot.core.errors import ScriptError
from bot.core.events import Verdict
from bot.safety import automaton, notation
from bot.safety.automaton import BEGIN, END, PAUSE, Automaton, Hit
from bot.safety.ear import Ear
from bot.safety.lexicon import KINDS, LEVELS, UNDER_AGE, Lexicon, Pattern
from bot.safety.normalise import OTHER, Reader, Sentence

Detect = Callable[[str], Verdict | None]

EXPLICIT, UNSURE = LEVELS


@dataclass(frozen=True, slots=True)
class Finding:
    """What one pattern found in one sentence, after its surroundings were looked at."""

    verdict: Verdict
    pattern: Pattern


def build(lexicons: Sequence[Lexicon], cache: Path | None = None) -> Detect:
    """
    A detector that listens for every one of `lexicons`.

    The gravest verdict of all sentences wins: explicit before unsure, then in the order of KINDS. Denial, another person,
    a quotation or a joke lower a verdict to unsure; its kind stays. Where no pattern is found, the second ear of the
    language may still ask, and where all words together are far from danger, it may lower the verdict by a step. What takes
    long to compile is kept in the folder `cache`. Raises ScriptError if a pattern is misspelt.
    """
    listeners = [Listener(lexicon, cache) for lexicon in lexicons]

    def detect(text: str) -> Verdict | None:
        found = [verdict for listener in listeners if (verdict := listener.verdict(text)) is not None]
        return gravest(found)

    return detect


def gravity(verdict: Verdict) -> tuple[bool, int, int]:
    """The order of verdicts, gravest first. An age comes after everything else: whoever is young may be in danger, too."""
    return verdict.kind == UNDER_AGE, LEVELS.index(verdict.level), KINDS.index(verdict.kind)


def gravest(verdicts: Iterable[Verdict]) -> Verdict | None:
    """The gravest of several, with the age that any of them speaks of."""
    found = sorted(verdicts, key=gravity)
    if not found or found[0].kind == UNDER_AGE:
        return found[0] if found else None
    return replace(found[0], young=any(each.young or each.kind == UNDER_AGE for each in found))


@dataclass(frozen=True, slots=True)
class _Rule:
    """A pattern and what it stands for; an idiom has no kind. `&` holds its parts together."""

    pattern: Pattern
    kind: str = ""
    level: str = ""

    @property
    def parts(self) -> int:
        return self.pattern.find.count("&") + 1

    @property
    def verdict(self) -> Verdict:
        return Verdict(self.kind, self.level)


@dataclass(frozen=True, slots=True)
class _Hit:
    """A rule was found whole, the last word of its parts at `end`."""

    rule: int
    parts: tuple[Hit, ...]
    end: int


_Heard = tuple[Sentence, Sequence[_Hit]]
"""A sentence, its idioms taken out, and what patterns found in it, gravest first."""


class Listener:
    """Finds the patterns of one lexicon, and asks its second ear where there are none."""

    def __init__(self, lexicon: Lexicon, cache: Path | None = None) -> None:
        self._sets = lexicon.sets
        self._unless = lexicon.unless
        spelling = {word: meant.split() for word, meant in lexicon.spelling.items()}
        self._small = frozenset().union(*(self._sets[name] for name in ("subjects", "clauses", "joining", "openers")))
        self._rules = list(_rules(lexicon))
        self._parts = [(number, part) for number, rule in enumerate(self._rules) for part in range(rule.parts)]
        self._notation = notation.Notation(lexicon.lists, lambda word: spelling.get(word, (word,)))
        fillers = self._sets["fillers"] | self._sets["denials"]
        compiled = _compiled(lexicon, self._rules, self._read, fillers, cache)
        self._asked: list[int] = compiled["denials"]
        self._automaton = Automaton(compiled["automaton"], self._part, fillers)
        named = {word for words in (*self._sets.values(), *self._unless.values()) for word in words}
        vocabulary = {*self._automaton.words, *named} - {BEGIN, END}
        self._ear = Ear(lexicon)
        self.reader = partial(Reader, spelling, vocabulary, self._sets["clear"])
        self._reader = self.reader(self._ear.knows)

    def verdict(self, text: str) -> Verdict | None:
        """
        What patterns hear in `text`; if they hear nothing, or no more than an age, what the second ear asks.

        Where it doubts what was found, an alarm becomes a question, and a question nothing. It may doubt only patterns that it
        was learnt with: what a host added to listen for counts.
        """
        sentences = self._reader.sentences(text)
        heard = list(self._heard(sentences))
        young = self._weighed(sentences, self._of_age(heard, True))
        danger = self._weighed(sentences, self._of_age(heard, False))
        danger = danger or self._ear.hears(sentences, beside=UNDER_AGE if young else "")
        return replace(danger, young=True) if danger and young else danger or young

    def gravest(self, text: str) -> Finding | None:
        """Which pattern weighs most in `text`."""
        return self._gravest(self._heard(self._reader.sentences(text)))

    def _weighed(self, sentences: Sequence[Sentence], heard: Sequence[_Heard]) -> Verdict | None:
        """The gravest of what patterns heard, as far as the second ear does not doubt it."""
        finding = self._gravest(heard)
        if finding is None or finding.pattern.sure:
            return finding.verdict if finding else None
        level = self._ear.settles(finding.verdict.level, sentences)
        if level == finding.verdict.level:
            return finding.verdict
        sure = self._gravest(heard, lambda pattern: pattern.sure)
        left = [sure.verdict] if sure else []
        return min([*left, Verdict(finding.verdict.kind, level)] if level else left, key=gravity, default=None)

    def _of_age(self, heard: Iterable[_Heard], wanted: bool) -> list[_Heard]:
        """What patterns heard about an age, or about everything else."""
        return [
            (sentence, [hit for hit in hits if (self._rules[hit.rule].kind == UNDER_AGE) == wanted])
            for sentence, hits in heard
        ]

    def _gravest(self, heard: Iterable[_Heard], counts: Callable[[Pattern], bool] = lambda _: True) -> Finding | None:
        best: Finding | None = None
        for sentence, hits in heard:
            for looked_at, hit in enumerate(hits):
                rule = self._rules[hit.rule]
                if best is not None and gravity(rule.verdict) >= gravity(best.verdict):
                    break
                finding = self._judged(sentence, hit) if looked_at < _PATIENCE else Finding(rule.verdict, rule.pattern)
                if finding is None or not counts(finding.pattern):
                    continue
                if best is None or gravity(finding.verdict) < gravity(best.verdict):
                    best = finding
        return best

    def findings(self, text: str) -> Iterator[Finding]:
        """Everything in `text`: for tests, and for those who edit the lexicon."""
        for sentence, hits in self._heard(self._reader.sentences(text)):
            for hit in hits:
                if finding := self._judged(sentence, hit):
                    yield finding

    def idioms(self, text: str) -> Iterator[Pattern]:
        """The idioms in `text`: for the same readers."""
        for sentence in self._reader.sentences(text):
            yield from (
                self._rules[hit.rule].pattern for hit in self._found(sentence) if not self._rules[hit.rule].kind
            )

    def _read(self, rule: _Rule) -> tuple[notation.Node, ...]:
        """The parts of a rule's pattern. Raises ScriptError."""
        try:
            return self._notation.parts(rule.pattern.find)
        except notation.Misspelt as fault:
            raise ScriptError(f'{rule.pattern.place}: "{rule.pattern.find}": {fault}.') from None

    def _part(self, pattern: int) -> notation.Node:
        number, part = self._parts[pattern]
        return self._read(self._rules[number])[part]

    def _heard(self, sentences: Iterable[Sentence]) -> Iterator[_Heard]:
        """The sentences in which something was found, without their idioms, and what: gravest first."""
        for sentence in sentences:
            hits = self._found(sentence)
            if hidden := self._idiomatic(sentence, hits):
                sentence = [OTHER if at in hidden else word for at, word in enumerate(sentence)]  # noqa: PLW2901
                hits = self._found(sentence)
            hits = [hit for hit in hits if self._rules[hit.rule].kind]
            if hits:
                yield sentence, sorted(hits, key=lambda hit: gravity(self._rules[hit.rule].verdict))

    def _idiomatic(self, sentence: Sentence, hits: Sequence[_Hit]) -> AbstractSet[int]:
        """
        Which words an idiom takes the meaning from. Where a pattern reads an idiom's words and more, the pattern is meant.

        Small words ("I", "it", "and") count for neither: a sentence shares them with whatever stands around.
        """
        idioms = [hit for hit in hits if not self._rules[hit.rule].kind]
        if not idioms or len(idioms) == len(hits):
            return frozenset()
        meant = [hit for hit in hits if self._rules[hit.rule].kind and len(hit.parts) == 1]
        longer = [(self._start(sentence, hit), self._last(sentence, hit)) for hit in meant[:_PATIENCE]]
        hidden: set[int] = set()
        for idiom in idioms[:_PATIENCE]:
            start, last = self._start(sentence, idiom), self._last(sentence, idiom)
            around = [(begun, end) for begun, end in longer if begun <= start and last <= end]
            more = {at for begun, end in around for at in (*range(begun, start), *range(last + 1, end + 1))}
            if all(sentence[at] in self._small for at in more):
                hidden.update(at for at in range(start, last + 1) if sentence[at] not in self._small)
        return hidden

    def _found(self, sentence: Sentence) -> Sequence[_Hit]:
        """Where whole rules are found: those of several parts, where the last of their parts has come near the others."""
        found: list[_Hit] = []
        latest: dict[int, dict[int, Hit]] = {}
        for hit in self._automaton.hits(sentence):
            number, part = self._parts[hit.pattern]
            count = self._rules[number].parts
            if count == 1:
                found.append(_Hit(number, (hit,), hit.end))
                continue
            near = latest.setdefault(number, {})
            near[part] = hit
            if len(near) == count and hit.end - min(other.end for other in near.values()) <= _NEAR:
                found.append(_Hit(number, tuple(near.values()), hit.end))
        return found

    def _start(self, sentence: Sentence, hit: _Hit) -> int:
        return min(self._automaton.start(sentence, part) for part in hit.parts)

    def _last(self, sentence: Sentence, hit: _Hit) -> int:
        """Where its last word is; a hit may end with the sentence, or with a part of it."""
        return hit.end if hit.end < len(sentence) and sentence[hit.end] != PAUSE else hit.end - 1

    def _judged(self, sentence: Sentence, hit: _Hit) -> Finding | None:
        rule = self._rules[hit.rule]
        start, end = self._start(sentence, hit), min(hit.end, len(sentence) - 1)
        asked, who = rule.pattern.who, self._who(sentence, start, end, rule.pattern.who)
        words = set(sentence)
        distant = not (words.isdisjoint(self._sets["quoting"]) and words.isdisjoint(self._unless[rule.kind]))
        if rule.level == UNSURE and (distant or (asked == _THEY and who == _I)):
            return None  # a film; "I snapped at"
        if asked == _THEY and who == _THING:
            return None  # "it hit me"
        joking = not words.isdisjoint(self._sets["joking"])
        lowered = distant or joking or who != asked or self._is_denied(sentence, start, end, self._asked[hit.rule])
        return Finding(Verdict(rule.kind, UNSURE) if lowered else rule.verdict, rule.pattern)

    def _who(self, sentence: Sentence, start: int, end: int, asked: str) -> str:
        """
        Whose doing it is: the nearest one named before it, or in its own words.

        A noun that an "and" or a pause parts from it may be an object ("I love my husband and …") and does not count.
        """
        sets, parted = self._sets, False
        words = sentence[start : end + 1]
        names_itself = not sets["own"].isdisjoint(words) or words[0] in sets["others"] or words[0] in sets["people"]
        if not asked or (asked == _I and names_itself):
            return asked
        if asked == _I and start and sentence[start - 1] in sets["third"]:
            return _THEY
        for at in range(start, max(-1, start - _FAR), -1):
            word = sentence[at]
            if word in sets["speaker"] and (asked == _I or word in sets["subjects"]):
                return _I
            if word in sets["others"] or (word in sets["people"] and not parted):
                return _THEY
            if asked == _THEY and word in sets["things"]:
                return _THING
            parted = parted or word == PAUSE or word in sets["joining"]
        return _I if asked == _I else ""

    def _is_denied(self, sentence: Sentence, start: int, end: int, asked_for: int) -> bool:
        """
        Whether a word of denial reaches the hit, or more of them stand in it than its pattern asks for.

        A denial reaches over the verb to its left ("not going to"), and over a verb of saying or thinking ("I don't think
        I want to"), but not out of another clause ("I can't sleep I want to die").
        """
        sets = self._sets
        if sum(self._denies(sentence, at) for at in range(start, end + 1)) > asked_for:
            return True
        named = sentence[start] in sets["subjects"] or sentence[start] in sets["openers"]
        for at in range(start - 1, max(-1, start - _FAR), -1):
            word = sentence[at]
            if word == PAUSE or word in sets["clauses"]:
                break
            if self._denies(sentence, at):
                return True
            if word in sets["subjects"]:
                named = True
            elif named and word not in sets["raising"] and word not in sets["fillers"]:
                break
        return False

    def _denies(self, sentence: Sentence, at: int) -> bool:
        after = sentence[at + 1] if at + 1 < len(sentence) else ""
        return sentence[at] in self._sets["denials"] and after not in self._sets["unbound"]


_I, _THEY, _THING = "i", "they", "it"
_FAR = 9
_NEAR = 14
_PATIENCE = 64  # hits of one sentence that are looked at closely; of more, each counts as it stands


def _rules(lexicon: Lexicon) -> Iterator[_Rule]:
    yield from map(_Rule, lexicon.idioms)
    for kind, levels in lexicon.kinds.items():
        for level, patterns in levels.items():
            yield from (_Rule(pattern, kind, level) for pattern in patterns)


def _compiled(
    lexicon: Lexicon,
    rules: Sequence[_Rule],
    read: Callable[[_Rule], tuple[notation.Node, ...]],
    fillers: AbstractSet[str],
    cache: Path | None,
) -> dict[str, Any]:
    """The automaton for all parts of `rules`, and how many words of denial each rule itself asks for. Raises ScriptError."""
    finds, denials = [rule.pattern.find for rule in rules], sorted(lexicon.sets["denials"])
    asked = [_program(), finds, denials, sorted(fillers), *map(dict, (lexicon.lists, lexicon.spelling))]
    name = f"lexicon-{hashlib.sha256(orjson.dumps(asked)).hexdigest()[:32]}.json"
    with suppress(orjson.JSONDecodeError):
        if kept := shelf.recall(cache, name):
            return cast("dict[str, Any]", orjson.loads(kept))
    parts = [read(rule) for rule in rules]
    made = orjson.dumps(
        {
            "denials": [sum(notation.most(part, lexicon.sets["denials"]) for part in each) for each in parts],
            "automaton": automaton.compile([part for each in parts for part in each], fillers),
        }
    )
    shelf.keep(cache, name, made)
    return cast("dict[str, Any]", orjson.loads(made))


@functools.cache
def _program() -> list[str]:
    """Changes whenever what compiles is changed."""
    return [
        hashlib.sha256(Path(__file__).with_name(f"{room}.py").read_bytes()).hexdigest()
        for room in ("automaton", "notation")
    ]
