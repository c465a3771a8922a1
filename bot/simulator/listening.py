"""Listens on a port of this machine and can play dead: connections are reset, or refused as if nobody were there."""

import asyncio
import contextlib
import socket
import struct
from typing import Any

from starlette.applications import Starlette
from starlette.types import Scope
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

KEEP_ALIVE = 75
GRACE = 1.0


class Listener:
    """A uvicorn protocol on an own socket: starts in the running loop, takes no signals, stops at once."""

    def __init__(self, app: Starlette, host: str, port: int) -> None:
        self.app = app
        self._config = Config(
            app,
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=KEEP_ALIVE,
            proxy_headers=False,
        )
        self._config.load()
        self._state = ServerState()
        self._host = host
        self._port = port
        self._server: asyncio.Server | None = None
        self._opening: asyncio.Task[None] | None = None
        self._protocols: dict[Any, H11Protocol] = {}

    @property
    def url(self) -> str:
        """Where this listens."""
        return f"http://{self._host}:{self._port}"

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken.
        """
        await self._open(self._bound())

    def pause(self) -> None:
        """Refuse new connections and reset the open ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for protocol in list(self._protocols.values()):
            _reset(protocol)

    def resume(self) -> None:
        """Listen again on the same port; from this moment on connections are taken."""
        if self._server is None:
            self._opening = asyncio.get_running_loop().create_task(self._open(self._bound()))

    def reset(self, scope: Scope) -> None:
        """Break the connection of a request without an answer."""
        protocol = self._protocols.get(tuple(scope.get("client") or ()))
        if protocol is not None:
            _reset(protocol)

    async def stop(self) -> None:
        """Stop listening, give running answers a moment, close everything."""
        if self._opening is not None:
            await self._opening
        if self._server is not None:
            self._server.close()
        for protocol in list(self._protocols.values()):
            protocol.shutdown()
        await self._finish(GRACE)
        for protocol in list(self._protocols.values()):
            protocol.transport.abort()
        await self._finish(GRACE)
        for task in list(self._state.tasks):
            task.cancel()

    async def _finish(self, within: float) -> None:
        tasks = list(self._state.tasks)
        if tasks:
            await asyncio.wait(tasks, timeout=within)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    def _bound(self) -> socket.socket:
        # Named as TCP, asyncio sends without Nagle's delay: 40 ms less for every answer.
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setblocking(False)
        try:
            listening.bind((self._host, self._port))
            listening.listen(128)
        except OSError:
            listening.close()
            raise
        self._port = listening.getsockname()[1]
        return listening

    async def _open(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, sock=listening)

    def _protocol(self) -> H11Protocol:
        return _Tracked(self._protocols, self._config, self._state)


class _Tracked(H11Protocol):
    """A connection that can be found again by the address of its other end."""

    def __init__(self, known: dict[Any, H11Protocol], config: Config, state: ServerState) -> None:
        super().__init__(config, state, {})
        self._known = known

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._known[self.client] = self

    def connection_lost(self, exc: Exception | None) -> None:
        self._known.pop(self.client, None)
        super().connection_lost(exc)


def _reset(protocol: H11Protocol) -> None:
    """RST instead of FIN: the other side sees "connection reset by peer"."""
    connection = protocol.transport.get_extra_info("socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    protocol.transport.abort()
