"""Identifiers made in the program, so that rows know theirs before they are written."""

from bot.core.clock import Clock

_EPOCH_MS = 1_735_689_600_000  # 2025-01-01
_NODE_BITS = 10
_COUNT_BITS = 12


class Ids:
    """
    Numbers that grow with machine time: 41 bits of milliseconds, 10 of the process' own `node`, 12 of a counter.

    Positive, below 2**63, unique among processes with different nodes, and in the order they were asked for within one.
    Source of the layout: Twitter's Snowflake, 2010.
    """

    def __init__(self, clock: Clock, node: int) -> None:
        self._clock = clock
        self._node = node % (1 << _NODE_BITS)
        self._last = 0

    def next(self) -> int:
        """A number larger than every one before."""
        ticks = (int(self._clock.machine() * 1000) - _EPOCH_MS) << _COUNT_BITS
        self._last = max(ticks, self._last + 1)
        milliseconds, count = divmod(self._last, 1 << _COUNT_BITS)
        return (milliseconds << (_NODE_BITS + _COUNT_BITS)) | (self._node << _COUNT_BITS) | count


def base36(number: int) -> str:
    """`number` (not negative) in the digits 0–9a–z: short enough for callback data."""
    digits = ""
    while True:
        number, rest = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + digits
        if not number:
            return digits
