"""At the first start a child process compiles, so that the bot itself never needs the memory for it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

START = """
import asyncio, os, sys
from pathlib import Path
from bot.commands.run import compile_ahead
from bot.config import Settings
from bot.dialogs import gate, read_dialogs
from bot.hosting.ahead import ended

settings = Settings(_env_file=None, bot_token="7:ahead", cache=Path("cache"))
forks, fork = [], os.fork
os.fork = lambda: forks.append(1) or fork()
if child := compile_ahead(settings):
    asyncio.run(ended(child))
print(len(forks), *sorted(path.name.partition("-")[0] for path in settings.cache.glob("*")))
if forks:
    gate(None, tuple(read_dialogs(None, settings.cache).catalog.locales), settings.cache)
    assert not {"ruamel.yaml", "bot.dialog.linter"} & set(sys.modules), "it compiled itself"
"""


def started(folder: Path) -> str:
    """How often a start forked, and what was kept before it read its dialogs."""
    program = [sys.executable, "-c", START]
    where = {"PYTHONPATH": str(ROOT)}
    return subprocess.check_output(program, cwd=folder, env=where, text=True, timeout=120).strip()


@pytest.mark.deep  # it compiles everything
def test_the_first_start_has_a_child_compile_and_the_second_needs_none(tmp_path: Path) -> None:
    assert started(tmp_path) == "1 dialogs fine lexicon words"
    assert started(tmp_path) == "0 dialogs fine lexicon words"


def test_a_cache_that_cannot_be_used_costs_no_second_compilation(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert started(tmp_path) == "0"
