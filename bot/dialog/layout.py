"""Where the cards of a picture stand: columns by how many answers away from the beginning, each card near what leads to it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap

from bot.dialog.flow import Answer, Card

CARD, GAP_X, GAP_Y, MARGIN = 270, 150, 26, 40
"""Pixels: a card's width, the room between columns and between cards of a column, and around everything."""

TITLE, WORD_LINE, ROW, GUARD = 30, 17, 26, 14
"""Pixels: heights of a title, of a line of words, of an answer, and of the guard under it."""

WORD_LINES, WORD_LETTERS = 3, 37
_SWEEPS = 4


@dataclass(slots=True)
class Spot:
    """A card in its place: its upper left corner, its words in lines, and the height at which each answer leaves it."""

    card: Card
    column: int
    lines: tuple[str, ...]
    x: float = 0
    y: float = 0

    @property
    def height(self) -> float:
        """How tall the card is."""
        return TITLE + WORD_LINE * len(self.lines) + 8 + sum(map(row_height, self.card.answers)) + 6

    def port(self, n: int) -> float:
        """The height at which the `n`th answer's arrow begins."""
        above = sum(map(row_height, self.card.answers[:n]))
        return self.y + TITLE + WORD_LINE * len(self.lines) + 8 + above + ROW / 2

    @property
    def entry(self) -> float:
        """The height at which arrows arrive."""
        return self.y + TITLE / 2


def row_height(answer: Answer) -> float:
    """The height of an answer with its guard."""
    return ROW + (GUARD if answer.guard and answer.label else 0)


def arrange(cards: Sequence[Card]) -> dict[str, Spot]:
    """A spot for every card, by id. An arrow is worth drawing where it leads to the next column."""
    columns = _columns(cards)
    spots = {card.id: Spot(card, columns[card.id], _lines(card.words)) for card in cards}
    stacks = [
        [spot for spot in spots.values() if spot.column == n] for n in range(max(columns.values(), default=0) + 1)
    ]
    for n, stack in enumerate(stacks):
        for spot in stack:
            spot.x = MARGIN + n * (CARD + GAP_X)
        _stack(stack, [float(i) for i in range(len(stack))], settle=False)
    for _ in range(_SWEEPS):
        for stack in stacks[1:]:
            _stack(stack, [_wished(spot, spots) for spot in stack])
        for stack in reversed(stacks[:-1]):
            _stack(stack, [_wished_by_targets(spot, spots) for spot in stack])
    top = min((spot.y for spot in spots.values()), default=0)
    for spot in spots.values():
        spot.y += MARGIN - top
    return spots


def _columns(cards: Sequence[Card]) -> dict[str, int]:
    """Each card's distance from a beginning; a card that nothing leads to stands with the beginnings."""
    by_id = {card.id: card for card in cards}
    column = {card.id: 0 for card in cards if card.kind == "begin"}
    ahead = list(column)
    while ahead:
        found: list[str] = []
        for name in ahead:
            for answer in by_id[name].answers:
                if answer.leads_to in by_id and answer.leads_to not in column:
                    column[answer.leads_to] = column[name] + 1
                    found.append(answer.leads_to)
        ahead = found
    return {card.id: column.get(card.id, 0) for card in cards}


def _stack(stack: list[Spot], wishes: list[float], *, settle: bool = True) -> None:
    """Put the cards of a column one under the other, in the order of their wishes and as near to them as there is room."""
    order = sorted(range(len(stack)), key=lambda n: wishes[n])
    stack[:] = [stack[n] for n in order]
    wishes = [wishes[n] for n in order] if settle else [0.0] * len(stack)
    below = float("-inf")
    for spot, wish in zip(stack, wishes, strict=True):
        spot.y = max(wish, below)
        below = spot.y + spot.height + GAP_Y
    if settle and stack:  # pushed down by those above: move the whole column up by the mean
        drift = sum(spot.y - wish for spot, wish in zip(stack, wishes, strict=True)) / len(stack)
        for spot in stack:
            spot.y -= drift


def _wished(spot: Spot, spots: Mapping[str, Spot]) -> float:
    """Level with the answers that lead here."""
    heights = [
        other.port(n)
        for other in spots.values()
        if other.column == spot.column - 1
        for n, answer in enumerate(other.card.answers)
        if answer.leads_to == spot.card.id
    ]
    return _mean(heights, spot.entry) - TITLE / 2


def _wished_by_targets(spot: Spot, spots: Mapping[str, Spot]) -> float:
    """Such that the arrows which leave are short, but never far from those that arrive."""
    shifts = [
        spots[answer.leads_to].entry - spot.port(n)
        for n, answer in enumerate(spot.card.answers)
        if answer.leads_to in spots and spots[answer.leads_to].column == spot.column + 1
    ]
    return spot.y + _mean(shifts, 0) / 2


def _mean(numbers: Iterable[float], otherwise: float) -> float:
    known = list(numbers)
    return sum(known) / len(known) if known else otherwise


def _lines(words: str) -> tuple[str, ...]:
    lines = wrap(words, WORD_LETTERS)
    if len(lines) > WORD_LINES:
        lines = [*lines[: WORD_LINES - 1], f"{lines[WORD_LINES - 1][: WORD_LETTERS - 1].rstrip()}…"]
    return tuple(lines)
