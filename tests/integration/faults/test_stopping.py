"""A stop with calls under way: what ends in time is settled, what does not is cut off, and nothing stays claimed."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update

import bot.app
import bot.delivery.sender
from bot.simulator.faults import Fault, Trouble
from bot.storage.database import Database
from bot.storage.messages import Status
from bot.storage.tables import lanes, outbox
from tests.integration.faults.world import World
from tests.post import someone_waits


@pytest.mark.deep  # the HTTP client lets go of a call that was cut off only after the whole of its time
async def test_a_call_without_an_answer_is_cut_off_and_its_message_decides(
    at_the_door: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = at_the_door
    monkeypatch.setattr(bot.delivery.sender, "DRAIN", 0.05)
    hung = world.simulator.faults.add(Fault(Trouble.HANG, "sendMessage", times=None))
    world.say("Ann", "one", "two")
    await world.set_timer("Ben", "knock.promise", timedelta())
    await world.set_timer("Cleo", "knock.daily", timedelta())
    await world.simulator.until(lambda: world.simulator.faults.struck == 3)
    await world.stop()
    while world.simulator.faults.hanging:  # noqa: ASYNC110 - until Telegram has seen that the callers hung up
        await asyncio.sleep(0)
    hung()
    assert await _left_behind(world) == {"claimed": 0, "waiting": 3}
    await world.start()
    await world.settle()
    assert world.heard("Ann")[1:] == ["Heard: one.", "Heard: two."]
    assert world.heard("Ben")[1:] == ["This was promised."]
    assert world.heard("Cleo")[1:] == []
    assert (await world.counts())[Status.UNKNOWN] == 1
    assert await world.is_idle()


async def test_what_was_not_begun_is_given_back_and_said_after_the_next_start(at_the_door: World) -> None:
    world = at_the_door
    slow = world.simulator.faults.add(Fault(Trouble.HANG, "sendMessage", world.people["Ann"].id))
    world.say("Ann", "one", "two", "three")
    await world.simulator.until(lambda: world.simulator.faults.struck)
    stopping = asyncio.create_task(world.stop())
    while not world.app.sender._stopping:  # noqa: ASYNC110 - until the sender knows
        await asyncio.sleep(0)
    slow()
    await stopping
    assert await _left_behind(world) == {"claimed": 0, "waiting": 2}
    await world.start()
    await world.settle()
    assert world.heard("Ann")[1:] == ["Heard: one.", "Heard: two.", "Heard: three."]
    assert len(world.calls("Ann")) == 1 + 3


async def test_a_turn_that_takes_longer_than_the_stop_leaves_nothing_claimed(
    at_the_door: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = at_the_door
    if world.app.database.dialect == "sqlite":
        pytest.skip("whoever has the one lock commits without waiting")
    monkeypatch.setattr(bot.app, "_LAST_WORDS", 0.05)
    for patience in ("bot.app.ENOUGH", "bot.app.MOMENT", "bot.hosting.leaving.MOMENT"):
        monkeypatch.setattr(patience, 60)
    rival = Database(world.url, world.clock)
    await rival.open()
    async with rival.transaction() as tx:
        await tx.connection.execute(update(lanes).values(tat=lanes.c.tat))
        world.say("Ann", "one")
        await someone_waits(rival)
        stopping = asyncio.create_task(world.stop())
        while not world.app.sender._ended.is_set():  # noqa: ASYNC110 - until nobody sends any more
            await asyncio.sleep(0)
    await rival.close()
    await stopping
    assert await _left_behind(world) == {"claimed": 0, "waiting": 2}
    await world.start()
    await world.settle()
    assert world.heard("Ann")[1:] == ["Heard: one."]


async def _left_behind(world: World) -> dict[str, int]:
    """What a stopped bot left in its database: claims, and messages not yet sent."""
    database = Database(world.url, world.clock)
    await database.open()
    async with database.transaction() as tx:
        held = (await tx.connection.execute(select(lanes).where(lanes.c.owner.is_not(None)))).all()
        rows = (await tx.connection.execute(select(outbox.c.status).where(outbox.c.status < Status.SENT))).scalars()
        found = list(rows)
    await database.close()
    return {"claimed": len(held) + found.count(Status.CLAIMED), "waiting": found.count(Status.PENDING)}
