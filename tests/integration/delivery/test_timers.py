"""A timer comes due once, where and when it was last set, and rests while its owner is away."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from bot.core.effects import DropTimer, SetTimer
from bot.core.facts import User
from bot.storage import letters, timers, users
from bot.storage.database import Database
from bot.storage.tables import timers as timers_table
from bot.storage.timers import Due
from bot.storage.vault import Vault
from tests.clock import AdvancingClock, ClockedDatabase
from tests.post import someone_waits

NOW = datetime(2026, 5, 4, 18, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock() -> AdvancingClock:
    return AdvancingClock(NOW)


@pytest.fixture
async def database(database_url: str, clock: AdvancingClock, vault: Vault) -> AsyncIterator[Database]:
    opened = ClockedDatabase(database_url, clock)
    await opened.open()
    async with opened.transaction() as tx:
        people = [User(number, -number, created_at=NOW, seen_at=NOW) for number in (1, 2, 3)]
        await users.create(tx, vault, people)
    yield opened
    await opened.close()


def timer(
    kind: str = "nudge", ref: str = "", *, minutes: float = 0, rule: str = "", fence: int | None = None
) -> SetTimer:
    return SetTimer(kind, ref, NOW + minutes * MINUTE, rule, fence)


async def put(database: Database, *wanted: tuple[int, SetTimer]) -> None:
    async with database.transaction() as tx:
        await timers.set(tx, wanted)


async def due(database: Database, minutes: float = 0, limit: int = 100) -> list[Due]:
    async with database.transaction() as tx:
        return await timers.due(tx, NOW + minutes * MINUTE, limit)


async def finish(database: Database, *ids: int) -> dict[int, Due]:
    async with database.transaction() as tx:
        return await timers.finish(tx, ids)


async def change(database: Database, vault: Vault, user_id: int, **values: object) -> None:
    async with database.transaction() as tx:
        people = await users.lock(tx, vault, [user_id])
        await users.change(tx, [(people[user_id], values)])


async def test_a_timer_is_due_from_its_minute_on_with_all_it_was_given(database: Database) -> None:
    await put(database, (1, timer("return", "space 7", minutes=30, rule="09:05", fence=12)))
    assert await due(database, 29.99) == []
    (found,) = await due(database, 30)
    assert found == Due(found.id, 1, -1, "return", "space 7", NOW + 30 * MINUTE, "09:05", 12)


async def test_the_longest_overdue_come_first_as_many_as_asked_for(database: Database) -> None:
    await put(database, *((1, timer(ref=str(n), minutes=-n)) for n in range(10)))
    assert [found.ref for found in await due(database, limit=3)] == ["9", "8", "7"]


async def test_setting_a_timer_again_moves_it(database: Database) -> None:
    await put(database, (1, timer(minutes=-1)), (2, timer(minutes=-2)))
    (_, before) = await due(database)
    await put(database, (1, timer(minutes=5)), (1, timer(minutes=6)))
    assert [found.user_id for found in await due(database)] == [2]
    (_, moved) = await due(database, 6)
    assert (moved.due_at, moved.id != before.id) == (NOW + 6 * MINUTE, True)


async def test_a_finished_timer_is_gone_and_only_once(database: Database) -> None:
    await put(database, (1, timer(rule="09:05")), (2, timer()))
    first, second = await due(database)
    assert await finish(database, first.id, second.id, 999) == {first.id: first, second.id: second}
    assert (await finish(database, first.id), await due(database, 999)) == ({}, [])


async def test_a_timer_that_was_moved_or_dropped_after_it_was_found_due_is_not_finished(database: Database) -> None:
    await put(database, (1, timer()), (2, timer()), (3, timer()))
    found = await due(database)
    async with database.transaction() as tx:
        await timers.set(tx, [(1, timer(minutes=60))])
        await timers.drop(tx, [(2, DropTimer("nudge"))])
    assert [one.user_id for one in (await finish(database, *(one.id for one in found))).values()] == [3]
    assert [one.user_id for one in await due(database, 60)] == [1]


async def test_dropping_takes_one_or_a_whole_kind(database: Database) -> None:
    for ref in ("a", "b"):
        await put(database, (1, timer("wait", ref)), (2, timer("wait", ref)), (1, timer("nudge", ref)))
    async with database.transaction() as tx:
        await timers.drop(tx, [(1, DropTimer("wait")), (2, DropTimer("wait", "b"))])
    left = {(one.user_id, one.kind, one.ref) for one in await due(database)}
    assert left == {(1, "nudge", "a"), (1, "nudge", "b"), (2, "wait", "a")}


async def test_moving_by_id_gives_a_new_id(database: Database) -> None:
    await put(database, (1, timer(rule="09:05", fence=3)))
    (before,) = await due(database)
    async with database.transaction() as tx:
        await timers.move(tx, [(before.id, NOW + 5 * MINUTE)])
    assert await due(database) == []
    (after,) = await due(database, 5)
    assert (after.rule, after.fence, after.id != before.id) == ("09:05", 3, True)


async def test_what_is_due_together_lies_together(database: Database) -> None:
    """So that a million timers are taken out page by page, whoever they belong to."""
    minutes = [7, 2, 5, 2, 7, 5]
    await put(database, *((1 + n % 3, timer("wait", str(n), minutes=m)) for n, m in enumerate(minutes)))
    found = await due(database, 9)
    assert sorted(one.due_at for one in found) == [one.due_at for one in sorted(found, key=lambda one: one.id)]
    assert len({one.id for one in found}) == len(minutes)


@pytest.mark.parametrize("away", [{"blocked_at": NOW}, {"stopped": True}])
async def test_the_timers_of_who_is_away_rest_and_come_back(
    database: Database, vault: Vault, away: dict[str, object]
) -> None:
    await put(database, (1, timer(minutes=1)), (2, timer(minutes=2)))
    await change(database, vault, 1, **away)
    assert [one.user_id for one in await due(database, 9)] == [2]
    async with database.transaction() as tx:
        assert await timers.next_due(tx) == NOW + 2 * MINUTE
    await change(database, vault, 1, blocked_at=None, stopped=False)
    assert [one.user_id for one in await due(database, 9)] == [1, 2]


@pytest.mark.parametrize(("away", "asked"), [({"blocked_at": NOW}, []), ({"stopped": True}, ["crisis.again"])])
async def test_who_wrote_of_danger_after_stopping_is_asked_again(
    database: Database, vault: Vault, away: dict[str, object], asked: list[str]
) -> None:
    await put(database, (1, timer("crisis.again")), (1, timer("crisisx")), (1, timer("nudge.daily")))
    await change(database, vault, 1, **away)
    found = await due(database)
    assert [one.kind for one in found] == asked
    assert len(await finish(database, *(one.id for one in found))) == len(asked)


async def test_nothing_is_due_next_when_there_is_no_timer(database: Database) -> None:
    async with database.transaction() as tx:
        assert await timers.next_due(tx) is None


async def test_ids_are_all_different_and_fit_a_bigint(database: Database) -> None:
    await put(database, *((1, timer(ref=str(n))) for n in range(100)))
    ids = {one.id for one in await due(database)}
    assert len(ids) == 100
    assert all(0 < number < 2**63 for number in ids)


async def test_taking_timers_out_waits_for_the_turn_of_their_owner(database: Database, vault: Vault) -> None:
    if database.dialect == "sqlite":
        pytest.skip("one writer at a time")
    await put(database, (1, timer()))
    (found,) = await due(database)
    async with database.transaction() as tx:
        await users.lock(tx, vault, [1])
        finishing = asyncio.create_task(finish(database, found.id))
        await someone_waits(database)
        await timers.set(tx, [(1, timer(minutes=5))])  # with the timer locked by the other, each would wait for each
    assert await finishing == {}


async def test_what_somebody_else_is_just_handling_is_left_to_them(database: Database) -> None:
    if database.dialect == "sqlite":
        pytest.skip("one writer at a time")
    await put(database, (1, timer()), (2, timer()))
    async with database.transaction() as tx:
        (mine,) = await timers.due(tx, NOW, 1)
        other = Database(database._url.render_as_string(hide_password=False), AdvancingClock())
        await other.open()
        (theirs,) = await _in_a_task_of_its_own(other)
        await other.close()
    assert {mine.user_id, theirs.user_id} == {1, 2}


async def _in_a_task_of_its_own(database: Database) -> list[Due]:
    return await due(database)


# --------------------------------------------------------------------------------------- what cannot be read

FAR = 9_000_000_000_000_000_000
"""Microseconds: some 285,000 years, far beyond what a calendar has."""


async def spoil(database: Database, ref: str, due_at: int) -> None:
    async with database.transaction() as tx:
        await tx.connection.execute(update(timers_table).where(timers_table.c.ref == ref).values(due_at=due_at))


async def kept(database: Database) -> list[tuple[str, int, str]]:
    """The letters: source, whose it was, and the fault."""
    async with database.transaction() as tx:
        return [(letter.source, letter.user_id, letter.fault) for letter in await letters.newest(tx)]


async def test_a_timer_that_cannot_be_read_is_put_away_and_all_others_are_due(database: Database) -> None:
    await put(database, (1, timer(ref="spoilt")), (2, timer(ref="a", minutes=-1)), (3, timer(ref="b", minutes=9)))
    await spoil(database, "spoilt", -FAR)
    async with database.transaction() as tx:
        assert await timers.next_due(tx) is not None
    assert [found.ref for found in await due(database, limit=1)] == ["a"]
    (letter,) = await kept(database)
    assert letter[:2] == ("timer", 1)
    assert letter[2].startswith("Undecodable at bot/storage/timers.py")
    await finish(database, *[found.id for found in await due(database)])
    assert await due(database) == []
    async with database.transaction() as tx:
        assert await timers.next_due(tx) == NOW + 9 * MINUTE
    assert len(await kept(database)) == 1


async def test_a_timer_spoilt_while_it_was_handed_in_is_put_away_too(database: Database) -> None:
    await put(database, (1, timer(ref="spoilt")), (2, timer(ref="a")))
    ids = [found.id for found in await due(database)]
    await spoil(database, "spoilt", -FAR)
    assert [found.ref for found in (await finish(database, *ids)).values()] == ["a"]
    assert [letter[:2] for letter in await kept(database)] == [("timer", 1)]
    assert await due(database) == []


async def test_a_timer_beyond_all_time_is_never_due_and_hides_no_other(database: Database) -> None:
    await put(database, (1, timer(ref="spoilt")), (1, timer(ref="a", minutes=3)))
    await spoil(database, "spoilt", FAR)
    async with database.transaction() as tx:
        assert [found.ref for found in await timers.of_user(tx, 1)] == ["a"]
        assert await timers.next_due(tx) == NOW + 3 * MINUTE
        await timers.drop(tx, [(1, DropTimer("nudge", "a"))])
        assert await timers.next_due(tx) is None
    assert await due(database) == []
