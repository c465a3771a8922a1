"""Tells phones and tests of everything that changes in the chats, in order."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

Change = dict[str, Any]
Listener = Callable[[Change], None]

KEPT = 2000


class Changes:
    """The feed: every change gets the next number; the last ones are kept for a phone that was away for a moment."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._kept: deque[Change] = deque(maxlen=KEPT)
        self._listeners: list[Listener] = []
        self.seq = 0

    def tell(self, kind: str, **content: Any) -> None:
        """Number a change and hand it to every listener, at once."""
        self.seq += 1
        change = {"seq": self.seq, "type": kind, "now": self._now(), **content}
        self._kept.append(change)
        for listener in list(self._listeners):
            listener(change)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Hear every change from now on; the returned function ends that."""
        self._listeners.append(listener)

        def stop() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return stop

    def since(self, seq: int) -> Iterable[Change]:
        """What happened after `seq`; one "reload" if that is not known any more."""
        if seq == self.seq:
            return []
        if seq > self.seq or not self._kept or seq < self._kept[0]["seq"] - 1:
            return [{"seq": self.seq, "type": "reload", "now": self._now()}]
        return [each for each in self._kept if each["seq"] > seq]
