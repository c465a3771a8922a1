"""Starts of the program that need not import it: forks of a process that has, each with a life, files and signals of its own."""

import asyncio
import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

ALLOWED = False
"""`make test` allows it; `make deep` starts everything cold."""

_BEFORE = frozenset(os.environ)
_IMPORTED = [
    __name__,  # first, for the line above
    "alembic.command",
    "alembic.config",
    "asyncpg",
    "babel.dates",
    "bot.app",
    "bot.cli",
    "bot.commands.doctor",
    "bot.commands.host",
    "bot.commands.invite",
    "bot.commands.keys",
    "bot.commands.restore",
    "bot.commands.run",
    "prometheus_client.core",
    "uvicorn",
    "uvicorn.protocols.http.h11_impl",
    "uvloop",
]


class Started:
    """A started command, with the face of asyncio's `Process`."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process
        self._ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(process.sentinel, self._end)

    @property
    def returncode(self) -> int | None:
        """Its exit code, less than zero after a signal; None while it lives."""
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Nothing happens to who has ended."""
        if self.returncode is None and self._process.pid:
            os.kill(self._process.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        """Its exit code, once it has ended."""
        await self._ended.wait()
        code = self.returncode
        assert code is not None
        return code

    def _end(self) -> None:
        self._loop.remove_reader(self._process.sentinel)
        self._ended.set()


def start(command: Sequence[str], folder: Path, environment: Mapping[str, str], written: Path) -> Started:
    """`stillhere <command>` in this folder and environment; both outputs go to a file."""
    process = _template().Process(target=_become, args=(list(command), folder, dict(environment), written))
    process.start()
    return Started(process)


@cache
def _template() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_IMPORTED)
    return context


def _become(command: list[str], folder: Path, environment: dict[str, str], written: Path) -> None:
    """In the fork: be the program."""
    from bot.cli import main

    made = {name: value for name, value in os.environ.items() if name not in _BEFORE}  # by what was imported
    os.environ.clear()
    os.environ.update(environment | made)
    os.chdir(folder)
    out = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(out, 1)
    os.dup2(out, 2)
    sys.argv = ["stillhere", *command]
    try:
        main()
    except Exception:  # noqa: BLE001 - as the interpreter does at its end
        sys.excepthook(*sys.exc_info())
        sys.exit(1)
