"""Identifiers made in the program, so that rows know theirs before they are written."""

from functools import lru_cache
from math import inf

from bot.core.clock import Clock
from bot.core.errors import DatabaseUnavailable

_EPOCH_MS = 1_735_689_600_000  # 2025-01-01
_NODE_BITS = 10
_COUNT_BITS = 12
_COUNTS = (1 << _COUNT_BITS) - 1

NODES = 1 << _NODE_BITS
"""How many processes may make ids at the same time."""


class Ids:
    """
    Numbers that grow with machine time: 41 bits of milliseconds, 10 of the process' own `node`, 12 of a counter.

    Positive, below 2**63, unique among processes with different nodes, and in the order they were asked for within one.
    Source of the layout: Twitter's Snowflake, 2010.
    """

    def __init__(self, clock: Clock, node: int) -> None:
        self._clock = clock
        self.node = node % NODES
        self._until = inf
        self._last = 0

    def use(self, node: int, until: float) -> None:
        """Make ids as `node`, which is ours until then (machine time)."""
        self.node, self._until = node, until

    def next(self) -> int:
        """A number larger than every one before. Raises DatabaseUnavailable once `node` may be another's."""
        machine = self._clock.machine()
        if machine >= self._until:
            raise DatabaseUnavailable("This program was away for too long, and has to look at the database first.")
        self._last = last = max((int(machine * 1000) - _EPOCH_MS) << _COUNT_BITS, self._last + 1)
        return (last >> _COUNT_BITS << (_NODE_BITS + _COUNT_BITS)) | (self.node << _COUNT_BITS) | (last & _COUNTS)


@lru_cache(maxsize=4096)  # of a person and their prompt, several times a turn
def base36(number: int) -> str:
    """`number` (not negative) in the digits 0–9a–z: short enough for callback data."""
    digits = ""
    while True:
        number, rest = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + digits
        if not number:
            return digits
