"""Reads words against every pattern at the same time, one step a word, so that no text can make it slow."""

from array import array
from base64 import b64decode, b64encode
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from bot.safety.notation import Choice, Gap, Node, Row, Word

PAUSE = ","
"""A comma, a dash or a new line: what stands in a gap may not reach across it."""

BEGIN, END = "^", "."
"""In a pattern: here the sentence begins or ends, or a part of it between pauses."""


@dataclass(frozen=True, slots=True)
class Hit:
    """The pattern `pattern` was found; the last of its words is at `end`."""

    pattern: int
    end: int


def compile(patterns: Sequence[Node], fillers: Collection[str]) -> dict[str, Any]:  # noqa: A001 - the field's word
    """
    A position automaton (Glushkov) over words for `patterns`, with the places that always light up together merged.

    Words in `fillers` may stand anywhere inside a pattern ("I *really just* want …"), whether or not it names them. What
    comes back is JSON: it takes a while to make, and can be kept.
    """
    plan = _Plan.of(patterns).merged()
    codes = _codes([symbol for symbol in plan.symbols if symbol is not None], fillers)
    gaps = {place for place, symbol in enumerate(plan.symbols) if symbol is None}
    read_by = [{_ANY} if symbol is None else {codes[word] for word in symbol} for symbol in plan.symbols]
    ways = [
        sorted((code, place) for place in after for code in read_by[place]) for after in (*plan.follow, plan.starts)
    ]
    return {
        "codes": codes,
        "gaps": sorted(gaps),
        "ends": [[place, sorted(numbers)] for place, numbers in sorted(plan.ends.items())],
        "fills": sorted({codes[word] for word in fillers}),
        "offsets": _packed(accumulate(map(len, ways), initial=0)),
        "read": _packed(code for each in ways for code, _ in each),
        "reach": _packed(place for each in ways for _, place in each),
    }


class Automaton:
    """
    A compiled automaton at work. `pattern` gives the tree of a pattern by its number, `fillers` are those it was compiled with.

    Steps that were taken once are remembered, up to a limit; what they remember are numbers, not words.
    """

    def __init__(self, compiled: Mapping[str, Any], pattern: Callable[[int], Node], fillers: Collection[str]) -> None:
        self._pattern = pattern
        self._plans: dict[int, _Plan] = {}
        self._fillers = frozenset(fillers)
        self._codes: Mapping[str, int] = compiled["codes"]
        self._gaps = frozenset(compiled["gaps"])
        self._ends = {place: tuple(numbers) for place, numbers in compiled["ends"]}
        self._fills = frozenset(compiled["fills"])
        self._offsets, self._read, self._reach = (_unpacked(compiled[name]) for name in ("offsets", "read", "reach"))
        self._known_ways: dict[int, _Ways] = {}
        self.size = len(self._offsets) - 2
        self._starts, _ = self._ways(self.size)
        self._begin = self._starts.get(self._codes.get(BEGIN, _ANY), ())
        self.steps = 0
        """How many places were looked at so far: the measure of work."""
        self._forget()

    @property
    def words(self) -> Collection[str]:
        """Every word some pattern asks for, and every filler."""
        return self._codes.keys()

    def hits(self, words: Sequence[str]) -> list[Hit]:
        """Every end of a pattern in the sentence `words`. One step a word, and one for the end."""
        codes, hits, state = self._codes, list[Hit](), 0
        pause = -1 - codes.get(END, _ANY)
        for at, word in enumerate((*words, PAUSE)):
            code = pause if word == PAUSE else codes.get(word, _ANY)
            step = self._known[state].get(code)
            state, found = self._step(state, code) if step is None else step
            if found:
                hits += [Hit(pattern, at) for pattern in found]
        return hits

    def start(self, words: Sequence[str], hit: Hit) -> int:
        """Where the words of `hit` begin: the nearest place from which its pattern leads to its end."""
        plan = self._plans.get(hit.pattern) or self._plans.setdefault(
            hit.pattern, _Plan.of([self._pattern(hit.pattern)])
        )
        first = max(0, hit.end - _LONGEST)
        active = dict.fromkeys((place for place in plan.starts if plan.symbols[place] == _BEGINS), first)
        for at in range(first, hit.end + 1):
            word = words[at] if at < len(words) else PAUSE
            pause = word == PAUSE
            moved: dict[int, int] = dict.fromkeys(plan.first.get(END if pause else word, ()), at)
            for place, begun in active.items():
                for after in plan.follow[place]:
                    symbol = plan.symbols[after]
                    if (not pause if symbol is None else (END if pause else word) in symbol) and moved.get(
                        after, -1
                    ) < begun:
                        moved[after] = begun
            if at == hit.end:
                return max((begun for place, begun in moved.items() if place in plan.ends), default=first)
            if pause:
                kept = {place: begun for place, begun in active.items() if plan.symbols[place] is not None}
                active = kept | moved | dict.fromkeys(plan.first.get(BEGIN, ()), at + 1)
            elif word in self._fillers:
                active = moved | {place: max(begun, moved.get(place, -1)) for place, begun in active.items()}
            else:
                active = moved
        return first

    def _step(self, state: int, code: int) -> tuple[int, tuple[int, ...]]:
        """From `state` over a word with `code` (below 0: over a pause): the next state, and the patterns that end here."""
        active = self._states[state]
        moved: set[int] = set()
        if code < 0:
            for place in active:
                moved.update(self._ways(place)[0].get(-1 - code, ()))
            moved -= self._gaps
            after = moved.union(self._begin, (place for place in active if place not in self._gaps))
        else:
            for place in active:
                ways, gaps = self._ways(place)
                moved.update(ways.get(code, gaps))
            moved.update(self._starts.get(code, ()))
            after = moved.union(active) if code in self._fills else moved
        self.steps += len(active) + len(moved)
        found = tuple(sorted({pattern for place in moved if place in self._ends for pattern in self._ends[place]}))
        if len(self._states) > _REMEMBERED:
            self._forget()
            state = self._number(active)
        step = self._number(tuple(sorted(after))), found
        self._known[state][code] = step
        return step

    def _ways(self, place: int) -> "_Ways":
        """Where words lead to from `place`, by their code, and where any word leads to; unpacked when first asked for."""
        if place not in self._known_ways:
            part = slice(self._offsets[place], self._offsets[place + 1])
            ways: dict[int, tuple[int, ...]] = defaultdict(tuple)
            for code, reached in zip(self._read[part], self._reach[part], strict=True):
                ways[code] += (reached,)
            through = ways.pop(_ANY, ())
            self._known_ways[place] = {code: through + after for code, after in ways.items()}, through
        return self._known_ways[place]

    def _number(self, active: tuple[int, ...]) -> int:
        number = self._numbers.setdefault(active, len(self._states))
        if number == len(self._states):
            self._states.append(active)
            self._known.append({})
        return number

    def _forget(self) -> None:
        """Begin with nothing remembered but the state in which a sentence begins, which is number 0."""
        self._numbers: dict[tuple[int, ...], int] = {}
        self._states: list[tuple[int, ...]] = []
        self._known: list[dict[int, tuple[int, tuple[int, ...]]]] = []
        self._number(self._begin)


_Ways = tuple[Mapping[int, tuple[int, ...]], tuple[int, ...]]

_ANY = 0  # the code of every word that no pattern names
_LONGEST = 40
_REMEMBERED = 20_000
_BEGINS = frozenset((BEGIN,))


@dataclass(slots=True)
class _Plan:
    """Places where a word is read (`None`: any word), and which may come first, next and last."""

    symbols: list[frozenset[str] | None] = field(default_factory=list)
    starts: set[int] = field(default_factory=set)
    follow: list[set[int]] = field(default_factory=list)
    ends: dict[int, set[int]] = field(default_factory=dict)
    first: dict[str, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, patterns: Sequence[Node]) -> "_Plan":
        plan = cls()
        for number, pattern in enumerate(patterns):
            plan.add(pattern, number)
        for place in plan.starts:
            for word in plan.symbols[place] or ():
                plan.first.setdefault(word, []).append(place)
        return plan

    def add(self, pattern: Node, number: int) -> None:
        first, last, _ = self._lay(pattern)
        self.starts |= first
        for place in last:
            self.ends.setdefault(place, set()).add(number)

    def merged(self) -> "_Plan":
        """The same with one place for all that are reached in just the same ways: patterns share how they begin."""
        before: list[set[int]] = [set() for _ in self.symbols]
        for place, after in enumerate(self.follow):
            for later in after:
                before[later].add(place)
        kinds: dict[object, int] = {}
        groups: list[int] = []
        for place, symbol in enumerate(self.symbols):  # each is laid after all that lead to it
            reached = frozenset([groups[earlier] for earlier in before[place]])
            groups.append(kinds.setdefault((symbol, place in self.starts, reached), len(kinds)))
        count = len(kinds)
        plan = _Plan([None] * count, {groups[place] for place in self.starts}, [set() for _ in range(count)])
        for place, group in enumerate(groups):
            plan.symbols[group] = self.symbols[place]
            plan.follow[group] |= {groups[after] for after in self.follow[place]}
        for place, numbers in self.ends.items():
            plan.ends.setdefault(groups[place], set()).update(numbers)
        return plan

    def _lay(self, node: Node) -> tuple[set[int], set[int], bool]:
        """Lay out `node`: its first places, its last places, and whether it may be left out."""
        match node:
            case Word(words):
                return self._place(words)
            case Gap(longest):
                return self._in_a_row([self._may_be_left_out(self._place(None)) for _ in range(longest)])
            case Row(parts):
                return self._in_a_row([self._lay(part) for part in parts])
            case Choice(options, may_be_empty):
                laid = [self._lay(option) for option in options]
                empty = may_be_empty or any(empty for _, _, empty in laid)
                return set().union(*(first for first, _, _ in laid)), set().union(*(last for _, last, _ in laid)), empty

    def _place(self, symbol: frozenset[str] | None) -> tuple[set[int], set[int], bool]:
        self.symbols.append(symbol)
        self.follow.append(set())
        place = {len(self.symbols) - 1}
        return place, set(place), False

    def _may_be_left_out(self, laid: tuple[set[int], set[int], bool]) -> tuple[set[int], set[int], bool]:
        return laid[0], laid[1], True

    def _in_a_row(self, parts: Sequence[tuple[set[int], set[int], bool]]) -> tuple[set[int], set[int], bool]:
        first, last, empty = parts[0]
        for next_first, next_last, next_empty in parts[1:]:
            for place in last:
                self.follow[place] |= next_first
            first = first | next_first if empty else first
            last = last | next_last if next_empty else next_last
            empty = empty and next_empty
        return first, last, empty


def _codes(symbols: Iterable[frozenset[str]], fillers: Collection[str]) -> dict[str, int]:
    """A number for every word; words that stand in the same places share one. 0 is any other word."""
    places: dict[str, list[int]] = defaultdict(list)
    for number, symbol in enumerate(dict.fromkeys(symbols)):
        for word in symbol:
            places[word].append(number)
    kinds: dict[object, int] = {}
    return {
        word: kinds.setdefault((tuple(places.get(word, ())), word in fillers), len(kinds) + 1)
        for word in sorted({*places, *fillers})
    }


def _packed(numbers: Iterable[int]) -> str:
    return b64encode(array("I", numbers)).decode()


def _unpacked(packed: str) -> "array[int]":
    return array("I", b64decode(packed))
