"""What was done, promised, seen and agreed on between replicas is counted right on both databases."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.events import Incoming, Wrote
from bot.core.facts import Drop, Space, User
from bot.storage import entries, leases, letters, media, scripts, seen, spaces, users
from bot.storage.database import Database
from bot.storage.entries import Entry
from bot.storage.letters import Letter
from bot.storage.users import Person
from bot.storage.vault import Vault
from tests.clocks import SteppedClock

NOW = datetime(2026, 5, 4, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANN, BEN = 1, 2


@pytest.fixture
async def people(database: Database, vault: Vault) -> dict[int, Person]:
    async with database.transaction() as tx:
        return await users.create(
            tx, vault, [User(number, number, created_at=NOW, seen_at=NOW) for number in (ANN, BEN)]
        )


def wrote(number: int, source: str = "update:5", text: str = "") -> Incoming:
    return Incoming(number, source, ANN, ANN, Wrote(text))


def done(
    number: int,
    kind: str,
    at: datetime,
    before: int | None = None,
    after: int | None = None,
    technique: str = "",
    text: str = "",
) -> Entry:
    return Entry(number, kind, before, after, technique, text, at)


async def test_an_event_is_fresh_once(database: Database) -> None:
    async with database.transaction() as tx:
        first = await seen.fresh(tx, [wrote(3), wrote(1), wrote(3, text="again"), wrote(1, "timer")], NOW)
        assert first == [wrote(3), wrote(1), wrote(1, "timer")]
    async with database.transaction() as tx:
        assert await seen.fresh(tx, [wrote(3), wrote(4), wrote(3, "update:6")], NOW) == [wrote(4), wrote(3, "update:6")]
        assert await seen.fresh(tx, [], NOW) == []


async def test_an_event_of_a_turn_that_was_taken_back_is_fresh_again(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as tx:
            await seen.fresh(tx, [wrote(1)], NOW)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    async with database.transaction() as tx:
        assert await seen.fresh(tx, [wrote(1)], NOW) == [wrote(1)]


async def test_an_event_can_be_left_for_later(database: Database) -> None:
    async with database.transaction() as tx:
        await seen.fresh(tx, [wrote(1), wrote(2)], NOW)
        await seen.forget(tx, [wrote(2)])
        await seen.forget(tx, [])
    async with database.transaction() as tx:
        assert await seen.fresh(tx, [wrote(1), wrote(2)], NOW) == [wrote(2)]


async def test_a_batch_of_two_thousand_is_one_of_many(database: Database) -> None:
    batch = [wrote(number) for number in range(2000)]
    async with database.transaction() as tx:
        assert await seen.fresh(tx, batch, NOW) == batch


async def test_old_events_are_forgotten(database: Database) -> None:
    async with database.transaction() as tx:
        await seen.fresh(tx, [wrote(1)], NOW)
        await seen.fresh(tx, [wrote(2)], NOW + HOUR)
        await seen.prune(tx, NOW + HOUR)
        assert await seen.fresh(tx, [wrote(1), wrote(2)], NOW) == [wrote(1)]


async def test_entries_are_counted_for_each_person_from_their_own_midnight(
    database: Database, people: dict[int, Person]
) -> None:
    ann, ben = people[ANN], people[BEN]
    async with database.transaction() as tx:
        await entries.add(
            tx,
            [
                (ann, done(1, "soothed", NOW - HOUR)),
                (ann, done(2, "soothed", NOW)),
                (ann, done(3, "reached", NOW)),
                (ben, done(4, "soothed", NOW - HOUR)),
                (ben, done(5, "soothed", NOW - 2 * HOUR)),
            ],
        )
        counted = await entries.counts(tx, {ANN: NOW, BEN: NOW - HOUR, 99: NOW})
        assert counted == {ANN: {"soothed": 1, "reached": 1}, BEN: {"soothed": 1}, 99: {}}
        assert await entries.counts(tx, {}) == {}


async def test_what_helped_is_the_mean_of_the_rated_runs(database: Database, people: dict[int, Person]) -> None:
    ann, ben = people[ANN], people[BEN]
    async with database.transaction() as tx:
        await entries.add(
            tx,
            [
                (ann, done(1, "soothed", NOW, 8, 5, "breath")),
                (ann, done(2, "soothed", NOW, 8, 4, "breath")),
                (ann, done(3, "soothed", NOW, 8, None, "breath")),
                (ann, done(4, "soothed", NOW, None, 4, "walk")),
                (ann, done(5, "soothed", NOW, 4, 6, "cold")),
                (ann, done(6, "mood", NOW, 4, 6)),
                (ben, done(7, "soothed", NOW, 10, 0, "breath")),
            ],
        )
        assert await entries.drops(tx, [ANN, BEN, 99]) == {
            ANN: {"breath": Drop(2, 3.5), "cold": Drop(1, -2.0)},
            BEN: {"breath": Drop(1, 10.0)},
            99: {},
        }


async def test_a_person_reads_their_own_entries_again(database: Database, people: dict[int, Person]) -> None:
    old, new = done(1, "reached", NOW, 8, 5, "breath", "I missed you. 🌱"), done(2, "mood", NOW + HOUR)
    async with database.transaction() as tx:
        await entries.add(tx, [(people[ANN], new), (people[ANN], old), (people[BEN], done(3, "mood", NOW))])
        await entries.add(tx, [])
        assert await entries.of_user(tx, people[ANN], NOW) == [old, new]
        assert await entries.of_user(tx, people[ANN], NOW + HOUR) == [new]


def promise(number: int, asked_at: datetime, state: str = "resting", user_id: int = ANN) -> Space:
    return Space(
        number, user_id, asked_at, asked_at + HOUR, HOUR, 1, tell_if_late=True, state=state, warm="Soon.", before=3
    )


async def test_the_space_that_counts_is_the_newest_unfinished_or_just_finished_one(
    database: Database, people: dict[int, Person]
) -> None:
    ann = people[ANN]
    async with database.transaction() as tx:
        await spaces.add(tx, [(ann, promise(1, NOW - 26 * HOUR, "closed"))])
        assert await spaces.open_of(tx, people, NOW) == {}
        await spaces.add(
            tx, [(ann, promise(2, NOW - 24 * HOUR, "returned")), (people[BEN], promise(9, NOW, user_id=BEN))]
        )
        assert await spaces.open_of(tx, people, NOW) == {
            ANN: promise(2, NOW - 24 * HOUR, "returned"),
            BEN: promise(9, NOW, user_id=BEN),
        }
        await spaces.add(tx, [(ann, promise(3, NOW - 48 * HOUR, "late"))])
        assert (await spaces.open_of(tx, people, NOW))[ANN].id == 2
        await spaces.add(tx, [(ann, promise(4, NOW))])
        assert (await spaces.open_of(tx, people, NOW))[ANN] == promise(4, NOW)
        assert (await spaces.open_of(tx, {ANN: ann}, NOW + 99 * HOUR))[ANN].id == 4


async def test_a_changed_space_is_stored_as_it_is_now(database: Database, people: dict[int, Person]) -> None:
    changed = Space(1, ANN, NOW, NOW + 2 * HOUR, HOUR, 2, tell_if_late=False, state="late", warm="", before=None)
    async with database.transaction() as tx:
        await spaces.add(tx, [(people[ANN], promise(1, NOW)), (people[BEN], promise(2, NOW, user_id=BEN))])
        await spaces.change(tx, [(people[ANN], changed)])
        await spaces.change(tx, [])
        assert await spaces.open_of(tx, people, NOW) == {ANN: changed, BEN: promise(2, NOW, user_id=BEN)}


async def test_a_space_is_found_by_its_owner_alone(database: Database, people: dict[int, Person]) -> None:
    async with database.transaction() as tx:
        await spaces.add(tx, [(people[ANN], promise(1, NOW)), (people[BEN], promise(2, NOW, user_id=BEN))])
        assert await spaces.of_ids(tx, {ANN: people[ANN]}, [1, 2, 3]) == {1: promise(1, NOW)}


async def test_spaces_are_counted_for_each_person_from_their_own_midnight(
    database: Database, people: dict[int, Person]
) -> None:
    async with database.transaction() as tx:
        await spaces.add(tx, [(people[ANN], promise(1, NOW - HOUR)), (people[ANN], promise(2, NOW))])
        await spaces.add(tx, [(people[BEN], promise(3, NOW - HOUR, user_id=BEN))])
        assert await spaces.of_day(tx, {ANN: NOW, BEN: NOW - HOUR, 99: NOW}) == {ANN: 1, BEN: 1, 99: 0}
        assert await spaces.of_day(tx, {}) == {}


async def test_one_at_a_time_holds_a_lease_until_it_ends_or_is_given_back(database: Database) -> None:
    async with database.transaction() as tx:
        assert await leases.take(tx, "poll", "a")
        assert not await leases.take(tx, "poll", "b")
        assert await leases.take(tx, "poll", "a")
        assert await leases.take(tx, "other", "b")
        await leases.release(tx, "poll", "b")
        assert not await leases.take(tx, "poll", "b")
        await leases.release(tx, "poll", "a")
        assert await leases.take(tx, "poll", "b", seconds=0)
        assert await leases.take(tx, "poll", "a")


async def test_a_lease_that_was_not_renewed_ends(database: Database, clock: SteppedClock) -> None:
    if database.dialect == "postgresql":
        pytest.skip("its clock is the server's own; a lease of no seconds is tested above")
    async with database.transaction() as tx:
        assert await leases.take(tx, "poll", "a")
        clock.move(timedelta(seconds=4.9))
        assert not await leases.take(tx, "poll", "b")
        clock.move(timedelta(seconds=0.1))
        assert await leases.take(tx, "poll", "b")


async def test_a_picture_is_known_until_it_changes(database: Database) -> None:
    async with database.transaction() as tx:
        await media.keep(tx, 5, "breath", "old", "file-1")
        await media.keep(tx, 5, "breath", "new", "file-2")
        await media.keep(tx, 6, "breath", "new", "file-3")
        assert await media.uploaded(tx, 5, {"breath": "new", "walk": "x"}) == {"breath": "file-2"}
        assert await media.uploaded(tx, 5, {"breath": "newer"}) == {}
        await media.forget(tx, 5, "breath")
        assert await media.uploaded(tx, 5, {"breath": "new"}) == {}
        assert await media.uploaded(tx, 6, {"breath": "new"}) == {"breath": "file-3"}


async def test_replicas_learn_which_scripts_are_known(database: Database) -> None:
    async with database.transaction() as tx:
        assert await scripts.newest(tx) == 0
        await scripts.announce(tx, ["a", "b", "a"], 1, NOW)
        await scripts.announce(tx, ["b", "c"], 2, NOW + HOUR)
        await scripts.announce(tx, [], 3, NOW)
        assert await scripts.versions(tx, ["a", "b", "x"]) == {"a": 1, "b": 2}
        assert await scripts.newest(tx) == 2
        await scripts.prune(tx, NOW + HOUR)
        assert await scripts.versions(tx, ["a", "b", "c"]) == {"b": 2, "c": 2}


async def test_dead_letters_are_kept_once_and_counted(database: Database) -> None:
    first, second = (
        Letter("update:5", 1, ANN, "KeyError in engine", NOW),
        Letter("timer", 1, BEN, "x" * 300, NOW + HOUR),
    )
    async with database.transaction() as tx:
        await letters.add(tx, [first, second])
        await letters.add(tx, [Letter("update:5", 1, ANN, "another", NOW)])
        await letters.add(tx, [])
        assert await letters.count(tx) == 2
        assert await letters.newest(tx, 1) == [Letter("timer", 1, BEN, "x" * 200, NOW + HOUR)]
        await letters.prune(tx, NOW + HOUR)
        assert await letters.count(tx) == 1
