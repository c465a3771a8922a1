"""People and their sessions come back as they were stored, belong to nobody else, and go without a trace."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import Integer, LargeBinary, String, func, insert, select, update

from bot.core.errors import Undecodable, VaultError
from bot.core.facts import Corner, Space, User
from bot.storage import corners, covers, entries, letters, sessions, spaces, users
from bot.storage.database import Database, Transaction
from bot.storage.tables import lanes, metadata, outbox, timers
from bot.storage.tables import sessions as sessions_table
from bot.storage.tables import spaces as spaces_table
from bot.storage.tables import users as users_table
from bot.storage.users import Person
from bot.storage.vault import Vault

NOW = datetime(2026, 5, 4, 18, 0, 0, 123456, tzinfo=UTC)
ANN = User(
    id=7_000_000_001,
    chat_id=7_000_000_001,
    locale="pt-BR",
    role="reach",
    nickname="Ännchen 🌱",
    zone="Europe/Berlin",
    quiet_from=time(22, 30),
    quiet_to=time(7, 0),
    nudge_at=time(9, 5),
    nudges="daily",
    ignored=2,
    consent=1,
    stopped=True,
    paused_until=NOW + timedelta(days=3),
    blocked_at=NOW,
    lock_screen="neutral",
    exit_word="ananás",
    seed=2**62,
    created_at=NOW,
    seen_at=NOW,
)
BEN = User(id=8, chat_id=8, created_at=NOW, seen_at=NOW)


async def create(database: Database, vault: Vault, *people: User) -> dict[int, Person]:
    async with database.transaction() as tx:
        return await users.create(tx, vault, people)


async def found(database: Database, vault: Vault, *ids: int) -> dict[int, User]:
    async with database.transaction() as tx:
        return {user_id: person.user for user_id, person in (await users.lock(tx, vault, ids)).items()}


async def test_a_person_comes_back_as_stored(database: Database, vault: Vault) -> None:
    await create(database, vault, BEN, ANN)
    assert await found(database, vault, ANN.id, BEN.id, 99) == {ANN.id: ANN, BEN.id: BEN}
    assert await found(database, vault) == {}


async def test_a_person_who_exists_keeps_their_key(database: Database, vault: Vault) -> None:
    first = await create(database, vault, ANN)
    sealed = first[ANN.id].key.seal("a", b"here")
    again = await create(database, vault, replace(ANN, locale="en"), BEN)
    assert again[ANN.id].user == ANN
    assert again[ANN.id].key.open("a", sealed) == b"here"
    assert again[BEN.id].user == BEN


async def test_two_replicas_that_greet_the_same_person_agree_on_one_key(
    database_url: str, database: Database, vault: Vault
) -> None:
    rival = Database(database_url, database._clock)
    await rival.open()
    made = await asyncio.gather(create(database, vault, ANN), create(rival, vault, ANN))
    await rival.close()
    sealed = made[0][ANN.id].key.seal("a", b"here")
    assert made[1][ANN.id].key.open("a", sealed) == b"here"


async def test_a_change_touches_what_it_names_and_nobody_else(database: Database, vault: Vault) -> None:
    people = await create(database, vault, ANN, BEN)
    async with database.transaction() as tx:
        changed = await users.change(
            tx,
            [
                (people[BEN.id], {"nickname": "Benno", "nudge_at": time(8, 0)}),
                (people[BEN.id], {"consent": 1}),
            ],
        )
    expected = replace(BEN, nickname="Benno", nudge_at=time(8, 0), consent=1)
    assert changed[BEN.id].user == expected
    assert await found(database, vault, ANN.id, BEN.id) == {ANN.id: ANN, BEN.id: expected}


async def test_a_changed_field_that_no_user_has_is_an_error(database: Database, vault: Vault) -> None:
    people = await create(database, vault, BEN)
    for values in ({"shoe_size": 44}, {"id": 9}):
        async with database.transaction() as tx:
            with pytest.raises((TypeError, ValueError)):
                await users.change(tx, [(people[BEN.id], values)])


async def test_a_nickname_can_be_taken_back(database: Database, vault: Vault) -> None:
    people = await create(database, vault, ANN)
    async with database.transaction() as tx:
        await users.change(tx, [(people[ANN.id], {"nickname": "", "quiet_from": None, "paused_until": None})])
    assert (await found(database, vault, ANN.id))[ANN.id] == replace(
        ANN, nickname="", quiet_from=None, paused_until=None
    )


async def test_who_never_agreed_is_found_once_they_have_been_away(database: Database, vault: Vault) -> None:
    await create(database, vault, ANN, BEN, replace(BEN, id=9))
    async with database.transaction() as tx:
        await users.touch(tx, [9], NOW + timedelta(hours=1))
        assert await users.unconsented(tx, NOW + timedelta(seconds=1)) == [BEN.id]
        assert await users.unconsented(tx, NOW + timedelta(hours=2)) == [BEN.id, 9]
        assert await users.unconsented(tx, NOW) == []


async def test_a_locked_person_waits_for_the_other_transaction(
    database_url: str, database: Database, vault: Vault
) -> None:
    await create(database, vault, BEN)
    rival = Database(database_url, database._clock)
    await rival.open()
    locked, go = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with database.transaction() as tx:
            people = await users.lock(tx, vault, [BEN.id])
            locked.set()
            await go.wait()
            await users.change(tx, [(people[BEN.id], {"ignored": people[BEN.id].user.ignored + 1})])

    async def second() -> None:
        async with rival.transaction() as tx:
            people = await users.lock(tx, vault, [BEN.id])
            await users.change(tx, [(people[BEN.id], {"ignored": people[BEN.id].user.ignored + 1})])

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(first())
        await locked.wait()
        two = tasks.create_task(second())
        for _ in range(20):
            await asyncio.sleep(0)
        assert not two.done()
        go.set()
    await rival.close()
    assert (await found(database, vault, BEN.id))[BEN.id].ignored == 2


async def test_a_session_comes_back_as_stored_and_is_replaced_as_a_whole(database: Database, vault: Vault) -> None:
    people = await create(database, vault, ANN, BEN)
    body = {"slots": {"before": 7, "note": "ich wäre gern näher 🌱"}, "history": ["ask"], "stack": []}
    row = sessions.Row(ANN.id, "soothe", "ask", "f" * 64, 3, body, NOW)
    async with database.transaction() as tx:
        await sessions.save(tx, [(people[ANN.id], row)])
        await sessions.save(tx, [])
    later = replace(row, state="rate", revision=4, body={}, at=NOW + timedelta(minutes=1))
    async with database.transaction() as tx:
        assert await sessions.load(tx, people) == {ANN.id: row}
        await sessions.save(tx, [(people[ANN.id], later)])
        assert await sessions.load(tx, people) == {ANN.id: later}


async def test_a_broken_row_names_whose_it_is_and_nothing_else(database: Database, vault: Vault) -> None:
    people = await create(database, vault, ANN, BEN)
    rows = [(person, sessions.Row(user_id, "soothe", "ask", "f", 1, {}, NOW)) for user_id, person in people.items()]
    async with database.transaction() as tx:
        await sessions.save(tx, rows)
    place = f"sessions.body.{ANN.id}"
    for body in (b"nonsense", people[ANN.id].key.seal(place, b"{"), people[ANN.id].key.seal(place, b"[]")):
        async with database.transaction() as tx:
            await tx.connection.execute(
                update(sessions_table).where(sessions_table.c.user_id == ANN.id).values(body=body)
            )
            with pytest.raises(Undecodable) as caught:
                await sessions.load(tx, people)
            assert caught.value.user_id == ANN.id
            assert str(ANN.id) not in str(caught.value)
            assert set(await sessions.load(tx, {BEN.id: people[BEN.id]})) == {BEN.id}


@pytest.mark.parametrize("values", [{"wrapped_key": b"x"}, {"nickname": b"x"}, {"quiet_from": "25:99"}])
async def test_a_broken_person_is_found_out_when_locked(
    database: Database, vault: Vault, values: dict[str, object]
) -> None:
    await create(database, vault, ANN, BEN)
    async with database.transaction() as tx:
        await tx.connection.execute(update(users_table).where(users_table.c.id == ANN.id).values(values))
        with pytest.raises(Undecodable) as caught:
            await users.lock(tx, vault, [ANN.id, BEN.id])
        assert caught.value.user_id == ANN.id


async def test_a_row_copied_to_another_person_does_not_open(database: Database, vault: Vault) -> None:
    people = await create(database, vault, ANN, BEN)
    async with database.transaction() as tx:
        await sessions.save(tx, [(people[ANN.id], sessions.Row(ANN.id, "soothe", "ask", "f", 1, {}, NOW))])
        await tx.connection.execute(update(sessions_table).values(user_id=BEN.id))
        with pytest.raises(Undecodable):
            await sessions.load(tx, people)
        stolen = select(users_table.c.wrapped_key).where(users_table.c.id == ANN.id).scalar_subquery()
        await tx.connection.execute(update(users_table).where(users_table.c.id == BEN.id).values(wrapped_key=stolen))
        with pytest.raises(Undecodable):
            await users.lock(tx, vault, [BEN.id])


async def test_erasing_leaves_no_row_of_the_person_in_any_table(database: Database, vault: Vault) -> None:
    people = await create(database, vault, ANN, BEN)
    async with database.transaction() as tx:
        for person in people.values():
            await fill_every_table(tx, person)
        tables = [table for table in metadata.sorted_tables if "user_id" in table.c]
        for table in tables:  # a table made later has to be filled here, too
            assert await rows_of(tx, table.name, ANN.id), table.name
        await users.erase(tx, ANN.id)
        await users.erase(tx, 99)
        for table in tables:
            assert not await rows_of(tx, table.name, ANN.id), table.name
            assert await rows_of(tx, table.name, BEN.id), table.name
        assert list((await tx.connection.execute(select(lanes.c.destination))).scalars()) == [f"chat:{BEN.chat_id}"]
        left = (await tx.connection.execute(select(spaces_table.c.user_id, spaces_table.c.receiver_id))).all()
        assert [tuple(row) for row in left] == [(BEN.id, None)]
    assert list(await found(database, vault, ANN.id, BEN.id)) == [BEN.id]


def test_no_table_names_a_person_by_another_column() -> None:
    """`users.erase` finds rows by `user_id`; a new column that points to people has to be thought of there."""
    pointing = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.c
        if column.name.endswith(("user", "_id", "destination")) and column.name != "user_id"
    }
    assert pointing == {
        "users.chat_id",
        "spaces.receiver_id",
        "outbox.destination",
        "outbox.message_id",
        "lanes.destination",
        "media.bot_id",
        "media.file_id",
    }


async def test_a_space_of_anothers_warm_word_does_not_open(database: Database, vault: Vault) -> None:
    people = await create(database, vault, ANN, BEN)
    space = Space(5, ANN.id, NOW, NOW + timedelta(hours=1), timedelta(hours=1), warm="Soon.")
    async with database.transaction() as tx:
        await spaces.add(tx, [(people[ANN.id], space)])
        await tx.connection.execute(update(spaces_table).values(user_id=BEN.id))
        with pytest.raises(Undecodable) as caught:
            await spaces.open_of(tx, people, NOW)
    assert caught.value.user_id == BEN.id
    with pytest.raises(VaultError):
        people[BEN.id].key.open("spaces.warm.5", people[ANN.id].key.seal("spaces.warm.5", b"Soon."))


async def fill_every_table(tx: Transaction, person: Person) -> None:
    """A row of the person in every table that has a `user_id`."""
    user_id = person.user.id
    other = BEN.id if user_id == ANN.id else ANN.id
    await sessions.save(tx, [(person, sessions.Row(user_id, "soothe", "ask", "f", 1, {}, NOW))])
    await entries.add(tx, [(person, entries.Entry(user_id, "soothed", 8, 4, "breath", "a word", NOW))])
    await spaces.add(tx, [(person, Space(user_id, user_id, NOW, NOW, timedelta(hours=1)))])
    await tx.connection.execute(update(spaces_table).where(spaces_table.c.id == user_id).values(receiver_id=other))
    await corners.save(tx, [(person, Corner(b"hash"))])
    await covers.add(tx, [(person, covers.Cover(user_id, "sendMessage", b"{}"))], NOW)
    await letters.add(tx, [letters.Letter("timer", user_id, user_id, "KeyError", NOW)])
    for table in (outbox, timers, lanes):
        await tx.connection.execute(insert(table).values(any_row(table.name, person)))


def any_row(name: str, person: Person) -> dict[str, object]:
    """Values that the columns of the table accept."""
    row: dict[str, object] = {}
    for column in metadata.tables[name].c:
        if isinstance(column.type, LargeBinary):
            row[column.name] = b"x"
        elif isinstance(column.type, String):
            row[column.name] = "x"
        elif isinstance(column.type, Integer):
            row[column.name] = 1
    if "id" in row:
        row["id"] = person.user.id
    if "user_id" in row:
        row["user_id"] = person.user.id
    if "destination" in row:
        row["destination"] = f"chat:{person.user.chat_id}"
    return row


async def rows_of(tx: Transaction, name: str, user_id: int) -> int:
    table = metadata.tables[name]
    count = select(func.count()).select_from(table).where(table.c.user_id == user_id)
    return (await tx.connection.execute(count)).scalar_one()


async def test_a_person_whose_times_cannot_be_read_is_passed_over_and_known(database: Database, vault: Vault) -> None:
    others = [User(number, number, created_at=NOW, seen_at=NOW, consent=number) for number in range(1, 5)]
    await create(database, vault, *others)
    async with database.transaction() as tx:
        for column, user_id in (("seen_at", 2), ("created_at", 3)):
            await tx.connection.execute(
                update(users_table).where(users_table.c.id == user_id).values({column: -9 * 10**18})
            )
        people = await users.traces(tx)
    assert [(each.user_id, each.unreadable) for each in people] == [(1, False), (2, True), (3, True), (4, False)]
    assert [(each.seen_at, each.created_at) for each in people if not each.unreadable] == [(NOW, NOW)] * 2
    with pytest.raises(Undecodable) as caught:
        await found(database, vault, 1, 2)
    assert caught.value.user_id == 2
