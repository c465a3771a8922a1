"""A transaction commits as a whole or not at all, and whatever goes wrong is said in our words."""

import asyncio
import sqlite3
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, text, update

import bot.storage.engines
from bot.core.errors import DatabaseUnavailable, SettingError, StatementRefused
from bot.storage.database import Database, instant, moment
from bot.storage.engines import LOCK_WAIT
from bot.storage.tables import leases
from tests.clocks import SteppedClock
from tests.post import someone_waits


async def write(database: Database, name: str, *, brief: bool = False) -> None:
    async with database.transaction(brief=brief) as tx:
        await tx.connection.execute(insert(leases).values(name=name, owner="", until=0))


async def names(database: Database) -> list[str]:
    async with database.transaction() as tx:
        return list((await tx.connection.execute(select(leases.c.name).order_by(leases.c.name))).scalars())


def test_an_instant_is_exact_to_the_microsecond() -> None:
    at = datetime(2026, 5, 4, 18, 30, 1, 999999, tzinfo=UTC)
    assert moment(instant(at)) == at
    assert instant(at) % 1_000_000 == 999999


async def test_what_a_transaction_wrote_is_there_after_it(database: Database) -> None:
    await write(database, "a")
    assert await names(database) == ["a"]


async def test_a_raise_takes_back_everything(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as tx:
            await tx.connection.execute(insert(leases).values(name="a", owner="", until=0))
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await names(database) == []


async def test_a_brief_transaction_keeps_all_or_nothing_like_any_other(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction(brief=True) as tx:
            await tx.connection.execute(insert(leases).values(name="b", owner="", until=0))
            raise LookupError

    await write(database, "a", brief=True)
    with pytest.raises(LookupError):
        await fail()
    with pytest.raises(StatementRefused):
        await write(database, "a", brief=True)
    await write(database, "c", brief=True)
    assert await names(database) == ["a", "c"]


async def test_a_cancelled_task_takes_back_everything_and_frees_the_connection(database: Database) -> None:
    wrote = asyncio.Event()

    async def interrupted() -> None:
        async with database.transaction() as tx:
            await tx.connection.execute(insert(leases).values(name="a", owner="", until=0))
            wrote.set()
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(interrupted())
        await wrote.wait()
        task.cancel()
    await write(database, "b")
    assert await names(database) == ["b"]


@pytest.mark.parametrize("brief", [False, True])
@pytest.mark.parametrize("steps", range(8))
async def test_a_task_cancelled_inside_any_statement_leaves_a_working_database(
    database: Database, steps: int, brief: bool
) -> None:
    task = asyncio.create_task(write(database, "a", brief=brief))
    for _ in range(steps * 3):
        await asyncio.sleep(0)
    task.cancel()
    (outcome,) = await asyncio.gather(task, return_exceptions=True)
    await write(database, "b", brief=brief)
    found = await names(database)
    assert "b" in found
    if outcome is None:
        assert found == ["a", "b"]


async def test_a_transaction_inside_a_transaction_is_refused(database: Database) -> None:
    async with database.transaction():
        with pytest.raises(RuntimeError, match="hand its `tx` on"):
            async with database.transaction():
                pass
    assert await names(database) == []


async def test_transactions_of_other_tasks_wait_their_turn(database: Database) -> None:
    await asyncio.gather(*(write(database, str(number)) for number in range(9)))
    assert await names(database) == [str(number) for number in range(9)]


async def test_machine_time_is_in_microseconds(database: Database, clock: SteppedClock) -> None:
    async with database.transaction() as tx:
        if tx.dialect == "sqlite":
            assert await tx.machine() == instant(clock.now())
            clock.move(timedelta(seconds=1))
            assert await tx.machine() == instant(clock.now())
        else:
            first = await tx.machine()
            assert first > instant(datetime(2020, 1, 1, tzinfo=UTC))
            assert await tx.machine() >= first


async def test_a_statement_that_can_never_work_names_no_value(database: Database) -> None:
    await write(database, "a-secret-name")
    with pytest.raises(StatementRefused) as caught:
        await write(database, "a-secret-name")
    assert "a-secret-name" not in str(caught.value)
    assert caught.value.__suppress_context__


async def test_a_value_of_the_wrong_kind_is_not_repeated(database: Database) -> None:
    async def misuse() -> None:
        async with database.transaction() as tx:
            # PostgreSQL's driver refuses a text for a number and quotes it; SQLite takes it and fails at the next line.
            await tx.connection.execute(insert(leases).values(name="b", owner="a-secret-name", until="a-secret-name"))
            await tx.connection.execute(text("SELECT 'a-secret-name' FROM nowhere"))

    with pytest.raises(StatementRefused) as caught:
        await misuse()
    assert "a-secret-name" not in str(caught.value)


async def test_a_file_that_is_missing_inside_a_transaction_is_not_blamed_on_the_database(database: Database) -> None:
    with pytest.raises(FileNotFoundError):
        async with database.transaction():
            raise FileNotFoundError


async def test_a_lock_held_elsewhere_is_said_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.storage.engines.LOCK_WAIT", 0)
    path = tmp_path / "stillhere.db"
    database = Database(f"sqlite+aiosqlite:///{path}", SteppedClock())
    await database.open()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseUnavailable, match="locked by another program"):
        async with database.transaction():
            pass
    other.execute("ROLLBACK")
    other.close()
    async with database.transaction():
        pass
    await database.close()


async def test_a_full_disk_is_said_plainly_and_takes_back_everything(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'stillhere.db'}", SteppedClock())
    await database.open()
    async with database.transaction() as tx:
        await tx.connection.run_sync(leases.create)
    async with database.transaction() as tx:
        await tx.connection.exec_driver_sql(
            "PRAGMA max_page_count=4"
        )  # SQLite answers as it does when the disk is full
    with pytest.raises(DatabaseUnavailable, match="Make room") as caught:
        await write(database, "a" * 100_000)
    assert "INSERT" not in str(caught.value)
    assert await names(database) == []
    await database.close()


async def test_a_file_that_is_no_database_is_said_plainly(tmp_path: Path) -> None:
    path = tmp_path / "stillhere.db"
    path.write_bytes(b"These are no tables." * 100)
    with pytest.raises(DatabaseUnavailable, match="not a SQLite file"):
        await Database(f"sqlite+aiosqlite:///{path}", SteppedClock()).open()


async def test_a_folder_that_cannot_be_made_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file where the folder should be")
    with pytest.raises(DatabaseUnavailable, match="cannot be made"):
        await Database(f"sqlite+aiosqlite:///{tmp_path / 'var' / 'stillhere.db'}", SteppedClock()).open()


async def test_a_database_server_that_is_away_is_said_plainly_and_keeps_the_password_to_itself(tmp_path: Path) -> None:
    url = f"postgresql+asyncpg://someone:a-secret-word@/stillhere?host={tmp_path}"
    with pytest.raises(DatabaseUnavailable, match="cannot be reached") as caught:
        await Database(url, SteppedClock()).open()
    assert "a-secret-word" not in str(caught.value)


async def test_a_database_that_the_server_does_not_have_is_said_plainly(postgresql_socket: str) -> None:
    url = f"postgresql+asyncpg://postgres@/nowhere?host={postgresql_socket}"
    with pytest.raises(DatabaseUnavailable, match="does not exist"):
        await Database(url, SteppedClock()).open()


async def test_waiting_too_long_for_a_turn_is_said_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.storage.engines.TURN_WAIT", 0)
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'stillhere.db'}", SteppedClock())
    await database.open()
    async with database.transaction():
        with pytest.raises(DatabaseUnavailable, match="too busy"):
            await asyncio.create_task(names(database))
    await database.close()


async def test_a_deadlock_is_said_plainly_and_takes_back_one_of_the_two(
    migrated_postgresql: str, clock: SteppedClock
) -> None:
    database = Database(migrated_postgresql, clock)
    await database.open()
    async with database.transaction() as tx:
        await tx.connection.execute(delete(leases))
        await tx.connection.execute(insert(leases), [{"name": name, "owner": "", "until": 0} for name in "ab"])
    both = asyncio.Barrier(2)

    async def cross(first: str, second: str) -> None:
        async with database.transaction() as tx:
            await tx.connection.execute(update(leases).where(leases.c.name == first).values(owner=first))
            await both.wait()
            await tx.connection.execute(update(leases).where(leases.c.name == second).values(owner=first))

    outcomes = await asyncio.gather(cross("a", "b"), cross("b", "a"), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes if outcome] == [DatabaseUnavailable]
    await database.close()


async def test_a_connection_lost_inside_a_transaction_is_said_plainly_and_made_anew(
    migrated_postgresql: str, clock: SteppedClock
) -> None:
    database = Database(migrated_postgresql, clock)
    await database.open()
    rival = Database(migrated_postgresql, clock)
    await rival.open()

    async def lose() -> None:
        async with database.transaction() as tx:
            own = (await tx.connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
            await asyncio.create_task(_terminate(rival, own))
            await tx.connection.execute(text("SELECT 1"))

    with pytest.raises(DatabaseUnavailable):
        await lose()
    await rival.close()
    async with database.transaction() as tx:
        assert (await tx.connection.execute(text("SELECT 1"))).scalar_one() == 1
    await database.close()


async def test_what_a_silent_session_held_is_handed_over_and_its_transaction_ends(
    migrated_postgresql: str, clock: SteppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that died with its machine says nothing more, and does not hang up either."""
    assert bot.storage.engines.SILENCE + 1 < LOCK_WAIT  # whoever waits for its locks still gets them
    other, silent = Database(migrated_postgresql, clock), Database(migrated_postgresql, clock)
    await other.open()
    monkeypatch.setattr("bot.storage.engines.SILENCE", 0.2)
    await silent.open()
    wrote = "INSERT INTO budget VALUES ('silent', 7) ON CONFLICT (name) DO UPDATE SET tat = 7"

    async def die() -> None:
        async with silent.transaction() as tx:
            await tx.connection.execute(text(wrote))
            held.set()
            await over.wait()
            await tx.connection.execute(text(wrote))

    held, over = asyncio.Event(), asyncio.Event()
    dying = asyncio.create_task(die())
    await held.wait()
    async with other.transaction() as tx:
        await tx.connection.execute(text(wrote))
        await tx.connection.execute(text("DELETE FROM budget WHERE name = 'silent'"))
    over.set()
    with pytest.raises(DatabaseUnavailable):
        await dying
    await other.close()
    await silent.close()


async def test_who_waits_for_a_database_that_is_let_go_waits_no_longer(
    migrated_postgresql: str, clock: SteppedClock
) -> None:
    database, rival = Database(migrated_postgresql, clock), Database(migrated_postgresql, clock)
    await database.open()
    await rival.open()
    async with rival.transaction() as tx:
        await tx.connection.execute(text("LOCK TABLE leases IN ACCESS EXCLUSIVE MODE"))
        waiting = asyncio.create_task(names(database))
        await someone_waits(rival)
        database.let_go()
        with pytest.raises(DatabaseUnavailable, match=r"connection|reached"):
            await waiting
        with pytest.raises(DatabaseUnavailable, match="let go"):
            await names(database)
    await database.close()
    await rival.close()


@pytest.mark.parametrize("code", ["25P03", "25P04", "42501"])
async def test_what_is_no_fault_of_a_statement_is_not_blamed_on_it(
    migrated_postgresql: str, clock: SteppedClock, code: str
) -> None:
    database = Database(migrated_postgresql, clock)
    await database.open()

    async def meet() -> None:
        async with database.transaction() as tx:
            await tx.connection.execute(text(f"DO $$ BEGIN RAISE SQLSTATE '{code}'; END $$"))

    with pytest.raises(DatabaseUnavailable, match=code):
        await meet()
    await database.close()


async def test_postgresql_looks_after_those_who_no_longer_answer(migrated_postgresql: str, clock: SteppedClock) -> None:
    database = Database(migrated_postgresql, clock)
    await database.open()
    async with database.transaction() as tx:
        asked = select(text("name")).select_from(text("pg_settings")).where(text("source = 'client'"))
        names = set((await tx.connection.execute(asked)).scalars())
    await database.close()
    alive = {f"tcp_{name}" for name in ("keepalives_idle", "keepalives_interval", "keepalives_count", "user_timeout")}
    assert alive | {"idle_in_transaction_session_timeout", "client_connection_check_interval"} <= names


async def _terminate(database: Database, backend: int) -> None:
    async with database.transaction() as tx:
        await tx.connection.execute(text("SELECT pg_terminate_backend(:backend)"), {"backend": backend})


@pytest.mark.parametrize("url", ["", "mysql://a:a-secret-word@b/c", "sqlite+aiosqlite://", "nonsense a-secret-word"])
def test_a_url_we_cannot_use_is_said_plainly(url: str) -> None:
    with pytest.raises(SettingError, match="STILLHERE_DATABASE_URL") as caught:
        Database(url, SteppedClock())
    assert "a-secret-word" not in str(caught.value)


async def test_a_new_sqlite_file_gets_a_folder_that_others_cannot_enter_and_survives_a_power_cut(
    tmp_path: Path,
) -> None:
    path = tmp_path / "var" / "stillhere.db"
    database = Database(f"sqlite:///{path}", SteppedClock())
    await database.open()
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    async with database.transaction() as tx:
        pragma = {
            name: (await tx.connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "secure_delete")
        }
    assert pragma == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1}
    await database.close()
    await database.close()
