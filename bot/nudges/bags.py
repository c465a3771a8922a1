"""Which line of a bank comes next: none again until the bag is empty, and no theme again within three days."""

from collections.abc import Sequence
from zlib import crc32

from bot.i18n.variants import shuffled

THEME_RESTS = 3
"""Draws, so days, that a theme rests after it was used. Source: the content plan; a product choice."""

FOR_ANYBODY = frozenset({"body", "kind", "notice", "anchor", "others", "receive", "thanks", "repair", "curious"})
"""Themes that fit a person who mostly stays steady, or told no role. A product choice."""


def theme(line: str) -> str:
    """The theme of a bank's line: the word before its number."""
    return line.rpartition("_")[0]


def draw(lines: Sequence[str], seed: int, turn: int) -> str:
    """
    The line of the `turn`th draw (from 0) by the person with `seed`.

    Needs no memory but the number of draws: the order of each lap follows from the seed, and laps fit together.
    """
    lap, place = divmod(turn, len(lines))
    recent: list[str] = []
    order: list[str] = []
    for number in range(lap + 1):
        order = _lap(lines, seed, number, recent)
        recent = [theme(line) for line in order[-THEME_RESTS:]]
    return order[place]


def _lap(lines: Sequence[str], seed: int, lap: int, recent: Sequence[str]) -> list[str]:
    """All lines in an order in which themes keep apart: always the fullest theme that has rested."""
    piles: dict[str, list[str]] = {}
    for at in range(len(lines)):
        line = lines[shuffled(seed, crc32(lines[0].encode()), lap * len(lines) + at, len(lines))]
        piles.setdefault(theme(line), []).append(line)
    used = list(recent)
    order: list[str] = []
    while len(order) < len(lines):
        open_piles = [name for name, pile in piles.items() if pile]
        rested = [name for name in open_piles if name not in used[-THEME_RESTS:]]
        chosen = max(rested or open_piles, key=lambda name: len(piles[name]))
        order.append(piles[chosen].pop())
        used.append(chosen)
    return order
