"""What a program that starts again finds: the dialogs that come with it, compiled, and an empty database of its schema."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.core.clock import SystemClock
from bot.dialog.library import Library
from bot.dialogs import gate, read_dialogs
from bot.storage.database import Database
from bot.storage.migration import migrate

CACHE = Path(__file__).parents[1] / "var/cache"
"""Where the demo and the bot keep them, too."""


@cache
def library() -> Library:
    """The project's own dialogs, checked."""
    return read_dialogs(None, CACHE)


@cache
def empty_database() -> bytes:
    """The file of an SQLite database in which nothing has happened yet."""

    async def make(path: Path) -> None:
        database = Database(f"sqlite+aiosqlite:///{path}", SystemClock())
        await database.open()
        await migrate(database)
        await database.close()

    with TemporaryDirectory() as folder, ThreadPoolExecutor(1) as beside:  # a test's own event loop may be running here
        path = Path(folder) / "empty.db"
        beside.submit(asyncio.run, make(path)).result()
        return path.read_bytes()


if __name__ == "__main__":
    gate(None, tuple(library().catalog.locales), CACHE)
