"""Stillhere beside other bots on the same dialog: `python bench/peers.py [--rounds 3] [--delay 40] [--tls] [--only NAME …]`."""

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


@dataclass(frozen=True, slots=True)
class Peer:
    """A bot to be measured: its name, how it is started, and what it stands on."""

    name: str
    command: tuple[str, ...]
    about: str


def node_peers() -> Iterator[Peer]:
    """The bots that run on Node."""
    modules = OUTSIDE / "node"
    if not (modules / "node_modules/better-sqlite3/build").exists():
        modules.mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / "peers/package.json", modules)
        subprocess.run(["npm", "install", "--silent", "--no-fund", "--no-audit"], cwd=modules, check=True)
    environment = f"NODE_PATH={modules / 'node_modules'}"
    yield Peer("telegraf", ("env", environment, "node", str(HERE / "peers/telegraf_bot.js")), "better-sqlite3")


def python_peers() -> Iterator[Peer]:
    """The bots that run on Python, in an environment of their own."""
    python = OUTSIDE / "python/bin/python"
    marker = OUTSIDE / "python/ready"
    if not marker.exists():
        venv.create(OUTSIDE / "python", with_pip=True, clear=True)
        install = [str(python), "-m", "pip", "install", "-q", "-r", str(HERE / "peers/requirements.txt")]
        subprocess.run(install, check=True)
        marker.touch()
    yield Peer("aiogram", (str(python), str(HERE / "peers/aiogram_bot.py")), "aiogram-sqlite-storage")
    yield Peer("ConversationHandler", (str(python), str(HERE / "peers/ptb_bot.py")), "PicklePersistence")


def peers(wanted: list[str]) -> list[Peer]:
    """Those that can be had here; a line for each that cannot."""
    found = [Peer("stillhere", (sys.executable, str(HERE / "peers/stillhere_bot.py")), "SQLite, WAL, FULL")]
    for some in (node_peers, python_peers):
        try:
            found += some()
        except (OSError, subprocess.CalledProcessError) as fault:
            print(f"left out: {some.__doc__} ({type(fault).__name__})", file=sys.stderr)
    return [peer for peer in found if not wanted or peer.name in wanted]


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


def main() -> None:
    """Run the rounds one bot after the other, so that whatever else the machine does meets them all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--levels", default="1,16,128")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--delay", type=int, default=0, help="ms by which every answer of the Bot API is held back")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--crash", action="store_true", help="kill each bot in mid dialog instead")
    parser.add_argument("--only", nargs="*", default=[])
    given = parser.parse_args()
    options = ["--levels", given.levels, "--seconds", str(given.seconds), "--delay", str(given.delay)]
    options += ["--crash"] if given.crash else []
    found, rows = peers(given.only), []
    with tempfile.TemporaryDirectory() as folder:
        tls = certify(Path(folder)) if given.tls else None
        for number in range(given.rounds):
            for peer in found[number % len(found) :] + found[: number % len(found)]:
                print(f"round {number + 1} of {given.rounds}: {peer.name}", file=sys.stderr)
                rows += [{"bot": peer.name, **row} for row in measured(peer, options, tls)]
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    (results / f"{SystemClock().now():%Y-%m-%d-%H%M%S}.json").write_text(json.dumps(rows, indent=1))
    load = "/".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {load}; Python {platform.python_version()}\n")
    if given.crash:
        for row in rows:
            print(f"{row['bot']}: {row['survived']} of {row['reached']} dialogs go on after SIGKILL")
    else:
        print("\n".join(table(rows)))


if __name__ == "__main__":
    main()
