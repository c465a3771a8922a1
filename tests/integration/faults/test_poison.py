"""One person's broken turn, row or message is that person's alone: they get a kind line, and all others go on."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Table, update

from bot.core.card import CARD
from bot.simulator.faults import Fault, Trouble
from bot.storage.messages import Status
from bot.storage.tables import invites, lanes, outbox, sessions, timers, users
from tests.integration.faults.world import POSTGRESQL_IN_DEEP, STONE, World, without

pytestmark = POSTGRESQL_IN_DEEP

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BEFORE_TIME = -9 * 10**18
"""Microseconds: an instant that no calendar has."""


async def test_a_turn_that_raises_is_put_away_and_everybody_else_in_its_batch_goes_on(
    at_the_door: World, log: list[Any]
) -> None:
    world = at_the_door
    world.say("Ben", "one")
    world.say("Ann", "one", STONE, "two")
    world.say("Cleo", "one")
    await world.settle()
    before, sorry, after = world.heard("Ann")[1:]
    assert (before, after) == ("Heard: one.", "Heard: two.")
    assert world.is_phrase(sorry, "common.went_wrong")
    assert [world.heard(name)[1:] for name in ("Ben", "Cleo")] == [["Heard: one."], ["Heard: one."]]
    (letter,) = await world.letters()
    assert letter.user_id == world.people["Ann"].id
    assert letter.fault.startswith("LookupError at bot/")
    assert (await world.app.health.look()).backlog.letters == 1  # type: ignore[union-attr]
    assert STONE not in str(log) + str(letter)
    assert [line["event"] for line in log if line["log_level"] == "error"] == ["turn failed"]


async def test_a_poisoned_update_that_comes_again_is_known(at_the_door: World) -> None:
    world = at_the_door
    await world.talk("Ann", STONE)
    heard = world.heard("Ann")
    await world.deliver_again(world.updates[-1])
    await world.restart()
    await world.deliver_again(world.updates[-1])
    assert world.heard("Ann") == heard
    assert len(await world.letters()) == 1


BROKEN: dict[str, tuple[Table, dict[str, object]]] = {
    "session": (sessions, {"body": b"\x01 not what was sealed here ............"}),
    "person": (users, {"wrapped_key": b"\x01 not the key ..........................."}),
    "hour": (users, {"nudge_at": "25:99"}),
}


@pytest.mark.parametrize("broken", BROKEN)
async def test_a_row_that_cannot_be_read_is_its_owners_alone(at_the_door: World, broken: str) -> None:
    world = at_the_door
    table, values = BROKEN[broken]
    await _spoil(world, table, **values)
    world.say("Ann", "one")
    world.say("Ben", "one")
    await world.settle()
    assert world.heard("Ben")[1:] == ["Heard: one."]
    (sorry,) = world.heard("Ann")[1:]
    assert world.is_phrase(sorry, "common.went_wrong")
    (letter,) = await world.letters()
    assert letter.fault.startswith("Undecodable at bot/storage/")
    await world.talk("Ann", "I want to kill myself")
    assert _flat(CARD) in _flat(world.heard("Ann")[-1])


@pytest.mark.parametrize("spoilt", [b"\x01 no such seal .........................", b"{ no such JSON", b""], ids=repr)
async def test_a_message_that_cannot_be_read_any_more_is_a_dead_letter(
    at_the_door: World, log: list[Any], spoilt: bytes
) -> None:
    world = at_the_door
    world.simulator.faults.add(Fault(Trouble.THROTTLE, "sendMessage", world.people["Ann"].id, retry_after=60))
    with world.no_longer_than(timedelta(seconds=30)):
        world.say("Ann", "one")
        await world.simulator.until(lambda: len(world.calls("Ann")) == 2)
        world.say("Ann", "two")
        world.say("Ben", "one")
        await world.until_heard("Ben", 2)
        while (await world.counts()).get(Status.CLAIMED):
            pass
        first = min(row.id for row in await world.rows(outbox) if row.status == Status.PENDING)
        async with world.app.database.transaction() as tx:
            await tx.connection.execute(update(outbox).where(outbox.c.id == first).values(payload=spoilt))
    await world.until_heard("Ann", 2)
    await world.settle()
    after = world.heard("Ann")[1:]
    assert "Heard: two." in after
    assert "Heard: one." not in after
    assert [world.is_phrase(said, "common.went_wrong") for said in after].count(True) == 1
    assert (await world.counts())[Status.DEAD] == 1
    assert world.app.sender.counts["dead"] == 1
    assert "outbox.dead_letter" in [line["event"] for line in log]
    assert await world.is_idle()


async def test_a_timer_that_stumbles_is_its_owners_alone_and_a_daily_one_comes_again(at_the_door: World) -> None:
    world = at_the_door
    await world.set_timer("Ann", "knock.stumble", timedelta(), rule="18:00")
    await world.set_timer("Cleo", "knock.stumble", timedelta())
    await world.set_timer("Ben", "knock.promise", timedelta())
    await world.settle()
    assert world.heard("Ben")[1:] == ["This was promised."]
    assert world.heard("Ann")[1:] == []  # nothing unasked: tomorrow is another day
    (sorry,) = world.heard("Cleo")[1:]  # something she waited for
    assert world.is_phrase(sorry, "common.went_wrong")
    assert len(await world.letters()) == 2
    (again,) = await world.rows(timers)
    assert (again.user_id, again.rule) == (world.people["Ann"].id, "18:00")
    await world.pass_time(DAY)
    assert len(await world.letters()) == 3
    assert world.heard("Ann")[1:] == []


async def test_a_timer_whose_time_cannot_be_read_is_a_dead_letter_and_no_start_stumbles_over_it(
    at_the_door: World,
) -> None:
    world = at_the_door
    await world.set_timer("Ann", "knock.promise", HOUR)
    await world.set_timer("Ben", "knock.promise", HOUR)
    await world.stop()
    await world.start()
    await _spoil(world, timers, due_at=BEFORE_TIME)
    await world.restart()
    await world.settle()
    (letter,) = await world.letters()
    assert (letter.source, letter.user_id) == ("timer", world.people["Ann"].id)
    assert letter.fault.startswith("Undecodable at bot/storage/timers.py")
    await world.pass_time(HOUR)
    assert (world.heard("Ann")[1:], world.heard("Ben")[1:]) == ([], ["This was promised."])
    assert len(await world.letters()) == 1


async def test_a_person_of_whom_nobody_can_tell_when_they_were_here_keeps_nobody_else_from_being_looked_after(
    at_the_door: World,
) -> None:
    world = at_the_door
    await _spoil(world, users, seen_at=BEFORE_TIME)
    for _ in range(6):  # Cleo has not agreed, and goes after a day
        await world.pass_time(5 * HOUR)
    (letter,) = await world.letters()
    assert (letter.source, letter.user_id) == ("tidying", world.people["Ann"].id)
    assert letter.fault == "Undecodable at bot/storage/users.py"
    kept = {row.id for row in await world.rows(users)}
    assert kept == {world.people["Ann"].id, world.people["Ben"].id}
    await world.restart()
    assert (await world.talk("Ben", "one"))[-1] == "Heard: one."


PARTS = {"timers": (timers, "timers"), "outbox": (lanes, "outbox"), "tidying": (invites, "tidying")}


@pytest.mark.parametrize("part", PARTS)
async def test_a_part_whose_statements_are_refused_says_so_once_and_goes_on_when_they_are_not(
    at_the_door: World, log: list[Any], part: str
) -> None:
    world = at_the_door
    table, name = PARTS[part]
    await world.set_timer("Ben", "knock.promise", HOUR)
    log.clear()
    async with without(world.app.database, table):
        if part == "outbox":
            world.app.sender.send([], waiting=True)
        else:
            world.clock.skip(HOUR)
        await _until(lambda: [line for line in log if line["event"] == f"{name}.fault"])
        world.clock.skip(timedelta(seconds=3))
        finding = await world.app.health.look()
        assert [told for told in finding.reasons if told.startswith(f"{name}: The database refused a statement")]
    for _ in range(3):
        await world.pass_time(HOUR)
    assert world.heard("Ben")[1:] == ["This was promised."]
    assert len([line for line in log if line["event"] == f"{name}.fault"]) == 1
    world.clock.skip(timedelta(seconds=3))
    assert not [reason for reason in (await world.app.health.look()).reasons if name in reason]


async def _until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - what is logged wakes nobody
            await asyncio.sleep(0)


async def test_a_press_whose_turn_raises_is_answered(at_the_door: World) -> None:
    world = at_the_door
    await _spoil(world, sessions, body=b"\x01 not what was sealed here ............")
    world.press("Ann", "knock.door.open")
    await world.settle()
    assert [call.ok for call in world.simulator.calls("answerCallbackQuery")] == [True]


async def _spoil(world: World, table: Table, **values: object) -> None:
    """Break Ann's row."""
    owner = table.c.user_id if "user_id" in table.c else table.c.id
    async with world.app.database.transaction() as tx:
        await tx.connection.execute(update(table).where(owner == world.people["Ann"].id).values(values))


def _flat(words: str) -> str:
    return " ".join(words.replace("*", "").replace("_", "").split())
