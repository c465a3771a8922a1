"""Rotation without memory: which of several wordings comes next, so that none comes twice in a row."""


def shuffled(seed: int, name: int, turn: int, size: int) -> int:
    """
    Which of `size` things comes at the `turn`th time (from 0) out of a bag that is shuffled whenever it is empty.

    Each comes once before any comes again, and the last of one round is never the first of the next. Needs no memory:
    the order follows from `seed` (the person) and `name` (the bag).
    """
    if size == 1:
        return 0
    if size == 2:  # noqa: PLR2004 - two can only take turns
        return (_order(seed, name, 0, size)[0] + turn) % size
    lap, place = divmod(turn, size)
    order = _order(seed, name, lap, size)
    if place < 2 and lap and order[0] == _order(seed, name, lap - 1, size)[-1]:  # noqa: PLR2004 - the first two swap
        return order[1 - place]
    return order[place]


_MASK = (1 << 64) - 1


def _order(seed: int, name: int, lap: int, size: int) -> list[int]:
    """A shuffle (Fisher and Yates) drawn from SplitMix64."""
    state = (seed * 0x9E3779B97F4A7C15 ^ name * 0xD1342543DE82EF95 ^ lap * 0xA0761D6478BD642F) & _MASK
    order = list(range(size))
    for last in range(size - 1, 0, -1):
        state = (state + 0x9E3779B97F4A7C15) & _MASK
        mixed = ((state ^ state >> 30) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ mixed >> 27) * 0x94D049BB133111EB) & _MASK
        other = (mixed ^ mixed >> 31) % (last + 1)
        order[last], order[other] = order[other], order[last]
    return order
