"""How long a batch of turns takes from update to commit, and what it costs, without a network: `python bench/turns.py [SIZE …] [--profile]`."""

import cProfile
import pstats
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import uvloop
from stage import Stage, Wire, staged

from bot.commands.run import settle
from bot.core.events import CommandGiven, Incoming, Pressed

SIZES = (1, 16, 64, 128)
TARGET = 3.0
"""Milliseconds from update to commit, of one update alone."""

ROUNDS, TURNS, PEOPLE, STEPS = 5, 700, 2000, 7
DIALOGS = Path(__file__).parent / "dialogs"


class People:
    """They walk through the seven steps, `size` of them at a time."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._first, self._step, self._update = 1, 0, 0

    def batch(self, size: int) -> list[Incoming]:
        """The next input of each who is walking."""
        walking = range(self._first, self._first + size)
        found = [self._input(user_id) for user_id in walking]
        self._step = (self._step + 1) % STEPS
        if self._step == 0:
            self._first = walking.stop if walking.stop + size <= PEOPLE else 1
        return found

    def _input(self, user_id: int) -> Incoming:
        self._update += 1
        message, data, _ = self._wire.shown.get(user_id, (0, "", ""))
        event = Pressed(data, message, str(self._update)) if self._step else CommandGiven("soothe")
        return Incoming(self._update, "update:1", user_id, user_id, event)


async def measure(stage: Stage, people: People, size: int) -> None:
    """Print a line for batches of this size: medians of the time to the commit, and the least CPU of all rounds."""
    committed, costs = [], []
    for _ in range(ROUNDS):
        begun, batches = time.process_time(), max(1, TURNS // size // STEPS) * STEPS
        for _ in range(batches):
            batch, at = people.batch(size), time.perf_counter()
            await stage.conversation.handle(batch)
            committed.append(time.perf_counter() - at)
            await stage.sent()
        costs.append((time.process_time() - begun) / batches / size)
    target = f"   (target: {TARGET:.0f} ms)" if size == 1 else ""
    print(f"{size:4} at once{median(committed) * 1e3:8.2f} ms to the commit{min(costs) * 1e6:7.0f} µs CPU each{target}")


async def main(sizes: list[int]) -> None:
    """Measure each size on one bot."""
    with tempfile.TemporaryDirectory() as folder:
        async with staged(Path(folder), PEOPLE, DIALOGS) as stage:
            people = People(stage.wire)
            settle()
            for size in sizes:
                await measure(stage, people, size)


if __name__ == "__main__":
    named = [int(name) for name in sys.argv[1:] if name.isdecimal()] or list(SIZES)
    if "--profile" in sys.argv:
        profiler = cProfile.Profile(time.thread_time)
        profiler.runcall(uvloop.run, main(named))
        pstats.Stats(profiler).sort_stats("tottime").print_stats(40)
    else:
        uvloop.run(main(named))
