"""Several programs on one PostgreSQL, or one on SQLite, behind a load balancer or polling, and what their database says of them."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
from aiohttp import web

from bot.dialogs import read_dialogs
from bot.simulator import Simulator
from tests.program import TOKEN, Host, Program, free_address, hosted, real_time

SECRET = "s3cret"
SILENCE = 3.0
"""Seconds after which the load balancer gives up on a replica that says nothing."""

LEFT_OUT = 10.0
"""Seconds for which it then brings that one nothing more. Source: nginx, `fail_timeout` of an upstream server, its default."""

POLLS, WAITS = "this replica polls now", "this replica waits for its turn to poll"


class Replica:
    """One of the programs. `listen`: where its webhook is served, or nothing; `is_alone`: no other may use its database."""

    def __init__(self, program: Program, listen: str, *, is_alone: bool = False) -> None:
        self.program = program
        self.listen = listen
        self.is_alone = is_alone

    @property
    def name(self) -> str:
        """What it is called in leases and claims, once it is up; where it is the only one, anything."""
        if self.is_alone:
            return "%"
        found = re.search(r'"replica": "(\w+)"', self.program.said)
        return found[1] if found else ""

    @property
    def polls(self) -> bool:
        """Whether it has the poller's lease, as far as it said."""
        told = [line for line in self.program.said.splitlines() if POLLS in line or WAITS in line]
        return bool(told) and POLLS in told[-1]


class Fleet:
    """All of them."""

    def __init__(self, host: Host, simulator: Simulator, url: str, *, hooked: bool) -> None:
        self.host, self.simulator, self.url, self.hooked = host, simulator, url, hooked
        self.replicas: list[Replica] = []
        self.key_file = host.folder / "keys/stillhere.key"
        self.account = simulator.world.accounts[int(TOKEN.partition(":")[0])]
        self._turn = count()
        self._silent: dict[str, float] = {}  # until when a replica gets nothing, by where it listens

    async def start(self, number: int = 1, **settings: str) -> list[Replica]:
        """Start so many more, all at once."""
        started = []
        for _ in range(number):
            listen = free_address() if self.hooked else ""
            hook = {"STILLHERE_WEBHOOK_LISTEN": listen} if listen else {}
            program = await self.host.start(**hook, **settings)
            started.append(Replica(program, listen, is_alone=self.url.startswith("sqlite")))
        self.replicas += started
        return started

    async def up(self) -> None:
        """Until every one of them has said where it listens."""
        for replica in self.replicas:
            await self.until(lambda replica=replica: "Stillhere listens" in replica.program.said)  # type: ignore[misc]

    async def until(self, holds: Callable[[], object], within: float = 240) -> None:
        """Until something is so in files that the programs write, while they live; looked at now and then."""
        async with asyncio.timeout(within):
            while not holds():
                dead = [each.program for each in self.replicas if each.program.process.returncode is not None]
                assert not dead, dead[0].said
                await real_time(0.02)

    async def kill(self, replica: Replica) -> None:
        """SIGKILL."""
        self.replicas.remove(replica)
        await replica.program.kill()

    async def stop(self, replica: Replica) -> None:
        """A clean stop."""
        self.replicas.remove(replica)
        assert await replica.program.stop() == 0, replica.program.said

    async def heard(self, holds: Callable[[], object], within: float = 60) -> None:
        """Until something is so at Telegram."""
        async with asyncio.timeout(within):
            await self.simulator.until(holds)

    async def rows(self, statement: str, *values: object) -> list[Any]:
        """What the database answers. SQLite's file is left as it is, so that it is the bot that finds what a kill left in it."""
        if self.url.startswith("sqlite"):
            path = self.url.removeprefix("sqlite+aiosqlite:///")
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file:
                file.row_factory = sqlite3.Row
                return file.execute(statement, {str(n): value for n, value in enumerate(values, 1)}).fetchall()
        socket, name = where(self.url)
        connection = await asyncpg.connect(host=socket, user="postgres", database=name)
        try:
            return list(await connection.fetch(statement, *values))
        finally:
            await connection.close()

    async def settled(self) -> None:
        """Until nothing is open: what was sent is known to have been sent."""
        async with asyncio.timeout(240):
            while await self.rows("SELECT id FROM outbox WHERE status < 2"):
                await real_time(0.02)

    async def end_lease(self, name: str) -> None:
        """Its time is over, as if nobody had renewed it for so long."""
        await self.rows("UPDATE leases SET until = 0 WHERE name = $1", name)

    async def poller(self, besides: Replica | None = None) -> Replica:
        """The one that polls, once there is one; `besides` the one that believes it does."""
        await self.until(lambda: any(each.polls for each in self.replicas if each is not besides))
        return next(each for each in self.replicas if each.polls and each is not besides)

    async def balance(self, request: web.Request) -> web.Response:
        """Bring a request to the next replica that listens, and has not just been silent, as a load balancer does."""
        clock = asyncio.get_running_loop().time
        body = await request.read()
        headers = {name: value for name, value in request.headers.items() if name.startswith("X-Telegram")}
        session: aiohttp.ClientSession = request.app[_SESSION]
        for _ in range(len(self.replicas)):
            listen = self.replicas[next(self._turn) % len(self.replicas)].listen
            if clock() < self._silent.get(listen, 0):
                continue
            try:
                async with session.post(f"http://{listen}/hook", data=body, headers=headers) as answer:
                    return web.Response(status=answer.status, body=await answer.read())
            except aiohttp.ClientConnectorError:
                continue
            except TimeoutError:
                self._silent[listen] = clock() + LEFT_OUT
                break
            except aiohttp.ClientError:
                break  # it died over this request
        return web.Response(status=502)


@asynccontextmanager
async def fleet(
    folder: Path, url: str, *, hooked: bool = False, telegram: Simulator | None = None, **settings: str
) -> AsyncIterator[Fleet]:
    """A host's folder with a key, a Telegram, and perhaps a load balancer; nothing runs yet."""
    key = folder / "keys/stillhere.key"
    key.parent.mkdir(mode=0o700)
    key.write_text(bytes(range(32)).hex())
    key.chmod(0o600)
    async with AsyncExitStack() as parts:
        public = free_address()
        hook = {"STILLHERE_WEBHOOK_URL": f"http://{public}/hook", "STILLHERE_WEBHOOK_SECRET": SECRET} if hooked else {}
        usual = {"STILLHERE_DATABASE_URL": url, **hook}
        host, simulator = await parts.enter_async_context(hosted(folder, telegram, **(usual | settings)))
        _warm(Path(host.settings["STILLHERE_CACHE"]))
        made = Fleet(host, simulator, url, hooked=hooked)
        if hooked:
            await parts.enter_async_context(_balancer(made, public))
        yield made


def where(url: str) -> tuple[str, str]:
    """Socket folder and name of a test database."""
    found = re.fullmatch(r"postgresql\+asyncpg://postgres@/(\w+)\?host=(.+)", url)
    assert found
    return found[2], found[1]


@cache
def _warm(cache: Path) -> None:
    """Compile the dialogs once, before several programs want them at the same moment."""
    read_dialogs(None, cache)


_SESSION = web.AppKey("session", aiohttp.ClientSession)


@asynccontextmanager
async def _balancer(made: Fleet, public: str) -> AsyncIterator[None]:
    app = web.Application()
    app.router.add_post("/hook", made.balance)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SILENCE)) as session:
        app[_SESSION] = session
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        address, _, port = public.rpartition(":")
        await web.TCPSite(runner, address, int(port)).start()
        try:
            yield
        finally:
            await runner.cleanup()
