"""`kill -9` of replicas, and of PostgreSQL itself, at random moments under load: everybody's talk goes on where their inputs lead."""

import asyncio
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from bot.simulator import Simulator
from tests.integration.replicas.conftest import Server
from tests.integration.replicas.fleet import Fleet, Replica, fleet, where
from tests.integration.replicas.test_replicas import bring, text
from tests.program import real_time, words
from tests.walking import WALK, Calm, Phone, chance, crowd, undisturbed

PEOPLE = 6
REPLICAS = 3
KILLS = 21
CRASHES = 6


class Storm:
    """People walk side by side while replicas die; every so many deeds something breaks."""

    def __init__(self, bots: Fleet, calm: list[Calm], breaks: Callable[["Storm", int], Any], times: int) -> None:
        self.bots, self.calm, self._breaks = bots, calm, breaks
        self.phones = [Phone(bots.simulator, person) for person in crowd(bots.simulator, len(calm))]
        self.in_flight: Counter[int] = Counter()
        self.breaks = 0
        self._times = times
        self._every = len(WALK) * len(calm) // times
        self._deeds = 0

    async def blow(self) -> None:
        """Everybody walks to the end, and so many things break meanwhile."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._break())
            for phone, calm in zip(self.phones, self.calm, strict=True):
                group.create_task(self._walk(phone, calm))

    async def _break(self) -> None:
        while self.breaks < self._times:
            await self.bots.until(lambda: self._stage > self.breaks, within=300)
            await self._breaks(self, self.breaks)
            self.breaks += 1

    async def _walk(self, phone: Phone, calm: Calm) -> None:
        for deed, wanted in zip(WALK, calm.ends, strict=True):
            seen = len(phone.shown)
            phone.act(deed)
            self._deeds += 1
            try:
                await self.bots.heard(lambda: wanted in phone.shown[seen:], within=120)  # noqa: B023 - awaited here
            except TimeoutError:
                told = "\n".join(each.program.said for each in self.bots.replicas)
                raise AssertionError(f"wanted {wanted}, shown {phone.shown[seen:]}\n{told}") from None
            phone.looks_at = wanted
            await self.two_are_up()
            await self.bots.until(lambda: self._stage <= self.breaks + 1 or self.breaks == self._times, within=300)

    @property
    def _stage(self) -> int:
        """How many things should have broken by now: people do not run away from what breaks."""
        return self._deeds // self._every

    async def two_are_up(self) -> None:
        """Load without replicas is no load on them."""
        await self.bots.until(lambda: sum("listens" in each.program.said for each in self.bots.replicas) > 1)

    async def note(self, owners: str = "%") -> None:
        """Count what is claimed by these owners, and not settled: that may come twice."""
        claimed = await self.bots.rows(
            "SELECT user_id, count(*) AS n FROM outbox JOIN lanes USING (destination) "
            "WHERE status = 1 AND owner LIKE $1 GROUP BY user_id",
            owners,
        )
        self.in_flight.update({row["user_id"]: row["n"] for row in claimed})

    async def check(self) -> None:
        """Nothing is lost, nothing out of order, nothing open, and twice came only what was in flight."""
        for replica in list(self.bots.replicas):
            await self.bots.until(lambda replica=replica: "listens" in replica.program.said)  # type: ignore[misc]
            await self.bots.stop(replica)
        assert not await self.bots.rows("SELECT id FROM outbox WHERE status < 2")
        assert not await self.bots.rows("SELECT destination FROM lanes WHERE owner IS NOT NULL OR next_at IS NOT NULL")
        assert not await self.bots.rows("SELECT id FROM dead_letters")
        twice: Counter[int] = Counter()
        for phone, calm in zip(self.phones, self.calm, strict=True):
            assert list(dict.fromkeys(phone.shown)) == list(dict.fromkeys(calm.shown))
            (row,) = await self.bots.rows(
                "SELECT dialog, state, revision FROM sessions WHERE user_id = $1", phone.person.id
            )
            assert tuple(row) == calm.place
            twice[phone.person.id] = len(phone.shown) - len(calm.shown)
            assert 0 <= twice[phone.person.id] <= self.in_flight[phone.person.id]
        flying = self.in_flight.total()
        print(f"{self.breaks} breaks, {flying} in flight, {twice.total()} came twice")  # noqa: T201 - seen with `pytest -s`


async def kill_one(storm: Storm, step: int) -> None:
    """At a random moment, in two of three cases the one that polls; another is started in its place."""
    bots = storm.bots
    await real_time(chance(1, step, 60) / 1000)
    victims: list[Replica] = sorted(bots.replicas, key=lambda each: each.polls and step % 3 != 0, reverse=True)
    victim = victims[0] if bots.replicas and victims[0].polls else victims[chance(2, step, len(victims))]
    await bots.kill(victim)
    await storm.note(f"{victim.name or '-'}:%")
    await bots.start()
    await storm.two_are_up()


@pytest.mark.deep
@pytest.mark.timeout(900)
@pytest.mark.parametrize("door", ["polling", "webhook"])
async def test_replicas_killed_at_random_moments(
    tmp_path: Path, create_postgresql: Callable[[], str], door: str
) -> None:
    calm = await undisturbed(tmp_path, PEOPLE)
    telegram = Simulator(limits=False, webhook_backoff=lambda _failures: 0.1)
    async with fleet(
        tmp_path, create_postgresql(), hooked=door == "webhook", telegram=telegram, STILLHERE_SEND_RATE="0"
    ) as bots:
        await bots.start(REPLICAS)
        await bots.up()
        storm = Storm(bots, calm, kill_one, KILLS)
        await storm.blow()
        await storm.check()
        assert storm.breaks == KILLS


@pytest.mark.deep
@pytest.mark.timeout(900)
async def test_postgresql_itself_stops_dead_and_comes_back(tmp_path: Path, postgresql: Server) -> None:
    async def pull_the_plug(storm: Storm, step: int) -> None:
        await bots.up()  # a program that just begins ends with a line, and its supervisor starts it again
        await real_time(chance(3, step, 60) / 1000)
        await postgresql.crash()
        if step % 3 == 2:
            await bots.kill(bots.replicas[0])
        await postgresql.start()
        await storm.note()
        await bots.start(REPLICAS - len(bots.replicas))

    calm = await undisturbed(tmp_path, PEOPLE)
    telegram = Simulator(limits=False, webhook_backoff=lambda _failures: 0.1)
    async with fleet(tmp_path, postgresql.url, hooked=True, telegram=telegram, STILLHERE_SEND_RATE="0") as bots:
        await bots.start(REPLICAS)
        await bots.up()
        storm = Storm(bots, calm, pull_the_plug, CRASHES)
        await storm.blow()
        await storm.check()
        assert storm.breaks == CRASHES


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
