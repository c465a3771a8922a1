"""Stillhere beside other bots on the same dialog: `python bench/peers.py [--all | --only NAME …] [--rounds 3] [--delay 40] [--tls] [--crash]`."""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from certificate import certify

from bot.core.clock import SystemClock

HERE = Path(__file__).parent
OUTSIDE = HERE.parent / "var/bench"
"""What others' bots need is installed here; the folder may be deleted at any time."""

READY = "ready"
"""In a folder of what was installed: the file that says what was asked for, once all of it is there."""

COLUMNS = {
    "rate": ("updates/s", "{:,.0f}"),
    "cpu": ("CPU ms", "{:.2f}"),
    "busy": ("of a core", "{:.0%}"),
    "p50": ("p50 ms", "{:.1f}"),
    "p99": ("p99 ms", "{:.1f}"),
    "memory": ("MB", "{:.0f}"),
    "lost": ("lost", "{:.0f}"),
    "wrong": ("wrong", "{:.0f}"),
}

CRASHED = {
    "people": "people",
    "survived": "survived",
    "lost": "inputs lost",
    "applied": "applied twice",
    "said": "said twice",
    "loose": "of it not in flight",
    "wrong": "wrong",
    "redelivered": "redelivered",
}


@dataclass(frozen=True, slots=True)
class Peer:
    """A bot to be measured: its name, how it is started, what it stands on, and whether it runs without being asked for."""

    name: str
    command: tuple[str, ...]
    about: str
    usual: bool = True


def node_peers() -> Iterator[Peer]:
    """The bots that run on Node."""
    modules, wanted = OUTSIDE / "node", HERE / "peers/package.json"
    wish = _said("node", "--version") + wanted.read_text()
    if not _has(modules, wish) or not (modules / "node_modules/better-sqlite3/build").exists():
        shutil.rmtree(modules, ignore_errors=True)
        modules.mkdir(parents=True)
        shutil.copy(wanted, modules)
        subprocess.run(["npm", "install", "--silent", "--no-fund", "--no-audit"], cwd=modules, check=True)
        (modules / READY).write_text(wish)
    command = ("env", f"NODE_PATH={modules / 'node_modules'}", "node")
    yield Peer("telegraf", (*command, str(HERE / "peers/telegraf_bot.js")), "better-sqlite3")
    yield Peer("grammy", (*command, str(HERE / "peers/grammy_bot.js")), "runner, better-sqlite3", usual=False)


def python_peers() -> Iterator[Peer]:
    """The bots that run on Python, in an environment of their own, but on the same Python as Stillhere."""
    place, wanted = OUTSIDE / "python", HERE / "peers/requirements.txt"
    wish = f"{sys.version}\n{wanted.read_text()}"
    python = str(place / "bin/python")
    if not _has(place, wish):
        venv.create(place, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", str(wanted)], check=True)
        (place / READY).write_text(wish)
    yield Peer("aiogram", (python, str(HERE / "peers/aiogram_bot.py")), "aiogram-sqlite-storage")
    yield Peer("ConversationHandler", (python, str(HERE / "peers/ptb_bot.py")), "PicklePersistence")
    dialogs, rows = HERE / "peers/aiogram_dialog_bot.py", HERE / "peers/ptb_sqlalchemy_bot.py"
    yield Peer("aiogram-dialog", (python, str(dialogs)), "aiogram-sqlite-storage", usual=False)
    yield Peer("ptb-sqlalchemy", (python, str(rows)), "SQLAlchemy, aiosqlite", usual=False)


def _has(place: Path, wish: str) -> bool:
    """Whether all that is asked for today has been installed there, for the interpreter of today."""
    ready = place / READY
    return ready.exists() and ready.read_text() == wish


def _said(*command: str) -> str:
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def peers(only: list[str], *, unusual: bool) -> list[Peer]:
    """Those that are wanted and can be had here; a line for each that cannot."""
    found = [Peer("stillhere", (sys.executable, str(HERE / "peers/stillhere_bot.py")), "SQLite, WAL, FULL")]
    for some in (node_peers, python_peers):
        try:
            found += some()
        except (OSError, subprocess.CalledProcessError) as fault:
            print(f"left out: {some.__doc__} ({type(fault).__name__})", file=sys.stderr)
    for name in set(only) - {peer.name for peer in found}:
        print(f"left out: {name} (there are {', '.join(peer.name for peer in found)})", file=sys.stderr)
    return [peer for peer in found if (peer.name in only if only else peer.usual or unusual)]


def measured(peer: Peer, options: list[str], tls: Path | None) -> list[dict[str, Any]]:
    """One run of the load program against a fresh bot: a row a level."""
    with tempfile.TemporaryDirectory(prefix="bench-") as work:
        trust = {"SSL_CERT_FILE": f"{tls}/cert", "NODE_EXTRA_CA_CERTS": f"{tls}/cert"} if tls else {}
        certificate = ["--tls", f"{tls}/cert,{tls}/key"] if tls else []
        command = ["node", str(HERE / "load/main.js"), *options, *certificate, "--work", work, "--", *peer.command]
        environment = {**os.environ, "BENCH_CACHE": str(OUTSIDE / "cache"), **trust}
        ended = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
        if ended.returncode:
            print(f"{peer.name}: no result", file=sys.stderr)
        return [json.loads(line) for line in ended.stdout.splitlines()]


def table(rows: list[dict[str, Any]]) -> Iterator[str]:
    """The medians of all rounds, as Markdown."""
    yield "| bot | people | " + " | ".join(title for title, _ in COLUMNS.values()) + " | rounds |"
    yield "|---|---:|" + "---:|" * (len(COLUMNS) + 1)
    for name, count in dict.fromkeys((row["bot"], row["people"]) for row in rows):
        some = [row for row in rows if (row["bot"], row["people"]) == (name, count)]
        cells = [
            _cell([row[column] for row in some if row.get(column) is not None], shown)
            for column, (_, shown) in COLUMNS.items()
        ]
        yield f"| {name} | {count} | " + " | ".join(cells) + f" | {len(some)} |"


def _cell(values: list[float], shown: str) -> str:
    """The median; a dash for a bot that answered nobody."""
    return shown.format(median(values)) if values else "–"


def crashes(rows: list[dict[str, Any]]) -> Iterator[str]:
    """What SIGKILL did, all rounds together."""
    yield "| bot | " + " | ".join(CRASHED.values()) + " | kills |"
    yield "|---|" + "---:|" * (len(CRASHED) + 1)
    for name in dict.fromkeys(row["bot"] for row in rows):
        some = [row for row in rows if row["bot"] == name]
        yield f"| {name} | " + " | ".join(str(sum(row[each] for row in some)) for each in CRASHED) + f" | {len(some)} |"


def interleaved(found: list[Peer], options: list[str], rounds: int, *, tls: bool = False) -> list[dict[str, Any]]:
    """Rounds of one bot after the other, so that whatever else the machine does meets them all; each row is kept, too."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        trusted = certify(Path(folder)) if tls else None
        for number in range(rounds):
            for peer in found[number % len(found) :] + found[: number % len(found)]:
                print(f"round {number + 1} of {rounds}: {peer.name}", file=sys.stderr)
                rows += [{"bot": peer.name, **row} for row in measured(peer, options, trusted)]
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    (results / f"{SystemClock().now():%Y-%m-%d-%H%M%S}.json").write_text(json.dumps(rows, indent=1))
    return rows


def machine() -> str:
    """Where this is measured."""
    load = "/".join(f"{each:.1f}" for each in os.getloadavg())
    kind = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "")
    processor = kind.partition(": ")[2] or platform.machine()
    return f"{processor}, {os.cpu_count()} cores, load {load}; Python {platform.python_version()}, Node {_said('node', '--version').strip()}"


def main() -> None:
    """Run the rounds, and show their medians; of crashes, the sums."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--levels", default="1,16,128")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--delay", type=int, default=0, help="ms by which every answer of the Bot API is held back")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--crash", action="store_true", help="kill each bot at full speed instead")
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--only", nargs="*", default=[], metavar="NAME", help="these bots alone")
    chosen.add_argument("--all", action="store_true", help="all bots, not only the usual ones")
    given = parser.parse_args()
    options = ["--levels", given.levels, "--seconds", str(given.seconds), "--delay", str(given.delay)]
    options += ["--crash"] if given.crash else []
    found = peers(given.only, unusual=given.all)
    if not found:
        parser.error("there is no bot to measure")
    rows = interleaved(found, options, given.rounds, tls=given.tls)
    print(f"{machine()}\n")
    print("\n".join(crashes(rows) if given.crash else table(rows)))


if __name__ == "__main__":
    main()
