"""Serves an HTTP application on a port of this machine, in the running loop: the webhook, and health."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot.config import address
from bot.core.errors import SettingError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

GRACE = 3
"""Seconds in which running requests may end after `stop`."""

_AT_ONCE = 200  # connections beyond those of Telegram (100) get 503


class Server:
    """
    A port that is taken at once and served by `run` until `stop`; `close` gives back one that was never served.

    Raises SettingError, with the name of the setting, if the port cannot be had.
    """

    def __init__(self, listen: str, setting: str) -> None:
        self._socket = _bound(listen, setting)
        self._stopping = asyncio.Event()

    @property
    def address(self) -> str:
        """Where it listens, as `host:port`."""
        host, port, *_ = self._socket.getsockname()
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    async def run(self, app: "ASGIApp") -> None:
        """Answer requests until `stop`; those in hand are answered to the end."""
        from uvicorn import Config
        from uvicorn import Server as Uvicorn

        from bot.hosting.brisk import Brisk

        class Quiet(Uvicorn):
            @contextmanager
            def capture_signals(self) -> Iterator[None]:
                yield  # signals are the app's

        config = Config(
            app,
            http=Brisk,
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=75,
            limit_concurrency=_AT_ONCE,
            timeout_graceful_shutdown=GRACE,
        )
        server = Quiet(config)
        serving = asyncio.create_task(server.serve(sockets=[self._socket]))
        stopped = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait((serving, stopped), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            server.should_exit = True
            await serving

    def stop(self) -> None:
        """Take no further request, and let `run` return."""
        self._stopping.set()

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()


def _bound(listen: str, setting: str) -> socket.socket:
    host, port = address(listen)
    try:
        family, kind, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # Named as TCP, asyncio sends without Nagle's delay: 40 ms less for every answer.
        listening = socket.socket(family, kind, socket.IPPROTO_TCP)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.setblocking(False)
            listening.bind(place)
            listening.listen(128)
        except OSError:
            listening.close()
            raise
    except OSError as fault:
        raise SettingError(
            f"{listen} cannot be listened on ({fault.strerror}). Stop what uses it, or set {setting} to another host:port."
        ) from None
    return listening
