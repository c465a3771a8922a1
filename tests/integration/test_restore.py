"""A backup goes back whole, without whom it must not bring back; and where something is wrong, nothing changes."""

import shutil
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from bot.commands.host import NotDone, backup
from bot.commands.keys import rotate
from bot.commands.restore import restore
from bot.config import Settings
from bot.core.clock import SystemClock
from bot.core.errors import DatabaseUnavailable
from bot.core.facts import User
from bot.hosting.guard import Guard
from bot.storage import entries, rotation, users
from bot.storage.database import Database
from bot.storage.deletions import Deletions, beside
from bot.storage.key_file import load_keys, replace_key_file
from bot.storage.tables import metadata
from bot.storage.vault import fingerprint, open_vault

NOW = SystemClock().now()


class Place:
    """A host's folder with a database and its key."""

    def __init__(self, folder: Path, migrated: Path) -> None:
        self.path = folder / "var/stillhere.db"
        self.path.parent.mkdir()
        shutil.copy(migrated, self.path)
        self.settings = Settings(
            _env_file=None,
            database_url=SecretStr(f"sqlite+aiosqlite:///{self.path}"),
            key_file=folder / "keys/stillhere.key",
        )
        self.deletions = Deletions(beside(self.settings.key_file))
        self.copy = folder / "backup.db"

    async def _opened(self) -> Database:
        database = Database(self.settings.database_url.get_secret_value(), SystemClock())
        await database.open()
        return database

    async def add(self, *ids: int, since: datetime = NOW, seen: datetime = NOW) -> None:
        database = await self._opened()
        async with database.transaction() as tx:
            vault = await open_vault(tx, self.settings.key_file)
            newcomers = [
                User(each, each, consent=2, nickname=f"n{each}", created_at=since, seen_at=seen) for each in ids
            ]
            people = await users.create(tx, vault, newcomers)
            done = [(each, entries.Entry(each.user.id, "soothe", 8, 4, "t1", "mine", NOW)) for each in people.values()]
            await entries.add(tx, done)
        await database.close()

    async def erase(self, user_id: int) -> None:
        database = await self._opened()
        self.deletions.note([user_id], NOW + timedelta(minutes=1))
        async with database.transaction() as tx:
            await users.erase(tx, user_id)
        await database.close()

    async def names(self) -> dict[int, str]:
        database = await self._opened()
        async with database.transaction() as tx:
            vault = await open_vault(tx, self.settings.key_file)
            people = await users.lock(tx, vault, range(1, 100))
        await database.close()
        return {user_id: each.user.nickname for user_id, each in people.items()}

    async def owners(self) -> set[int]:
        """Who has a row in any table."""
        database = await self._opened()
        async with database.transaction() as tx:
            owned = [table.c.user_id for table in metadata.sorted_tables if "user_id" in table.c]
            found = [set((await tx.connection.execute(select(column))).scalars()) for column in owned]
        await database.close()
        return set().union(*found)

    def back_up(self) -> None:
        backup(self.settings, self.copy)


@pytest.fixture
def place(tmp_path: Path, migrated_file: Path) -> Place:
    return Place(tmp_path, migrated_file)


async def test_a_backup_comes_back_whole_and_the_former_database_is_kept(place: Place) -> None:
    await place.add(1, 2)
    place.back_up()
    await place.add(3)
    told = await restore(place.settings, place.copy)
    assert await place.names() == {1: "n1", 2: "n2"}
    [kept] = place.path.parent.glob("*.before-*")
    assert str(kept) in "\n".join(told)
    shutil.copy(kept, place.path)
    assert await place.names() == {1: "n1", 2: "n2", 3: "n3"}


async def test_what_the_log_beside_the_former_database_held_is_kept_with_it(place: Place) -> None:
    await place.add(1)
    place.back_up()
    with closing(sqlite3.connect(place.path)) as other:  # a connection that dies without folding its log in
        other.execute("PRAGMA journal_mode=WAL").close()
        other.execute("UPDATE users SET seed = 77").close()
        other.commit()
        logs = {each.name: each.read_bytes() for each in place.path.parent.glob("stillhere.db-*")}
        body = place.path.read_bytes()
    place.path.write_bytes(body)
    for name, content in logs.items():
        (place.path.parent / name).write_bytes(content)
    await restore(place.settings, place.copy)
    assert await place.names() == {1: "n1"}
    assert not list(place.path.parent.glob("stillhere.db-wal"))
    [kept] = place.path.parent.glob("*.before-*")
    with closing(sqlite3.connect(kept)) as former:
        assert former.execute("SELECT seed FROM users").fetchone() == (77,)


async def test_who_was_erased_since_is_erased_again_and_who_came_back_stays(place: Place) -> None:
    await place.add(1, 2, 3, since=NOW - timedelta(days=9))
    place.back_up()
    await place.erase(1)
    await place.erase(2)
    told = await restore(place.settings, place.copy)
    assert await place.names() == {3: "n3"}
    assert "2 who were erased since are erased again" in "\n".join(told)
    assert await place.owners() == {3}
    await place.add(1, since=NOW + timedelta(minutes=2))
    place.copy.unlink()
    place.back_up()
    await restore(place.settings, place.copy)
    assert await place.names() == {1: "n1", 3: "n3"}


async def test_whose_time_is_over_does_not_come_back(place: Place) -> None:
    await place.add(1, seen=NOW - timedelta(days=366))
    await place.add(2)
    place.back_up()
    told = await restore(place.settings, place.copy)
    assert await place.names() == {2: "n2"}
    assert "1 went because their time was over" in "\n".join(told)


async def test_a_backup_from_the_middle_of_a_change_of_the_key_is_whole_again_with_both_keys(place: Place) -> None:
    await place.add(1, 2)
    [old] = load_keys(place.settings.key_file, database_is_empty=False)
    async for _ in rotate(place.settings, prepare=True):
        pass
    new = load_keys(place.settings.key_file, database_is_empty=False)[0]
    database = Database(place.settings.database_url.get_secret_value(), SystemClock())
    await database.open()
    async with database.transaction() as tx:
        await rotation.begin(tx, fingerprint(new))  # and nobody's key is wrapped anew yet
    await database.close()
    place.back_up()
    replace_key_file(place.settings.key_file, new)
    assert "2 of them cannot be read" in "\n".join(await restore(place.settings, place.copy))
    replace_key_file(place.settings.key_file, new, old)
    assert "cannot be read" not in "\n".join(await restore(place.settings, place.copy))
    replace_key_file(place.settings.key_file, new)
    assert await place.names() == {1: "n1", 2: "n2"}


async def test_a_new_machine_gets_the_backup_too(place: Place) -> None:
    await place.add(1)
    place.back_up()
    place.path.unlink()
    await restore(place.settings, place.copy)
    assert await place.names() == {1: "n1"}
    assert not list(place.path.parent.glob("*.before-*"))


async def refused(place: Place, file: Path | None, match: str) -> None:
    """Nothing changed, and nothing is left lying about."""
    before = {each: each.read_bytes() for each in place.path.parent.iterdir() if each.suffix != ".lock"}
    with pytest.raises((NotDone, DatabaseUnavailable), match=match) as caught:
        await restore(place.settings, file)
    assert len(str(caught.value).splitlines()) == 1
    assert {each: each.read_bytes() for each in place.path.parent.iterdir() if each.suffix != ".lock"} == before


async def test_a_running_bot_keeps_its_database(place: Place) -> None:
    await place.add(1)
    place.back_up()
    running = Guard(place.path)
    await refused(place, place.copy, "Another Stillhere uses")
    running.release()


async def test_a_backup_of_another_key_is_refused_until_that_key_is_there(place: Place) -> None:
    await place.add(1)
    place.back_up()
    old = place.settings.key_file.read_bytes()
    async for _ in rotate(place.settings):
        pass
    await refused(place, place.copy, "does not belong to the master key")
    place.settings.key_file.write_bytes(old)
    await restore(place.settings, place.copy)
    assert await place.names() == {1: "n1"}


async def test_a_backup_of_a_newer_program_is_refused(place: Place) -> None:
    await place.add(1)
    place.back_up()
    with closing(sqlite3.connect(place.copy)) as file:
        file.execute("UPDATE alembic_version SET version_num = '9999'")
        file.commit()
    await refused(place, place.copy, "newer Stillhere")


async def test_what_is_no_backup_is_refused(place: Place, tmp_path: Path) -> None:
    await place.add(1)
    await refused(place, None, "Name the backup")
    await refused(place, tmp_path / "nowhere.db", "There is no file")
    await refused(place, place.path, "is the database itself")
    text, empty, torn = tmp_path / "diary.txt", tmp_path / "empty.db", tmp_path / "torn.db"
    text.write_text("Dear diary, " * 1000)
    await refused(place, text, "damaged, or no backup")
    with closing(sqlite3.connect(empty)) as file:
        file.execute("CREATE TABLE something (id INTEGER)")
        file.commit()
    await refused(place, empty, "holds no database of Stillhere")
    place.back_up()
    torn.write_bytes(place.copy.read_bytes()[:20_000])
    await refused(place, torn, "damaged, or no backup")


async def test_a_list_that_cannot_be_read_brings_nobody_back(place: Place) -> None:
    await place.add(1)
    place.back_up()
    place.deletions.path.write_text("not a list\n")
    await refused(place, place.copy, "list of who was erased")


async def test_on_postgresql_the_rows_are_put_back_by_its_own_tools(migrated_postgresql: str, tmp_path: Path) -> None:
    settings = Settings(
        _env_file=None, database_url=SecretStr(migrated_postgresql), key_file=tmp_path / "stillhere.key"
    )
    with pytest.raises(NotDone, match="pg_restore"):
        await restore(settings, tmp_path / "backup.dump")
    database = Database(migrated_postgresql, SystemClock())
    await database.open()
    async with database.transaction() as tx:
        for table in metadata.sorted_tables:
            await tx.connection.execute(table.delete())
        vault = await open_vault(tx, settings.key_file, may_make=True)
        newcomers = [User(each, each, consent=2, created_at=NOW, seen_at=NOW) for each in (1, 2)]
        await users.create(tx, vault, newcomers)
    Deletions(beside(settings.key_file)).note([1], NOW + timedelta(minutes=1))
    await restore(settings, None)
    async with database.transaction() as tx:
        assert list(await users.lock(tx, vault, [1, 2])) == [2]
        for table in metadata.sorted_tables:
            await tx.connection.execute(table.delete())
    await database.close()
