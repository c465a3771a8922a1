"""Which line of a bank comes next: none again until the bag is empty, and no theme again within three days."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from hashlib import blake2b
from itertools import count, islice

THEME_RESTS = 3
"""Draws, so days, that a theme rests after it was used. Source: the content plan; a product choice."""


def theme(line: str) -> str:
    """The theme of a bank's line: the word before its number."""
    return line.rpartition("_")[0]


def draw(bags: Sequence[Sequence[str]], seed: int, turn: int) -> str:
    """The line of the `turn`th draw (from 0) by the person with `seed`. No memory is needed but the number of draws."""
    return next(islice(draws(bags, seed), turn, None))


def draws(bags: Sequence[Sequence[str]], seed: int) -> Iterator[str]:
    """
    Every line that the person with `seed` draws; of several bags each has its turn.

    The order of each bag follows from the seed, and a bag that is empty is filled again in another order. Themes keep
    apart across bags and fillings.
    """
    shared = {name for name, n in Counter(name for bag in bags for name in set(map(theme, bag))).items() if n > 1}
    piles = [_Pile(bag, seed, shared) for bag in bags]
    used: list[str] = []
    for number in count():
        line = piles[number % len(piles)].take(used[-THEME_RESTS:])
        used.append(theme(line))
        yield line


class _Pile:
    """A bag in a shuffled order, by theme; filled again in another order when it is empty."""

    def __init__(self, lines: Sequence[str], seed: int, shared: Collection[str]) -> None:
        self._lines = lines
        self._seed = seed
        self._shared = shared
        self._lap = 0
        self._themes: dict[str, list[tuple[bytes, str]]] = {}

    def take(self, tired: Collection[str]) -> str:
        """
        A line of the theme that has most lines left, but not of a `tired` one as long as there is another.

        Of equals, a theme that other bags have as well comes first: the last lines, which leave no choice, are then of
        themes that no other bag can have tired.
        """
        if not self._themes:
            self._fill()
        rested = [name for name in self._themes if name not in tired]
        chosen = max(rested or self._themes, key=self._urgency)
        line = self._themes[chosen].pop()[1]
        if not self._themes[chosen]:
            del self._themes[chosen]
        return line

    def _urgency(self, name: str) -> tuple[int, bool, bytes]:
        return len(self._themes[name]), name in self._shared, self._themes[name][-1][0]

    def _fill(self) -> None:
        for order, line in sorted((self._place(line), line) for line in self._lines):
            self._themes.setdefault(theme(line), []).append((order, line))
        self._lap += 1

    def _place(self, line: str) -> bytes:
        return blake2b(f"{self._seed} {self._lap} {line}".encode(), digest_size=8).digest()
