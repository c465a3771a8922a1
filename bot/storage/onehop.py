"""SQLite connections on which a whole statement costs one trip to aiosqlite's thread instead of four, or none."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self

import aiosqlite

_SHORTEST, _LONGEST = 0.001, 0.05  # seconds between two tries for the lock

Description = tuple[tuple[Any, ...], ...] | None


async def connect(open_file: Callable[[], sqlite3.Connection], patience: float) -> "Connection":
    """Open a connection on a thread of its own; `open_file` runs there. The thread never keeps a process alive."""
    connection = Connection(open_file, patience)
    thread = connection._thread  # noqa: SLF001 - aiosqlite has no other door to it
    thread.daemon = True
    try:
        await connection
    except sqlite3.Error:
        thread.join()  # it has been told to end; let it not outlive the event loop
        raise
    return connection


class Connection(aiosqlite.Connection):
    """
    An aiosqlite connection whose cursors need no trip to be opened or closed.

    While it is `brief`, statements run right where they are asked for; where the disk has to be waited for, it is a trip in any
    case. `patience`: seconds to wait for the lock of another program.
    """

    def __init__(self, open_file: Callable[[], sqlite3.Connection], patience: float) -> None:
        super().__init__(open_file, iter_chunk_size=64)
        self._patience = patience
        self.brief = False
        self._changes = 0  # of rows, before the transaction
        self._begun = self._ended = 0  # trips; the first is counted by the caller's thread, the second by the other

    @property
    def stays(self) -> bool:
        """Whether the next statement needs no trip: that is allowed, and none is under way, not even a cancelled one."""
        return self.brief and self._begun == self._ended

    def cursor(self) -> Any:
        """A cursor that opens itself when it is used."""
        return _Cursor(self)

    async def trip(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Let the connection's own thread do `work`."""
        self._begun += 1
        await self._execute(self._do, work)  # type: ignore[no-untyped-call]

    async def begin(self) -> None:
        """
        Take the writer's lock. While somebody else has it, ask again and again: such waiting can be cancelled, SQLite's cannot.

        Raises SQLite's own fault once `patience` has ended.
        """
        loop, pause = asyncio.get_running_loop(), _SHORTEST
        end = loop.time() + self._patience
        while True:
            try:
                await self._begin_now()
            except sqlite3.OperationalError as fault:
                if fault.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or loop.time() > end:
                    raise
            else:
                break
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST)
        self._changes = self._conn.total_changes

    async def commit(self) -> None:
        """Wait for the disk, elsewhere; if no row was changed there is nothing to wait for."""
        if self._begun == self._ended and self._conn.total_changes == self._changes:
            self._conn.commit()
        else:
            await self.trip(sqlite3.Connection.commit)

    async def rollback(self) -> None:
        """Only if there may be something to take back: the pool asks for it each time, to be sure."""
        if self._connection is None:
            return  # SQLAlchemy has closed it, as it does when a task is cancelled on a trip
        if self._conn.in_transaction or self._begun != self._ended:
            await self.trip(sqlite3.Connection.rollback)

    def here(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Do `work` in this thread: `stays` has to hold."""
        work(self._conn)

    def rows(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        """Run one statement in this thread, and fetch what it finds: `stays` has to hold."""
        cursor = self._conn.execute(sql, parameters)
        try:
            return cursor.fetchall()
        finally:
            cursor.close()

    def each(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each of `rows` in this thread: `stays` has to hold."""
        self._conn.executemany(sql, rows).close()

    async def _begin_now(self) -> None:
        if self._begun == self._ended:
            self._conn.execute("BEGIN IMMEDIATE").close()
        else:
            await self.trip(lambda connection: connection.execute("BEGIN IMMEDIATE").close())

    def _do(self, work: Callable[[sqlite3.Connection], None]) -> None:
        try:
            work(self._conn)
        finally:
            self._ended += 1


class _Cursor:
    """
    What SQLAlchemy asks of aiosqlite's cursor: opened lazily, its rows fetched and its resources freed in the same trip
    that executes.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Description = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Self:
        return await self._run(lambda connection: self._whole(connection.cursor(), "execute", sql, parameters))

    async def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> Self:
        return await self._run(lambda connection: self._whole(connection.cursor(), "executemany", sql, parameters))

    async def fetchall(self) -> list[Any]:
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Nothing is left open after a trip."""

    async def _run(self, work: Callable[[sqlite3.Connection], None]) -> Self:
        if self._connection.stays:
            self._connection.here(work)
        else:
            await self._connection.trip(work)
        return self

    def _whole(self, cursor: sqlite3.Cursor, how: str, sql: str, parameters: Any) -> None:
        """One statement from opening the cursor to closing it."""
        try:
            getattr(cursor, how)(sql, parameters)
            self._rows = cursor.fetchall() if cursor.description else []
            self.description, self.rowcount, self.lastrowid = cursor.description, cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()
