"""What a database or its driver says went wrong, as a sentence that tells a host what to do."""

import sqlite3

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from bot.core.errors import DatabaseUnavailable, StatementRefused, StillhereError
from bot.storage import engines

_SQLITE = {
    sqlite3.SQLITE_BUSY: "is locked by another program. Only one Stillhere may use it: stop the other one",
    sqlite3.SQLITE_LOCKED: "is locked by another program. Only one Stillhere may use it: stop the other one",
    sqlite3.SQLITE_READONLY: "is read-only. Let this user write to the file and to its folder",
    sqlite3.SQLITE_FULL: "does not fit on the disk any more. Make room on it",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened. Let this user read and write its file and folder; its disk may be read-only",
    sqlite3.SQLITE_PERM: "cannot be opened. Let this user read and write its file and folder",
    sqlite3.SQLITE_IOERR: "cannot be read or written. Check the disk",
    sqlite3.SQLITE_CORRUPT: "is damaged. Restore it from a backup",
    sqlite3.SQLITE_NOTADB: "is not a SQLite file. Look where STILLHERE_DATABASE_URL points",
    sqlite3.SQLITE_NOMEM: "ran out of memory. Give this machine more, or stop something else",
    sqlite3.SQLITE_INTERRUPT: "was interrupted. It is tried again",
    sqlite3.SQLITE_PROTOCOL: "is locked by another program. Only one Stillhere may use it: stop the other one",
}

_POSTGRESQL = {  # by SQLSTATE, or its first two characters
    "08": "lost the connection. Check that PostgreSQL runs and can be reached",
    "25006": "is read-only. Point STILLHERE_DATABASE_URL at the primary server",
    "25P03": "ended a transaction that stood still for too long. It is tried again",
    "25P04": "ended a transaction that took too long. It is tried again",
    "28": "refuses this user. Check name and password in STILLHERE_DATABASE_URL",
    "3D": "does not exist. Create it, or correct STILLHERE_DATABASE_URL",
    "40": "was busy with a rival transaction. It is tried again",
    "42501": "does not let this user do its work. Grant it what it needs on Stillhere's tables",
    "53100": "has no room on its disk. Make some",
    "53300": "has no connection left. Raise PostgreSQL's max_connections or run fewer replicas",
    "53": "is out of resources. Look at PostgreSQL's log",
    "55P03": "is locked by another program for too long. Look for a long transaction in pg_stat_activity",
    "57": "is shutting down or starting up. It is tried again",
    "58": "cannot read or write its disk. Look at PostgreSQL's log",
    "XX": "is damaged. Look at PostgreSQL's log",
}


def translated(fault: BaseException) -> StillhereError:
    """Our error for a foreign one. Holds its code alone: a driver's text may quote what was being written."""
    if isinstance(fault, PoolExhausted):
        return DatabaseUnavailable(
            f"The database is too busy: nobody waits longer than {engines.TURN_WAIT} s for a connection."
        )
    original = fault.orig if isinstance(fault, DBAPIError) else fault if isinstance(fault, sqlite3.Error) else None
    if isinstance(original, sqlite3.Error):
        code = getattr(original, "sqlite_errorcode", None)
        name = getattr(original, "sqlite_errorname", type(original).__name__)
        sentence = "cannot be reached. It is tried again" if code is None else _SQLITE.get(code & 0xFF)
    else:
        name = str(getattr(original, "sqlstate", None) or type(getattr(original, "__cause__", None) or fault).__name__)
        sentence = _POSTGRESQL.get(name) or _POSTGRESQL.get(name[:2])
        quoted_value = isinstance(
            getattr(original, "__cause__", None), ValueError
        )  # asyncpg's word for a bad parameter
        if sentence is None and not quoted_value and (original is None or getattr(original, "sqlstate", None) is None):
            sentence = "cannot be reached. Check that it runs, and STILLHERE_DATABASE_URL"
    if sentence is not None:
        return DatabaseUnavailable(f"The database {sentence} ({name}).")
    return StatementRefused(f"The database refused a statement ({name}).")
