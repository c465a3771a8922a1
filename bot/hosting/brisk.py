"""An HTTP connection that has to say what it wants: whoever dawdles is let go, so that nobody can hold all the places."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

PATIENCE = 10.0
"""Seconds from the first byte of a request (or from connecting) to its last. Telegram needs a fraction of one."""

_SAYING = (h11.IDLE, h11.SEND_BODY)


class Brisk(H11Protocol):
    """
    uvicorn's own protocol with an end to patience: it knows none for requests that never come to their end.

    Where the connections are about to reach uvicorn's `limit_concurrency`, the one that has been silent longest goes.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._deadline: asyncio.TimerHandle | None = None
        self.since = 0.0
        """When it connected, or was last answered (the loop's time)."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Somebody connected."""
        super().connection_made(transport)
        self.since = self.loop.time()
        self._wait()
        self._make_room()

    def data_received(self, data: bytes) -> None:
        """A piece of a request."""
        super().data_received(data)
        if self.conn.their_state not in _SAYING:
            self._no_longer_wait()
        elif self._deadline is None:
            self._wait()

    def on_response_complete(self) -> None:
        """An answer is out; perhaps the next request has begun already."""
        self.since = self.loop.time()
        super().on_response_complete()
        if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0] and self._deadline is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """They are gone."""
        self._no_longer_wait()
        super().connection_lost(exc)

    @property
    def is_idle(self) -> bool:
        """Whether no request is in hand."""
        return not self.transport.is_closing() and (self.cycle is None or self.cycle.response_complete)

    def _make_room(self) -> None:
        here = [each for each in self.connections if isinstance(each, Brisk) and not each.transport.is_closing()]
        if self.limit_concurrency is not None and len(here) >= self.limit_concurrency:
            idle = [each for each in here if each is not self and each.is_idle]
            if idle:
                min(idle, key=lambda each: each.since).transport.abort()

    def _wait(self) -> None:
        self._deadline = self.loop.call_later(PATIENCE, self.transport.abort)

    def _no_longer_wait(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
