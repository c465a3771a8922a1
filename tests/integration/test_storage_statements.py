"""A list is one parameter, many rows are one call, and SQLite finds by key what is asked for by key."""

import re

import pytest
from sqlalchemy import Executable, bindparam, insert, select, text, update

from bot.core.errors import StatementRefused
from bot.storage import claims, entries, lanes, outbox, sessions, settlement, spaces, timers, users
from bot.storage.database import Database
from bot.storage.statements import among, found, many
from bot.storage.tables import lanes as lanes_table
from bot.storage.tables import leases

BY_KEY = {
    "the people of a batch": users._LOCK,
    "who was here": users._TOUCH,
    "their sessions": sessions._LOAD,
    "their day": entries._RECENT,
    "what has helped them": entries._DROPS,
    "their spaces": spaces._OPEN,
    "their lanes": lanes._LOCK,
    "what waits in lanes": lanes._WAITING,
    "what is next": lanes._AHEAD,
    "the heads of lanes": claims._HEADS,
    "behind what new messages wait": outbox._NEWEST,
    "claimed messages": claims._CLAIM,
    "messages to be edited": outbox._TARGETS,
    "messages to the blocked": settlement._EXPIRE,
    "timers of a batch": timers._LOCK,
    "timers that are done": timers._FINISH,
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("statement", BY_KEY.values(), ids=BY_KEY.keys())
async def test_what_is_asked_for_by_key_is_found_by_key(database: Database, statement: Executable) -> None:
    async with database.transaction() as tx:
        written = str(statement.compile(dialect=tx.connection.dialect))  # type: ignore[attr-defined]
        written = re.sub(r"__\[POSTCOMPILE_\w+\]", "?", written)
        given = ("[]",) * written.count("?")
        plan = (await tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {written}", given)).all()
    steps = [str(row._mapping["detail"]) for row in plan]
    whole = [step for step in steps if step.startswith("SCAN") and not re.search("json_each|CONSTANT ROW", step)]
    assert not [step for step in whole if "ranked" not in step and "subquery" not in step]


async def test_a_look_for_what_is_next_reads_a_few_of_many_lanes(database: Database) -> None:
    """A million lines of the day may fall due in one minute."""
    now, nobody = 2_000_000, {"priority": 2, "tat": 0, "owner": None}
    crowd = [nobody | {"destination": f"chat:{n}", "next_at": n} for n in range(20_000)]
    rests = nobody | {"destination": "chat:-1", "next_at": now + 5}
    held = rests | {"destination": "chat:-2", "owner": "other:1"}
    async with database.transaction() as tx:
        await many(tx, insert(lanes_table), [*crowd, rests, held])
    async with database.transaction() as tx:
        await tx.connection.exec_driver_sql("ANALYZE")
    async with database.transaction() as tx:
        ahead = await lanes.ahead(tx, now, ["chat:0"])
        assert (ahead.first_at, ahead.free_at, ahead.held) == (1, now + 5, 1)
        if tx.dialect == "postgresql":  # for SQLite its plan tells
            read = text("SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'lanes'")
            assert (await tx.connection.execute(read)).scalar_one() < 20


async def test_many_rows_are_written_with_one_statement(database: Database) -> None:
    async with database.transaction() as tx:
        await many(tx, insert(leases), [{"name": name, "owner": "", "until": 0} for name in "abc"])
        change = update(leases).where(leases.c.name == bindparam("which")).values(owner=bindparam("who"), until=1)
        await many(tx, change, [{"which": "a", "who": "Ann"}, {"which": "c", "who": "Ben"}])
        await many(tx, change, [])
        found = (await tx.connection.execute(select(leases).order_by(leases.c.name))).all()
    assert [tuple(row) for row in found] == [("a", "Ann", 1), ("b", "", 0), ("c", "Ben", 1)]


@pytest.mark.parametrize("wanted", [[], ["a"], ["a", "c", "z", 'quoted"', "a"]])
async def test_a_list_is_one_parameter(database: Database, wanted: list[str]) -> None:
    async with database.transaction() as tx:
        await many(tx, insert(leases), [{"name": name, "owner": "", "until": 0} for name in ("a", "b", "c", 'quoted"')])
        asked = select(leases.c.name).where(among(leases.c.name, "names"))
        found = set((await tx.connection.execute(asked, {"names": wanted})).scalars())
        others = select(leases.c.name).where(~among(leases.c.name, "names"))
        left = set((await tx.connection.execute(others, {"names": wanted})).scalars())
        assert (await tx.connection.execute(text("SELECT 1"))).scalar_one() == 1
    assert found == set(wanted) - {"z"}
    assert left == {"a", "b", "c", 'quoted"'} - set(wanted)


@pytest.mark.parametrize("brief", [True, False])
async def test_what_is_found_is_the_same_in_a_brief_transaction(database: Database, *, brief: bool) -> None:
    asked = select(leases.c.name, leases.c.until).where(among(leases.c.name, "names")).order_by(leases.c.name)
    async with database.transaction(brief=brief) as tx:
        await many(tx, insert(leases), [{"name": name, "owner": "", "until": 7} for name in "abc"])
        assert [tuple(row) for row in await found(tx, asked, {"names": ["c", "a", "z"]})] == [("a", 7), ("c", 7)]
        assert await found(tx, update(leases).values(until=8)) == []
        assert [tuple(row) for row in await found(tx, asked, {"names": ["b"]})] == [("b", 8)]


@pytest.mark.parametrize("brief", [True, False])
async def test_a_refused_statement_is_ours_in_a_brief_transaction_too(database: Database, *, brief: bool) -> None:
    row = {"name": "a", "owner": "", "until": 0}
    with pytest.raises(StatementRefused):
        async with database.transaction(brief=brief) as tx:
            await many(tx, insert(leases), [row, row])
    async with database.transaction(brief=brief) as tx:
        assert await found(tx, select(leases.c.name)) == []
