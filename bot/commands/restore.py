"""`stillhere restore FILE`: a backup in place of the database. Who was erased since is erased again, and what is too old goes."""

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from bot.commands.host import NotDone, copy_database, database_path
from bot.config import Settings
from bot.conversation.housekeeping import Housekeeping
from bot.core.clock import SystemClock
from bot.core.errors import VaultError
from bot.core.retention import Retention
from bot.hosting.guard import Guard
from bot.storage import rotation, users
from bot.storage.database import Database
from bot.storage.deletions import Deletions, beside
from bot.storage.migration import is_known, migrate, newest, revision
from bot.storage.vault import Vault, open_vault

_BESIDE = ("-wal", "-shm")


async def restore(settings: Settings, backup: Path | None) -> list[str]:
    """
    What was done, line by line. Everything is tried out on a copy first: if something is wrong, nothing has changed.

    On PostgreSQL, without `backup`: `pg_restore` has put the rows back, and this forgets again what has to be forgotten.
    Raises NotDone, VaultError, DatabaseUnavailable (among others, while the bot runs).
    """
    place = database_path(settings)
    if place is None:
        return await _after_pg_restore(settings, backup)
    backup = _checked(backup, place)
    alone = Guard(place)
    copy = place.with_name(f"{place.name}.restoring")
    try:
        _copied(backup, copy)
        told = await _made_ready(settings, copy, backup)
        kept = _put_in_place(copy, place)
    finally:
        _clear(copy)
        alone.release()
    if kept is not None:
        told.append(
            f"The database that was here lies at {kept}. Delete it once all is well: it also holds who is erased from this one."
        )
    told.append("Start the bot again. What it said since the backup it may say once more.")
    return told


async def _after_pg_restore(settings: Settings, backup: Path | None) -> list[str]:
    if backup is not None:
        raise NotDone(
            "This database is on PostgreSQL. Stop the bot, put the dump back with `pg_restore --clean`, then run `stillhere restore` "
            "without a file: it erases again who was erased since."
        )
    database = Database(settings.database_url.get_secret_value(), SystemClock())
    await database.open()
    try:
        return await _forgotten(settings, database, "this database")
    finally:
        await database.close()


def _checked(backup: Path | None, place: Path) -> Path:
    if backup is None:
        raise NotDone("Name the backup that is to be put back: `stillhere restore FILE`.")
    if not backup.is_file():
        raise NotDone(f"There is no file {backup}.")
    if place.exists() and place.samefile(backup):
        raise NotDone(f"{backup} is the database itself.")
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return backup


def _clear(copy: Path) -> None:
    for each in (copy, *(copy.with_name(copy.name + end) for end in _BESIDE)):
        each.unlink(missing_ok=True)


def _copied(backup: Path, copy: Path) -> None:
    try:
        copy.unlink(missing_ok=True)
        os.close(os.open(copy, os.O_WRONLY | os.O_CREAT, 0o600))
        copy_database(backup, copy)
    except sqlite3.DatabaseError:
        raise NotDone(f"{backup} is damaged, or no backup that `stillhere backup` made. Nothing was changed.") from None
    except OSError as fault:
        raise NotDone(
            f"{backup} cannot be copied to {copy} ({fault.strerror}). Check the room on the disk. Nothing was changed."
        ) from None


async def _made_ready(settings: Settings, copy: Path, backup: Path) -> list[str]:
    """Bring the copy to this program's schema, and forget what has to be forgotten."""
    database = Database(f"sqlite+aiosqlite:///{copy}", SystemClock())
    await database.open()
    try:
        return await _forgotten(settings, database, str(backup))
    finally:
        await database.close()


async def _forgotten(settings: Settings, database: Database, name: str) -> list[str]:
    async with database.transaction() as tx:
        present = await revision(tx)
    if present is None:
        raise NotDone(f"{name} holds no database of Stillhere. Nothing was changed.")
    if not is_known(present):
        raise NotDone(
            f"{name} was made by a newer Stillhere (its revision is {present}, this program's {newest()}). Update the program first. "
            "Nothing was changed."
        )
    await migrate(database)
    try:
        async with database.transaction() as tx:
            vault = await open_vault(tx, settings.key_file, may_make=False)
    except VaultError as wrong:
        raise NotDone(
            f"{name} does not belong to the master key at {settings.key_file}. {wrong} A key that was changed since is kept "
            "beside it, with a name that ends in `.old-` and its fingerprint. Nothing was changed."
        ) from None
    deletions = Deletions(beside(settings.key_file))
    again = await _erased_again(database, deletions)
    gone = await _too_old_gone(settings, database, vault, deletions)
    people, unreadable = await _looked_through(database, vault)
    told = [f"{name} is put back: {people} people."]
    if unreadable:
        told.append(
            f"{unreadable} of them cannot be read. If the backup was made while the master key was being changed: put the line of "
            f"the old key (`.old-`) below the one in {settings.key_file}, restore once more, then run `stillhere keys rotate`."
        )
    if not deletions.path.exists():
        told.append(
            f"There is no list of erased people at {deletions.path}. If there was one, put it back and restore once more."
        )
    return [*told, f"{again} who were erased since are erased again; {gone} went because their time was over."]


async def _erased_again(database: Database, deletions: Deletions) -> int:
    after = erased = 0
    while True:
        async with database.transaction() as tx:
            people = await users.traces(tx, after)
            try:
                again = deletions.of({each.user_id: each.created_at for each in people})
            except (OSError, ValueError):
                raise NotDone(deletions.check() or f"{deletions.path} cannot be read.") from None
            for user_id in again:
                await users.erase(tx, user_id)
        if not people:
            return erased
        after, erased = people[-1].user_id, erased + len(again)


async def _too_old_gone(settings: Settings, database: Database, vault: Vault, deletions: Deletions) -> int:
    kept = Retention.at_most(settings.retention_days)
    return await Housekeeping(database, vault, deletions, SystemClock(), kept).tidy()


async def _looked_through(database: Database, vault: Vault) -> tuple[int, int]:
    """How many people there are, and of how many nothing opens."""
    people, unreadable, after = 0, 0, 0
    while True:
        async with database.transaction() as tx:
            done = await rotation.step(tx, vault, after)
        if done.last is None:
            return people, unreadable
        people, unreadable, after = people + done.looked_at, unreadable + done.unreadable, done.last


def _put_in_place(copy: Path, place: Path) -> Path | None:
    """Swap the files in one step; where the former database lies now, if there was one."""
    if not place.exists():
        copy.replace(place)
        return None
    kept = place.with_name(f"{place.name}.before-{SystemClock().now():%Y%m%d-%H%M%S}")
    with suppress(sqlite3.Error), closing(sqlite3.connect(place)) as former:
        former.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
    try:
        os.link(place, kept)
    except OSError:
        shutil.copy2(place, kept)
    for end in _BESIDE:  # a log that could not be folded in belongs to the former database
        log = place.with_name(place.name + end)
        if log.exists():
            log.rename(kept.with_name(kept.name + end))
    copy.replace(place)
    return kept
