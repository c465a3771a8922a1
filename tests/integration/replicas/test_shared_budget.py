"""One allowance for all replicas: who waited for it is granted nothing for the time of waiting."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from bot.storage import budget, claims, outbox
from bot.storage.budget import limits
from bot.storage.database import Database
from bot.storage.messages import Draft, Owner
from bot.storage.vault import Vault
from tests.clocks import SteppedClock

RATE = 30


@pytest.fixture
async def database(migrated_postgresql: str, database_url: str, clock: SteppedClock) -> AsyncIterator[Database]:
    if database_url != migrated_postgresql:
        pytest.skip("SQLite has one process")
    opened = Database(database_url, clock)
    await opened.open()
    yield opened
    await opened.close()


def draft(number: int) -> Draft:
    return Draft(number, number, f"chat:{number}", 0, "sendMessage", b"{}")


async def granted_by_turn(database: Database, clock: SteppedClock) -> int:
    owner = Owner("other:1", clock.machine(), limits(RATE))
    async with database.transaction() as tx:
        return len(await outbox.add(tx, [(None, draft(1))], clock.now(), claim_for=owner))


async def granted_by_claim(database: Database, vault: Vault, clock: SteppedClock) -> int:
    owner = Owner("other:1", clock.machine(), limits(RATE))
    async with database.transaction() as tx:
        return len((await claims.claim(tx, vault, owner, clock.now(), want=1)).messages)


@pytest.mark.parametrize("by", ["turn", "claim"])
async def test_who_waited_for_the_budget_pays_from_the_moment_it_got_it(
    database: Database, vault: Vault, clock: SteppedClock, by: str
) -> None:
    if by == "claim":
        async with database.transaction() as tx:  # something to be claimed
            await outbox.add(tx, [(None, draft(1))], clock.now())
    async with database.transaction() as rival:
        await budget.lock(rival)
        work = granted_by_turn(database, clock) if by == "turn" else granted_by_claim(database, vault, clock)
        waiting = asyncio.create_task(work)
        await somebody_waits(database)
        await rival.connection.execute(text("SELECT pg_sleep(0.2)"))  # the server's clock is real
        freed = await rival.machine()
    assert await waiting == 1
    async with database.transaction() as tx:
        tat = await budget.lock(tx)
    assert tat >= freed + limits(RATE).budget.interval  # type: ignore[union-attr]


async def somebody_waits(database: Database) -> None:
    """Until somebody waits for a lock."""

    async def look() -> bool:
        async with database.transaction() as tx:
            waits = (
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            return bool((await tx.connection.execute(text(waits))).scalar_one())

    async with asyncio.timeout(20):
        while not await asyncio.create_task(look()):
            pass
