"""A million pending timers: what it costs to look for due ones, to take them out, and to set one: `python bench/timers.py`."""

import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import uvloop
from stage import Stage, staged

from bot.core.effects import SetTimer
from bot.core.events import Elapsed, Incoming
from bot.delivery.scheduler import BATCH
from bot.storage import timers

PEOPLE, EACH, CHUNK = 100_000, 10, 10_000
LATER = datetime(2030, 1, 1, tzinfo=UTC)
STRIDE = 7919
"""Who is due after whom: a prime, so that neighbours in time are no neighbours in the tables."""

BATCHES, LOOKS = 40, 200
"""How many times the scheduler's batch is taken, and how often is looked or one timer set."""

REPEATS = 3
"""How often all of this is done; the medians are told."""


async def fill(stage: Stage) -> None:
    """Ten timers for each person, those of every kind a second apart and in no order of people; none is due."""
    for kind in range(EACH):
        for first in range(1, PEOPLE + 1, CHUNK):
            some = range(first, min(first + CHUNK, PEOPLE + 1))
            wanted = [
                (n, SetTimer(f"bench.{kind}", "0", LATER + timedelta(seconds=1 + n * STRIDE % PEOPLE))) for n in some
            ]
            async with stage.database.transaction() as tx:
                await timers.set(tx, wanted)


async def look(stage: Stage) -> float:
    """The median of looking when nothing is due, in seconds."""
    lasting = []
    for _ in range(LOOKS):
        at = time.perf_counter()
        async with stage.database.transaction() as tx:
            assert await timers.next_due(tx) == LATER + timedelta(seconds=1)
        lasting.append(time.perf_counter() - at)
    return median(lasting)


async def set_one(stage: Stage, first: int = 1) -> float:
    """The median of setting one person's timer, commit included, in seconds, for people who have none of its kind."""
    lasting = []
    for number in range(first, first + LOOKS):
        at = time.perf_counter()
        async with stage.database.transaction(brief=True) as tx:
            await timers.set(tx, [(number, SetTimer("nudge.daily", "", LATER, "09:00"))])
        lasting.append(time.perf_counter() - at)
    return median(lasting)


async def claim(stage: Stage) -> tuple[float, float]:
    """How many a second are found due and taken out by turns that do nothing, and the CPU of each in seconds."""
    begun, cpu = time.perf_counter(), time.process_time()
    for _ in range(BATCHES):
        async with stage.database.transaction() as tx:
            due = await timers.due(tx, LATER + timedelta(days=2), BATCH)
        async with stage.database.transaction(brief=True) as tx:
            assert len(await timers.finish(tx, [timer.id for timer in due])) == BATCH
    count = BATCH * BATCHES
    return count / (time.perf_counter() - begun), (time.process_time() - cpu) / count


async def turns(stage: Stage) -> tuple[float, float]:
    """The same for their whole turn: facts, engine, session, commit, and what there is to send."""
    begun, cpu = time.perf_counter(), time.process_time()
    for _ in range(max(1, BATCHES // 4)):
        async with stage.database.transaction() as tx:
            due = await timers.due(tx, LATER + timedelta(days=2), BATCH)
        events = [Elapsed("nudge.daily", timer.ref, timer.due_at, timer.fence) for timer in due]
        pairs = zip(due, events, strict=True)
        await stage.conversation.handle(
            [Incoming(timer.id, "timer", timer.user_id, timer.chat_id, event) for timer, event in pairs]
        )
        await stage.sent()
    count = BATCH * (max(1, BATCHES // 4))
    return count / (time.perf_counter() - begun), (time.process_time() - cpu) / count


def memory() -> float:
    """What this process holds, in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


@dataclass(frozen=True, slots=True)
class Figures:
    """Medians: seconds of a look and of setting one timer, how many a second and CPU seconds each, MB more than before."""

    look: float
    set_one: float
    claimed: float
    claimed_cpu: float
    turned: float
    turned_cpu: float
    memory: float


async def measured() -> Figures:
    """Fill a database, and measure everything some times over."""
    with tempfile.TemporaryDirectory() as folder:
        print(f"{PEOPLE:,} people …", file=sys.stderr)
        async with staged(Path(folder), PEOPLE) as stage:
            print(f"{PEOPLE * EACH:,} timers …", file=sys.stderr)
            await fill(stage)
            before = memory()
            looks = [await look(stage) for _ in range(REPEATS)]
            sets = [await set_one(stage, 1 + n * LOOKS) for n in range(REPEATS)]
            taken = [(*await claim(stage), *await turns(stage)) for _ in range(REPEATS)]
            rates = [median(each) for each in zip(*taken, strict=True)]
            return Figures(median(looks), median(sets), *rates, memory() - before)


async def main() -> None:
    """Print a line for each figure."""
    found = await measured()
    print(f"medians of {REPEATS} repeats")
    print(f"looking when none is due  {found.look * 1e3:10.2f} ms   (target: 1 ms)")
    print(f"one person's timer set    {found.set_one * 1e3:10.2f} ms   (target: 2 ms)")
    print(f"taken out by empty turns  {found.claimed:10,.0f} a second, {found.claimed_cpu * 1e6:.0f} µs CPU each")
    print(f"given their whole turn    {found.turned:10,.0f} a second, {found.turned_cpu * 1e6:.0f} µs CPU each")
    print(f"memory                    {found.memory:10.1f} MB more than before")


if __name__ == "__main__":
    uvloop.run(main())
