"""The way to the database: one transaction a batch, its values as they are stored."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast
from weakref import WeakSet

from sqlalchemy import Table, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.core.clock import Clock
from bot.core.errors import DatabaseUnavailable
from bot.core.values import dataclass
from bot.storage import engines, onehop
from bot.storage.faults import translated

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

    Insert = sqlite.Insert | postgresql.Insert

Dialect = Literal["sqlite", "postgresql"]
Statement = TypeVar("Statement")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def instant(at: datetime) -> int:
    """`at` (aware) as it is stored: whole microseconds since 1970 UTC."""
    return (at - _EPOCH) // _MICROSECOND


def moment(stored: int) -> datetime:
    """The aware UTC datetime that `instant` stored. Raises ValueError for what it can never have stored."""
    try:
        return _EPOCH + timedelta(0, 0, stored)
    except (OverflowError, TypeError):
        raise ValueError("not a moment") from None


def in_each_dialect(build: "Callable[[Callable[[Table], Insert]], Statement]") -> Mapping[Dialect, Statement]:
    """
    The statement that `build` makes with each dialect's `insert`, the one that knows ON CONFLICT.

    Called at import; `tx.dialect` picks the one to run, which is made when it is first asked for.
    """
    return _InEachDialect(build)


class _InEachDialect(dict[Dialect, Statement], Generic[Statement]):
    def __init__(self, build: "Callable[[Callable[[Table], Insert]], Statement]") -> None:
        super().__init__()
        self._build = build

    def __missing__(self, dialect: Dialect) -> Statement:
        statement = self[dialect] = self._build(_insert(dialect))
        return statement


def _insert(dialect: Dialect) -> "Callable[[Table], Insert]":
    """The other dialect, and all that comes with it, is never imported."""
    if dialect == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert
    from sqlalchemy.dialects import postgresql

    return postgresql.insert


def upsert(table: Table) -> "Mapping[Dialect, Insert]":
    """INSERT whole rows; where the primary key is taken, every other column is replaced."""
    key = [column.name for column in table.primary_key]

    def build(insert: "Callable[[Table], Insert]") -> "Insert":
        new = insert(table)
        others = {column.name: new.excluded[column.name] for column in table.c if column.name not in key}
        return new.on_conflict_do_update(index_elements=key, set_=others)

    return in_each_dialect(build)


@dataclass(frozen=True, slots=True)
class Transaction:
    """
    An open transaction. What the functions of `storage` take; they never commit.

    `driver` is there while statements may run right where they are asked for: in a brief transaction on SQLite.
    """

    connection: AsyncConnection
    dialect: Dialect
    clock: Clock
    driver: onehop.Connection | None = None

    def insert(self, table: Table) -> "Insert":
        """This dialect's INSERT, which knows ON CONFLICT."""
        return _insert(self.dialect)(table)

    async def machine(self) -> int:
        """Machine time in microseconds since 1970: PostgreSQL's clock, which all replicas share, or this machine's."""
        if self.dialect == "sqlite":
            return round(self.clock.machine() * 1_000_000)
        return cast("int", (await self.connection.execute(_SERVER_TIME)).scalar_one())


_SERVER_TIME = text("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")


class Database:
    """
    One database, named by a URL: `sqlite+aiosqlite:///<path>` or `postgresql+asyncpg://…`.

    `open` makes the folder of a new SQLite file and shows that the database answers; `close` always has to follow.
    """

    def __init__(self, url: str, clock: Clock) -> None:
        self._url = engines.read_url(url)
        self._clock = clock
        self._engine: AsyncEngine | None = None
        self._left = False
        self._connections: WeakSet[Any] = WeakSet()  # of asyncpg
        self._inside: set[asyncio.Task[object] | None] = set()

    @property
    def dialect(self) -> Dialect:
        """`sqlite` or `postgresql`."""
        return cast("Dialect", self._url.get_backend_name())

    @property
    def path(self) -> Path | None:
        """The SQLite file; None on PostgreSQL."""
        return Path(self._url.database or "") if self.dialect == "sqlite" else None

    async def open(self) -> None:
        """Connect. Raises DatabaseUnavailable if the database does not answer."""
        self._engine = engines.engine(self._url)
        if self.dialect == "postgresql":
            event.listen(self._engine.sync_engine, "connect", self._connected)
        self._left = False
        try:
            async with self.transaction():
                pass
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Let go of every connection; without this a process may hang at its end. A server that is silent is not waited for."""
        self.let_go()
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.dispose()

    def let_go(self) -> None:
        """
        Begin nothing more, and end each connection to PostgreSQL at once: whoever waits for it gets DatabaseUnavailable.

        What had not committed is taken back by the server.
        """
        self._left = True
        for connection in list(self._connections):
            connection.terminate()

    def _connected(self, connection: Any, _: object) -> None:
        self._connections.add(connection.driver_connection)

    async def fold(self) -> None:
        """Put SQLite's write-ahead log into the file, so that nothing that was overwritten stays in it. Others may go on working."""
        if self._engine is not None and self.dialect == "sqlite":
            async with self._engine.connect() as connection:
                await connection.exec_driver_sql(f"PRAGMA busy_timeout={engines.LOCK_WAIT * 1000}")
                await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                await connection.exec_driver_sql("PRAGMA busy_timeout=0")

    @asynccontextmanager
    async def transaction(self, *, brief: bool = False) -> AsyncIterator[Transaction]:
        """
        Begin; commit at the end; roll back when anything is raised or the task is cancelled.

        `brief`: every statement finds its rows by key, in microseconds, so that SQLite needs no other thread for it; only
        beginning and committing are waited for. On SQLite the writer's lock is taken at once. Raises DatabaseUnavailable when the database cannot work now,
        StatementRefused when it will never accept a statement, RuntimeError inside another transaction of the same task.
        """
        if self._engine is None:
            raise RuntimeError("the database is not open")
        if self._left:
            raise DatabaseUnavailable("This program is about to end, and has let go of the database.")
        task = asyncio.current_task()
        if task in self._inside:
            raise RuntimeError("a transaction is already open in this task: hand its `tx` on instead")
        self._inside.add(task)
        began = False
        try:
            async with self._engine.connect() as connection, self._begun(connection, brief=brief) as driver:
                began = True
                yield Transaction(connection, self.dialect, self._clock, driver if brief else None)
        except (DBAPIError, PoolExhausted, sqlite3.Error, OSError, TimeoutError) as fault:
            if began and isinstance(fault, OSError) and not isinstance(fault, (ConnectionError, TimeoutError)):
                raise  # a file of the caller's, not the database
            raise translated(fault).with_traceback(fault.__traceback__) from None
        finally:
            self._inside.discard(task)

    @asynccontextmanager
    async def _begun(self, connection: AsyncConnection, *, brief: bool) -> AsyncIterator[onehop.Connection | None]:
        """A transaction on this connection. SQLite's driver begins and ends it without SQLAlchemy, which would do no more."""
        if self.dialect != "sqlite":
            async with connection.begin():
                yield None
            return
        driver = _driver(connection)
        driver.brief = False
        await driver.begin()
        driver.brief = brief
        try:
            yield driver
        except BaseException:
            await driver.rollback()
            raise
        await driver.commit()


def _driver(connection: AsyncConnection) -> onehop.Connection:
    assert connection.sync_connection is not None  # noqa: S101 - it was started
    return cast("onehop.Connection", connection.sync_connection.connection.driver_connection)
