"""Things that go wrong at Telegram or on the way to it, switched on and off while everything runs."""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.simulator.errors import ApiError, ConnectionDroppedError, too_many_requests


class Trouble(StrEnum):
    """What can happen to a call."""

    DELAY = "delay"  # the answer takes `seconds` longer
    THROTTLE = "throttle"  # 429 with `retry_after`
    ERROR = "error"  # 500, or another `code`
    DROP_BEFORE = "drop_before"  # the connection breaks and the call had no effect
    DROP_AFTER = "drop_after"  # the call had its effect, then the connection breaks
    HANG = "hang"  # no answer until the fault is taken away
    HANG_AFTER = "hang_after"  # the call had its effect, and there is no answer until the fault is taken away
    OUTAGE = "outage"  # nobody listens: connections are refused, open ones are reset


@dataclass(frozen=True, slots=True)
class Fault:
    """One trouble.

    It strikes calls of `method` (any if None) to `chat_id` (any if None), `times` times (None: until it is removed),
    after letting `after` matching calls pass. `seconds` and `retry_after` are real seconds.
    """

    trouble: Trouble | str
    method: str | None = None
    chat_id: int | None = None
    times: int | None = 1
    after: int = 0
    seconds: float = 0.0
    retry_after: int = 1
    code: int = 500

    def matches(self, method: str, chat_id: Any) -> bool:
        """Whether this call is meant; an outage is never about single calls."""
        return (
            self.trouble != Trouble.OUTAGE
            and (self.method is None or self.method.lower() == method.lower())
            and (self.chat_id is None or str(self.chat_id) == str(chat_id))
        )


@dataclass(slots=True)
class _Active:
    fault: Fault
    left: float
    passing: int
    gone: asyncio.Event


class Faults:
    """The faults that are switched on now."""

    def __init__(self) -> None:
        self._active: dict[int, _Active] = {}
        self._keys = itertools.count(1)
        self.on_outage: list[Callable[[bool], None]] = []
        self.struck = 0
        self.hanging = 0
        """How many calls hang now; one whose caller hung up does not."""

    @property
    def outage(self) -> bool:
        """Whether nobody can reach Telegram."""
        return any(each.fault.trouble == Trouble.OUTAGE for each in self._active.values())

    @property
    def any(self) -> bool:
        """Whether anything is switched on."""
        return bool(self._active)

    def add(self, fault: Fault) -> Callable[[], None]:
        """Switch a fault on; the returned function switches it off."""
        Trouble(fault.trouble)
        key = next(self._keys)
        was_out = self.outage
        left = float("inf") if fault.times is None or fault.trouble == Trouble.OUTAGE else fault.times
        self._active[key] = _Active(fault, left, fault.after, asyncio.Event())
        self._tell_outage(was_out)
        return lambda: self._remove(key)

    @contextmanager
    def during(self, fault: Fault) -> Iterator[None]:
        """A fault for the time of a with block."""
        remove = self.add(fault)
        try:
            yield
        finally:
            remove()

    def clear(self) -> None:
        """All is well again; what hung goes on."""
        for key in list(self._active):
            self._remove(key)

    async def before(self, method: str, chat_id: Any) -> None:
        """What strikes a call before it has its effect.

        Raises:
            ApiError: 429 or 5xx.
            ConnectionDroppedError: the call is to end without an answer.
        """
        for active in self._strike(method, chat_id, after=False):
            fault = active.fault
            match fault.trouble:
                case Trouble.DELAY:
                    await asyncio.sleep(fault.seconds)
                case Trouble.THROTTLE:
                    raise too_many_requests(fault.retry_after)
                case Trouble.ERROR:
                    raise ApiError(fault.code, _SERVER_ERRORS.get(fault.code, "Internal Server Error"))
                case Trouble.DROP_BEFORE:
                    raise ConnectionDroppedError
                case Trouble.HANG:
                    self.hanging += 1
                    try:
                        await active.gone.wait()
                    finally:
                        self.hanging -= 1

    async def after(self, method: str, chat_id: Any) -> None:
        """What strikes a call after it had its effect.

        Raises:
            ConnectionDroppedError: the call is to end without an answer.
        """
        for active in self._strike(method, chat_id, after=True):
            if active.fault.trouble == Trouble.DROP_AFTER:
                raise ConnectionDroppedError
            await active.gone.wait()

    def _strike(self, method: str, chat_id: Any, *, after: bool) -> list[_Active]:
        struck = []
        for key, active in list(self._active.items()):
            is_late = active.fault.trouble in {Trouble.DROP_AFTER, Trouble.HANG_AFTER}
            if is_late is not after or not active.fault.matches(method, chat_id):
                continue
            if active.passing > 0:
                active.passing -= 1
                continue
            active.left -= 1
            if active.left <= 0 and active.fault.trouble not in {Trouble.HANG, Trouble.HANG_AFTER}:
                self._active.pop(key)
            elif active.left < 0:
                continue
            self.struck += 1
            struck.append(active)
        return struck

    def _remove(self, key: int) -> None:
        was_out = self.outage
        active = self._active.pop(key, None)
        if active is not None:
            active.gone.set()
        self._tell_outage(was_out)

    def _tell_outage(self, was_out: bool) -> None:
        if self.outage != was_out:
            for listener in list(self.on_outage):
                listener(self.outage)


_SERVER_ERRORS = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}
