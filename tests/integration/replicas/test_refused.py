"""What a replica keeps up beside its turns goes on, whatever the database refuses meanwhile, and says so once."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Table
from structlog.testing import capture_logs

from bot.conversation.announcing import Announcer
from bot.core.ids import Ids
from bot.delivery.lease import Lease
from bot.hosting.node import Node
from bot.storage.database import Database
from bot.storage.tables import leases, scripts
from tests.carried import library
from tests.clocks import SteppedClock

LONG = timedelta(minutes=1)


async def _looking(database: Database, clock: SteppedClock) -> None:
    async for _ in Lease(database, clock, "poll", "me").looks():
        pass


def _numbered(database: Database, clock: SteppedClock) -> Coroutine[Any, Any, None]:
    return Node(database, clock, "me", Ids(clock, 7)).keep()


def _announcing(database: Database, clock: SteppedClock) -> Coroutine[Any, Any, None]:
    return Announcer(database, clock, library).run()


PARTS: dict[str, tuple[Callable[[Database, SteppedClock], Coroutine[Any, Any, None]], Table, str]] = {
    "the right to poll": (_looking, leases, "lease"),
    "its number": (_numbered, leases, "lease"),
    "the scripts it knows": (_announcing, scripts, "scripts"),
}


@pytest.mark.parametrize("part", PARTS)
async def test_what_is_refused_is_tried_again_and_told_once(database: Database, clock: SteppedClock, part: str) -> None:
    works, table, name = PARTS[part]
    with capture_logs() as log:
        async with _without(database, table):
            going = asyncio.create_task(works(database, clock))
            for _ in range(3):
                await _rests(going, clock)
                clock.move(LONG)
            await _rests(going, clock)
        clock.move(LONG)
        while not [line for line in log if line["event"] == f"{name}.works_again"]:
            assert not going.done()
            await asyncio.sleep(0)
        going.cancel()
        with suppress(asyncio.CancelledError):
            await going
    assert [line["event"] for line in log] == [f"{name}.fault", f"{name}.works_again"]


async def _rests(going: asyncio.Task[None], clock: SteppedClock) -> None:
    """Until it waits for its next time, or has ended."""
    while not (clock._moved or going.done()):  # noqa: ASYNC110 - who begins to wait wakes nobody
        await asyncio.sleep(0)


@asynccontextmanager
async def _without(database: Database, table: Table) -> AsyncIterator[None]:
    """The database refuses whatever names this table."""
    async with database.transaction() as tx:
        await tx.connection.exec_driver_sql(f"ALTER TABLE {table.name} RENAME TO away")
    yield
    async with database.transaction() as tx:
        await tx.connection.exec_driver_sql(f"ALTER TABLE away RENAME TO {table.name}")
