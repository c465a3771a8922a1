"""Every figure that is asked of this bot, beside telegraf in the same run: `python bench/table.py [PART …] [--rounds 3] [--seconds 3]`."""

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import mean, median
from typing import Any

import peers
import replicas
import start
import timers
import uvloop

from bot.core.clock import SystemClock

OURS, THEIRS = "stillhere", "telegraf"
SET_AT = {"rate": 3500, "cpu": 0.27}
"""Updates/s of telegraf, and its CPU ms an update, on the machine on which the figures were asked for."""

BUSY = 0.9
"""A bot that got less of its core was not alone on it."""

TITLES = ("figure", "Stillhere", "telegraf in the same run", "ratio", "asked", "asked, scaled by telegraf here")
SCALING = (
    "Asked, scaled by telegraf here: a rate × telegraf's updates/s ÷ 3,500; CPU × telegraf's CPU ÷ 0.27 ms; any other time "
    "× 3,500 ÷ telegraf's updates/s. As it was asked: ratios, memory, and what must not happen."
)
Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Speed:
    """Telegraf's speed here, as a part of what it was where the figures were asked for."""

    rate: float
    cpu: float
    busy: float

    def said(self) -> Iterator[str]:
        """What the scaled figures hang on."""
        rate, cpu = self.rate * SET_AT["rate"], SET_AT["cpu"] / self.cpu
        yield f"telegraf without delay, mean of 16 and 128 people: {rate:,.0f} updates/s, {cpu:.2f} ms CPU, {self.busy:.0%} of a core"
        if self.busy < BUSY:
            yield "Others were at work on its core, so what is scaled by its updates/s is too easily reached: look at the ratios."


@dataclass(frozen=True, slots=True)
class Asked:
    """At least so much (`rate`), or at most (`cpu`, `time`; `size`, which no faster machine makes smaller)."""

    value: float
    kind: str

    def said(self, shown: str, speed: Speed | None = None) -> str:
        """As it was asked, or for a machine of this `speed`."""
        if speed is None or self.kind == "size":
            value = self.value
        elif self.kind == "rate":
            value = self.value * speed.rate
        else:
            value = self.value / (speed.cpu if self.kind == "cpu" else speed.rate)
        return ("≥ " if self.kind == "rate" else "≤ ") + shown.format(value)


@dataclass(frozen=True, slots=True)
class Figure:
    """A row of the table, in numbers as far as these can be compared. `asked` in words is the same on every machine."""

    name: str
    ours: float | str | None
    theirs: float | str | None
    asked: Asked | str
    shown: str = "{:,.0f}"

    def cells(self, speed: Speed | None) -> Iterator[str]:
        """As `TITLES` wants them; without a `speed` nothing can be scaled."""
        yield self.name
        yield self._cell(self.ours)
        yield self._cell(self.theirs)
        numbers = isinstance(self.ours, float) and isinstance(self.theirs, float) and self.theirs
        yield f"{self.ours / self.theirs:.2f}" if numbers else "–"  # type: ignore[operator]
        if isinstance(self.asked, str):
            yield from (self.asked, self.asked)
        else:
            yield self.asked.said(self.shown)
            yield self.asked.said(self.shown, speed) if speed else "–"

    def _cell(self, value: float | str | None) -> str:
        return "–" if value is None else value if isinstance(value, str) else self.shown.format(value)


class Run:
    """What one run measures with; each part prints all it found, and returns its rows of the table."""

    def __init__(self, rounds: int, seconds: float) -> None:
        self.rounds, self.seconds = rounds, seconds
        self.bots = peers.peers([], unusual=False)
        self.two = [bot for bot in self.bots if bot.name in {OURS, THEIRS}]
        self.speed: Speed | None = None

    def load(self) -> list[Figure]:
        """16 and 128 people."""
        rows = self._beside("16,128", bots=self.bots)
        self.speed = _speed(rows)
        return [
            _both(rows, 16, "rate", "updates/s, 16 people", Asked(1500, "rate")),
            _both(rows, 128, "rate", "updates/s, 128 people", "≥ 1.0 × telegraf"),
            _both(rows, 16, "cpu", "CPU ms an update, 16 people", Asked(0.6, "cpu"), "{:.2f}"),
            _both(rows, 128, "cpu", "CPU ms an update, 128 people", Asked(0.3, "cpu"), "{:.2f}"),
        ]

    def tls(self) -> list[Figure]:
        """The same over TLS."""
        rows = self._beside("16,128", tls=True)
        asked = "more than telegraf"
        return [_both(rows, people, "rate", f"updates/s over TLS, {people} people", asked) for people in (16, 128)]

    def delay(self) -> list[Figure]:
        """Every answer of the Bot API 40 ms later."""
        rows = self._beside("1,128", "--delay", "40")
        return [
            _both(rows, 1, "p50", "p50 ms beyond 40 ms of delay, one person", Asked(6, "time"), "{:.1f}"),
            _both(rows, 128, "rate", "updates/s with 40 ms of delay, 128 people", Asked(1700, "rate")),
        ]

    def crash(self) -> list[Figure]:
        """SIGKILL at full speed."""
        rows = peers.interleaved(self.two, ["--crash"], self.rounds)
        _print(peers.crashes(rows))
        named = {
            "lost": "inputs lost",
            "applied": "inputs applied twice",
            "loose": "said twice without being in flight",
        }
        return [
            _added(rows, "{survived} of {people}", "SIGKILL at full speed: dialogs that go on", "all"),
            *(_added(rows, f"{{{key}}}", f"SIGKILL: {name}", "0") for key, name in named.items()),
            _added(rows, "{said}", "SIGKILL: said twice at all", "reported"),
        ]

    def memory(self) -> list[Figure]:
        """512 people."""
        rows = self._beside("512", seconds=2 * self.seconds)
        return [_both(rows, 512, "memory", "MB with 512 people", Asked(120, "size"))]

    def replicas(self) -> list[Figure]:
        """One on PostgreSQL, and two."""
        options = ["--levels", "128", "--seconds", str(self.seconds), "--delay", "40"]
        found = replicas.interleaved(options, self.rounds)
        _print(replicas.table(found))
        one, two = found[1], found[2]
        rates = f"{one['rate']:,.0f} → {two['rate']:,.0f}: {two['rate'] / one['rate']:.2f} ×"
        costs = " → ".join(" + ".join(f"{each:.2f}" for each in row["each"]) for row in (one, two))
        of = "PostgreSQL, one replica → two, 40 ms"
        return [
            Figure(f"{of}: updates/s", rates, None, "≥ 1.8 × where there are six cores"),
            Figure(f"{of}: CPU ms, replicas + PostgreSQL + Bot API", costs, None, "reported"),
        ]

    def timers(self) -> list[Figure]:
        """A million of them."""
        found = uvloop.run(timers.measured())
        of = "a million pending timers"
        return [
            Figure(f"{of}: ms to look when none is due", found.look * 1e3, None, Asked(1, "time"), "{:.2f}"),
            Figure(f"{of}: claimed a second into empty turns", found.claimed, None, Asked(20_000, "rate")),
            Figure(f"{of}: a second with their whole turn", found.turned, None, "reported"),
            Figure(f"{of}: ms to set one person's", found.set_one * 1e3, None, Asked(2, "time"), "{:.2f}"),
            Figure(f"{of}: MB more in the bot", found.memory, None, "flat", "{:.1f}"),
        ]

    def start(self) -> list[Figure]:
        """Process to first message."""
        found = asyncio.run(start.repeated(max(3, self.rounds)))
        return [
            Figure("s from start to first answer", median(found.seconds), None, Asked(start.TARGET, "time"), "{:.2f}"),
            Figure("MB at rest", median(found.megabytes), None, "reported"),
        ]

    def _beside(
        self,
        levels: str,
        *options: str,
        tls: bool = False,
        seconds: float | None = None,
        bots: list[peers.Peer] | None = None,
    ) -> Rows:
        given = ["--levels", levels, "--seconds", str(seconds or self.seconds), *options]
        rows = peers.interleaved(bots or self.two, given, self.rounds, tls=tls)
        _print(peers.table(rows))
        return rows


PARTS: dict[str, Callable[[Run], list[Figure]]] = {
    "load": Run.load,
    "tls": Run.tls,
    "delay": Run.delay,
    "crash": Run.crash,
    "memory": Run.memory,
    "replicas": Run.replicas,
    "timers": Run.timers,
    "start": Run.start,
}


def _of(rows: Rows, name: str, people: int, column: str) -> float | None:
    """The median of all rounds; None for a bot that was left out or answered nobody."""
    values = [row[column] for row in rows if (row["bot"], row["people"]) == (name, people)]
    return float(median(values)) if values and None not in values else None


def _speed(rows: Rows) -> Speed | None:
    """From both levels together."""
    found = {each: [_of(rows, THEIRS, people, each) for people in (16, 128)] for each in ("rate", "cpu", "busy")}
    means = {each: mean(value for value in values if value) for each, values in found.items() if any(values)}
    if len(means) < len(found):
        return None
    return Speed(means["rate"] / SET_AT["rate"], SET_AT["cpu"] / means["cpu"], means["busy"])


def _both(rows: Rows, people: int, column: str, name: str, asked: Asked | str, shown: str = "{:,.0f}") -> Figure:
    ours, theirs = (_of(rows, bot, people, column) for bot in (OURS, THEIRS))
    return Figure(name, ours, theirs, asked, shown)


def _added(rows: Rows, words: str, name: str, asked: str) -> Figure:
    """All kills together."""
    sums = [
        {key: sum(row[key] for row in rows if row["bot"] == bot) for key in peers.CRASHED} for bot in (OURS, THEIRS)
    ]
    ours, theirs = (words.format(**found) if found["people"] else None for found in sums)
    return Figure(name, ours, theirs, asked)


def _print(lines: Iterator[str]) -> None:
    print("\n".join(lines), "\n", sep="", flush=True)


def main() -> None:
    """Measure part after part, and show the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"these alone, of {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3)
    given = parser.parse_args()
    if unknown := set(given.parts) - PARTS.keys():
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    begun, figures, before = time.monotonic(), [], peers.machine()
    run = Run(given.rounds, given.seconds)
    chosen = [part for part in PARTS if part in (given.parts or PARTS)]
    for number, part in enumerate(chosen):
        minutes = (time.monotonic() - begun) / 60
        print(f"-- {part}, {number + 1} of {len(chosen)}, after {minutes:.1f} minutes", file=sys.stderr, flush=True)
        try:
            figures += PARTS[part](run)
        except (ImportError, OSError, subprocess.CalledProcessError) as fault:
            print(f"left out: {part} ({type(fault).__name__}: {fault})", file=sys.stderr)
    print(f"{before}, at the end {peers.machine().partition('load ')[2].partition(';')[0]}")
    print(f"{SystemClock().now():%Y-%m-%d}, {(time.monotonic() - begun) / 60:.0f} minutes: ", end="")
    print(" ".join(["python bench/table.py", *sys.argv[1:]]))
    if run.speed:
        print("\n".join(run.speed.said()))
    print(f"\n| {' | '.join(TITLES)} |\n|---|{'---:|' * (len(TITLES) - 1)}")
    for figure in figures:
        print(f"| {' | '.join(figure.cells(run.speed))} |")
    print(f"\n{SCALING}")


if __name__ == "__main__":
    main()
