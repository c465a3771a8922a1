"""The measurements in bench/ still run: on a tiny scale, and without looking at a clock."""

import asyncio
import importlib
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.carried import CACHE
from tests.program import ROOT, TOKEN, Program, hosted, polled, until, words

BENCH = ROOT / "bench"
PEOPLE = 4


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, ModuleType]]:
    """The programs of bench/, as they see each other when one is started."""
    monkeypatch.syspath_prepend(BENCH)
    names = ("stage", "turns", "timers")
    yield {name: importlib.import_module(name) for name in names}
    for name in names:
        del sys.modules[name]


@pytest.mark.deep  # it reads dialogs of its own
async def test_people_walk_through_all_steps(bench: dict[str, ModuleType], tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(bench["stage"], "CACHE", CACHE)
    script = json.loads((BENCH / "dialog-script.json").read_text())
    turns = bench["turns"]
    assert len(script) == turns.STEPS
    async with bench["stage"].staged(tmp_path, PEOPLE, turns.DIALOGS) as stage:
        people = turns.People(stage.wire)
        for step in script:
            await stage.conversation.handle(people.batch(PEOPLE))
            await stage.sent()
            assert [n for n, (*_, said) in stage.wire.shown.items() if not re.match(step["expect"], said)] == []
        assert len(stage.wire.shown) == PEOPLE


async def test_timers_are_taken_out(bench: dict[str, ModuleType], tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(bench["stage"], "CACHE", CACHE)
    measured = bench["timers"]
    for name, small in {"PEOPLE": PEOPLE, "EACH": 4, "BATCH": PEOPLE, "BATCHES": 2, "LOOKS": 2}.items():
        monkeypatch.setattr(measured, name, small)
    async with bench["stage"].staged(tmp_path, PEOPLE) as stage:
        await measured.fill(stage)
        await measured.look(stage)
        await measured.set_one(stage)
        await measured.claim(stage)
        await measured.turns(stage)


@pytest.mark.deep
async def test_the_bot_among_its_peers_answers(tmp_path: Path) -> None:
    async with hosted(tmp_path) as (host, simulator):
        given = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "TELEGRAM_BASE_URL": host.settings["STILLHERE_API_URL"],
            "BOT_TOKEN": TOKEN,
            "BENCH_DIR": str(tmp_path),
            "BENCH_CACHE": str(CACHE),
            "BENCH_PEOPLE": "1",
        }
        log = tmp_path / "log"
        with log.open("wb") as out:
            command = (sys.executable, str(BENCH / "peers/stillhere_bot.py"))
            process = await asyncio.create_subprocess_exec(*command, env=given, stdout=out, stderr=out)
        program = Program(process, log)
        try:
            await polled(simulator, program)
            ann = simulator.people()[0]
            ann.says("/soothe")
            await until(simulator, program, lambda: words(ann))
            assert words(ann)[0].startswith("[intensity]")
            code = await program.stop()
            assert code == 0, program.said
        finally:
            await program.kill()
