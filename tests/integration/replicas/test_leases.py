"""What only one replica does at a time: who lost the right knows it, also without being told, and then touches nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from bot.core.errors import DatabaseUnavailable
from bot.core.events import Incoming
from bot.core.ids import NODES, Ids
from bot.delivery.lease import Lease
from bot.hosting.node import SECONDS, Node
from bot.storage import leases
from bot.storage.budget import SECOND
from bot.storage.database import Database
from bot.storage.tables import leases as rows
from bot.telegram.channel import TelegramChannel
from bot.telegram.inbox import Inbox
from bot.telegram.polling import Heard, Poller
from tests.bot_api_wire import TOKEN, Wire, drop, ok, open_wire, refuse
from tests.clocks import NotedClock, SteppedClock

A_MOMENT = timedelta(seconds=1)


@dataclass
class Door:
    """A polling door with a lease, whose turns wait until `open` is set."""

    database: Database
    wire: Wire
    channel: TelegramChannel
    clock: NotedClock = field(default_factory=NotedClock)  # of the poller
    own: SteppedClock = field(default_factory=SteppedClock)  # of the lease
    open: asyncio.Event = field(default_factory=asyncio.Event)
    batches: list[list[Incoming]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.open.set()
        self.lease = Lease(self.database, self.own, "poll", "me")
        inbox = Inbox(self._handle, self.channel, self.clock, detect=lambda _: None, card="", group_line="")
        self.poller = Poller(self.channel, inbox, self.clock, lease=self.lease)

    async def _handle(self, batch: list[Incoming]) -> None:
        self.batches.append(batch)
        await self.open.wait()

    @property
    def offsets(self) -> list[int | None]:
        """What each poll confirmed."""
        return [call.get("offset") for call in self.wire.asked("getUpdates")]

    async def pass_time(self, seconds: float) -> None:
        """So long passes for the lease; it is looked after once."""
        self.own.move(timedelta(seconds=seconds))
        await until(lambda: self.own._moved)


@pytest.fixture
async def door(database: Database) -> AsyncIterator[Door]:
    async with open_wire() as wire:
        channel = TelegramChannel(TOKEN, SteppedClock(), api_url=wire.url)
        await channel.open()
        yield Door(database, wire, channel)
        await channel.close()


async def until(holds: Callable[[], object]) -> None:
    """Let everything else run until `holds`."""
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - the event loop's own turns are what is waited for
            await asyncio.sleep(0)


async def given_to(database: Database, name: str, owner: str) -> None:
    """Its time is over, and another replica takes it."""
    async with database.transaction() as tx:
        await tx.connection.execute(update(rows).where(rows.c.name == name).values(until=0))
        assert await leases.take(tx, name, owner, 3600)


async def owner_of(database: Database, name: str) -> str | None:
    async with database.transaction() as tx:
        return (await tx.connection.execute(select(rows.c.owner).where(rows.c.name == name))).scalar_one_or_none()


def text(update_id: int) -> dict[str, Any]:
    sender, chat = {"id": 42, "is_bot": False, "first_name": "A"}, {"id": 42, "type": "private"}
    return {"update_id": update_id, "message": {"message_id": 1, "date": 1, "from": sender, "chat": chat, "text": "x"}}


# A lease


async def test_nobody_believes_in_a_lease_for_longer_than_it_lasts(database: Database, clock: SteppedClock) -> None:
    lease = Lease(database, clock, "poll", "me")
    assert await lease.take()
    clock.move(timedelta(seconds=4.9))
    assert lease.held
    clock.move(timedelta(seconds=0.1))
    assert not lease.held  # whether or not it was told: it may have been paused


async def test_given_back_it_is_free_at_once_and_left_to_others_for_a_while(database: Database) -> None:
    own = SteppedClock()
    lease, other = Lease(database, own, "poll", "me"), Lease(database, own, "poll", "other")
    looks = lease.looks()
    assert await anext(looks)
    assert not await other.take()
    await lease.release(rest=30)
    next_look = asyncio.ensure_future(anext(looks))
    await until(lambda: own._moved)
    own.move(A_MOMENT)
    assert not await next_look
    assert await other.take()


async def test_a_clock_that_is_set_back_makes_no_lease_longer(database: Database, clock: SteppedClock) -> None:
    """What the dead left behind ends in time, though it was written when PostgreSQL's clock showed an hour more."""
    async with database.transaction() as tx:
        assert await leases.take(tx, "poll", "dead", 3600)
    async with database.transaction() as tx:
        assert not await leases.take(tx, "poll", "other")
        until = select(rows.c.owner, rows.c.until).where(rows.c.name == "poll")
        assert (await tx.connection.execute(until)).one() <= ("dead", await tx.machine() + leases.SECONDS * SECOND)
    clock.move(timedelta(seconds=leases.SECONDS))
    if database.dialect == "sqlite":  # PostgreSQL's own clock cannot be moved
        async with database.transaction() as tx:
            assert await leases.take(tx, "poll", "other")


# The poller


async def test_only_who_has_the_lease_polls(door: Door) -> None:
    async with door.database.transaction() as tx:
        assert await leases.take(tx, "poll", "other", 3600)
    task = asyncio.create_task(door.poller.run())
    await until(lambda: door.lease.elsewhere)
    assert not door.wire.calls[1:]  # nothing but the greeting
    assert door.poller.last_success == Heard(door.clock.now(), door.clock.machine())  # waiting is no fault
    async with door.database.transaction() as tx:
        await leases.release(tx, "poll", "other")
    await door.pass_time(1)
    await until(lambda: door.offsets)
    await door.poller.stop()
    await task
    assert await owner_of(door.database, "poll") is None


async def test_who_lost_the_lease_over_a_turn_confirms_nothing(door: Door) -> None:
    door.open.clear()
    task = asyncio.create_task(door.poller.run())
    door.wire.updates.put_nowait([text(5)])
    await until(lambda: door.batches)
    await given_to(door.database, "poll", "other")
    await door.pass_time(6)
    door.open.set()
    await until(lambda: not door.lease.held and door.lease.elsewhere)
    await door.poller.stop()
    await task
    assert door.offsets == [None]
    assert await owner_of(door.database, "poll") == "other"


async def test_who_lost_the_lease_ends_the_poll_that_waits(door: Door) -> None:
    task = asyncio.create_task(door.poller.run())
    await until(lambda: door.offsets)
    await given_to(door.database, "poll", "other")
    with capture_logs() as logs:
        await door.pass_time(1)
        await until(lambda: logs)
    assert logs[0]["event"] == "this replica waits for its turn to poll"
    door.wire.updates.put_nowait([text(5)])  # too late: that call has gone
    await door.poller.stop()
    await task
    assert (door.offsets, door.batches) == ([None], [])


async def test_a_foreign_poller_is_named_and_given_room(door: Door) -> None:
    conflict = refuse(409, "Conflict: terminated by other getUpdates request")
    door.wire.then("getUpdates", *[conflict, ok([])] * 12)
    with capture_logs() as logs:
        task = asyncio.create_task(door.poller.run())
        for times in range(1, 13):
            await until(lambda times=times: len(door.clock.slept) == times)  # type: ignore[misc]
            door.clock.move(timedelta(seconds=door.clock.slept[-1]))
        await door.poller.stop()
        await task
    assert door.clock.slept == [3, 3, 3, 3, 3, 6, 12, 24, 48, 60, 60, 60]
    told = [line for line in logs if line["log_level"] == "error"]
    assert ["Stop it" in line["reason"] for line in told] == [True]


async def test_who_does_not_reach_telegram_lets_another_try(door: Door) -> None:
    door.wire.then("getUpdates", *[drop(door.wire)] * 3)
    task = asyncio.create_task(door.poller.run())
    for times in (1, 2, 3):
        await until(lambda times=times: len(door.clock.slept) == times)  # type: ignore[misc]
        door.clock.move(timedelta(seconds=door.clock.slept[-1]))
    assert await owner_of(door.database, "poll") is None
    await door.pass_time(29)
    assert await owner_of(door.database, "poll") is None
    await door.pass_time(1)
    await until(lambda: len(door.offsets) == 4)  # nobody else wanted it
    await door.poller.stop()
    await task


# Numbers for ids


async def test_no_two_replicas_have_the_same_number(database: Database) -> None:
    clock = SteppedClock()
    mine, others = Ids(clock, NODES - 1), Ids(clock, NODES - 1)
    await Node(database, clock, "me", mine).take()
    other = Node(database, clock, "other", others)
    await other.take()
    assert [mine.node, others.node] == [NODES - 1, 0]
    assert mine.next() != others.next()
    await other.release()
    third = Ids(clock, 0)
    await Node(database, clock, "third", third).take()
    assert third.node == 0


async def test_who_was_away_too_long_makes_no_ids_until_it_has_a_number_again(database: Database) -> None:
    clock = SteppedClock()
    ids = Ids(clock, 7)
    node = Node(database, clock, "me", ids)
    await node.take()
    before = ids.next()
    clock.move(timedelta(seconds=SECONDS))
    with pytest.raises(DatabaseUnavailable):
        ids.next()
    await given_to(database, "node:7", "other")
    keeping = asyncio.create_task(node.keep())
    await until(lambda: ids.node != 7)
    assert ids.next() > before
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
