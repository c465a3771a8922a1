"""How each kind of database is opened, and how long anything of it is waited for."""

import sqlite3
from contextlib import suppress
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.core.errors import DatabaseUnavailable, SettingError
from bot.storage import onehop

LOCK_WAIT = 10
"""Seconds to wait for somebody else's lock before the database counts as unavailable."""

SILENCE = 6
"""
Seconds after which PostgreSQL ends a transaction that stands still: its program may have died with its machine, without a word.

Shorter than others wait for its locks, so that they go on, and another one polls, well within ten seconds.
"""

TURN_WAIT = 30
"""Seconds to wait for a connection that other tasks of this process are using."""

_STILL_THERE = {  # a machine that is gone is found out within four seconds; of two of its sessions one may wait for the other's lock
    "tcp_keepalives_idle": "2s",
    "tcp_keepalives_interval": "1s",
    "tcp_keepalives_count": "2",
    "tcp_user_timeout": "4s",
    "client_connection_check_interval": "1s",
}


def read_url(url: str) -> URL:
    """The URL with its driver. Raises SettingError, which never repeats it, since it may hold a password."""
    try:
        read = make_url(url)
        driver = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}[read.get_backend_name()]
    except (ArgumentError, KeyError, SQLAlchemyError):
        raise SettingError(
            "STILLHERE_DATABASE_URL has to begin with sqlite+aiosqlite:/// (and a path) or postgresql+asyncpg://"
        ) from None
    if driver.startswith("sqlite") and read.database in {None, "", ":memory:"}:
        raise SettingError("STILLHERE_DATABASE_URL has to name a file, as in sqlite+aiosqlite:///var/stillhere.db")
    return read.set(drivername=driver)


def engine(url: URL) -> AsyncEngine:
    """What opens connections to the database at `url`. Raises DatabaseUnavailable where SQLite's folder cannot be made."""
    return (_sqlite if url.get_backend_name() == "sqlite" else _postgresql)(url)


def _sqlite(url: URL) -> AsyncEngine:
    """One connection, the only writer; others wait for it in the order they came."""
    path = Path(url.database or "")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        raise DatabaseUnavailable(
            f"The folder {path.parent} for the database cannot be made. Make it, and let this user write there."
        ) from None
    return create_async_engine(
        url,
        async_creator=lambda: onehop.connect(lambda: _open_file(path), LOCK_WAIT),
        pool_size=1,
        max_overflow=0,
        pool_timeout=TURN_WAIT,
        hide_parameters=True,
    )


def _open_file(path: Path) -> sqlite3.Connection:
    """A connection whose commits survive a power cut, and which overwrites what it deletes. A new file is its owner's alone."""
    if not path.exists():
        with suppress(OSError):  # SQLite says it better
            path.touch(mode=0o600)
    connection = sqlite3.connect(
        path, timeout=LOCK_WAIT, isolation_level=None, cached_statements=256, check_same_thread=False
    )
    try:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}").close()
        connection.execute("PRAGMA busy_timeout=0").close()  # from here on `Connection.begin` does the waiting
    except BaseException:
        connection.close()
        raise
    return connection


def _postgresql(url: URL) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=8,
        max_overflow=0,
        pool_timeout=TURN_WAIT,
        hide_parameters=True,
        connect_args={
            "timeout": LOCK_WAIT,
            "command_timeout": 60,  # a connection that was lost silently is noticed
            "server_settings": {
                "application_name": "stillhere",
                "lock_timeout": f"{LOCK_WAIT}s",
                "idle_in_transaction_session_timeout": f"{SILENCE * 1000:.0f}ms",
                "jit": "off",
                **_STILL_THERE,
            },
        },
    )
