"""`kill -9` of replicas, and of PostgreSQL itself, at random moments under load: everybody's talk goes on where their inputs lead."""

import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from bot.storage.messages import LEASE
from tests.integration.replicas.conftest import Server
from tests.integration.replicas.fleet import fleet, where
from tests.integration.replicas.test_replicas import bring, text
from tests.integration.storm import PEOPLE, Storm, storming
from tests.program import real_time, words
from tests.walking import chance

REPLICAS = 3
KILLS = 21
CRASHES = 6

HAND_OVER = 10.0
"""Seconds within which others go on where a replica fell silent."""

MARGIN = 5.0
"""Seconds that a slow machine may take for it besides."""


async def kill_one(storm: Storm, step: int) -> None:
    """At a random moment, in two of three cases the one that polls; another is started in its place."""
    bots = storm.bots
    await storm.a_moment(chance(1, step, 80))
    polls = [each for each in bots.replicas if each.polls and step % 3]
    await storm.kill(polls[0] if polls else bots.replicas[chance(2, step, len(bots.replicas))])
    await bots.start()
    await bots.until(lambda: sum("listens" in each.program.said for each in bots.replicas) > 1)


@pytest.mark.deep
@pytest.mark.timeout(900)
@pytest.mark.parametrize("door", ["polling", "webhook"])
async def test_replicas_killed_at_random_moments(
    tmp_path: Path, create_postgresql: Callable[[], str], door: str
) -> None:
    async with storming(tmp_path, create_postgresql(), door, kill_one, KILLS, REPLICAS) as storm:
        await storm.blow()
        await storm.check()
        assert len(storm.broken) == KILLS
        assert any(each.in_flight for each in storm.broken)


@pytest.mark.deep
@pytest.mark.timeout(900)
@pytest.mark.parametrize("door", ["polling", "webhook"])
async def test_postgresql_itself_stops_dead_and_comes_back(tmp_path: Path, postgresql: Server, door: str) -> None:
    async def pull_the_plug(storm: Storm, step: int) -> None:
        bots = storm.bots
        await bots.up()  # a program that just begins ends with a line, and its supervisor starts it again
        await storm.a_moment(chance(3, step, 80))
        await postgresql.crash()
        dies = bots.replicas[:1] if step % 3 == 2 else []
        for replica in dies:
            await bots.kill(replica)
        await postgresql.start()
        await storm.note(*(each.name for each in dies))  # where nobody died, nothing is excused
        await bots.start(len(dies))

    async with storming(tmp_path, postgresql.url, door, pull_the_plug, CRASHES, REPLICAS) as storm:
        await storm.blow()
        await storm.check()
        assert len(storm.broken) == CRASHES


@pytest.mark.deep  # the seconds for which silence is borne
@pytest.mark.timeout(600)
@pytest.mark.parametrize("door", ["polling", "webhook"])
async def test_a_replica_frozen_under_load_is_replaced_in_time_and_repeats_nothing_when_it_goes_on(
    tmp_path: Path, create_postgresql: Callable[[], str], door: str
) -> None:
    """It keeps its sockets, its claims and its transactions, and says no word: as if its machine had died."""
    clock = asyncio.get_running_loop().time
    at, held = 0.0, set[int]()

    async def freeze(storm: Storm, _step: int) -> None:
        nonlocal at, held
        bots = storm.bots
        await storm.a_moment(0)
        silent = await bots.poller() if door == "polling" else bots.replicas[0]
        silent.program.process.send_signal(signal.SIGSTOP)
        at = clock()
        await storm.note(silent.name)
        await real_time(1)  # what was on its way to the database has arrived
        held = await storm.claimed(silent)
        async with asyncio.timeout(LEASE + HAND_OVER):
            while await storm.claimed(silent):
                await real_time(0.1)
        await real_time(at + HAND_OVER + MARGIN - clock())
        silent.program.process.send_signal(signal.SIGCONT)
        await storm.note()  # from here on nothing is excused

    async with storming(tmp_path, create_postgresql(), door, freeze, 1, REPLICAS) as storm:
        await storm.blow()
        await storm.check()
        others = [each for each in storm.waits if each.person not in held]
        meanwhile = [each for each in others if each.answered > at and each.acted < at + HAND_OVER]
        longest = max(each.answered - max(at, each.acted) for each in meanwhile)
        sys.stdout.write(f"by {door}, somebody waited for {longest:.1f} s\n")  # the figure in docs/scale.md
        assert longest < HAND_OVER + MARGIN
        assert len({each.person for each in meanwhile} | held) == PEOPLE


@pytest.mark.deep
@pytest.mark.timeout(300)
async def test_the_lease_of_a_dead_poller_ends_within_ten_seconds(
    tmp_path: Path, create_postgresql: Callable[[], str]
) -> None:
    async with fleet(tmp_path, create_postgresql()) as bots:
        await bots.start(2)
        await bots.up()
        first = await bots.poller()
        await bots.kill(first)
        await bots.until(lambda: bots.replicas[0].polls, within=10)


@pytest.mark.deep  # the seconds for which silence is borne
@pytest.mark.timeout(300)
async def test_a_replica_that_falls_silent_in_the_middle_of_a_turn_holds_nobody_up_for_longer_than_ten_seconds(
    tmp_path: Path, create_postgresql: Callable[[], str]
) -> None:
    async with fleet(tmp_path, create_postgresql(), hooked=True) as bots:
        ann, ben = bots.simulator.people()
        await bots.start(2)
        await bots.up()
        ann.starts()
        ben.starts()
        await bots.heard(lambda: words(ann) and words(ben))
        await bots.settled()
        silent = bots.replicas.pop()
        socket, name = where(bots.url)
        connection = await asyncpg.connect(host=socket, user="postgres", database=name)
        async with connection.transaction():
            await connection.execute("SELECT FROM lanes FOR UPDATE")
            asking = asyncio.create_task(bring(silent.listen, text(901, ann.id, "/menu")))
            while not await connection.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                await real_time(0.02)
            silent.program.process.send_signal(signal.SIGSTOP)  # it has the budget, and gets the lanes in a moment
        await connection.close()
        ben.says("/menu")
        await bots.heard(lambda: len(words(ben)) == 2, within=10)
        asking.cancel()
        await silent.program.kill()
