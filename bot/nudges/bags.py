"""Which line of a bank comes next: none again until the bag is empty, and no theme again within three days."""

from collections.abc import Sequence
from hashlib import blake2b

THEME_RESTS = 3
"""Draws, so days, that a theme rests after it was used. Source: the content plan; a product choice."""


def theme(line: str) -> str:
    """The theme of a bank's line: the word before its number."""
    return line.rpartition("_")[0]


def draw(bags: Sequence[Sequence[str]], seed: int, turn: int) -> str:
    """
    The line of the `turn`th draw (from 0) by the person with `seed`; of several bags each has its turn.

    Needs no memory but the number of draws: the order of each bag follows from the seed, and a bag that is empty is
    filled again. Themes keep apart across bags and fillings.
    """
    piles = [_Pile(bag, seed) for bag in bags]
    used: list[str] = []
    line = ""
    for number in range(turn + 1):
        line = piles[number % len(piles)].take(used[-THEME_RESTS:])
        used.append(theme(line))
    return line


class _Pile:
    """A bag in a shuffled order, by theme; filled again in another order when it is empty."""

    def __init__(self, lines: Sequence[str], seed: int) -> None:
        self._lines = lines
        self._seed = seed
        self._lap = 0
        self._themes: dict[str, list[tuple[bytes, str]]] = {}

    def take(self, tired: Sequence[str]) -> str:
        """A line whose theme is not `tired`, of the theme that has most lines left; if all are tired, of any."""
        if not self._themes:
            self._fill()
        rested = [name for name in self._themes if name not in tired]
        chosen = max(rested or self._themes, key=lambda name: (len(self._themes[name]), self._themes[name][-1]))
        line = self._themes[chosen].pop()[1]
        if not self._themes[chosen]:
            del self._themes[chosen]
        return line

    def _fill(self) -> None:
        for order, line in sorted((self._place(line), line) for line in self._lines):
            self._themes.setdefault(theme(line), []).append((order, line))
        self._lap += 1

    def _place(self, line: str) -> bytes:
        return blake2b(f"{self._seed} {self._lap} {line}".encode(), digest_size=8).digest()
