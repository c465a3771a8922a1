"""Telegram's speed limits: how many messages a bot may send in a second, to all and to one chat."""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from bot.simulator.errors import too_many_requests

PER_SECOND = 30
BURST = 5
GROUP_BURST = 20
GROUP_REFILL = 20 / 60
LENIENCE = 0.05  # seconds: the network moves calls closer together than they were sent


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class Limits:
    """30 messages in any second over all chats; in a private chat 5 at once, then one a second; in a group 20 a minute.

    Counts in machine time, which no skip of the clock moves. A refused call costs nothing.
    """

    def __init__(self, machine: Callable[[], float], *, active: bool = True) -> None:
        self._machine = machine
        self.active = active
        self._recent: dict[int, deque[float]] = {}
        self._buckets: dict[tuple[int, int], _Bucket] = {}

    def spend(self, bot_id: int, chat_id: int | None, count: int = 1) -> None:
        """Take room for `count` messages.

        Raises:
            ApiError: 429 with the seconds to wait.
        """
        if not self.active:
            return
        now = self._machine()
        recent = self._recent.setdefault(bot_id, deque())
        while recent and recent[0] <= now - 1 + LENIENCE:
            recent.popleft()
        if len(recent) >= PER_SECOND:
            raise too_many_requests(max(1, math.ceil(recent[0] + 1 - now)))
        if chat_id is not None:
            self._spend_in_chat((bot_id, chat_id), now, count)
        recent.extend([now] * count)

    def _spend_in_chat(self, lane: tuple[int, int], now: float, count: int) -> None:
        size, refill = (BURST, 1.0) if lane[1] > 0 else (GROUP_BURST, GROUP_REFILL)
        bucket = self._buckets.setdefault(lane, _Bucket(float(size), now))
        tokens = min(size, bucket.tokens + (now - bucket.at) * refill)
        if tokens + LENIENCE < min(count, size):
            raise too_many_requests(max(1, math.ceil((min(count, size) - tokens) / refill)))
        bucket.tokens, bucket.at = max(0.0, tokens - count), now
