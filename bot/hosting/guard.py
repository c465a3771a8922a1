"""One program for one SQLite database: a lock that ends with the process, whatever ends it, and shows that it lives."""

import os
from contextlib import suppress
from pathlib import Path

from bot.core.errors import DatabaseUnavailable

try:
    import fcntl
except ImportError:  # Windows has no flock; there nothing is guarded
    fcntl = None  # type: ignore[assignment]


class Guard:
    """
    Holds `<database>.lock` until `release`. The file stays behind: only the lock on it means anything.

    Raises DatabaseUnavailable if another program holds it.
    """

    def __init__(self, database: Path) -> None:
        self._path = place(database)
        try:
            self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as fault:
            raise DatabaseUnavailable(
                f"{self._path} cannot be written ({fault.strerror}). Let this user write to the folder of the database."
            ) from None
        if not _lock(self._handle):
            os.close(self._handle)
            raise DatabaseUnavailable(
                f"Another Stillhere uses {database}. Stop it, then start this one; or give this one a database of its own "
                "with STILLHERE_DATABASE_URL. (Several programs can share a PostgreSQL database, not a SQLite file.)"
            )
        os.utime(self._handle, (0, 0))  # no sign of life yet

    def sign(self) -> None:
        """Say that all is well now."""
        with suppress(OSError):
            os.utime(self._handle)

    def release(self) -> None:
        """Let others have the database."""
        os.close(self._handle)


def place(database: Path) -> Path:
    """The lock file of this database."""
    return database.with_name(f"{database.name}.lock")


def is_running(database: Path) -> bool:
    """Whether a program holds the database now."""
    try:
        handle = os.open(place(database), os.O_RDWR)
    except OSError:
        return False
    try:
        return not _lock(handle)
    finally:
        os.close(handle)


def last_sign(database: Path) -> float:
    """When a running program last said that all is well: seconds since 1970, 0 if never."""
    try:
        return place(database).stat().st_mtime
    except OSError:
        return 0.0


def _lock(handle: int) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
