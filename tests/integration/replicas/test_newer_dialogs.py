"""While the dialogs change, replica by replica: who stands in a newer one is left to those who know it, and loses nothing."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.app import App
from bot.config import Settings
from bot.dialog.library import Library
from bot.dialog.loader import load
from bot.dialogs import registry
from bot.simulator import Simulator, serve
from tests.carried import CACHE
from tests.integration.replicas.fleet import Fleet
from tests.program import TOKEN, Host, words

SOUND = Path(__file__).parents[2] / "scripts_sound"
OLDER = """
dialog: gate
command: gate
begin:
  - {go: outside}
states:
  outside:
    say: outside.ask
    buttons:
      - - {press: enter, go: outside}
"""
NEWER = (
    OLDER.replace("{press: enter, go: outside}", "{press: enter, go: inside}")
    + """
  inside:
    say: inside.ask
    text:
      - {do: {keep_text: word}, say: inside.heard}
"""
)
SAID = """
outside.ask: You are outside.
outside.enter: Enter
inside.ask: You are inside.
inside.heard: "Inside: {word}."
"""


def library(folder: Path, dialog: str) -> Library:
    for needed in ("common", "help", "lost", "pause"):
        shutil.copytree(SOUND / needed, folder / needed)
    with (folder / "common/en.yaml").open("a") as file:
        file.write("bot.about: A gate.\nbot.description: A gate.\n")
    (folder / "gate").mkdir()
    (folder / "gate/dialog.yaml").write_text(dialog)
    (folder / "gate/en.yaml").write_text(SAID)
    return Library(load([folder]), registry())


@pytest.fixture
async def bots(tmp_path: Path, create_postgresql: Callable[[], str]) -> AsyncIterator[Fleet]:
    """Ann stands inside, where a replica with the newer dialogs has led her. It has gone since, a moment ago."""
    (tmp_path / "my.key").write_text("00" * 32)
    simulator = Simulator(limits=False)
    simulator.add_bot(TOKEN, "still_bot", "Still")
    ann, _ = [simulator.add_user(name) for name in ("Ann", "Ben")]
    async with serve(simulator) as served:
        host = Host(tmp_path, CACHE, STILLHERE_API_URL=served.api_url)
        made = Fleet(host, simulator, create_postgresql(), hooked=False)
        async with running(made, library(tmp_path / "newer", NEWER)):
            ann.says("/gate")
            await made.heard(lambda: words(ann)[-1:] == ["You are outside."])
            ann.taps("Enter")
            await made.heard(lambda: words(ann)[-1:] == ["You are inside."])
        yield made


@asynccontextmanager
async def running(bots: Fleet, known: Library) -> AsyncIterator[App]:
    """A replica that knows these dialogs."""
    folder = bots.host.folder
    app = App(
        Settings(
            _env_file=None,
            bot_token=TOKEN,
            api_url=bots.host.settings["STILLHERE_API_URL"],
            database_url=bots.url,
            key_file=folder / "my.key",
            cache=CACHE,
            health_listen="",
        ),
        library=known,
    )
    await app.open()
    task = asyncio.create_task(app.run())
    yield app
    app.stop()
    await task
    await app.close()


@pytest.mark.deep  # several seconds
async def test_who_stands_in_newer_dialogs_waits_for_a_replica_that_knows_them(bots: Fleet, tmp_path: Path) -> None:
    ann, ben = bots.simulator.people()
    behind = asyncio.Event()
    async with running(bots, library(tmp_path / "older", OLDER)) as app:
        app.conversation.on_behind = behind.set
        ann.says("hello")
        ben.says("/gate")
        async with asyncio.timeout(60):
            await behind.wait()
        await bots.heard(lambda: words(ben) == ["You are outside."])  # nobody else has to wait
        assert words(ann)[-1] == "You are inside."
        assert bots.simulator.queue(bots.simulator.world.accounts[700000002]).waiting()
        app.conversation.library = library(tmp_path / "reloaded", NEWER)
        await bots.heard(lambda: words(ann)[-1] == "Inside: hello.")
        assert words(ben) == ["You are outside."]


async def test_once_nobody_knows_them_any_more_the_dialog_begins_again_kindly(bots: Fleet, tmp_path: Path) -> None:
    ann, _ = bots.simulator.people()
    await bots.rows("UPDATE scripts SET at = 0")
    before = len(words(ann))
    async with running(bots, library(tmp_path / "older", OLDER)):
        ann.says("hello")
        await bots.heard(lambda: len(words(ann)) > before)
    assert "You are outside." in words(ann)[-1]


async def test_a_command_needs_no_place(bots: Fleet, tmp_path: Path) -> None:
    ann, _ = bots.simulator.people()
    async with running(bots, library(tmp_path / "older", OLDER)):
        ann.says("/help")
        before = len(words(ann))
        await bots.heard(lambda: len(words(ann)) > before)
