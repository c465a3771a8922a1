"""Reads words against every pattern at the same time, one step a word, so that no text can make it slow."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.safety.notation import Choice, Gap, Node, Row, Word

PAUSE = ","
"""A comma, a dash or a new line: what stands in a gap may not reach across it."""

BEGIN, END = "^", "."
"""In a pattern: here the sentence begins or ends, or a part of it between pauses."""


@dataclass(frozen=True, slots=True)
class Hit:
    """The pattern `pattern` was found; its words are those from `start` to `end`, both included."""

    pattern: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk over a sentence found, in order of the last word, and how many steps it took."""

    hits: tuple[Hit, ...]
    steps: int


class Automaton:
    """
    A position automaton (Glushkov) over words for `patterns`, with the places that always light up together merged.

    Words in `fillers` may stand anywhere inside a pattern ("I *really just* want …"), whether or not it names them.
    """

    def __init__(self, patterns: Sequence[Node], fillers: Collection[str]) -> None:
        plan = _Plan()
        for number, pattern in enumerate(patterns):
            plan.add(pattern, number)
        plan = plan.merged()
        symbols = plan.symbols
        self._codes = _codes([symbol for symbol in symbols if symbol is not None], fillers)
        self._gaps = frozenset(place for place, symbol in enumerate(symbols) if symbol is None)
        self._fills = frozenset(self._codes[word] for word in fillers)
        self._ends = {place: tuple(numbers) for place, numbers in plan.ends.items()}
        read_by = [() if symbol is None else tuple({self._codes[word] for word in symbol}) for symbol in symbols]
        self._starts = _ways(plan.starts, read_by, ())
        self._follow: list[tuple[Mapping[int, tuple[int, ...]], tuple[int, ...]]] = []
        for after in plan.follow:
            gaps = tuple(sorted(place for place in after if place in self._gaps))
            self._follow.append((_ways(after, read_by, gaps), gaps))
        self.size = len(symbols)

    @property
    def words(self) -> Collection[str]:
        """Every word some pattern asks for, and every filler."""
        return self._codes.keys()

    def walk(self, words: Sequence[str]) -> Walk:
        """Every end of a pattern in the sentence `words`, each with the latest place where it may have begun."""
        codes, starts, follow, ends, fills = self._codes, self._starts, self._follow, self._ends, self._fills
        active = dict.fromkeys(starts.get(codes.get(BEGIN, 0), ()), 0)  # places reached, and where the pattern began
        hits: list[Hit] = []
        steps = 0
        for at, word in enumerate([*words, PAUSE]):
            code = codes.get(END if word == PAUSE else word, 0)
            moved: dict[int, int] = {}
            for place, begun in active.items():
                ways, gaps = follow[place]
                for after in ways.get(code, () if word == PAUSE else gaps):
                    steps += 1
                    if moved.get(after, -1) < begun and not (word == PAUSE and after in self._gaps):
                        moved[after] = begun
            moved |= dict.fromkeys(starts.get(code, ()), at)
            steps += len(active) + len(moved)
            for place, begun in moved.items():
                if place in ends:
                    hits += [Hit(pattern, begun, min(at, len(words) - 1)) for pattern in ends[place]]
            if word == PAUSE:
                active = {place: begun for place, begun in active.items() if place not in self._gaps} | moved
                active |= dict.fromkeys(starts.get(codes.get(BEGIN, 0), ()), at + 1)
            elif code in fills:
                active = moved | {place: max(begun, moved.get(place, -1)) for place, begun in active.items()}
            else:
                active = moved
        return Walk(tuple(hits), steps)


@dataclass(slots=True)
class _Plan:
    """Places where a word is read (`None`: any word), and which may come first, next and last."""

    symbols: list[frozenset[str] | None] = field(default_factory=list)
    starts: set[int] = field(default_factory=set)
    follow: list[set[int]] = field(default_factory=list)
    ends: dict[int, set[int]] = field(default_factory=dict)

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
        groups = [
            kinds.setdefault((symbol, place in self.starts), len(kinds)) for place, symbol in enumerate(self.symbols)
        ]
        count = 0
        while len(kinds) > count:
            count, kinds = len(kinds), {}
            groups = [
                kinds.setdefault((group, frozenset(groups[earlier] for earlier in before[place])), len(kinds))
                for place, group in enumerate(groups)
            ]
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


def _ways(
    places: Iterable[int], read_by: Sequence[tuple[int, ...]], always: tuple[int, ...]
) -> Mapping[int, tuple[int, ...]]:
    """The places a word leads to, by its code; `always` are those any word leads to."""
    ways: dict[int, tuple[int, ...]] = defaultdict(lambda: always)
    for place in sorted(places):
        for code in read_by[place]:
            ways[code] += (place,)
    return dict(ways)
