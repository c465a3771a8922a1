"""One person who writes a thousand lines at once holds up nobody else."""

from datetime import timedelta

import pytest

import bot.app
from bot.storage.messages import Status
from tests.integration.faults.world import World

FLOOD, BURST = 1000, 5


@pytest.fixture(autouse=True)
def every_line_is_taken_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shown here has to hold whatever limit there is for a person (`bot/telegram/floods.py`)."""
    monkeypatch.setattr(bot.app, "A_MINUTE", 10 * FLOOD)


pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def test_others_are_answered_before_more_than_a_burst_of_the_flooders_lines(at_the_door: World) -> None:
    world = at_the_door
    before = len(world.calls())
    with world.no_longer_than(timedelta(seconds=2)):
        for number in range(FLOOD // 2):
            world.say("Ann", f"w{number}")
        world.say("Ben", "one")
        for number in range(FLOOD // 2, FLOOD):
            world.say("Ann", f"w{number}")
        world.say("Cleo", "one")
        await world.until_heard("Ben", 2)
        await world.until_heard("Cleo", 2)
        calls = [text for _, text in world.calls()[before:]]
        assert world.heard("Ben")[1:] == world.heard("Cleo")[1:] == ["Heard: one."]
        assert sum(text.startswith("Heard: w") for text in calls) <= BURST + 2  # and what two seconds allow
        assert (await world.counts())[Status.PENDING] >= FLOOD - BURST - 2
        finding = await world.app.health.look()
        assert finding.reasons == ()  # to wait for one's pace is no trouble
        world.press("Cleo", "knock.door.open")
        await world.simulator.until(lambda: any(call.ok for call in world.simulator.calls("answerCallbackQuery")))


@pytest.mark.deep
async def test_the_flooder_gets_every_answer_in_order_and_at_the_pace_of_one_chat(at_the_door: World) -> None:
    world = at_the_door
    for number in range(FLOOD):
        world.say("Ann", f"w{number}")
    begun = world.clock.machine()
    await world.settle()
    await world.until_heard("Ann", 1 + FLOOD)
    await world.settle()
    assert world.heard("Ann")[1:] == [f"Heard: w{number}." for number in range(FLOOD)]
    assert world.clock.machine() - begun >= FLOOD - 2 * BURST
    assert await world.is_idle()
