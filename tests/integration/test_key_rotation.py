"""A new master key while the bot runs: everything stays readable, whatever is interrupted, and the old key opens nothing any more."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import delete, select

from bot.commands.host import NotDone
from bot.commands.keys import rotate
from bot.config import Settings
from bot.core.errors import DatabaseUnavailable, VaultError
from bot.core.facts import User
from bot.storage import claims, outbox, rotation, users
from bot.storage.budget import limits
from bot.storage.database import Database
from bot.storage.key_file import load_keys, replace_key_file
from bot.storage.messages import Draft, Owner
from bot.storage.tables import users as users_table
from bot.storage.tables import vaults
from bot.storage.vault import Vault, open_vault
from tests import chat
from tests.carried import library
from tests.clocks import SteppedClock

NOW = datetime(2026, 5, 4, 18, tzinfo=UTC)
OLD, NEW = bytes(range(32)), bytes(32)


def person(number: int) -> User:
    return User(number, number, nickname=f"n{number}", created_at=NOW, seen_at=NOW)


@pytest.fixture
async def named(database: Database, vault: Vault) -> Database:
    """A database that belongs to the old key, with five people."""
    async with database.transaction() as tx:
        await tx.connection.execute(delete(vaults))
        await tx.connection.execute(tx.insert(vaults).values(id=1, fingerprint=vault.fingerprint))
        await users.create(tx, vault, [person(number) for number in range(1, 6)])
    return database


async def names(database: Database, vault: Vault) -> list[str]:
    async with database.transaction() as tx:
        people = await users.lock(tx, vault, range(1, 100))
    return [each.user.nickname for each in people.values()]


async def test_a_running_program_reads_and_greets_through_every_step(
    named: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "AT_ONCE", 2)
    in_file = [OLD]
    running, changing = Vault(OLD, reread=lambda: in_file), Vault(NEW, OLD)
    in_file[:] = [NEW, OLD]

    async def greet(number: int) -> None:
        async with named.transaction() as tx:
            await users.create(tx, running, [person(number)])

    await greet(6)
    async with named.transaction() as tx:
        await rotation.begin(tx, changing.fingerprint)
    await greet(7)
    assert running.fingerprint == changing.fingerprint
    after: int | None = 0
    number = 8
    while after is not None:
        async with named.transaction() as tx:
            after = (await rotation.step(tx, changing, after)).last
        if number < 12:
            await greet(number)
            number += 1
        assert len(await names(named, running)) == number - 1
    assert await names(named, Vault(NEW)) == [f"n{each}" for each in range(1, number)]
    async with named.transaction() as tx:
        assert (await rotation.step(tx, changing)).wrapped == 0
        wrapped = (await tx.connection.execute(select(users_table.c.id, users_table.c.wrapped_key))).all()
    for row in wrapped:
        with pytest.raises(VaultError):
            vault.unwrap(row.id, row.wrapped_key)


async def test_a_program_without_the_new_key_stops_instead_of_giving_anything_up(
    named: Database, vault: Vault, clock: SteppedClock
) -> None:
    async with named.transaction() as tx:
        ann = (await users.lock(tx, vault, [1]))[1]
        draft = Draft(1, 1, "chat:1", 0, "sendMessage", b'{"chat_id":1,"text":"Hello."}')
        await outbox.add(tx, [(ann.key, draft)], NOW)
    async with named.transaction() as tx:
        await rotation.begin(tx, Vault(NEW).fingerprint)
        await rotation.step(tx, Vault(NEW, OLD))
    owner = Owner("o", clock.machine(), limits(30))
    with pytest.raises(DatabaseUnavailable, match="Give this program the new key file"):
        async with named.transaction() as tx:
            await users.lock(tx, vault, [1])
    with pytest.raises(DatabaseUnavailable, match="new key file"):
        async with named.transaction() as tx:
            await users.create(tx, vault, [person(9)])
    with pytest.raises(DatabaseUnavailable, match="new key file"):
        async with named.transaction() as tx:
            await claims.claim(tx, vault, owner, NOW, want=5)
    async with named.transaction() as tx:
        [claimed] = (await claims.claim(tx, Vault(NEW), owner, NOW, want=5)).messages
    assert claimed.body == draft.body


async def test_a_damaged_key_is_left_alone_and_counted(named: Database) -> None:
    async with named.transaction() as tx:
        await tx.connection.execute(users_table.update().where(users_table.c.id == 3).values(wrapped_key=b"broken"))
        done = await rotation.step(tx, Vault(NEW, OLD))
    assert (done.looked_at, done.wrapped, done.unreadable) == (5, 4, 1)


# The command ----------------------------------------------------------------------------------------------------------


@pytest.fixture
async def going(tmp_path: Path) -> AsyncIterator[chat.Chat]:
    running = chat.Chat(tmp_path, library(), NOW, forgetful=False)
    async with running.going():
        await running.given("Ann is set up; role reach; nickname Annie")
        yield running


def said(going: chat.Chat) -> list[str]:
    return [line for line in going.lines if "Annie" in line or "went wrong" in line]


async def test_the_bot_goes_on_while_its_key_is_changed(going: chat.Chat) -> None:
    key_file = going.app.settings.key_file
    before = key_file.read_bytes()
    await going.hear("Ann: /start")
    told = [line async for line in rotate(going.app.settings)]
    assert "The keys of 1 people" in "\n".join(told)
    assert key_file.read_bytes() != before
    await going.hear("Ann: /start")
    await going.given("Ben is set up")
    await going.hear("Ben: /start")
    await going.restart()
    await going.hear("Ann: /start")
    assert len(said(going)) == 3
    assert not [line for line in said(going) if "went wrong" in line]
    assert len(load_keys(key_file, database_is_empty=False)) == 1
    [old] = key_file.parent.glob("*.old-*")
    assert old.read_bytes() == before
    with closing(sqlite3.connect(key_file.parent / "chat.db")) as file:
        rows = file.execute("SELECT id, wrapped_key FROM users").fetchall()
    for user_id, wrapped in rows:
        with pytest.raises(VaultError):
            Vault(*load_keys(old, database_is_empty=False)).unwrap(user_id, wrapped)


@pytest.mark.parametrize("lines", [0, 1, 2, 3])
async def test_a_change_that_was_interrupted_goes_on_where_it_was(going: chat.Chat, lines: int) -> None:
    changing = rotate(going.app.settings)
    for _ in range(lines):
        await anext(changing)
    await changing.aclose()
    if lines == 0:  # as if it had died right after the key file
        [old] = load_keys(going.app.settings.key_file, database_is_empty=False)
        replace_key_file(going.app.settings.key_file, NEW, old)
    await going.restart()
    await going.hear("Ann: /start")
    told = [line async for line in rotate(going.app.settings)]
    assert told[-1].endswith("make a new backup.")
    assert len(load_keys(going.app.settings.key_file, database_is_empty=False)) == 1
    await going.restart()
    await going.hear("Ann: /start")
    assert len(said(going)) == 2


async def test_hundreds_of_people_are_wrapped_anew_in_steps_that_are_told(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    settings = Settings(_env_file=None, database_url=SecretStr(database_url), key_file=tmp_path / "stillhere.key")
    async with database.transaction() as tx:
        vault = await open_vault(tx, settings.key_file, may_make=True)
        await users.create(tx, vault, [person(number) for number in range(1, 451)])
    told = [line async for line in rotate(settings)]
    assert told[:4] == ["200 of 450 people", "400 of 450 people", "450 of 450 people", told[3]]
    assert told[3].startswith("The keys of 450 people")
    async with database.transaction() as tx:
        renewed = await open_vault(tx, settings.key_file)
        assert len(await users.lock(tx, renewed, range(1, 451))) == 450
        assert not renewed.is_being_changed
    assert renewed.fingerprint != vault.fingerprint


async def test_machines_with_a_key_file_of_their_own_get_the_new_key_first(going: chat.Chat) -> None:
    settings = going.app.settings
    told = [line async for line in rotate(settings, prepare=True)]
    assert "Copy it to every machine" in told[-1]
    async with going.app.database.transaction() as tx:
        vault = await open_vault(tx, settings.key_file)
    assert vault.is_being_changed
    assert vault.fingerprint == Vault(load_keys(settings.key_file, database_is_empty=False)[1]).fingerprint
    told = [line async for line in rotate(settings)]
    assert "It goes on." in told[0]


async def test_one_change_at_a_time_and_none_without_a_database(going: chat.Chat, tmp_path: Path) -> None:
    first = rotate(going.app.settings)
    await anext(first)
    with pytest.raises(NotDone, match="being changed by another program"):
        await anext(rotate(going.app.settings))
    await first.aclose()
    elsewhere = going.app.settings.model_copy(
        update={"key_file": tmp_path / "other.key", "database_url": _url(tmp_path / "none.db")}
    )
    with pytest.raises(NotDone, match="no database"):
        await anext(rotate(elsewhere))
    assert not (tmp_path / "none.db").exists()


def _url(path: Path) -> SecretStr:
    return SecretStr(f"sqlite+aiosqlite:///{path}")
