"""What keeps the bot from starting is said in one clear line, with what to do about it; nothing is lost, and no traceback shown."""

import asyncio
import shutil
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.simulator import Fault, Trouble
from tests.program import TOKEN, Host, hosted, running

UNREACHABLE = "http://127.0.0.1:9"  # the discard port: nobody listens


async def refused(host: Host, *command: str, **settings: str) -> str:
    """What `run` (or another command) says before it ends with exit code 1."""
    code, said = await host.does(*command, **settings)
    assert code == 1, said
    assert "Traceback" not in said
    assert TOKEN not in said
    assert said.startswith("stillhere: "), said
    return said.removeprefix("stillhere: ").strip()


async def one_line(host: Host, *command: str, **settings: str) -> str:
    """The same, if it is one line."""
    said = await refused(host, *command, **settings)
    assert "\n" not in said
    return said


async def test_a_missing_token(tmp_path: Path) -> None:
    async with hosted(tmp_path) as (host, _):
        said = await one_line(host, STILLHERE_BOT_TOKEN="")
        assert "STILLHERE_BOT_TOKEN" in said
        assert "@BotFather" in said


@pytest.mark.parametrize("token", ["700000002:another-token", "1:nobody"], ids=["changed", "unknown"])
async def test_a_token_telegram_does_not_know(tmp_path: Path, token: str) -> None:
    async with hosted(tmp_path) as (host, _):
        said = await one_line(host, STILLHERE_BOT_TOKEN=token)
        assert "STILLHERE_BOT_TOKEN" in said
        assert token not in said


async def test_an_address_that_is_not_the_bot_api(tmp_path: Path) -> None:
    async with hosted(tmp_path) as (host, _):
        said = await one_line(host, STILLHERE_API_URL=host.settings["STILLHERE_API_URL"] + "/elsewhere")
        assert "STILLHERE_API_URL" in said


async def test_several_wrong_settings_at_once(tmp_path: Path) -> None:
    async with hosted(tmp_path) as (host, _):
        said = await refused(
            host,
            STILLHERE_BOT_TOKEN="my secret",
            STILLHERE_SEND_RATE="fast",
            STILLHERE_ACCESS="friends",
            STILLHERE_HEALTH_LISTEN="here",
            STILLHERE_API_URL="api.telegram.org",
        )
        named = [line.partition(":")[0].removeprefix("STILLHERE_") for line in said.splitlines()]
        assert sorted(named) == ["ACCESS", "API_URL", "BOT_TOKEN", "HEALTH_LISTEN", "SEND_RATE"]
        assert "my secret" not in said
        assert "friends" not in said


async def test_no_network_at_the_start(tmp_path: Path) -> None:
    async with hosted(tmp_path) as (host, _):
        said = await host.does(STILLHERE_API_URL=UNREACHABLE, STILLHERE_START_WAIT="1")
        assert said[0] == 1
        waiting, gave_up = said[1].splitlines()
        assert "not reached yet" in waiting
        assert "Check this machine's network" in gave_up
        assert TOKEN not in said[1]


async def test_a_network_that_comes_back_while_the_bot_starts(tmp_path: Path) -> None:
    async with hosted(tmp_path) as (host, simulator):
        with simulator.faults.during(Fault(Trouble.ERROR, "getMe", times=1, code=502)):
            async with running(host, simulator) as program:
                assert "not reached yet" in program.said


async def test_dialogs_with_faults_are_listed_each_with_file_and_line(tmp_path: Path) -> None:
    own = tmp_path / "own/walk"
    own.mkdir(parents=True)
    own.joinpath("dialog.yaml").write_text(
        "dialog: walk\ncommand: walk\nstates:\n  one:\n    say: one.ask\n    buttons:\n      - - {press: go, go: nowhere}\n"
    )
    own.joinpath("en.yaml").write_text("one.ask: Shall we?\n")
    async with hosted(tmp_path) as (host, _):
        said = await refused(host, STILLHERE_DIALOGS=str(own.parent))
        assert "walk/dialog.yaml:7" in said
        assert "nowhere" in said
        assert not host.database.exists()


async def test_a_dialogs_folder_that_is_not_there(tmp_path: Path) -> None:
    async with hosted(tmp_path) as (host, _):
        assert "STILLHERE_DIALOGS" in await one_line(host, STILLHERE_DIALOGS=str(tmp_path / "gone"))


async def test_a_database_folder_that_cannot_be_written(tmp_path: Path) -> None:
    async with hosted(tmp_path) as (host, _):
        host.database.parent.mkdir(mode=0o555)
        host.weak = True
        assert "write" in await one_line(host)


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    async with hosted(tmp_path) as (host, _):
        host.database.parent.mkdir()
        host.database.write_text("Dear diary, " * 100)
        said = await one_line(host)
        assert "STILLHERE_DATABASE_URL" in said
        assert host.database.read_text().startswith("Dear diary")


async def test_a_missing_a_broken_and_a_swapped_key(tmp_path: Path) -> None:
    async with hosted(tmp_path) as (host, simulator):
        async with running(host, simulator):
            pass
        key, kept = tmp_path / "keys/stillhere.key", tmp_path / "kept.key"
        shutil.move(key, kept)
        assert "missing" in await one_line(host)
        assert not key.exists()
        key.write_text("not a key")
        assert "not a master key" in await one_line(host)
        key.write_text(bytes(range(32)).hex())
        swapped = await one_line(host)
        assert "not the one of this database" in swapped
        assert bytes(range(32)).hex() not in swapped
        shutil.move(kept, key)
        async with running(host, simulator):
            pass


async def test_a_database_of_a_newer_program(tmp_path: Path) -> None:
    async with hosted(tmp_path) as (host, simulator):
        async with running(host, simulator):
            pass
        with closing(sqlite3.connect(host.database)) as file:
            file.execute("UPDATE alembic_version SET version_num = '9999'")
            file.commit()
        said = await one_line(host)
        assert "newer" in said
        assert "9999" in said


async def test_a_second_program_on_the_same_database(tmp_path: Path) -> None:
    async with hosted(tmp_path) as (host, simulator), running(host, simulator):
        said = await one_line(host)
        assert "Another Stillhere" in said
        assert "PostgreSQL" in said


@pytest.mark.deep  # five times three seconds, so that a restart that overlaps is no reason to give up
async def test_somebody_else_polls_with_the_same_token(tmp_path: Path) -> None:
    async with hosted(tmp_path) as (host, simulator):
        queue = simulator.queue(next(iter(simulator.world.accounts.values())))
        program = await host.start()

        async def rival() -> None:
            while True:
                await simulator.until(lambda: queue.is_polled)
                await queue.poll(0, 1, 0.01)

        polling = asyncio.create_task(rival())
        assert await program.ended() == 1
        polling.cancel()
        assert "Another program polls Telegram with this bot's token" in program.said.splitlines()[-1]


@pytest.mark.parametrize("way", ["HEALTH", "WEBHOOK"])
async def test_a_port_that_is_taken(tmp_path: Path, way: str) -> None:
    async with hosted(tmp_path) as (host, _):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            listen = f"127.0.0.1:{taken.getsockname()[1]}"
            webhook = {"STILLHERE_WEBHOOK_URL": "https://bot.example/hook", "STILLHERE_WEBHOOK_SECRET": "s3cret"}
            said = await one_line(host, **webhook, **{f"STILLHERE_{way}_LISTEN": listen})
            assert listen in said
            assert f"STILLHERE_{way}_LISTEN" in said


async def test_a_webhook_without_a_secret(tmp_path: Path) -> None:
    async with hosted(tmp_path) as (host, _):
        said = await one_line(host, STILLHERE_WEBHOOK_URL="https://bot.example/hook")
        assert "STILLHERE_WEBHOOK_SECRET" in said


async def test_a_fault_of_the_program_names_type_and_place_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import bot.commands.run\ndef fails(*given):\n    raise LookupError('Ann, I miss you')\nbot.commands.run.run = fails\n"
    )
    async with hosted(tmp_path) as (host, _):
        path = f"{tmp_path}:{Path(__file__).parents[2]}"
        code, said = await host.does(PYTHONPATH=path)
        assert code == 2
        assert "LookupError at bot/cli.py:" in said
        assert "report" in said
        assert "Ann" not in said
        assert len(said.splitlines()) == 1
