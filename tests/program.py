"""The real program as a host starts it, in a process of its own, with a folder and settings of its own."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bot.simulator import Simulator, serve
from bot.simulator.people import Person
from tests import warm
from tests.carried import CACHE

ROOT = Path(__file__).parents[1]
TOKEN = "700000002:AAtoken-that-nobody-may-see-in-a-log"
STOPPED_WITHIN = 10 + 2
"""Seconds that a stop may take, and the interpreter's own end on a slow machine."""

NO_HEALTH = {"STILLHERE_HEALTH_LISTEN": ""}


class Program:
    """One started command; what it wrote lies in files."""

    def __init__(self, process: asyncio.subprocess.Process | warm.Started, written: Path) -> None:
        self.process = process
        self._written = written

    @property
    def said(self) -> str:
        """Everything it wrote so far, to both outputs."""
        return self._written.read_text(errors="surrogateescape")

    async def ended(self, within: float = 60) -> int:
        """Its exit code, once it has ended by itself."""
        async with asyncio.timeout(within):
            return await self.process.wait()

    async def stop(self, number: int = signal.SIGTERM, within: float = 60) -> int:
        """Ask it to end; its exit code."""
        self.process.send_signal(number)
        return await self.ended(within)

    async def kill(self) -> None:
        """SIGKILL: not a word more."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


class Host:
    """A folder where the program runs, with settings; nothing of the test's own environment reaches it."""

    def __init__(self, folder: Path, cache: Path, **settings: str) -> None:
        self.folder = folder
        self.settings = {"STILLHERE_CACHE": str(cache)} | settings
        self.cold = not warm.ALLOWED
        """Start an interpreter with `python -m bot`, to the last import; else a fork that has it all goes on from there."""
        self.weak = False
        """Take root's right to write everywhere away from the program, for where tests run as root."""
        self.inside: Sequence[str] = ()
        """What starts the interpreter: a command that ends by becoming the one it is given."""
        self._count = 0
        self._started: list[Program] = []

    @property
    def database(self) -> Path:
        """The database file, where the default puts it."""
        return self.folder / "var/stillhere.db"

    async def start(self, *command: str, **settings: str) -> Program:
        """Start a command (`run` by default), with these settings on top of the host's."""
        self._count += 1
        written = self.folder / f"said-{self._count}.txt"
        written.touch()  # it may be read before the program has come so far
        environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **self.settings, **settings}
        is_cold = self.cold or self.weak or bool(self.inside) or "PYTHONPATH" in environment
        begin = self._cold if is_cold else self._warm
        program = Program(await begin(command or ("run",), environment, written), written)
        self._started.append(program)
        return program

    async def does(self, *command: str, **settings: str) -> tuple[int, str]:
        """Let a command come to its end: exit code, and what it wrote."""
        program = await self.start(*command, **settings)
        code = await program.ended()
        return code, program.said

    async def _warm(self, command: Sequence[str], environment: Mapping[str, str], written: Path) -> warm.Started:
        return warm.start(command, self.folder, environment, written)

    async def _cold(
        self, command: Sequence[str], environment: Mapping[str, str], written: Path
    ) -> asyncio.subprocess.Process:
        weakly = ("-c", _WEAKLY, sys.executable) if self.weak else ()
        with written.open("wb") as out:
            return await asyncio.create_subprocess_exec(
                *(*self.inside, sys.executable, *weakly, "-m", "bot", *command),
                cwd=self.folder,
                env={"PYTHONPATH": str(ROOT), **environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )

    async def clear(self) -> None:
        """End whatever still runs."""
        for program in self._started:
            await program.kill()


@asynccontextmanager
async def hosted(
    folder: Path, telegram: Simulator | None = None, /, **settings: str
) -> AsyncIterator[tuple[Host, Simulator]]:
    """A host's folder, with a token, and a Telegram that knows it, with Ann and Ben."""
    simulator = telegram or Simulator(limits=False)
    simulator.add_bot(TOKEN, "still_bot", "Still")
    simulator.add_user("Ann")
    simulator.add_user("Ben")
    async with serve(simulator) as served:
        usual = {"STILLHERE_BOT_TOKEN": TOKEN, "STILLHERE_API_URL": served.api_url, **NO_HEALTH}
        host = Host(folder, CACHE, **(usual | settings))
        try:
            yield host, simulator
        finally:
            await host.clear()


@asynccontextmanager
async def running(host: Host, simulator: Simulator, **settings: str) -> AsyncIterator[Program]:
    """The bot, from its first poll to a clean stop."""
    program = await host.start(**settings)
    await polled(simulator, program)
    yield program
    assert await program.stop() == 0, program.said


async def polled(simulator: Simulator, program: Program) -> None:
    """Until the program waits for updates."""
    await until(simulator, program, lambda: simulator.is_polled)


async def until(simulator: Simulator, program: Program, condition: Callable[[], object]) -> None:
    """Until something is so at Telegram, while the program lives."""
    waiting = asyncio.ensure_future(simulator.until(condition))
    ended = asyncio.ensure_future(program.process.wait())
    async with asyncio.timeout(60):
        await asyncio.wait((waiting, ended), return_when=asyncio.FIRST_COMPLETED)
    ended.cancel()
    if not waiting.done():
        waiting.cancel()
        raise AssertionError(f"the program ended by itself:\n{program.said}")


async def real_time(seconds: float) -> None:
    """Let so much real time pass: for the chance moment of a kill, and to look again at a process that tells nobody."""
    passed = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, passed.set)
    await passed.wait()


def free_address() -> str:
    """`host:port` where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return f"127.0.0.1:{found.getsockname()[1]}"


def words(person: Person) -> list[str]:
    """What the bot's messages say on this phone, oldest first."""
    return [str(each.get("text", each.get("caption", ""))) for each in person.messages() if not each.get("out")]


_WEAKLY = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE: linux/prctl.h, linux/capability.h
os.execv(sys.argv[1], sys.argv[1:])
"""
