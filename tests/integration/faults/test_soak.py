"""
Thirty days with a thousand people: every line of the day once and at its hour, every promise kept, and nothing grows.

The mix: of four people one gets a line every day, two on alternate days, one none; they answer every second line. And
fifty promises and fifty short talks a day.
"""

import asyncio
import gc
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from aiohttp import web
from sqlalchemy import func, select

from bot.app import App
from bot.config import Settings
from bot.core.effects import SetTimer
from bot.core.facts import User
from bot.i18n.zones import next_daily
from bot.storage import timers, users
from bot.storage.tables import metadata
from bot.storage.vault import open_vault
from tests.bot_api_wire import ME, TOKEN
from tests.chat import StoryClock
from tests.integration.faults.world import library

PEOPLE, DAYS, WARM = 1000, 30, 6
DAY = timedelta(days=1)
START = datetime(2026, 3, 20, tzinfo=UTC)  # two changes of clocks lie ahead
ZONES = [
    "Europe/Berlin", "Europe/London", "America/New_York", "America/Los_Angeles", "America/Santiago", "Africa/Cairo",
    "Asia/Kolkata", "Asia/Tokyo", "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Auckland", "America/Sao_Paulo",
]  # fmt: skip
PROMISES = TALKS = 50
_OFTEN = ("off", "alternate", "daily", "alternate")  # by the person's number


class Telegram:
    """A Bot API that remembers no more than it has to; `lines` and `promises` count what came to whom."""

    def __init__(self, clock: StoryClock) -> None:
        self.clock = clock
        self.url = ""
        self.updates: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.lines: Counter[int] = Counter()
        self.promises: Counter[int] = Counter()
        self.calls: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.hours: dict[int, tuple[time, str]] = {}
        self._last: dict[int, str] = {}
        self._numbers = 0
        self.sent_in = self.confirmed = self._handed = 0
        """How many updates there were, how many were taken, and how many are on their way."""
        self._polled = asyncio.Event()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        given = orjson.loads(await request.read() or b"{}") if request.can_read_body else {}
        self.calls[method] += 1
        if method == "getUpdates":
            return _ok(await self._waiting(given))
        if method == "getMe":
            return _ok(ME)
        if "chat_id" not in given:
            return _ok(next((answer for word, answer in _ANSWERS.items() if word in method), True))
        number = int(given.get("message_id") or self._number())
        if method == "sendMessage":
            self._said(given, number)
        return _ok({"message_id": number, "date": 1, "chat": _chat(given["chat_id"])})

    def writes(self, person: int, text: str) -> None:
        said = {"message_id": self._number(), "date": 1, "text": text}
        entities = [{"type": "bot_command", "offset": 0, "length": len(text)}] if text.startswith("/") else []
        self._arrives(message={**said, "entities": entities, "from": _user(person), "chat": _chat(person)})

    def _said(self, given: dict[str, Any], message_id: int) -> None:
        person, buttons = given["chat_id"], _data(given)
        if given["text"] == "This was promised.":
            self.promises[person] += 1
        if not any(data.startswith("o.nudge.") for data in buttons):
            return
        hour, zone = self.hours[person]
        local = self.clock.now().astimezone(ZoneInfo(zone))
        if (
            local.time() != hour
            or self._last.get(person) == f"{local:%F}"
            or given["text"].startswith("Perhaps the last")
        ):
            self.wrong.append(f"{person}: {local}")
        self._last[person] = f"{local:%F}"
        self.lines[person] += 1
        if self.lines[person] % 2:
            verb = "did" if person % 3 == 0 else "later"
            pressed = next(data for data in buttons if data.endswith(f".{verb}"))
            shown = {"message_id": message_id, "date": 1, "chat": _chat(person)}
            query = {"id": str(self._number()), "from": _user(person), "chat_instance": "1", "data": pressed}
            self._arrives(callback_query={**query, "message": shown})

    def _arrives(self, **update: Any) -> None:
        self.sent_in += 1
        self.updates.put_nowait({"update_id": self._number(), **update})

    async def has_been_heard(self) -> None:
        """Until every update was taken."""
        while self.confirmed < self.sent_in:
            self._polled.clear()
            await self._polled.wait()

    async def _waiting(self, given: dict[str, Any]) -> list[dict[str, Any]]:
        self.confirmed = self._handed
        self._polled.set()
        if not given.get("timeout"):
            return []
        found = [await self.updates.get()]
        while len(found) < given["limit"] and not self.updates.empty():
            found.append(self.updates.get_nowait())
        self._handed += len(found)
        return found

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers


@pytest.mark.deep
@pytest.mark.timeout(900)
async def test_a_month_with_a_thousand_people(migrated_file: Path, tmp_path: Path) -> None:
    clock = StoryClock(START)
    async with _telegram(clock) as telegram, _bot(telegram, clock, migrated_file, tmp_path) as app:
        await _meet(app, telegram)
        promised, memory = Counter[int](), []
        for day in range(DAYS):
            wishes = {person: DAY * (n / PROMISES) for n, person in enumerate(_some(day, PROMISES))}
            promised.update(wishes.keys())
            async with app.database.transaction() as tx:
                now = clock.now()
                await timers.set(tx, [(w, SetTimer("knock.promise", f"{day}", now + wishes[w])) for w in wishes])
            for person in _some(day + DAYS, TALKS):
                for text in ("/knock", "hello there", "/menu"):
                    telegram.writes(person, text)
            await _pass_a_day(app, telegram, clock)
            assert telegram.wrong == []
            if day + 1 in {WARM, DAYS}:
                memory.append(_memory())
        rows = await _rows(app)
        print(f"\n{memory=} {rows=} {dict(telegram.calls)=} {dict(app.sender.counts)=}")  # noqa: T201 - seen with `pytest -s`
    assert telegram.promises == promised
    for person, (hour, zone) in telegram.hours.items():
        passed = _hours_passed(hour, zone)
        wanted = {"daily": passed, "alternate": (passed + 1) // 2, "off": 0}
        assert telegram.lines[person] == wanted[_OFTEN[person % 4]], person
    assert set(app.sender.counts) == {"sent"}
    assert rows["timers"] == PEOPLE * 3 // 4
    assert rows["dead_letters"] == 0
    assert rows["outbox"] < 3 * PEOPLE
    assert rows["seen_updates"] < 3 * PEOPLE
    assert rows["lanes"] <= PEOPLE
    (objects, resident), (objects_then, resident_then) = memory
    assert objects_then < 1.05 * objects
    assert resident_then < resident + 16 * 2**20


def _some(day: int, count: int) -> list[int]:
    """So many different people, others each day."""
    return [(day * 37 + n * 7919) % PEOPLE + 1 for n in range(count)]


async def _pass_a_day(app: App, telegram: Telegram, clock: StoryClock) -> None:
    """From one due timer to the next; whatever people do about it is done before."""
    end = clock.now() + DAY
    await _settle(app, telegram)
    while (due := await app.next_due()) is not None and due <= end:
        clock.skip(max(due - clock.now(), timedelta()))
        await _settle(app, telegram)
    clock.skip(end - clock.now())
    await _settle(app, telegram)


async def _settle(app: App, telegram: Telegram) -> None:
    """Until nothing is said any more, and nobody has anything to say to it."""
    while True:
        await telegram.has_been_heard()
        await app.quiet()
        if telegram.confirmed == telegram.sent_in:
            return


async def _meet(app: App, telegram: Telegram) -> None:
    now = app.clock.now()
    people = []
    for number in range(1, PEOPLE + 1):
        zone, hour = ZONES[number % len(ZONES)], time(7 + number % 13, 30 * (number % 2))
        telegram.hours[number] = (hour, zone)
        people.append(
            User(
                number,
                number,
                zone=zone,
                consent=1,
                nudge_at=hour,
                nudges=_OFTEN[number % 4],
                seed=number,
                created_at=now,
                seen_at=now,
            )
        )
    async with app.database.transaction() as tx:
        vault = await open_vault(tx, app.settings.key_file)
        await users.create(tx, vault, people)
        lines = [
            (user.id, next_daily(now, hour, zone), f"{hour:%H:%M}")
            for user in people
            for hour, zone in [telegram.hours[user.id]]
            if user.nudges != "off"
        ]
        await timers.set(tx, [(who, SetTimer("nudge.daily", "daily", due, rule=rule)) for who, due, rule in lines])
    app.scheduler.changed()


def _hours_passed(hour: time, zone: str) -> int:
    """How often clocks in `zone` showed `hour` in these days."""
    count, at = 0, START
    while (at := next_daily(at, hour, zone)) <= START + DAYS * DAY:
        count += 1
    return count


def _memory() -> tuple[int, int]:
    """Python's objects, and bytes in memory."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return len(gc.get_objects()), pages * 4096


async def _rows(app: App) -> dict[str, int]:
    async with app.database.transaction() as tx:
        return {
            table.name: (await tx.connection.execute(select(func.count()).select_from(table))).scalar_one()
            for table in metadata.sorted_tables
        }


@asynccontextmanager
async def _telegram(clock: StoryClock) -> AsyncIterator[Telegram]:
    telegram = Telegram(clock)
    served = web.Application()
    served.router.add_post(f"/bot{TOKEN}/{{method}}", telegram.serve)
    runner = web.AppRunner(served, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    telegram.url = f"http://{host}:{port}"
    yield telegram
    await runner.cleanup()


@asynccontextmanager
async def _bot(telegram: Telegram, clock: StoryClock, migrated: Path, folder: Path) -> AsyncIterator[App]:
    shutil.copy(migrated, folder / "stillhere.db")
    settings = Settings(
        _env_file=None,
        bot_token=TOKEN,
        api_url=telegram.url,
        database_url=f"sqlite+aiosqlite:///{folder / 'stillhere.db'}",
        key_file=folder / "stillhere.key",
        health_listen="",
        send_rate=0,  # what paces is another test's
    )
    app = App(settings, clock, library=library(), node=1)
    await app.open()
    async with asyncio.TaskGroup() as group:
        group.create_task(app.run())  # should it end early, so does the test
        yield app
        app.stop()
    await app.close()


_ANSWERS = {
    "WebhookInfo": {"url": "", "has_custom_certificate": False, "pending_update_count": 0},
    "getMyCommands": [],
    "MenuButton": {"type": "commands"},
    "getMy": {"name": "", "description": "", "short_description": ""},
}


def _ok(result: Any) -> web.Response:
    return web.Response(body=orjson.dumps({"ok": True, "result": result}), content_type="application/json")


def _data(given: dict[str, Any]) -> list[str]:
    rows = given.get("reply_markup", {}).get("inline_keyboard", [])
    return [button["callback_data"] for row in rows for button in row if "callback_data" in button]


def _chat(person: int) -> dict[str, Any]:
    return {"id": person, "type": "private", "first_name": "A"}


def _user(person: int) -> dict[str, Any]:
    return {"id": person, "is_bot": False, "first_name": "A", "language_code": "en"}
