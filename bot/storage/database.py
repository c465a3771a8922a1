"""The way to the database: one transaction a batch, every difference between SQLite and PostgreSQL, every foreign fault."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast
from weakref import WeakSet

from sqlalchemy import URL, Table, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.core.clock import Clock
from bot.core.errors import DatabaseUnavailable, SettingError, StatementRefused, StillhereError
from bot.core.values import dataclass
from bot.storage import onehop

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

    Insert = sqlite.Insert | postgresql.Insert

Dialect = Literal["sqlite", "postgresql"]
Statement = TypeVar("Statement")

LOCK_WAIT = 10
"""Seconds to wait for somebody else's lock before the database counts as unavailable."""

SILENCE = 8
"""
Seconds after which PostgreSQL ends a transaction that stands still: its program may have died with its machine, without a word.

Shorter than others wait for its locks, so that they go on within ten seconds.
"""

_TURN_WAIT = 30  # seconds for a connection that other tasks of this process are using
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
        self._url = _read_url(url)
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
        self._engine = _sqlite_engine(self._url) if self.dialect == "sqlite" else _postgresql_engine(self._url)
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
                await connection.exec_driver_sql(f"PRAGMA busy_timeout={LOCK_WAIT * 1000}")
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
            raise _translated(fault).with_traceback(fault.__traceback__) from None
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


def _read_url(url: str) -> URL:
    """The URL with its driver; never repeats it in an error, since it may hold a password."""
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


# ---------------------------------------------------------------------------------------------------- SQLite


def _driver(connection: AsyncConnection) -> onehop.Connection:
    assert connection.sync_connection is not None  # noqa: S101 - it was started
    return cast("onehop.Connection", connection.sync_connection.connection.driver_connection)


def _sqlite_engine(url: URL) -> AsyncEngine:
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
        pool_timeout=_TURN_WAIT,
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


# ------------------------------------------------------------------------------------------------ PostgreSQL

_STILL_THERE = {  # a machine that is gone is found out within four seconds; of two of its sessions one may wait for the other's lock
    "tcp_keepalives_idle": "2s",
    "tcp_keepalives_interval": "1s",
    "tcp_keepalives_count": "2",
    "tcp_user_timeout": "4s",
    "client_connection_check_interval": "1s",
}


def _postgresql_engine(url: URL) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=8,
        max_overflow=0,
        pool_timeout=_TURN_WAIT,
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


# --------------------------------------------------------------------------------------------- foreign faults

_SQLITE_FAULTS = {
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

_POSTGRESQL_FAULTS = {  # by SQLSTATE, or its first two characters
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


def _translated(fault: BaseException) -> StillhereError:
    """Our error for a foreign one. Holds its code alone: a driver's text may quote what was being written."""
    if isinstance(fault, PoolExhausted):
        return DatabaseUnavailable(
            f"The database is too busy: nobody waits longer than {_TURN_WAIT} s for a connection."
        )
    original = fault.orig if isinstance(fault, DBAPIError) else fault if isinstance(fault, sqlite3.Error) else None
    if isinstance(original, sqlite3.Error):
        code = getattr(original, "sqlite_errorcode", None)
        name = getattr(original, "sqlite_errorname", type(original).__name__)
        sentence = "cannot be reached. It is tried again" if code is None else _SQLITE_FAULTS.get(code & 0xFF)
    else:
        name = str(getattr(original, "sqlstate", None) or type(getattr(original, "__cause__", None) or fault).__name__)
        sentence = _POSTGRESQL_FAULTS.get(name) or _POSTGRESQL_FAULTS.get(name[:2])
        quoted_value = isinstance(
            getattr(original, "__cause__", None), ValueError
        )  # asyncpg's word for a bad parameter
        if sentence is None and not quoted_value and (original is None or getattr(original, "sqlstate", None) is None):
            sentence = "cannot be reached. Check that it runs, and STILLHERE_DATABASE_URL"
    if sentence is not None:
        return DatabaseUnavailable(f"The database {sentence} ({name}).")
    return StatementRefused(f"The database refused a statement ({name}).")
