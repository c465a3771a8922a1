"""Every timer is handed in when it is due, none is lost, whatever handler, database and clock do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from bot.core.effects import SetTimer
from bot.core.errors import DatabaseUnavailable
from bot.core.events import Elapsed, Incoming
from bot.core.facts import User
from bot.delivery.scheduler import BATCH, Scheduler
from bot.storage import timers, users
from bot.storage.database import Database
from bot.storage.tables import timers as timers_table
from bot.storage.vault import Vault
from tests.clock import AdvancingClock, ClockedDatabase

NOW = datetime(2026, 5, 4, 18, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock() -> AdvancingClock:
    return AdvancingClock(NOW)


@pytest.fixture
async def database(database_url: str, clock: AdvancingClock, vault: Vault) -> AsyncIterator[Database]:
    opened = ClockedDatabase(database_url, clock)
    await opened.open()
    async with opened.transaction() as tx:
        await users.create(tx, vault, [User(1, -1, created_at=NOW, seen_at=NOW)])
    yield opened
    await opened.close()


class Turns:
    """Stands where the conversation stands: takes the timers out, or fails as told."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.batches: list[list[Incoming]] = []
        self.faults: list[Exception] = []
        self.handed = asyncio.Event()

    async def handle(self, batch: list[Incoming]) -> None:
        if self.faults:
            raise self.faults.pop()
        self.batches.append(batch)
        self.handed.set()
        async with self.database.transaction() as tx:
            await timers.finish(tx, [event.id for event in batch])

    @property
    def refs(self) -> list[list[str]]:
        return [[event.event.ref for event in batch if isinstance(event.event, Elapsed)] for batch in self.batches]


@pytest.fixture
def turns(database: Database) -> Turns:
    return Turns(database)


@asynccontextmanager
async def running(database: Database, clock: AdvancingClock, turns: Turns) -> AsyncIterator[Scheduler]:
    scheduler = Scheduler(database, clock, turns.handle)
    task = asyncio.create_task(scheduler.run())
    yield scheduler
    await scheduler.stop()
    await task


@pytest.fixture
async def scheduler(database: Database, clock: AdvancingClock, turns: Turns) -> AsyncIterator[Scheduler]:
    async with running(database, clock, turns) as started:
        yield started


async def put(database: Database, **minutes: float) -> None:
    async with database.transaction() as tx:
        await timers.set(tx, [(1, SetTimer("wait", ref, NOW + at * MINUTE)) for ref, at in minutes.items()])


async def test_a_due_timer_is_handed_in_as_an_event(
    database: Database, turns: Turns, scheduler: Scheduler, clock: AdvancingClock
) -> None:
    async with database.transaction() as tx:
        await timers.set(tx, [(1, SetTimer("return", "7", NOW + 30 * MINUTE, "", 12))])
        (found,) = await timers.due(tx, NOW + 30 * MINUTE)
    scheduler.changed()
    await scheduler.quiet()
    assert turns.batches == []
    assert await scheduler.next_due() == NOW + 30 * MINUTE
    clock.advance(30 * MINUTE)
    await scheduler.quiet()
    expected = Elapsed("return", "7", NOW + 30 * MINUTE, 12)
    assert turns.batches == [[Incoming(found.id, "timer", 1, -1, expected)]]
    assert await scheduler.next_due() is None


async def test_an_earlier_timer_set_meanwhile_is_not_missed(
    database: Database, turns: Turns, scheduler: Scheduler, clock: AdvancingClock
) -> None:
    await put(database, late=60)
    scheduler.changed()
    await scheduler.quiet()
    await put(database, early=10)
    scheduler.changed()
    await scheduler.quiet()
    clock.advance(10 * MINUTE)
    await scheduler.quiet()
    assert turns.refs == [["early"]]


async def test_the_clock_alone_wakes_it(
    database: Database, turns: Turns, clock: AdvancingClock, scheduler: Scheduler
) -> None:
    await put(database, a=10)
    scheduler.changed()
    await scheduler.quiet()
    clock.advance(10 * MINUTE)
    await turns.handed.wait()
    assert turns.refs == [["a"]]


async def test_all_that_came_due_during_a_downtime_is_handed_in_oldest_first(
    database: Database, turns: Turns, clock: AdvancingClock
) -> None:
    await put(database, **{f"t{n}": -n for n in range(BATCH + 5)})
    clock.advance(timedelta(days=3))
    async with running(database, clock, turns) as scheduler:
        await scheduler.quiet()
    assert [len(batch) for batch in turns.batches] == [BATCH, 5]
    assert sum(turns.refs, []) == [f"t{n}" for n in reversed(range(BATCH + 5))]  # noqa: RUF017
    event = turns.batches[-1][-1].event
    assert isinstance(event, Elapsed)
    assert event.due_at == NOW


async def test_a_turn_that_could_not_commit_is_tried_again(
    database: Database, turns: Turns, clock: AdvancingClock
) -> None:
    await put(database, a=0)
    turns.faults = [DatabaseUnavailable("The disk is full.") for _ in range(5)]
    async with running(database, clock, turns) as scheduler:
        await scheduler.quiet()
    assert turns.refs == [["a"]]
    assert clock.now() - NOW > timedelta(seconds=3)  # and not in a hot loop


async def test_a_handler_that_leaves_a_timer_standing_is_not_run_hot(
    database: Database, turns: Turns, clock: AdvancingClock
) -> None:
    await put(database, a=0)
    called = 0

    async def forgetful(batch: list[Incoming]) -> None:
        nonlocal called
        called += 1
        if called == 8:
            await turns.handle(batch)

    scheduler = Scheduler(database, clock, forgetful)
    task = asyncio.create_task(scheduler.run())
    await scheduler.quiet()
    await scheduler.stop()
    await task
    assert called == 8
    assert clock.now() - NOW > timedelta(seconds=10)


async def test_a_timer_that_cannot_be_read_holds_up_no_other_and_no_start(
    database: Database, turns: Turns, clock: AdvancingClock
) -> None:
    await put(database, spoilt=-5, a=-1, b=10)
    async with database.transaction() as tx:
        await tx.connection.execute(
            update(timers_table).where(timers_table.c.ref == "spoilt").values(due_at=-9 * 10**18)
        )
    async with running(database, clock, turns) as scheduler:
        await scheduler.quiet()
        assert turns.refs == [["a"]]
        clock.advance(10 * MINUTE)
        await scheduler.quiet()
        assert turns.refs == [["a"], ["b"]]


async def test_one_that_alone_cannot_be_read_does_not_hide_when_the_next_is_due(
    database: Database, turns: Turns, clock: AdvancingClock
) -> None:
    await put(database, spoilt=-5, b=10)
    async with database.transaction() as tx:
        await tx.connection.execute(
            update(timers_table).where(timers_table.c.ref == "spoilt").values(due_at=-9 * 10**18)
        )
    async with running(database, clock, turns) as scheduler:
        await scheduler.quiet()
        clock.advance(10 * MINUTE)
        await turns.handed.wait()
    assert turns.refs == [["b"]]


async def test_whatever_goes_wrong_it_goes_on_and_tells(
    database: Database, turns: Turns, clock: AdvancingClock
) -> None:
    told: list[tuple[str, str]] = []
    await put(database, a=0)
    turns.faults = [LookupError("I am so tired") for _ in range(5)]
    scheduler = Scheduler(database, clock, turns.handle, on_setback=lambda part, fault: told.append((part, fault)))
    with capture_logs() as log:
        task = asyncio.create_task(scheduler.run())
        await scheduler.quiet()
        await scheduler.stop()
        await task
    assert turns.refs == [["a"]]
    assert clock.now() - NOW > timedelta(seconds=3)  # and not in a hot loop
    assert [part for part, _ in told] == ["timers"] * 6
    assert [bool(fault) for _, fault in told] == [True] * 5 + [False]
    assert [line["event"] for line in log] == ["timers.fault", "timers.works_again"]
    assert "tired" not in str(log) + str(told)


async def test_of_several_replicas_one_serves_and_another_follows(
    database: Database, turns: Turns, clock: AdvancingClock
) -> None:
    if database.dialect == "sqlite":
        pytest.skip("SQLite has one process")
    others = Turns(database)
    async with running(database, clock, others) as second:
        await second.quiet()
        async with running(database, clock, turns) as first:
            await put(database, a=0)
            await first.quiet()
            assert turns.refs == []
        second.changed()
        await second.quiet()
        assert others.refs == [["a"]]
    await put(database, b=0)
    async with running(database, clock, turns) as third:
        await third.quiet()
    assert turns.refs == [["b"]]
