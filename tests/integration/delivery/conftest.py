"""A database with people in it, a wire, and a sender between them."""

from collections.abc import AsyncIterator

import pytest

from bot.delivery.sender import Sender
from bot.storage.database import Database
from bot.storage.vault import Vault
from tests.clock import AdvancingClock, ClockedDatabase
from tests.memory_wire import Wire
from tests.post import Post, running


@pytest.fixture
def clock() -> AdvancingClock:
    return AdvancingClock()


@pytest.fixture
async def database(database_url: str, clock: AdvancingClock) -> AsyncIterator[Database]:
    opened = ClockedDatabase(database_url, clock)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def post(database: Database, vault: Vault, clock: AdvancingClock) -> Post[AdvancingClock]:
    made = Post(database, vault, clock)
    await made.meet(1, 2, 3, 4, 5, 6)
    return made


@pytest.fixture
def wire(clock: AdvancingClock) -> Wire:
    return Wire(clock)


@pytest.fixture
async def sender(post: Post[AdvancingClock], wire: Wire) -> AsyncIterator[Sender]:
    async with running(Sender(post.database, post.vault, wire, post.clock)) as started:
        yield started
