"""Everything has its time: on both databases, what is past it goes, what is not stays, and whoever is gone is on the list."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event, select, update

from bot.conversation.housekeeping import Housekeeping
from bot.core.effects import SetTimer
from bot.core.events import Incoming, Wrote
from bot.core.facts import Space, User
from bot.core.retention import Retention
from bot.dialog.session import Frame, Session, from_body, to_body
from bot.storage import entries, outbox, seen, sessions, spaces, timers, users
from bot.storage.database import Database, Transaction
from bot.storage.deletions import Deletions
from bot.storage.entries import Entry
from bot.storage.messages import Draft, Status
from bot.storage.tables import entries as entries_table
from bot.storage.tables import outbox as outbox_table
from bot.storage.tables import seen_updates
from bot.storage.users import Person
from bot.storage.vault import Vault
from tests.clocks import SteppedClock

DAY = timedelta(days=1)


def keeper(
    database: Database, vault: Vault, clock: SteppedClock, folder: Path, kept: Retention | None = None
) -> Housekeeping:
    return Housekeeping(database, vault, Deletions(folder / "list"), clock, kept)


async def made(tx: Transaction, vault: Vault, number: int, now: datetime, **fields: object) -> Person:
    user = replace(User(number, number, consent=2, created_at=now - 500 * DAY, seen_at=now), **fields)  # type: ignore[arg-type]
    return (await users.create(tx, vault, [user]))[number]


async def known(database: Database, vault: Vault) -> dict[int, User]:
    async with database.transaction() as tx:
        return {user_id: each.user for user_id, each in (await users.lock(tx, vault, range(1, 500))).items()}


async def test_a_year_after_the_last_word_everything_goes_and_the_list_knows(
    database: Database, vault: Vault, clock: SteppedClock, tmp_path: Path
) -> None:
    now = clock.now()
    async with database.transaction() as tx:
        await made(tx, vault, 1, now, seen_at=now - 366 * DAY)
        await made(tx, vault, 2, now, seen_at=now - 364 * DAY)
        await made(tx, vault, 3, now, seen_at=now - 2 * DAY, consent=0)
        await made(tx, vault, 4, now, seen_at=now - timedelta(hours=23), consent=0)
        await timers.set(tx, [(1, SetTimer("nudge.daily", "daily", now + DAY))])
    assert await keeper(database, vault, clock, tmp_path).tidy() == 2
    assert list(await known(database, vault)) == [2, 4]
    assert Deletions(tmp_path / "list").of(dict.fromkeys(range(1, 5), now - DAY)) == [1, 3]
    async with database.transaction() as tx:
        assert await timers.of_user(tx, 1) == []


async def test_a_host_may_let_it_go_sooner(
    database: Database, vault: Vault, clock: SteppedClock, tmp_path: Path
) -> None:
    now = clock.now()
    async with database.transaction() as tx:
        await made(tx, vault, 1, now, seen_at=now - 11 * DAY)
        await made(tx, vault, 2, now, seen_at=now - 9 * DAY, flagged_at=now - 11 * DAY)
    await keeper(database, vault, clock, tmp_path, Retention.at_most(10)).tidy()
    assert {user_id: user.flagged_at for user_id, user in (await known(database, vault)).items()} == {2: None}


async def test_many_people_are_looked_after_a_few_at_a_time(
    database: Database, vault: Vault, clock: SteppedClock, tmp_path: Path
) -> None:
    now = clock.now()
    async with database.transaction() as tx:
        old = [User(each, each, consent=2, created_at=now, seen_at=now - 400 * DAY) for each in range(1, 450)]
        await users.create(tx, vault, [*old, User(450, 450, consent=2, created_at=now, seen_at=now)])
    assert await keeper(database, vault, clock, tmp_path).tidy() == 449
    assert list(await known(database, vault)) == [450]


async def test_flags_go_after_thirty_days_and_what_is_over_is_forgotten(
    database: Database, vault: Vault, clock: SteppedClock, tmp_path: Path
) -> None:
    now = clock.now()
    async with database.transaction() as tx:
        over = {"watch_until": now - DAY, "paused_until": now - DAY, "couple_tools_off_until": now - 31 * DAY}
        on = {"watch_until": now + DAY, "paused_until": now + DAY, "couple_tools_off_until": now - DAY}
        ann = await made(tx, vault, 1, now, flagged_at=now - 31 * DAY, **over)
        ben = await made(tx, vault, 2, now, flagged_at=now - 29 * DAY, **on)
        rows = [(ann, 1, 31), (ann, 2, 29), (ben, 3, 31)]
        await entries.add(
            tx, [(who, Entry(n, "flag", None, None, "explicit", "", now - days * DAY)) for who, n, days in rows]
        )
    before = await known(database, vault)
    await keeper(database, vault, clock, tmp_path).tidy()
    after = await known(database, vault)
    forgotten = dict.fromkeys(["flagged_at", "watch_until", "paused_until", "couple_tools_off_until"])
    assert after == {1: replace(before[1], **forgotten), 2: before[2]}  # type: ignore[arg-type]
    async with database.transaction() as tx:
        left = (await tx.connection.execute(select(entries_table.c.id).order_by(entries_table.c.id))).scalars()
        assert list(left) == [2]


async def test_words_go_and_numbers_stay(database: Database, vault: Vault, clock: SteppedClock, tmp_path: Path) -> None:
    now = clock.now()
    kinds = [("reach", 8), ("reach", 6), ("soothe", 91), ("soothe", 89), ("private.journal", 300)]
    async with database.transaction() as tx:
        ann = await made(tx, vault, 1, now)
        done = [Entry(n, kind, 8, 4, "", f"words {n}", now - days * DAY) for n, (kind, days) in enumerate(kinds)]
        await entries.add(tx, [(ann, entry) for entry in done])
        promised = [("returned", 8), ("returned", 6), ("late", 8)]
        for n, (state, days) in enumerate(promised):
            back_at = now - days * DAY
            await spaces.add(tx, [(ann, Space(n, 1, back_at, back_at, DAY, warm=f"warm {n}", state=state))])
    await keeper(database, vault, clock, tmp_path).tidy()
    async with database.transaction() as tx:
        kept = {entry.id: entry for entry in await entries.of_user(tx, ann, now - 999 * DAY)}
        assert {n: entry.text for n, entry in kept.items()} == {0: "", 1: "words 1", 2: "", 3: "words 3", 4: "words 4"}
        assert {entry.before for entry in kept.values()} == {8}
        assert {space.id: space.warm for space in await spaces.of_user(tx, ann)} == {0: "", 1: "warm 1", 2: "warm 2"}


async def test_a_talk_left_half_way_is_closed_with_the_words_in_it(
    database: Database, vault: Vault, clock: SteppedClock, tmp_path: Path
) -> None:
    now = clock.now()
    frame = Frame("reach", "own", "f", {"own": "please hold me"}, (("ask", {"own": "please"}),))
    session = Session(frame, (frame,), ("a", "b"), 5, memory={"reach.ask": 3}, shown=9)
    async with database.transaction() as tx:
        people = [await made(tx, vault, number, now) for number in (1, 2, 3)]
        for person, at in zip(people, (now - 8 * DAY, now - 6 * DAY, now - 8 * DAY), strict=True):
            row = sessions.Row(person.user.id, "reach", "own", "f", 5, to_body(session), at)
            await sessions.save(tx, [(person, row)])
        await tx.connection.exec_driver_sql("UPDATE sessions SET body = '' WHERE user_id = 3")  # cannot be read
    await keeper(database, vault, clock, tmp_path).tidy()
    async with database.transaction() as tx:
        rows = await sessions.load(tx, {person.user.id: person for person in people[:2]})
    closed, going = (from_body(rows[n].body, revision=rows[n].revision, at=rows[n].at) for n in (1, 2))
    assert (closed.open, closed.stack, closed.shown, closed.prompt) == (False, (), 0, ())
    assert (closed.revision, closed.memory) == (5, {"reach.ask": 3})  # no old button may fit a new prompt
    assert (rows[1].dialog, rows[1].state) == ("", "")
    assert going.frame == frame


async def test_ids_of_updates_and_of_messages_go_after_two_days(
    database: Database, vault: Vault, clock: SteppedClock, tmp_path: Path
) -> None:
    now = clock.now()
    async with database.transaction() as tx:
        ann = await made(tx, vault, 1, now)
        for hours in (49, 47):
            at = now - timedelta(hours=hours)
            await seen.fresh(tx, [Incoming(hours, "update:1", 1, 1, Wrote("hello"))], at)
            await outbox.add(tx, [(ann.key, Draft(hours, 1, "chat:1", 0, "sendMessage", b"{}"))], at)
        await tx.connection.execute(update(outbox_table).values(status=Status.SENT, message_id=5))
    await keeper(database, vault, clock, tmp_path).tidy()
    async with database.transaction() as tx:
        for table in (seen_updates, outbox_table):
            assert list((await tx.connection.execute(select(table.c.id))).scalars()) == [47]


async def test_more_than_one_statement_takes_is_forgotten_all_the_same(
    database: Database, vault: Vault, clock: SteppedClock, tmp_path: Path
) -> None:
    now = clock.now()
    async with database.transaction() as tx:
        ann = await made(tx, vault, 1, now)
        kinds = ["flag", "reach", "soothe"]
        done = [Entry(n, kinds[n % 3], None, None, "", "words", now - 100 * DAY) for n in range(1203)]
        await entries.add(tx, [(ann, entry) for entry in done])
    await keeper(database, vault, clock, tmp_path).tidy()
    async with database.transaction() as tx:
        left = await entries.of_user(tx, ann, now - 999 * DAY)
    assert (len(left), {entry.text for entry in left}) == (802, {""})


async def test_what_is_past_its_time_is_found_without_looking_through_everything(
    database: Database, clock: SteppedClock
) -> None:
    if database.dialect == "postgresql":
        return  # its planner decides by how much there is
    asked: list[Any] = []

    def note(*told: Any) -> None:
        asked.append(told[2:4])

    async with database.transaction() as tx:
        event.listen(tx.connection.sync_engine, "before_cursor_execute", note)
        for forget in (entries.forget_flags, entries.forget_drafts, entries.forget_words, spaces.forget_words):
            await forget(tx, clock.now(), 1)
        event.remove(tx.connection.sync_engine, "before_cursor_execute", note)
        plans = []
        for statement, parameters in asked:
            told = await tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.append(" ".join(str(row.detail) for row in told))
    assert not [plan for plan in plans if "SCAN" in plan]
    for plan, index in zip(plans, ("entries_flags", "entries_words", "entries_words", "spaces_words"), strict=True):
        assert index in plan
