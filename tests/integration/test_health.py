"""Health: `/health` for supervisors, `/metrics` for Prometheus, `stillhere health` for Docker. It is bad when the bot is."""

import asyncio
import json
import shutil
import sqlite3
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from bot.core.facts import User
from bot.hosting.health import PATIENCE, Health, health_app
from bot.hosting.serving import Server
from bot.storage import users as people
from bot.storage.database import Database, instant
from bot.storage.tables import lanes, timers, users
from bot.storage.vault import Vault
from bot.telegram.polling import Heard
from tests.clocks import SteppedClock
from tests.program import free_address, hosted, running, until, words


@dataclass
class Door:
    last_success: Heard | None = None


class Watched:
    """A bot's health with everything it looks at."""

    def __init__(self, database: Database, clock: SteppedClock) -> None:
        self.clock, self.database, self.door = clock, database, Door()
        self.turns, self.messages = Counter[str](), Counter[str]()
        self.health = Health(database, clock, self.door, self.turns, self.messages)

    def hear(self) -> None:
        """Telegram answers."""
        self.door.last_success = Heard(self.clock.now(), self.clock.machine())

    async def reasons(self) -> tuple[str, ...]:
        """What is bad, when somebody asks a little later."""
        self.clock.move(timedelta(seconds=3))
        return (await self.health.look()).reasons


@pytest.fixture
def watched(database: Database, clock: SteppedClock) -> Watched:
    return Watched(database, clock)


async def test_well_once_telegram_has_answered_and_bad_after_90_seconds_of_silence(watched: Watched) -> None:
    assert await watched.reasons() == ("Telegram has not answered yet",)
    watched.hear()
    assert await watched.reasons() == ()
    watched.clock.move(timedelta(seconds=80))
    assert await watched.reasons() == ()
    watched.clock.move(timedelta(seconds=10))
    assert await watched.reasons() == ("Telegram has not answered for 99 s",)
    watched.hear()
    assert await watched.reasons() == ()


async def test_bad_when_messages_or_timers_are_late_but_not_when_they_only_wait(
    watched: Watched, clock: SteppedClock, vault: Vault
) -> None:
    now = instant(clock.now())
    hour = 3600 * 1_000_000
    async with watched.database.transaction() as tx:
        due = tx.clock.machine() if tx.dialect == "sqlite" else (await tx.machine()) / 1_000_000
        lane = {"destination": "chat:1", "priority": 0, "tat": 0, "next_at": round(due * 1_000_000) + hour}
        await tx.connection.execute(insert(lanes), lane)
        await people.create(tx, vault, [User(1, 1, created_at=clock.now(), seen_at=clock.now())])
        timer = {"id": 1, "user_id": 1, "kind": "nudge", "ref": "", "due_at": now + hour, "rule": ""}
        await tx.connection.execute(insert(timers), timer)
    watched.hear()
    assert await watched.reasons() == ()
    async with watched.database.transaction() as tx:
        await tx.connection.execute(lanes.update().values(next_at=lanes.c.next_at - hour - 301 * 1_000_000))
        await tx.connection.execute(timers.update().values(due_at=now - 301 * 1_000_000))
    late, overdue = await watched.reasons()
    assert "messages wait" in late
    assert "1 timers are overdue" in overdue
    async with watched.database.transaction() as tx:  # the timers of who stopped the bot rest
        await tx.connection.execute(users.update().values(stopped=True))
    assert len(await watched.reasons()) == 1


async def test_bad_when_the_database_cannot_be_written(watched: Watched) -> None:
    watched.hear()
    assert await watched.reasons() == ()
    await watched.database.close()
    await watched.database.open()
    if watched.database.path:
        async with watched.database.transaction() as tx:
            await tx.connection.exec_driver_sql("PRAGMA query_only=ON")
        (reason,) = await watched.reasons()
        assert "read-only" in reason


async def test_bad_when_the_database_does_not_answer_in_time(
    tmp_path: Path, migrated_file: Path, clock: SteppedClock
) -> None:
    path = Path(shutil.copy(migrated_file, tmp_path / "stillhere.db"))
    watched = Watched(Database(f"sqlite+aiosqlite:///{path}", clock), clock)
    watched.hear()
    await watched.database.open()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        looking = asyncio.create_task(watched.health.look())
        while not clock._moved:  # noqa: ASYNC110 - until the look waits
            await asyncio.sleep(0)
        clock.move(timedelta(seconds=PATIENCE))
        assert (await looking).reasons == ("the database has not answered for 3 s",)
        other.execute("ROLLBACK")
    assert await watched.reasons() == ()
    await watched.database.close()


async def test_a_finding_holds_for_a_moment_so_that_asking_costs_little(watched: Watched) -> None:
    first = await watched.health.look()
    watched.hear()
    assert await watched.health.look() is first
    watched.clock.move(timedelta(seconds=3))
    assert (await watched.health.look()).well


async def test_two_may_ask_at_the_same_moment(watched: Watched) -> None:
    watched.hear()
    first, second = await asyncio.gather(watched.health.look(), watched.health.look())
    assert first.reasons == second.reasons == ()


async def test_bad_while_the_database_takes_no_turns_though_it_answers(watched: Watched) -> None:
    watched.hear()
    watched.health.note("The database does not fit on the disk any more.")
    assert await watched.reasons() == ("The database does not fit on the disk any more.",)
    watched.health.note("")
    assert await watched.reasons() == ()
    watched.health.note("The database was busy with a rival transaction.")
    watched.clock.move(timedelta(minutes=1))  # nothing has come again since
    assert await watched.reasons() == ()


async def test_metrics_count_and_name_nobody(watched: Watched) -> None:
    watched.turns.update(update=3, timer=1)
    watched.messages.update(sent=2, throttled=1)
    watched.hear()
    async with served(watched.health) as address:
        status, body = await fetched(f"http://{address}/metrics")
    lines = body.splitlines()
    assert status == 200
    assert 'stillhere_turns_total{source="update"} 3.0' in lines
    assert 'stillhere_messages_total{outcome="sent"} 2.0' in lines
    assert 'stillhere_messages_total{outcome="throttled"} 1.0' in lines
    for name in ("outbox_waiting", "timers_overdue", "dead_letters", "outbox_late_seconds"):
        assert f"stillhere_{name} 0.0" in lines
    assert "stillhere_healthy 1.0" in lines


@asynccontextmanager
async def served(health: Health) -> AsyncIterator[str]:
    server = Server("127.0.0.1:0", "STILLHERE_HEALTH_LISTEN")
    serving = asyncio.create_task(server.run(health_app(health)))
    yield server.address
    server.stop()
    await serving


async def fetched(url: str) -> tuple[int, str]:
    def fetch() -> tuple[int, str]:
        try:
            with urllib.request.urlopen(url) as answer:  # noqa: S310 - our own address
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode()

    return await asyncio.to_thread(fetch)


async def test_the_running_bot_tells_and_the_command_asks_it(tmp_path: Path) -> None:
    address = free_address()
    async with hosted(tmp_path, STILLHERE_HEALTH_LISTEN=address) as (host, simulator):
        async with running(host, simulator) as program:
            assert f"http://{address}/health" in program.said
            ann, _ = simulator.people()
            ann.starts()
            await until(simulator, program, lambda: words(ann))
            assert await host.does("health") == (0, "ok\n")
            status, body = await fetched(f"http://{address}/health")
            assert (status, json.loads(body)) == (200, {"status": "ok", "reasons": []})
            _, body = await fetched(f"http://{address}/metrics")
            assert 'stillhere_turns_total{source="update"} 1.0' in body
        code, said = await host.does("health")
        assert code == 1
        assert f"nobody answers at {address}" in said


async def test_without_a_listener_the_lock_file_tells(tmp_path: Path) -> None:
    async with hosted(tmp_path) as (host, simulator):
        async with running(host, simulator):
            while (told := await host.does("health"))[0]:  # until the first sign of life
                assert told[1] == "bad: no sign of life; see the log\n"
            assert told == (0, "ok\n")
        assert await host.does("health") == (1, "bad: Stillhere does not run\n")
