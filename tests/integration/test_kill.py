"""`kill -9` at any moment: the dialog goes on where its inputs lead, nothing is lost, and only what was in flight comes twice."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.core.clock import SystemClock
from bot.simulator import Fault, Simulator, Trouble
from bot.storage.database import Database
from tests.program import Host, Program, free_address, hosted, real_time, until
from tests.walking import WALK, Kept, Phone, Shown, chance, kept, repeated, undisturbed


class Walk(Phone):
    """The program is killed under her hands."""

    def __init__(self, host: Host, simulator: Simulator) -> None:
        super().__init__(simulator, simulator.people()[0])
        self.host, self.simulator = host, simulator
        self.greeted = 0
        self.kills: list[tuple[int, int]] = []  # how much she had been shown, and how much was in flight
        self.program: Program

    async def start(self) -> None:
        self.greeted = len(self.simulator.calls("getMe"))
        self.program = await self.host.start()

    async def comes_to_rest(self) -> None:
        """Until the program hears a SIGTERM, and has said and settled what its forerunners left."""
        await until(self.simulator, self.program, lambda: len(self.simulator.calls("getMe")) > self.greeted)
        async with asyncio.timeout(30):
            while self.count(UNSETTLED):
                await real_time(0.05)

    async def sees(self, wanted: Shown, since: int) -> None:
        try:
            await until(self.simulator, self.program, lambda: wanted in self.shown[since:])
        except TimeoutError:
            raise AssertionError(f"wanted {wanted}, shown {self.shown[since:]}\n{self.program.said}") from None
        self.looks_at = wanted

    async def kill(self) -> None:
        await self.program.kill()
        self.kills.append((len(self.shown), self.count(IN_FLIGHT)))

    def count(self, which: str) -> int:
        """How many messages are such. The file is left as it is, so that it is the bot that finds what a kill left in it."""
        with closing(sqlite3.connect(f"file:{self.host.database}?mode=ro", uri=True)) as file:
            return int(file.execute(f"SELECT count(*) FROM outbox WHERE {which}").fetchone()[0])  # noqa: S608 - ours

    async def kept(self) -> Kept:
        """What the bot keeps of her."""
        database = Database(f"sqlite+aiosqlite:///{self.host.database}", SystemClock())
        await database.open()
        try:
            return (await kept(database, self.host.folder / "keys/stillhere.key", [self]))[0]
        finally:
            await database.close()


UNSETTLED = "status < 2"
IN_FLIGHT = f"({UNSETTLED} AND attempts > 0 AND method <> 'editMessageReplyMarkup')"
"""Of these nobody knows whether they arrived; buttons that go do not show."""


async def killed_before(going: Walk, deed: str | int, _chance: int) -> None:
    """She acts while nobody is there."""
    await going.kill()
    going.act(deed)
    await going.start()


async def killed_some_time(going: Walk, deed: str | int, chance: int) -> None:
    """So many milliseconds after she acted: fetching, deciding, committing, sending or settling."""
    going.act(deed)
    asyncio.get_running_loop().call_later(chance / 1000, going.program.process.kill)
    await going.program.process.wait()
    await going.kill()
    await going.start()


async def killed_before_the_commit(going: Walk, deed: str | int, chance: int) -> None:
    """The update is fetched, and the database, locked by somebody else, cannot take the turn."""
    with closing(sqlite3.connect(going.host.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        going.act(deed)
        asyncio.get_running_loop().call_later(0.1 + chance / 1000, going.program.process.kill)
        await going.program.process.wait()
    await going.kill()
    await going.start()


async def killed_while_sending(going: Walk, deed: str | int, _chance: int) -> None:
    """The call is on its way and Telegram has not taken it."""
    with going.simulator.faults.during(Fault(Trouble.HANG, chat_id=going.person.id)):
        before = going.simulator.faults.struck
        going.act(deed)
        await until(going.simulator, going.program, lambda: going.simulator.faults.struck > before)
        await going.kill()
    await going.start()


async def killed_before_the_answer(going: Walk, deed: str | int, _chance: int) -> None:
    """Telegram has taken the message, and the bot never hears of it."""
    with going.simulator.faults.during(Fault(Trouble.DROP_AFTER, chat_id=going.person.id)):
        before = going.simulator.faults.struck
        going.act(deed)
        await until(going.simulator, going.program, lambda: going.simulator.faults.struck > before)
        await going.kill()
    await going.start()


async def killed_after(going: Walk, deed: str | int, _chance: int) -> None:
    """The answer is there; whether it is settled and the update confirmed, nobody knows."""
    seen = len(going.shown)
    going.act(deed)
    await until(going.simulator, going.program, lambda: len(going.shown) > seen)
    await going.kill()
    await going.start()


async def killed_at_the_start(going: Walk, deed: str | int, _chance: int) -> None:
    """Once more before it has come to itself."""
    await going.kill()
    going.act(deed)
    greeted = len(going.simulator.calls("getMe"))
    await going.start()
    await until(going.simulator, going.program, lambda: len(going.simulator.calls("getMe")) > greeted)
    await going.kill()
    await going.start()


MOMENTS = [
    killed_before_the_commit,
    killed_before_the_answer,
    killed_some_time,
    killed_after,
    killed_while_sending,
    killed_before,
    killed_at_the_start,
]


@pytest.mark.parametrize(
    ("door", "seed", "every"),
    [
        ("polling", 0, 4),
        pytest.param("polling", 2, 1, marks=pytest.mark.deep),
        pytest.param("webhook", 2, 1, marks=pytest.mark.deep),
    ],
)
@pytest.mark.timeout(600)
async def test_killed_at_any_moment_the_talk_goes_on(tmp_path: Path, door: str, seed: int, every: int) -> None:
    (calm,) = await undisturbed(tmp_path)
    telegram = Simulator(limits=False, webhook_backoff=lambda _failures: 0.05)
    async with hosted(tmp_path, telegram, STILLHERE_SEND_RATE="0", **(_hook() if door == "webhook" else {})) as (
        host,
        simulator,
    ):  # she is faster than one message a second
        going = Walk(host, simulator)
        await going.start()
        await until(simulator, going.program, lambda: simulator.calls("getUpdates") or simulator.calls("setWebhook"))
        for step, (deed, wanted) in enumerate(zip(WALK, calm.ends, strict=True)):
            seen = len(going.shown)
            if step % every == every - 1:
                luck = chance(seed, step, 40)
                await MOMENTS[(step // every + seed) % len(MOMENTS)](going, deed, luck)
            else:
                going.act(deed)
            await going.sees(wanted, seen)
        await going.comes_to_rest()
        assert await going.program.stop() == 0, going.program.said
        twice = repeated(going.shown, calm.shown, going.kills)
        flying = sum(number for _, number in going.kills)
        print(f"{len(going.kills)} kills, {flying} in flight, {twice.total()} came twice")  # noqa: T201 - seen with `pytest -s`
        assert await going.kept() == calm.kept
        assert going.count(UNSETTLED) == 0
        assert len(going.kills) >= len(WALK) // every


def _hook() -> dict[str, str]:
    listen = free_address()
    return {
        "STILLHERE_WEBHOOK_URL": f"http://{listen}/hook",
        "STILLHERE_WEBHOOK_LISTEN": listen,
        "STILLHERE_WEBHOOK_SECRET": "s3cret",
    }
