"""`stillhere keys rotate`: a new master key, also while the bot runs. It may be interrupted anywhere and is then run again."""

from collections.abc import AsyncGenerator

from bot.commands.host import NotDone
from bot.config import Settings
from bot.core.clock import SystemClock
from bot.core.errors import DatabaseUnavailable
from bot.hosting.guard import Guard
from bot.storage import rotation
from bot.storage.database import Database
from bot.storage.key_file import load_keys, make_key_file, new_master, replace_key_file
from bot.storage.migration import newest, revision
from bot.storage.vault import Vault, fingerprint, open_vault


async def rotate(settings: Settings, *, prepare: bool = False) -> AsyncGenerator[str]:
    """
    What was done, line by line. `prepare`: only write the new key into the key file, beside the old one.

    1. The key file holds both keys, the new one first. A running program reads it again when it meets a key that it cannot open.
    2. The database names the new one: whoever comes from here on is wrapped by it.
    3. Everybody's key is wrapped anew, in steps, until a whole look finds nothing left to do.
    4. The old key leaves the file. It is kept beside it, since older backups open with nothing else.

    Raises NotDone, VaultError, DatabaseUnavailable.
    """
    try:
        alone = Guard(settings.key_file)
    except DatabaseUnavailable:
        raise NotDone(
            f"The master key is being changed by another program, or nothing can be written beside {settings.key_file}."
        ) from None
    database = Database(settings.database_url.get_secret_value(), SystemClock())
    try:
        if database.path and not database.path.exists():
            raise NotDone(f"There is no database at {database.path} yet, and so nothing to wrap anew.")
        await database.open()
        async for line in _rotated(settings, database, prepare=prepare):
            yield line
    finally:
        await database.close()
        alone.release()


async def _rotated(settings: Settings, database: Database, *, prepare: bool) -> AsyncGenerator[str]:
    path = settings.key_file
    async with database.transaction() as tx:
        if (present := await revision(tx)) != newest():
            raise NotDone(f"The database is at revision {present}, not {newest()}. Run `stillhere db upgrade` first.")
        vault = await open_vault(tx, path, may_make=False)
    if vault.is_being_changed:
        yield "An earlier change of the master key had not come to its end. It goes on."
    else:
        replace_key_file(path, new_master(), *load_keys(path, database_is_empty=False))
    new, *old = load_keys(path, database_is_empty=False)
    if prepare:
        yield (
            f"{path} holds the new master key beside the old one. Copy it to every machine that runs this bot, then run "
            "`stillhere keys rotate` once more, on one of them."
        )
        return
    async with database.transaction() as tx:
        await rotation.begin(tx, fingerprint(new))
    async for line in _wrapped(database, Vault(new, *old)):
        yield line
    for key in old:
        kept = path.with_name(f"{path.name}.old-{fingerprint(key)[:8]}")
        if not kept.exists():
            make_key_file(kept, key)
        yield f"{kept} is the old key. Backups made until now open with nothing else: delete it together with them."
    replace_key_file(path, new)
    await database.fold()
    yield (
        f"{path} is the new master key; its fingerprint begins {fingerprint(new)[:8]}. Copy it to where you keep such copies "
        "(and to every machine that runs this bot), and make a new backup."
    )


async def _wrapped(database: Database, vault: Vault) -> AsyncGenerator[str]:
    """Everybody's key, wrapped anew; looked through until there was nothing left to do."""
    async with database.transaction() as tx:
        people = await rotation.count(tx)
    total, again = 0, True
    while again:
        after: int | None = 0
        seen = wrapped = unreadable = 0
        while after is not None:
            async with database.transaction() as tx:
                done = await rotation.step(tx, vault, after)
            after, seen = done.last, seen + done.looked_at
            wrapped, unreadable = wrapped + done.wrapped, unreadable + done.unreadable
            if done.wrapped:
                yield f"{seen} of {max(people, seen)} people"
        total, again = total + wrapped, wrapped > 0
    yield f"The keys of {total} people are wrapped by the new master key."
    if unreadable:
        yield f"{unreadable} could not be opened by any key and were left as they are: those rows were damaged before."
