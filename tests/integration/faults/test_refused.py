"""What a replica keeps up beside its turns goes on, whatever the database refuses meanwhile, and says so once."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
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
from tests.clocks import NotedClock
from tests.integration.faults.world import without

LONG = timedelta(minutes=1)


async def _looking(database: Database, clock: NotedClock) -> None:
    async for _ in Lease(database, clock, "poll", "me").looks():
        pass


def _numbered(database: Database, clock: NotedClock) -> Coroutine[Any, Any, None]:
    return Node(database, clock, "me", Ids(clock, 7)).keep()


def _announcing(database: Database, clock: NotedClock) -> Coroutine[Any, Any, None]:
    return Announcer(database, clock, library).run()


PARTS: dict[str, tuple[Callable[[Database, NotedClock], Coroutine[Any, Any, None]], Table, str]] = {
    "the right to poll": (_looking, leases, "poll_lease"),
    "its number": (_numbered, leases, "node_lease"),
    "the scripts it knows": (_announcing, scripts, "scripts"),
}


@pytest.mark.parametrize("part", PARTS)
async def test_what_is_refused_is_tried_again_and_told_once(database: Database, part: str) -> None:
    works, table, name = PARTS[part]
    clock = NotedClock()
    with capture_logs() as log:
        async with without(database, table):
            going = asyncio.create_task(works(database, clock))
            for times in range(1, 4):
                await _rests(going, clock, times)
                clock.move(LONG)
            await _rests(going, clock, 4)
        clock.move(LONG)
        while not [line for line in log if line["event"] == f"{name}.works_again"]:
            assert not going.done()
            await asyncio.sleep(0)
        going.cancel()
        with suppress(asyncio.CancelledError):
            await going
    assert [line["event"] for line in log] == [f"{name}.fault", f"{name}.works_again"]


async def _rests(going: asyncio.Task[None], clock: NotedClock, times: int) -> None:
    """Until it waits for the next time after so many, or has ended."""
    while not (len(clock.slept) >= times or going.done()):  # noqa: ASYNC110 - who begins to wait wakes nobody
        await asyncio.sleep(0)
