"""How much one person may send: who sends hundreds of messages a minute is told once, and the rest is not taken up."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

A_MINUTE = 200
"""Messages and presses a minute that one person may send, and at most so many at once. Fast typing is a tenth of it."""

_REMEMBERED = 10_000


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float
    told: bool = False


@dataclass(slots=True)
class Floods:
    """A leaky bucket a person, in memory. `machine` tells machine time; `a_minute` 0: no limit, for measurements."""

    machine: Callable[[], float]
    a_minute: int = A_MINUTE
    _buckets: dict[int, _Bucket] = field(default_factory=dict)

    def weigh(self, user_id: int) -> Literal["fine", "first", "more"]:
        """Count one event of this person: within the limit, the first beyond it, or one more of those."""
        if not self.a_minute:
            return "fine"
        now = self.machine()
        bucket = self._buckets.get(user_id)
        if bucket is None:
            self._make_room(now)
            bucket = self._buckets[user_id] = _Bucket(0.0, now)
        bucket.level = self._level(bucket, now)
        bucket.at = now
        if bucket.level + 1 <= self.a_minute:
            bucket.told = bucket.told and bucket.level > self.a_minute / 2
            bucket.level += 1
            return "fine"
        told, bucket.told = bucket.told, True
        return "more" if told else "first"

    def refund(self, user_id: int) -> None:
        """Count one event of this person back: it was not taken up after all, and will come again."""
        bucket = self._buckets.get(user_id)
        if bucket is not None:
            bucket.level = max(0.0, bucket.level - 1)

    def _level(self, bucket: _Bucket, now: float) -> float:
        return max(0.0, bucket.level - max(0.0, now - bucket.at) * self.a_minute / 60)

    def _make_room(self, now: float) -> None:
        if len(self._buckets) >= _REMEMBERED:
            self._buckets = {who: each for who, each in self._buckets.items() if self._level(each, now) > 0}
