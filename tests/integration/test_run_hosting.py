"""What a host does besides `run`: init, doctor, backup, db upgrade. Each tells what it did; none touches what is there."""

import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

from bot.storage.migration import newest
from tests.program import TOKEN, hosted, running, until, words


def row(path: Path, statement: str) -> tuple[object, ...]:
    with closing(sqlite3.connect(path)) as file:
        found: tuple[object, ...] = file.execute(statement).fetchone()
        return found


async def test_init_writes_settings_and_a_key_once(tmp_path: Path) -> None:
    async with hosted(tmp_path) as (host, simulator):
        code, said = await host.does("init")
        assert code == 0
        env, key = tmp_path / ".env", tmp_path / "keys/stillhere.key"
        assert [stat.S_IMODE(path.stat().st_mode) for path in (env, key)] == [0o600, 0o600]
        assert "Keep a copy" in said
        before = key.read_bytes()
        env.write_text(env.read_text().replace("STILLHERE_BOT_TOKEN=", f"STILLHERE_BOT_TOKEN={TOKEN}"))
        code, said = await host.does("init")
        assert (code, key.read_bytes()) == (0, before)
        assert said.count("is left as it is") == 2
        assert TOKEN in env.read_text()
        host.settings.pop("STILLHERE_BOT_TOKEN")
        async with running(host, simulator):  # .env is all it needs
            pass


async def test_init_makes_no_new_key_for_an_old_database(tmp_path: Path) -> None:
    async with hosted(tmp_path) as (host, simulator):
        async with running(host, simulator):
            pass
        shutil.rmtree(tmp_path / "keys")
        code, said = await host.does("init")
        assert code == 1
        assert "put the old one back" in said
        assert not (tmp_path / "keys").exists()


async def test_doctor_finds_a_fresh_and_a_running_bot_well(tmp_path: Path) -> None:
    async with hosted(tmp_path) as (host, simulator):
        code, said = await host.does("doctor")
        assert code == 0, said
        assert not host.database.exists()
        async with running(host, simulator):
            code, said = await host.does("doctor")
            assert code == 0, said
            subjects = [line[2:].partition(":")[0] for line in said.splitlines() if line.startswith("✓ ")]
            told = {
                "settings",
                "token",
                "updates",
                "disk",
                "database",
                "key",
                "outbox",
                "timers",
                "dead letters",
                "dialogs",
            }
            assert told <= set(subjects)
            assert "in use" in said
            assert "@still_bot" in said


async def test_doctor_says_what_to_do_about_everything_that_is_amiss(tmp_path: Path) -> None:
    async with hosted(tmp_path) as (host, simulator):
        async with running(host, simulator):
            pass
        with closing(sqlite3.connect(host.database)) as file:
            letter = "INSERT INTO dead_letters VALUES ('update:1', 5, 1001, 'KeyError at bot/dialog/engine.py:7', ?)"
            file.execute(letter, [int(host.database.stat().st_mtime * 1_000_000)])
            file.execute("INSERT INTO lanes (destination, priority, next_at, tat) VALUES ('chat:1', 0, 1, 0)")
            file.commit()
        (tmp_path / "keys/stillhere.key").write_text(bytes(range(32)).hex())
        code, said = await host.does(
            "doctor", STILLHERE_BOT_TOKEN="3:not-mine", STILLHERE_DIALOGS="gone", STILLHERE_BOTTOKEN="slip"
        )
        assert code == 1
        amiss = {line[2:].partition(":")[0]: line for line in said.splitlines() if line.startswith("✗ ")}
        assert set(amiss) == {"settings", "token", "key", "outbox", "dead letters", "dialogs"}
        assert "STILLHERE_BOTTOKEN" in amiss["settings"]
        assert "KeyError at bot/dialog/engine.py:7" in amiss["dead letters"]
        assert "1001" not in said
        assert "not-mine" not in said


async def test_backup_copies_a_running_database_whole_and_without_the_key(tmp_path: Path) -> None:
    async with hosted(tmp_path) as (host, simulator), running(host, simulator) as program:
        ann, _ = simulator.people()
        ann.starts()
        await until(simulator, program, lambda: words(ann))
        code, said = await host.does("backup", "copy.db")
        assert code == 0, said
        copy = tmp_path / "copy.db"
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
        assert row(copy, "SELECT id FROM users") == (ann.id,)
        assert row(copy, "PRAGMA integrity_check") == ("ok",)
        assert not list(tmp_path.glob("copy.db?*"))  # one file, ready to be carried away
        key = (tmp_path / "keys/stillhere.key").read_bytes().strip()
        assert key not in copy.read_bytes()
        assert "keys/stillhere.key" in said
        before = copy.read_bytes()
        code, said = await host.does("backup", "copy.db")
        assert (code, copy.read_bytes()) == (1, before)
        code, said = await host.does("backup", "no/such/folder/copy.db")
        assert code == 1
        assert len(said.splitlines()) == 1


async def test_backup_of_a_postgresql_is_left_to_pg_dump(tmp_path: Path) -> None:
    async with hosted(tmp_path, STILLHERE_DATABASE_URL="postgresql+asyncpg://me:hush@nowhere/still") as (host, _):
        code, said = await host.does("backup", "copy.db")
        assert code == 1
        assert "pg_dump" in said
        assert "hush" not in said


async def test_db_upgrade_makes_and_keeps_a_database(tmp_path: Path) -> None:
    async with hosted(tmp_path) as (host, simulator):
        assert await host.does("db", "upgrade") == (0, f"The database is at revision {newest()}, just now.\n")
        assert await host.does("db", "upgrade") == (0, f"The database is at revision {newest()}, as it was.\n")
        async with running(host, simulator):
            code, said = await host.does("db", "upgrade")
            assert code == 1
            assert "Another Stillhere" in said


async def test_the_key_is_changed_while_the_bot_runs_and_doctor_tells_of_one_left_half_way(tmp_path: Path) -> None:
    async with hosted(tmp_path) as (host, simulator), running(host, simulator) as program:
        ann, ben = simulator.people()
        ann.starts()
        await until(simulator, program, lambda: words(ann))
        key = tmp_path / "keys/stillhere.key"
        before = key.read_bytes()
        code, said = await host.does("keys", "rotate", "--prepare")
        assert code == 0, said
        assert (await host.does("doctor"))[1].count("keys rotate") == 1
        code, said = await host.does("keys", "rotate")
        assert code == 0, said
        assert "The keys of 1 people" in said
        assert before.decode().strip() not in key.read_text()
        ann.says("/menu")
        ben.starts()
        await until(simulator, program, lambda: len(words(ann)) > 1 and words(ben))
        assert "sorry" not in " ".join(words(ann))
        assert (await host.does("doctor"))[0] == 0


async def test_a_backup_goes_back_once_the_bot_is_stopped(tmp_path: Path) -> None:
    async with hosted(tmp_path) as (host, simulator):
        ann, ben = simulator.people()
        async with running(host, simulator) as program:
            ann.starts()
            await until(simulator, program, lambda: words(ann))
            await host.does("backup", "copy.db")
            ben.starts()
            await until(simulator, program, lambda: words(ben))
            code, said = await host.does("restore", "copy.db")
            assert code == 1
            assert "Another Stillhere uses" in said
        code, said = await host.does("restore", "copy.db")
        assert code == 0, said
        assert row(host.database, "SELECT group_concat(id) FROM users") == (str(ann.id),)
        async with running(host, simulator):
            pass
