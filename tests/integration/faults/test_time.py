"""Time as it really goes: clocks that jump and repeat, that are set, machines that sleep, and a bot that is away."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.integration.faults.world import World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)

CHANGES = {  # zone: an evening before its clocks change, the line's hour, and what the clocks show when it comes
    "Europe/Berlin": ("2026-03-28T18:00", "02:30", ["29 03:00", "30 02:30", "31 02:30"]),
    "America/New_York": ("2026-10-31T18:00", "01:15", ["01 01:15", "02 01:15", "03 01:15"]),
    "America/Santiago": ("2026-09-05T18:00", "00:30", ["06 01:00", "07 00:30", "08 00:30"]),
    "Australia/Lord_Howe": ("2026-04-04T06:00", "01:45", ["05 01:45", "06 01:45", "07 01:45"]),
    "Africa/Cairo": ("2026-10-29T12:00", "23:30", ["29 23:30", "30 23:30", "31 23:30"]),
    "Pacific/Auckland": ("2026-09-26T06:00", "02:59", ["27 03:00", "28 02:59", "29 02:59"]),
}


@pytest.mark.parametrize("zone", CHANGES)
async def test_the_line_of_the_day_comes_once_a_day_through_a_change_of_clocks(
    build_world: Callable[..., World], zone: str
) -> None:
    start, hour, shown = CHANGES[zone]
    world = build_world(start=datetime.fromisoformat(start).replace(tzinfo=UTC))
    async with world.going():
        await world.given(f"Ann is set up; zone {zone}; nudge_at {hour}")
        await world.pass_time(3 * DAY)
        assert [f"{at.astimezone(ZoneInfo(zone)):%d %H:%M}" for at in lines(world, "Ann")] == shown


async def test_a_clock_that_is_set_back_and_forth_doubles_and_loses_nothing(at_the_door: World) -> None:
    world = at_the_door
    await world.set_timer("Ann", "knock.promise", HOUR, ref="first")
    await world.set_timer("Ann", "knock.promise", 5 * HOUR, ref="second")
    await world.pass_time(2 * HOUR)
    assert world.heard("Ann")[1:] == ["This was promised."]
    world.clock._story -= 2 * HOUR  # what was said is said
    assert await world.talk("Ann", "one") == ["Who is there?", "This was promised.", "Heard: one."]
    await world.pass_time(3 * HOUR)
    assert world.heard("Ann")[3:] == []
    world.clock.skip(3 * HOUR)
    world.clock._story -= HOUR  # before anybody looked
    await world.settle()
    assert await world.talk("Ann", "two") == [*world.heard("Ann")[:3], "This was promised.", "Heard: two."]
    assert await world.is_idle()


async def test_a_machine_that_slept_for_a_day_keeps_promises_late_and_skips_old_lines(at_the_door: World) -> None:
    world = at_the_door
    await world.set_timer("Ann", "knock.promise", HOUR)
    await world.set_timer("Ben", "knock.daily", HOUR, rule="15:00")
    world.clock.skip(DAY)
    await world.settle()
    assert world.heard("Ann")[1:] == ["This was promised."]
    assert len(world.heard("Ben")[1:]) == 1  # one line, however many days were slept through
    world.clock.skip(5 * DAY)
    await world.settle()
    assert len(world.heard("Ben")[1:]) == 2
    assert world.heard("Ann")[1:] == ["This was promised."]


@pytest.mark.parametrize("away", [HOUR / 2, 3 * HOUR, 10 * DAY])
async def test_a_promise_that_came_due_while_the_bot_was_away_is_kept_at_once(
    at_the_door: World, away: timedelta
) -> None:
    world = at_the_door
    await world.set_timer("Ann", "knock.promise", HOUR / 4)
    await world.stop()
    world.clock.skip(away)
    await world.start()
    await world.settle()
    assert world.heard("Ann")[1:] == ["This was promised."]
    await world.restart()
    await world.settle()
    assert world.heard("Ann")[1:] == ["This was promised."]


async def test_whoever_travels_gets_their_line_at_the_hour_of_the_new_place(build_world: Callable[..., World]) -> None:
    world = build_world(start=datetime(2026, 5, 4, 12, tzinfo=UTC))
    async with world.going():
        await world.given("Ann is set up; zone Europe/Berlin; nudge_at 09:00")
        await world.pass_time(DAY)
        await world.talk("Ann", "/settings")
        world.people["Ann"].taps("Clock")
        await world.settle()
        await world.talk("Ann", "Tokyo")
        await world.pass_time(2 * DAY)
        told = [f"{at.astimezone(ZoneInfo('Asia/Tokyo')):%d %H:%M}" for at in lines(world, "Ann")]
        assert told == ["05 16:00", "06 09:00", "07 09:00"]


def lines(world: World, name: str) -> list[datetime]:
    """When somebody got a line of the day."""
    chat = str(world.people[name].id)
    return [
        datetime.fromtimestamp(call.at, UTC)
        for call in world.simulator.calls("sendMessage")
        if str(call.parameters["chat_id"]) == chat and call.ok and "o.nudge." in str(call.parameters)
    ]
