"""What batches cost on PostgreSQL, for `day.py`: of updates, and of daily lines that wait for the send budget: `python bench/costs.py`."""

import asyncio
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import psutil
import uvloop
from peers import machine
from replicas import new, server
from stage import Stage, staged
from turns import DIALOGS, People

from bot.commands.run import settle
from bot.core.clock import SystemClock
from bot.core.effects import SetTimer
from bot.core.events import Elapsed, Incoming
from bot.delivery.scheduler import BATCH
from bot.storage import timers

SIZES, LINES, PEOPLE = (1, 10, 100), BATCH, 2000
REPEATS = 5
TURNS = 350  # updates of a size and a repeat
RATE = 1000  # messages a second


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one batch, in ms: how long it took, and CPU of the replica, which sends to nobody, and of PostgreSQL."""

    wall: float
    replica: float
    postgres: float


async def updates(stage: Stage, people: People, size: int, postgres: int) -> Cost:
    """The mean of some batches of updates."""
    batches, committed, before = -(-TURNS // size // 7) * 7, 0.0, _cpu(postgres)
    for _ in range(batches):
        batch, at = people.batch(size), time.perf_counter()
        await stage.conversation.handle(batch)
        committed += time.perf_counter() - at
        await stage.sent()
    replica, database = (1e3 * (now - then) / batches for now, then in zip(_cpu(postgres), before, strict=True))
    return Cost(1e3 * committed / batches, replica, database)


async def lines(stage: Stage, first: int, postgres: int) -> tuple[Cost, Cost]:
    """A batch of daily lines: from timers that are due to the commit, and until all were claimed, sent and settled."""
    now = SystemClock().now()
    async with stage.database.transaction() as tx:
        await timers.set(tx, [(n, SetTimer("nudge.daily", "daily", now)) for n in range(first, first + LINES)])
    said, marks = stage.wire.messages, [(time.perf_counter(), *_cpu(postgres))]
    async with stage.database.transaction() as tx:
        due = await timers.due(tx, now, LINES)
    elapsed = [(timer, Elapsed(timer.kind, timer.ref, timer.due_at, timer.fence)) for timer in due]
    await stage.conversation.handle([Incoming(each.id, "timer", each.user_id, each.chat_id, e) for each, e in elapsed])
    marks.append((time.perf_counter(), *_cpu(postgres)))
    await stage.sender.quiet()
    marks.append((time.perf_counter(), *_cpu(postgres)))
    assert stage.wire.messages == said + LINES
    turn, sent = (Cost(*(1e3 * (b - a) for a, b in zip(*pair, strict=True))) for pair in pairwise(marks))
    return turn, sent


def _cpu(postgres: int) -> tuple[float, float]:
    """CPU seconds of this process and of PostgreSQL so far; its processes that have ended count through the first."""
    total = 0.0
    first = psutil.Process(postgres)
    for each in (first, *first.children(recursive=True)):
        spent = each.cpu_times()
        total += spent.user + spent.system + spent.children_user + spent.children_system
    return time.process_time(), total


async def measured(running: Any) -> dict[str, Cost]:
    """The medians of the repeats."""
    info = running.get_postmaster_info()
    found: dict[str, list[Cost]] = {}
    with tempfile.TemporaryDirectory() as folder:
        url = await new(str(info.socket_dir), "costs")
        async with staged(Path(folder), PEOPLE, DIALOGS, url=url, rate=0) as stage:
            people = People(stage.wire)
            settle()
            for _ in range(REPEATS):
                for size in SIZES:
                    cost = await updates(stage, people, size, info.pid)
                    found.setdefault(f"{size} updates", []).append(cost)
        url = await new(str(info.socket_dir), "lines")
        async with staged(Path(folder), PEOPLE, url=url, rate=RATE, nudges="daily") as stage:
            for number in range(REPEATS):
                turn, sent = await lines(stage, 1 + number * LINES, info.pid)
                found.setdefault(f"{LINES} lines", []).append(turn)
                found.setdefault("sending them", []).append(sent)
                await asyncio.sleep(1)
    names = Cost.__slots__
    return {
        what: Cost(*(median(getattr(each, name) for each in some) for name in names)) for what, some in found.items()
    }


def main() -> None:
    """Print a line for each batch."""
    with server() as running:
        found = uvloop.run(measured(running))
    print(f"{machine()}; ms a batch, medians of {REPEATS}\n")
    print(f"{'':14}{'lasting':>15}{'CPU, replica':>15}{'CPU, PostgreSQL':>18}")
    for what, cost in found.items():
        print(f"{what:14}{cost.wall:15.1f}{cost.replica:15.1f}{cost.postgres:18.1f}")


if __name__ == "__main__":
    main()
