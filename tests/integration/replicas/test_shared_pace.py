"""Many people at several replicas, with Telegram's own limits on: never too fast, and everybody's answers in order."""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from bot.simulator import Simulator
from bot.simulator.limits import LENIENCE, PER_SECOND
from bot.storage.budget import SECOND
from tests.integration.replicas.fleet import Fleet, fleet
from tests.program import real_time
from tests.walking import Calm, Phone, crowd, undisturbed

ASKED = ["/start", "/menu", "/about", "/privacy", "/role", "/menu", "/about"]
PEOPLE = 60
STALL = 0.15
"""Seconds: as much as the shape of what is sent may be blurred before it means nothing."""

# Whenever a message is claimed, the database itself writes down when. Who claims holds the lock on the budget.
WRITE_DOWN = [
    "CREATE TABLE granted (at bigint)",
    """CREATE FUNCTION write_down() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.status = 1 THEN
    INSERT INTO granted VALUES ((extract(epoch FROM clock_timestamp()) * 1000000)::bigint); END IF;
    RETURN NEW; END $$""",
    "CREATE TRIGGER write_down AFTER INSERT OR UPDATE ON outbox FOR EACH ROW EXECUTE FUNCTION write_down()",
]


async def talk(phone: Phone, calm: Calm, bots: Fleet, deeds: slice) -> None:
    """Somebody asks, and asks on once they are answered."""
    for deed, wanted in zip(ASKED[deeds], calm.ends[deeds], strict=True):
        seen = len(phone.shown)
        phone.act(deed)
        await bots.heard(lambda: wanted in phone.shown[seen:], within=240)  # noqa: B023 - awaited here


@pytest.mark.deep
@pytest.mark.timeout(600)
@pytest.mark.parametrize("door", ["polling", "webhook"])
async def test_replicas_together_keep_telegrams_limits(
    tmp_path: Path, create_postgresql: Callable[[], str], door: str
) -> None:
    calm = await undisturbed(tmp_path, PEOPLE, ASKED)
    telegram = Simulator(limits=False)
    async with fleet(tmp_path, create_postgresql(), hooked=door == "webhook", telegram=telegram) as bots:
        phones = [Phone(telegram, person) for person in crowd(telegram, PEOPLE)]

        async def everybody(deeds: slice) -> None:
            await asyncio.gather(*(talk(phone, each, bots, deeds) for phone, each in zip(phones, calm, strict=True)))

        await bots.start(3)
        await bots.up()
        await everybody(slice(1))  # a program that has just begun stumbles a little; from then on:
        for statement in WRITE_DOWN:
            await bots.rows(statement)
        telegram.limits.active = True
        telegram.journal.clear()
        watching = asyncio.create_task(stalls())
        await everybody(slice(1, None))
        stalled = watching.done()
        watching.cancel()
        while bots.replicas:
            await bots.stop(bots.replicas[0])
        assert [phone.shown for phone in phones] == [list(each.shown) for each in calm]
        grants = await granted(bots)
        sent = [call for call in telegram.journal if call.method.startswith(("send", "edit"))]
        arrived = [call.at for call in sent]
        took = arrived[-1] - arrived[0]
        told = f"{len(grants)} grants, {busiest(grants, 1)} in the busiest second; {len(sent)} calls in {took:.1f} s"
        stall = ", Telegram itself stalled" if stalled else ""
        print(f"{told}, {busiest(arrived, 1 - LENIENCE)} in the busiest{stall}")  # noqa: T201 - seen with `pytest -s`
        blur = STALL if stalled else 0  # between the moment that is granted and the one that is written down
        assert busiest(grants, 1 - blur) <= PER_SECOND
        if not stalled:  # else what had been sent evenly was read at once
            assert not [call for call in sent if not call.ok]


async def stalls() -> None:
    """Ends if this process, where Telegram is simulated, gets no time for a while: on a machine that has too much to do."""
    loop = asyncio.get_running_loop()
    before = loop.time()
    while loop.time() - before < STALL:
        before = loop.time()
        await real_time(STALL / 3)


async def granted(bots: Fleet) -> list[float]:
    """When each message was claimed, in the database's seconds."""
    return [row["at"] / SECOND for row in await bots.rows("SELECT at FROM granted ORDER BY at")]


def busiest(times: Sequence[float], seconds: float) -> int:
    """The most within so many seconds, wherever they begin."""
    return max(bisect_right(times, at + seconds) - n for n, at in enumerate(times))
