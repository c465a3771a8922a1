"""A database grows to the program's schema once, is never shrunk, and never opens with the wrong key."""

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, select, text

from bot.core.errors import DatabaseUnavailable, StatementRefused, VaultError
from bot.core.facts import User
from bot.storage import migration, users
from bot.storage.database import Database
from bot.storage.key_file import make_key_file
from bot.storage.migration import migrate
from bot.storage.tables import metadata, vaults
from bot.storage.vault import Vault, open_vault
from tests.clocks import SteppedClock


@pytest.fixture
async def new(new_database_url: str, clock: SteppedClock) -> Database:
    database = Database(new_database_url, clock)
    await database.open()
    return database


async def test_the_migrated_schema_is_the_one_the_program_is_written_for(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with database.transaction() as tx:
        assert await tx.connection.run_sync(differences) == []


async def test_a_new_database_is_migrated_once(new: Database) -> None:
    assert await migrate(new) is True
    assert await migrate(new) is False
    async with new.transaction() as tx:
        assert await migration.revision(tx) == migration.newest()
    await new.close()


async def test_replicas_that_start_together_migrate_once(new: Database, new_database_url: str) -> None:
    rivals = [Database(new_database_url, SteppedClock()) for _ in range(3)]
    for rival in rivals:
        await rival.open()
    outcomes = await asyncio.gather(*(migrate(database) for database in (new, *rivals)))
    assert sorted(outcomes) == [False, False, False, True]
    for database in (new, *rivals):
        await database.close()


async def test_a_database_of_a_newer_program_is_left_alone(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseUnavailable, match="newer Stillhere"):
        await migrate(database)
    async with database.transaction() as tx:
        assert await migration.revision(tx) == "9999"
        await tx.connection.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": migration.newest()})


async def test_a_migration_that_fails_leaves_nothing_behind(new: Database) -> None:
    async with new.transaction() as tx:  # the name of the first schema's last table is taken
        await tx.connection.execute(text("CREATE TABLE vaults (id INTEGER)"))
    with pytest.raises(StatementRefused):
        await migrate(new)
    async with new.transaction() as tx:
        assert await migration.revision(tx) is None
        await tx.connection.execute(text("DROP TABLE vaults"))
    assert await migrate(new) is True
    await new.close()


def test_the_newest_migration_is_where_alembic_ends() -> None:
    config = Config()
    config.set_main_option("script_location", str(migration.folder()))
    assert ScriptDirectory.from_config(config).get_heads() == [migration.newest()]


def test_an_installed_package_carries_its_migrations(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    shutil.copytree(root / "bot", tmp_path / "bot", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(root / "migrations", tmp_path / "bot" / "_carried" / "migrations")
    code = (
        "import asyncio\n"
        "from bot.core.clock import SystemClock\n"
        "from bot.storage.database import Database\n"
        "from bot.storage.migration import migrate\n"
        "async def start():\n"
        "    database = Database('sqlite+aiosqlite:///stillhere.db', SystemClock())\n"
        "    await database.open()\n"
        "    assert await migrate(database)\n"
        "    await database.close()\n"
        "asyncio.run(start())\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=30)
    assert (tmp_path / "stillhere.db").exists()


def test_a_start_without_a_migration_does_not_pay_for_alembic(migrated_file: Path, tmp_path: Path) -> None:
    code = (
        "import asyncio, shutil, sys\n"
        "from bot.core.clock import SystemClock\n"
        "from bot.storage.database import Database\n"
        "from bot.storage.migration import migrate\n"
        "async def start():\n"
        "    database = Database(sys.argv[1], SystemClock())\n"
        "    await database.open()\n"
        "    assert not await migrate(database)\n"
        "    await database.close()\n"
        "asyncio.run(start())\n"
        "assert not {'alembic', 'mako', 'asyncpg'} & set(sys.modules)\n"
    )
    path = tmp_path / "stillhere.db"
    path.write_bytes(migrated_file.read_bytes())
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code, f"sqlite+aiosqlite:///{path}"], cwd=root, check=True, timeout=30)


async def test_a_read_only_database_is_said_plainly(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'stillhere.db'}", SteppedClock())
    await database.open()
    async with database.transaction() as tx:
        await tx.connection.exec_driver_sql("PRAGMA query_only=ON")  # as on a disk that went read-only
    with pytest.raises(DatabaseUnavailable, match="read-only"):
        await migrate(database)
    await database.close()


async def test_a_new_database_gets_a_key_and_remembers_it(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "keys" / "stillhere.key"
    async with database.transaction() as tx:
        made = await open_vault(tx, path, may_make=True)
        assert (await tx.connection.execute(select(vaults.c.fingerprint))).scalar_one() == made.fingerprint
    async with database.transaction() as tx:
        assert (await open_vault(tx, path)).fingerprint == made.fingerprint
    path.rename(tmp_path / "moved.key")
    async with database.transaction() as tx:
        with pytest.raises(VaultError, match="Put the key file back"):
            await open_vault(tx, path)
        assert not path.exists()
    make_key_file(path)
    async with database.transaction() as tx:
        with pytest.raises(VaultError, match="is not the one of this database"):
            await open_vault(tx, path)


async def test_only_an_embedded_database_has_its_key_made_by_itself(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "stillhere.key"
    async with database.transaction() as tx:
        if tx.dialect == "sqlite":
            await open_vault(tx, path)
        else:
            with pytest.raises(VaultError, match="stillhere init"):
                await open_vault(tx, path)
    assert path.exists() == (database.dialect == "sqlite")


async def test_people_without_a_fingerprint_are_not_given_a_new_key(
    database: Database, vault: Vault, clock: SteppedClock, tmp_path: Path
) -> None:
    path = tmp_path / "stillhere.key"
    async with database.transaction() as tx:
        await users.create(tx, vault, [User(1, 1, created_at=clock.now(), seen_at=clock.now())])
        with pytest.raises(VaultError, match="missing"):
            await open_vault(tx, path, may_make=True)
        make_key_file(path)
        with pytest.raises(VaultError, match="no fingerprint"):
            await open_vault(tx, path, may_make=True)
