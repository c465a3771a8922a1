"""Bring the database to this program's schema at start-up, once, whichever replica comes first."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from bot.core.errors import DatabaseUnavailable
from bot.storage.database import Database, Transaction

_LOCK = 7_817_143_905  # any number that nobody else locks in this PostgreSQL database
_REPOSITORY = Path(__file__).parents[2] / "migrations"
_CARRIED = Path(__file__).parents[1] / "_carried" / "migrations"


async def migrate(database: Database) -> bool:
    """
    Upgrade an open database if its revision differs; whether it did. All of it commits or nothing.

    Raises DatabaseUnavailable if the database was upgraded by a newer program, or cannot be written.
    """
    async with database.transaction() as tx:
        if await revision(tx) == newest():
            return False
    # alembic costs a quarter of a second to import: only those who need it pay.
    async with database.transaction() as tx:
        if tx.dialect == "postgresql":
            await tx.connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
        present = await revision(tx)  # once more: another replica may have been faster
        if present == newest():
            return False
        if present is not None and present not in _known():
            raise DatabaseUnavailable(
                f"The database was upgraded by a newer Stillhere (its revision is {present}, this program's {newest()}). "
                "Start that version again, or restore the backup made before the upgrade."
            )
        await tx.connection.run_sync(_upgrade)
    return True


async def revision(tx: Transaction) -> str | None:
    """The database's present revision; None if it is new."""
    if not await tx.connection.run_sync(lambda connection: inspect(connection).has_table("alembic_version")):
        return None
    found = await tx.connection.execute(text("SELECT version_num FROM alembic_version"))
    return found.scalar_one_or_none()


def newest() -> str:
    """The revision that this program is written for."""
    return max(_known())


def is_known(present: str) -> bool:
    """Whether this program can use a database of this revision, after upgrading it."""
    return present in _known()


def folder() -> Path:
    """The migrations: beside the source, or carried in the installed package."""
    return _CARRIED if _CARRIED.is_dir() else _REPOSITORY


def _known() -> set[str]:
    """A migration's file is named `<revision>_<what>.py`, revisions counting up from 0001."""
    return {path.name.partition("_")[0] for path in (folder() / "versions").glob("[0-9]*_*.py")}


def _upgrade(connection: Connection) -> None:
    """Run alembic on the open transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(folder()).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
