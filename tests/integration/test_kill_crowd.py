"""`kill -9` and stops under load, on SQLite: many people at once, at the pace that Telegram allows, with promises and nudges coming due."""

from pathlib import Path

import pytest

from tests.integration.storm import Storm, storming
from tests.program import real_time
from tests.walking import chance

KILLS = 17
"""Every fourth of them is two."""

STOPS = 10


async def kill(storm: Storm, step: int) -> None:
    """At a random moment; every fourth time once more, before the next one has come to itself."""
    bots = storm.bots
    await storm.a_moment(chance(1, step, 80))
    await storm.kill(bots.replicas[0])
    await bots.start()
    if step % 4 == 3:
        await real_time(chance(2, step, 1000) / 1000)
        await storm.kill(bots.replicas[0])
        await bots.start()
    await bots.up()


async def stop(storm: Storm, step: int) -> None:
    """In the middle of it, as when it is started anew with another version."""
    await storm.a_moment(chance(1, step, 80))
    await storm.stop(storm.bots.replicas[0])
    await storm.bots.start()
    await storm.bots.up()


def database(folder: Path) -> str:
    """Where the default puts it."""
    return f"sqlite+aiosqlite:///{folder}/var/stillhere.db"


@pytest.mark.deep
@pytest.mark.timeout(900)
@pytest.mark.parametrize("door", ["polling", "webhook"])
async def test_killed_under_load_everybodys_talk_goes_on(tmp_path: Path, door: str) -> None:
    async with storming(tmp_path, database(tmp_path), door, kill, KILLS) as storm:
        await storm.blow()
        await storm.check()
        assert len(storm.broken) >= 20
        assert any(each.in_flight for each in storm.broken)


@pytest.mark.deep
@pytest.mark.timeout(900)
@pytest.mark.parametrize("door", ["polling", "webhook"])
async def test_stopped_under_load_nothing_is_left_claimed_and_nothing_said_twice(tmp_path: Path, door: str) -> None:
    async with storming(tmp_path, database(tmp_path), door, stop, STOPS) as storm:
        await storm.blow()
        await storm.check()
        assert len(storm.broken) == STOPS
