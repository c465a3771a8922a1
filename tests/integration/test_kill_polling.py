"""`kill -9` at any moment: the dialog goes on where its inputs lead, nothing is lost, and only what was in flight comes twice."""

import asyncio
import sqlite3
from contextlib import closing
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest

from bot.app import App
from bot.config import Settings
from bot.simulator import Fault, Simulator, Trouble
from bot.simulator.people import Person
from tests.program import TOKEN, Host, Program, hosted, until

# What Ann does: words, or a press of the n-th button of the newest prompt. Bot and person come the same way each time.
WALK: list[str | int] = [
    "/soothe", 4, 1, 0, 0, "I am allowed to rest.", 0, 3, "/space", 0, 8, 0, 1, 0, "/reach", 0, 0, "/menu", 0,
    "/soothe", 7, 0, "/help", "/menu", 1, "/nudges", "/settings", 0, "/menu",
]  # fmt: skip

Shown = tuple[str, tuple[str, ...]]
"""A prompt as it stands on the phone: its words, and its buttons."""


class Phone:
    """What Ann does, and sees."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.ann: Person = simulator.people()[0]
        self.shown: list[Shown] = []
        self.looks_at: Shown | None = None
        self._words: dict[int, str] = {}
        simulator.listen(self._see)

    def act(self, deed: str | int) -> None:
        """Say it, or press it under the prompt that was last answered to her (a second copy may have come since)."""
        if isinstance(deed, str):
            self.ann.says(deed)
            return
        messages = [message for message in self.ann.messages() if _rows(message)]
        prompt = next((each for each in reversed(messages) if _as_shown(each) == self.looks_at), messages[-1])
        data = [each["callback_data"] for row in _rows(prompt) for each in row if "callback_data" in each]
        self.ann.presses(prompt["message_id"], data[min(deed, len(data) - 1)])

    def _see(self, change: dict[str, Any]) -> None:
        message = change.get("message", {})
        if change["type"] not in {"message", "edit"} or message.get("out") or change.get("user_id") != self.ann.id:
            return
        words, buttons = _as_shown(message)
        known, self._words[message["message_id"]] = self._words.get(message["message_id"]), words
        if known != words or buttons:  # else it is an old prompt that lost its buttons
            self.shown.append((words, buttons))


def _as_shown(message: dict[str, Any]) -> Shown:
    words = str(message.get("text", message.get("caption", "")))
    return words, tuple(each["text"] for row in _rows(message) for each in row)


def _rows(message: dict[str, Any]) -> list[list[dict[str, Any]]]:
    rows: list[list[dict[str, Any]]] = message.get("reply_markup", {}).get("inline_keyboard", [])
    return rows


class Walk(Phone):
    """The program is killed under her hands."""

    def __init__(self, host: Host, simulator: Simulator) -> None:
        super().__init__(simulator)
        self.host = host
        self.in_flight = self.kills = 0
        self.program: Program

    async def start(self) -> None:
        self.program = await self.host.start()

    async def sees(self, wanted: Shown, since: int) -> None:
        try:
            await until(self.simulator, self.program, lambda: wanted in self.shown[since:])
        except TimeoutError:
            raise AssertionError(f"wanted {wanted}, shown {self.shown[since:]}\n{self.program.said}") from None
        self.looks_at = wanted

    async def kill(self) -> None:
        await self.program.kill()
        self.kills += 1
        self.in_flight += self.unsettled()

    def unsettled(self) -> int:
        """Messages of which the bot does not know whether they arrived."""
        with closing(sqlite3.connect(self.host.database)) as file:
            return int(file.execute("SELECT count(*) FROM outbox WHERE status < 2").fetchone()[0])


async def undisturbed(folder: Path) -> tuple[list[Shown], list[Shown]]:
    """The walk in peace: what the phone showed after each deed, and all it showed."""
    async with hosted(folder) as (host, simulator):
        phone = Phone(simulator)
        app = App(
            Settings(
                _env_file=None,
                bot_token=TOKEN,
                api_url=host.settings["STILLHERE_API_URL"],
                database_url=f"sqlite+aiosqlite:///{folder}/calm.db",
                key_file=folder / "calm.key",
                cache=host.settings["STILLHERE_CACHE"],
                health_listen="",
                send_rate=0,
            )
        )
        await app.open()
        running = asyncio.create_task(app.run())
        ends = []
        for deed in WALK:
            phone.act(deed)
            await simulator.queue(simulator.world.accounts[int(TOKEN.partition(":")[0])]).empty()
            await app.quiet()
            ends.append(phone.shown[-1])
        app.stop()
        await running
        await app.close()
        return ends, phone.shown


def chance(seed: int, step: int, below: int) -> int:
    """A number from 0 on, different for each step, the same each time."""
    return int.from_bytes(blake2b(f"{seed} {step}".encode(), digest_size=4).digest()) % below


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
    with going.simulator.faults.during(Fault(Trouble.HANG, chat_id=going.ann.id)):
        before = going.simulator.faults.struck
        going.act(deed)
        await until(going.simulator, going.program, lambda: going.simulator.faults.struck > before)
        await going.kill()
    await going.start()


async def killed_before_the_answer(going: Walk, deed: str | int, _chance: int) -> None:
    """Telegram has taken the message, and the bot never hears of it."""
    with going.simulator.faults.during(Fault(Trouble.DROP_AFTER, chat_id=going.ann.id)):
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
    ("seed", "every"), [(0, 4), pytest.param(2, 1, marks=pytest.mark.deep), pytest.param(3, 1, marks=pytest.mark.deep)]
)
async def test_killed_at_any_moment_the_talk_goes_on(tmp_path: Path, seed: int, every: int) -> None:
    ends, calm = await undisturbed(tmp_path)
    async with hosted(tmp_path, STILLHERE_SEND_RATE="0") as (
        host,
        simulator,
    ):  # she is faster than one message a second
        going = Walk(host, simulator)
        await going.start()
        for step, (deed, wanted) in enumerate(zip(WALK, ends, strict=True)):
            seen = len(going.shown)
            if step % every == every - 1:
                luck = chance(seed, step, 40)
                await MOMENTS[(step // every + seed) % len(MOMENTS)](going, deed, luck)
            else:
                going.act(deed)
            await going.sees(wanted, seen)
        assert await going.program.stop() == 0, going.program.said
        twice = len(going.shown) - len(calm)
        print(f"{going.kills} kills, {going.in_flight} in flight, {twice} came twice")  # noqa: T201 - seen with `pytest -s`
        assert list(dict.fromkeys(going.shown)) == list(dict.fromkeys(calm))
        assert going.unsettled() == 0
        assert 0 <= twice <= going.in_flight
        assert going.kills >= len(WALK) // every
