"""Nothing that people wrote can be read in the database's files, and nothing of an erased person is left in them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.facts import Corner, Space, User
from bot.storage import corners, covers, entries, invites, outbox, sessions, spaces, users
from bot.storage.database import Database
from bot.storage.messages import Draft
from bot.storage.vault import Vault

NOW = datetime(2026, 5, 4, 18, tzinfo=UTC)
MARK = "m4rk3d"


def bytes_of(database: Database) -> bytes:
    """The file, its write-ahead log and its index, as a thief would take them."""
    assert database.path is not None
    return b"".join(path.read_bytes() for path in files(database.path))


def files(path: Path) -> Iterator[Path]:
    yield from sorted(path.parent.glob(f"{path.name}*"))


@pytest.fixture
def database_url(migrated_file: Path, tmp_path: Path) -> str:
    path = tmp_path / "stillhere.db"
    path.write_bytes(migrated_file.read_bytes())
    return f"sqlite+aiosqlite:///{path}"


async def write_everything(database: Database, vault: Vault) -> bytes:
    """Marked texts through every function of storage that takes words people wrote; the person's wrapped key."""
    async with database.transaction() as tx:
        ann = User(7, 7, nickname=f"{MARK}-nickname", created_at=NOW, seen_at=NOW)
        person = (await users.create(tx, vault, [ann]))[7]
        await users.change(tx, [(person, {"nickname": f"{MARK}-changed", "exit_word": f"{MARK}-exit"})])
        await corners.save(tx, [(person, Corner(f"{MARK}-pin".encode()))])
        await covers.add(tx, [(person, covers.Cover(2, "sendMessage", f"{MARK}-cover".encode()))], NOW)
        await invites.add(tx, f"{MARK}-code", NOW)
        body = {"slots": {f"{MARK}-slot": f"{MARK}-value"}}
        await sessions.save(tx, [(person, sessions.Row(7, "soothe", "ask", "f", 1, body, NOW))])
        await entries.add(tx, [(person, entries.Entry(1, "reached", None, None, "", f"{MARK}-entry", NOW))])
        space = Space(1, 7, NOW, NOW, timedelta(hours=1), warm=f"{MARK}-warm")
        await spaces.add(tx, [(person, space)])
        await spaces.change(tx, [(person, space)])
        draft = Draft(1, 7, "chat:7", 0, "sendMessage", f'{{"text": "{MARK}-message"}}'.encode())
        await outbox.add(tx, [(person.key, draft)], NOW)
    async with database.transaction() as tx:
        assert (await users.lock(tx, vault, [7]))[7].user.nickname == f"{MARK}-changed"
        wrapped = await tx.connection.exec_driver_sql("SELECT wrapped_key FROM users")
        return bytes(wrapped.scalar_one())


async def test_no_word_of_anybody_lies_open_in_the_files(database: Database, vault: Vault) -> None:
    wrapped = await write_everything(database, vault)
    stored = bytes_of(database)
    assert b"reached" in stored  # the search would find what lies open
    assert wrapped in stored
    assert MARK.encode() not in stored
    assert MARK.encode("utf-16-le") not in stored


async def test_an_erased_persons_key_is_gone_from_the_file(database: Database, vault: Vault) -> None:
    wrapped = await write_everything(database, vault)
    async with database.transaction() as tx:
        await users.erase(tx, 7)
    await database.close()  # the write-ahead log is folded in and removed
    stored = bytes_of(database)
    assert stored
    assert wrapped not in stored
    assert b"reached" not in stored
