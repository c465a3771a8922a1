"""An update that Telegram brings again, late or in another order has its effect once."""

from datetime import timedelta

import pytest

from bot.simulator.faults import Fault, Trouble
from bot.storage.tables import entries
from tests.integration.faults.world import World

MINUTE = timedelta(minutes=1)


async def test_an_update_that_comes_again_changes_nothing(world: World) -> None:
    await world.given("Ann is set up")
    await world.talk("Ann", "/knock", "one")
    world.press("Ann", "knock.door.open")
    await world.settle()
    heard, calls = world.heard("Ann"), len(world.calls())
    await world.deliver_again(*world.updates)
    await world.restart()
    await world.deliver_again(*world.updates)
    assert world.heard("Ann") == heard
    assert len(world.calls()) == calls
    assert [row.kind for row in await world.rows(entries)] == ["knock"]


async def test_one_batch_may_hold_an_update_twice(world: World) -> None:
    await world.given("Ann is set up")
    await world.talk("Ann", "/knock")
    raw = world.simulator.people()[0].says("one")
    update = world.updates[-1].json()
    await world.settle()
    await world.app.inbox.take([update, update])
    await world.settle()
    assert raw["text"] == "one"
    assert world.heard("Ann")[1:] == ["Heard: one."]


async def test_a_batch_whose_confirmation_is_lost_comes_again_after_a_restart_without_effect(world: World) -> None:
    world.meet("Cleo")
    await world.given("Ann is set up")
    await world.given("Ben is set up")
    for name in world.people:
        await world.talk(name, "/knock")
    lost = world.simulator.faults.add(Fault(Trouble.DROP_BEFORE, "getUpdates", times=None))
    with world.no_longer_than(MINUTE):
        world.press("Ann", "knock.door.open")
        for name in world.people:
            world.say(name, "one", "two")
        await world.until_heard("Ann", 4)
        await world.until_heard("Ben", 3)
        await world.until_heard("Cleo", 3)
        await world.app.quiet()
        await world.stop()
    heard = {name: world.heard(name) for name in world.people}
    assert len(world.simulator.queue(world.account).waiting()) == 7
    lost()
    await world.start()
    await world.settle()
    assert {name: world.heard(name) for name in world.people} == heard
    assert [row.kind for row in await world.rows(entries)] == ["knock"]


@pytest.mark.parametrize("first", ["press", "words"])
async def test_words_and_presses_may_overtake_each_other(world: World, first: str) -> None:
    await world.given("Ann is set up")
    await world.talk("Ann", "/knock")
    door = world.people["Ann"].last()
    data = door["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    for deed in ["press", "words"] if first == "press" else ["words", "press"]:
        if deed == "press":
            world.people["Ann"].presses(door["message_id"], data)
        else:
            world.say("Ann", "one")
    await world.settle()
    await world.deliver_again(*world.updates[:0:-1])
    answers = [text for _, text in world.calls("Ann")[1:]]
    kept = [row.kind for row in await world.rows(entries)]
    if first == "press":
        assert (answers, kept) == (["Here you are.", "Inside: one."], ["knock"])
    else:  # the button was taken off by the words
        assert (answers, kept) == (["Heard: one."], [])


async def test_an_update_with_a_lower_number_than_those_before_is_no_less_an_update(world: World) -> None:
    await world.given("Ann is set up")
    await world.talk("Ann", "/knock")
    world.simulator.queue(world.account).next_id = 5_000
    await world.talk("Ann", "one")
    world.say("Ann", "two")
    late = world.updates[-1]
    await world.settle()
    message = {**late.body, "message_id": 77, "text": "three", "entities": []}
    world.simulator.inject({"message": message}, update_id=3_000)
    await world.settle()
    assert world.heard("Ann")[1:] == ["Heard: one.", "Heard: two.", "Heard: three."]
