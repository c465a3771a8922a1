"""What went wrong for good is kept, counted, and shown to the host by `stillhere doctor`."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.commands import doctor
from bot.simulator import Fault, Trouble
from tests.integration.faults.world import STONE, World
from tests.program import Host, hosted, running, until, words


async def test_what_failed_for_good_is_shown(at_the_door: World) -> None:
    world = at_the_door
    assert {words for subject, words in (await _shown(world)).items() if subject in _LEFT} == {"none"}
    await world.talk("Ann", STONE)
    world.simulator.faults.add(Fault(Trouble.ERROR, "sendMessage", world.people["Ben"].id, code=400))
    await world.talk("Ben", "turnip")
    shown = await _shown(world)
    assert shown["dead letters"].startswith("1, the newest of 2026-05-04 18:00 UTC: LookupError at bot/")
    assert shown["refused messages"].startswith(
        "1 in two days, the newest of 2026-05-04 18:00 UTC: Internal Server Error"
    )
    assert "turnip" not in str(shown)


@pytest.mark.deep
async def test_doctor_shows_turns_that_failed_and_messages_refused_for_ever(tmp_path: Path) -> None:
    async with hosted(tmp_path) as (host, simulator):
        ann, ben = simulator.people()
        async with running(host, simulator) as program:
            ann.starts()
            await until(simulator, program, lambda: words(ann))
            _spoil(host)
            ann.says("turnip")
            await until(simulator, program, lambda: len(words(ann)) > 1)
            refused = Fault(Trouble.ERROR, "sendMessage", ben.id, code=400)
            simulator.faults.add(refused)
            ben.starts()
            await until(simulator, program, lambda: words(ben))  # sorry for what did not come
        code, said = await host.does("doctor")
        assert code == 1
        (letters,) = [line for line in said.splitlines() if "dead letters" in line]
        (messages,) = [line for line in said.splitlines() if "refused messages" in line]
        assert letters.startswith("✗ dead letters: 1, the newest of 20")
        assert "Undecodable at bot/" in letters
        assert messages.startswith("✗ refused messages: 1 in two days, the newest of 20")
        assert "Internal Server Error" in messages  # what the simulated Telegram says with any code
        assert "turnip" not in said + program.said


_LEFT = ("dead letters", "refused messages")


async def _shown(world: World) -> dict[str, str]:
    """What the doctor finds in the database, by subject."""
    async with world.app.database.transaction() as tx:
        found = [line async for line in doctor._inside(tx, world.app.settings, world.clock, None)]
    assert all(line.well == (line.words == "none") for line in found if line.subject in _LEFT)
    return {line.subject: line.words for line in found}


def _spoil(host: Host) -> None:
    """Break the one session."""
    with closing(sqlite3.connect(host.database)) as file, file:
        file.execute("UPDATE sessions SET body = x'01'")
