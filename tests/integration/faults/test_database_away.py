"""A database that is full, locked or read-only: one line says so, health is bad, nothing is lost, and it goes on by itself."""

import asyncio
import itertools
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, suppress
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy import make_url

import bot.storage.engines
from bot.core.errors import DatabaseUnavailable
from bot.storage.messages import Status
from bot.storage.tables import outbox
from tests.integration.faults.world import World

Trouble = Callable[[World], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def full(world: World) -> AsyncIterator[None]:
    """SQLite answers as it does when the disk is full, for a file that may not grow and has no room left inside."""
    await _pragma(world, f"max_page_count = {await _pragma(world, 'page_count')}")
    await _pragma(world, "synchronous = OFF")  # quickly
    number = itertools.count()
    for filler in _FILLERS:
        with suppress(DatabaseUnavailable):
            while True:
                async with world.app.database.transaction() as tx:
                    await tx.connection.exec_driver_sql(filler, (next(number),))
    yield
    await _pragma(world, "max_page_count = 1000000")


@asynccontextmanager
async def locked(world: World) -> AsyncIterator[None]:
    """Another program holds the lock."""
    if world.app.database.dialect == "sqlite":
        with closing(sqlite3.connect(make_url(world.url).database or "", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")
        return
    connection = await _connected(world)
    async with connection.transaction():
        await connection.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        yield
    await connection.close()


@asynccontextmanager
async def read_only(world: World) -> AsyncIterator[None]:
    """Nothing can be written."""
    if world.app.database.dialect == "sqlite":
        await _pragma(world, "query_only = ON")
        yield
        await _pragma(world, "query_only = OFF")
        return
    connection = await _connected(world)
    name = make_url(world.url).database
    await connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    await connection.execute(_OTHERS_AWAY)
    try:
        yield
    finally:
        await connection.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        await connection.execute(_OTHERS_AWAY)
        await connection.close()


TROUBLES: dict[str, tuple[Trouble, str]] = {
    "full": (full, "Make room"),
    "locked": (locked, "is locked by another program"),
    "read-only": (read_only, "is read-only"),
}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_database_that_cannot_work_is_waited_for(
    build_world: Callable[..., World], log: list[Any], trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = build_world()
    monkeypatch.setattr(bot.storage.engines, "LOCK_WAIT", 0.05 if world.url.startswith("sqlite") else 1)
    strike, sentence = TROUBLES[trouble]
    if trouble == "full" and not world.url.startswith("sqlite"):
        pytest.skip("PostgreSQL's disk cannot be filled without harm to others")
    async with world.going():
        await world.polled()
        for name in world.people:
            await world.given(f"{name} is set up")
            await world.talk(name, "/knock")
        await world.set_timer("Ben", "knock.promise", timedelta(hours=1))
        log.clear()
        async with strike(world):
            world.say("Ann", "one", "two")
            world.clock.skip(timedelta(hours=1))
            await until(lambda: lines(log, "updates do not arrive") and lines(log, "timers.database_unavailable"))
            world.clock.skip(timedelta(seconds=3))
            finding = await world.app.health.look()
        (line,) = lines(log, "updates do not arrive")
        assert sentence in line["reason"]
        assert [reason for reason in finding.reasons if sentence in reason]
        assert (world.heard("Ann")[1:], world.heard("Ben")[1:]) == ([], [])
        await world.settle()
        assert (world.heard("Ann")[1:], world.heard("Ben")[1:]) == (
            ["Heard: one.", "Heard: two."],
            ["This was promised."],
        )
        world.clock.skip(timedelta(seconds=3))
        assert (await world.app.health.look()).reasons == ()
        assert len(lines(log, "updates do not arrive")) == len(lines(log, "updates arrive again")) == 1
        assert len(lines(log, "timers.database_unavailable")) == 1
        sent = [row for row in await world.rows(outbox) if row.user_id > 0]
        assert {row.status for row in sent} == {Status.SENT}
        assert await world.is_idle()


def lines(log: list[Any], event: str) -> list[Any]:
    return [line for line in log if line["event"] == event]


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - what is logged wakes nobody
            await asyncio.sleep(0)


async def _pragma(world: World, words: str) -> Any:
    engine = world.app.database._engine
    assert engine is not None
    async with engine.connect() as connection:
        found = await connection.exec_driver_sql(f"PRAGMA {words}")
        return found.scalar() if found.returns_rows else None


async def _connected(world: World, name: str = "") -> Any:
    url = make_url(world.url)
    return await asyncpg.connect(
        host=str(url.query["host"]), user="postgres", database=name or url.database,
        server_settings={"default_transaction_read_only": "off"},
    )  # fmt: skip


_MESSAGE = """
    INSERT INTO outbox (id, user_id, destination, priority, method, status, attempts, if_unknown, created_at, payload)
    VALUES (?, -1, 'chat:-1', 0, '', 2, 0, 'drop', 9000000000000000, zeroblob({size}))
"""
_FILLERS = [
    *(_MESSAGE.format(size=size) for size in (100_000, 4_000, 200, 1)),
    "INSERT INTO seen_updates VALUES ('zzz' || hex(zeroblob(100)), ?, 9000000000000000)",
    "INSERT INTO seen_updates VALUES ('zzz', ?, 9000000000000000)",
]
"""Statements that fill first the pages, and then what is left inside those of messages and of known updates."""
_OTHERS_AWAY = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
