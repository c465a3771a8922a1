"""SQLite connections on which a whole statement costs one trip to aiosqlite's thread instead of four."""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self

import aiosqlite

Description = tuple[tuple[Any, ...], ...] | None


async def connect(open_file: Callable[[], sqlite3.Connection]) -> aiosqlite.Connection:
    """Open a connection on a thread of its own; `open_file` runs there. The thread never keeps a process alive."""
    connection = _Connection(open_file, iter_chunk_size=64)
    thread = connection._thread  # noqa: SLF001 - aiosqlite has no other door to it
    thread.daemon = True
    try:
        return await connection
    except sqlite3.Error:
        thread.join()  # it has been told to end; let it not outlive the event loop
        raise


class _Connection(aiosqlite.Connection):
    """An aiosqlite connection whose cursors need no trip to be opened or closed."""

    def cursor(self) -> Any:
        return _Cursor(self)

    async def trip(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Let the connection's own thread do `work`."""
        await self._execute(lambda: work(self._conn))  # type: ignore[no-untyped-call]


class _Cursor:
    """
    What SQLAlchemy asks of aiosqlite's cursor: opened lazily, its rows fetched and its resources freed in the same trip
    that executes.
    """

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Description = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Self:
        await self._connection.trip(lambda connection: self._run(connection.cursor(), "execute", sql, parameters))
        return self

    async def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> Self:
        await self._connection.trip(lambda connection: self._run(connection.cursor(), "executemany", sql, parameters))
        return self

    async def fetchall(self) -> list[Any]:
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Nothing is left open after a trip."""

    def _run(self, cursor: sqlite3.Cursor, how: str, sql: str, parameters: Any) -> None:
        """One statement from beginning to end, on the connection's own thread."""
        try:
            getattr(cursor, how)(sql, parameters)
            self._rows = cursor.fetchall() if cursor.description else []
            self.description, self.rowcount, self.lastrowid = cursor.description, cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()
