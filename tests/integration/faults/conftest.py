"""A running bot on each database, and its log."""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

import bot.app
from tests.clock import ClockedDatabase
from tests.integration.faults.world import World


@pytest.fixture
def log() -> Iterator[list[Any]]:
    """What the bot logs."""
    with capture_logs() as lines:
        yield lines


@pytest.fixture
def build_world(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., World]:
    """Makes a world that stands still until it is entered with `going`."""
    monkeypatch.setattr(bot.app, "Database", ClockedDatabase)  # machine time is the test's, on PostgreSQL too

    def build(**options: Any) -> World:
        return World(tmp_path, database_url, **options)

    return build


@pytest.fixture
async def world(build_world: Callable[[], World], log: list[Any]) -> AsyncIterator[World]:  # noqa: ARG001 - listens first
    made = build_world()
    async with made.going():
        await made.polled()
        yield made


@pytest.fixture
async def at_the_door(world: World) -> World:
    """Ann and Ben, who are set up, and Cleo, who is not, have all said /knock, some time ago."""
    world.meet("Cleo")
    await world.given("Ann is set up")
    await world.given("Ben is set up")
    world.say("Ann", "/knock")
    world.say("Ben", "/knock")
    await world.talk("Cleo", "/knock")
    world.clock.advance(timedelta(minutes=1))
    return world
