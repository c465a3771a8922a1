"""Nothing that people wrote can be read in the database's files, and nothing of an erased person is left in them."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from bot.core.facts import Corner, Space, User
from bot.dialog.session import Frame, Session, to_body
from bot.storage import corners, covers, entries, invites, outbox, sessions, spaces, users
from bot.storage.database import Database
from bot.storage.messages import Draft
from bot.storage.vault import Vault, open_vault
from tests import chat
from tests.carried import library
from tests.safety.gate import SLOTS

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


# Through the whole bot -------------------------------------------------------------------------------------------------

KEEPING = {"keep_text", "keep_nickname"}
"""The actions that keep what was typed."""


def prompts(going: chat.Chat) -> list[tuple[str, str, bool]]:
    """Every state that keeps what is typed, and one more of each dialog that takes text; whether it keeps it."""
    found = []
    for name, dialog in going.app.library.dialogs.items():
        taking = {place: state.text for place, state in dialog.script.states.items() if state.text}
        keeping = [place for place, text in taking.items() if any(c.name in KEEPING for step in text for c in step.do)]
        others = [place for place in taking if place not in keeping][:1]
        found += [(name, place, place in keeping) for place in (*keeping, *others)]
    return found


async def stand(going: chat.Chat, dialog: str, state: str) -> None:
    """Let Ann stand there, as if she had come that far."""
    ann = going.people["Ann"].id
    async with going.app.database.transaction() as tx:
        person = (await users.lock(tx, await open_vault(tx, going.app.settings.key_file), [ann]))[ann]
        frame = Frame(dialog, state, going.app.library.dialogs[dialog].script.hash, SLOTS)
        now = going.clock.now()
        row = sessions.Row(ann, dialog, state, frame.script, 1, to_body(Session(frame, revision=1)), now)
        await sessions.save(tx, [(person, row)])


async def opened(going: chat.Chat) -> str:
    """All that is kept of Ann, with her key."""
    ann = going.people["Ann"].id
    async with going.app.database.transaction() as tx:
        person = (await users.lock(tx, await open_vault(tx, going.app.settings.key_file), [ann]))[ann]
        body = (await sessions.load(tx, {ann: person}))[ann].body
        words = [entry.text for entry in await entries.of_user(tx, person, going.clock.now() - timedelta(days=1))]
        warm = [space.warm for space in await spaces.of_user(tx, person)]
    return " ".join([person.user.nickname, orjson.dumps(body).decode(), *words, *warm])


def test_whatever_is_typed_into_any_dialog_lies_nowhere_in_the_clear(tmp_path: Path) -> None:
    async def story() -> None:
        going = chat.Chat(tmp_path, library(), NOW, forgetful=False)
        async with going.going():
            await going.given(f"Ann is set up; role reach; nickname {MARK}-given")
            kept = []
            for number, (dialog, state, keeps) in enumerate(prompts(going)):
                await stand(going, dialog, state)
                await going.hear(f"Ann: {MARK}{number}")
                if keeps:
                    kept.append((dialog, state))
                    assert f"{MARK}{number}" in await opened(going), (dialog, state)
            for line in ("/reach", "[2]", "[I have my own words]", f"{MARK} draft", "/space"):
                await going.hear(f"Ann: {line}")
            await stand(going, "settings", "name")
            await going.hear(f"Ann: I can't do this any more. {MARK} held")
            assert f"{MARK} held" in await opened(going)  # until it is clear how it was meant
            await going.hear("Ann: /export")
            await going.hear("Ann: [Make my copy]")
            stored = bytes_of(going.app.database)
        assert len(kept) >= 8
        assert any(MARK in line for line in going.lines if line.startswith("bot: "))  # the bot's own words quoted some
        assert b"flag" in stored  # the search would find what lies open
        for form in (MARK.encode(), MARK.encode("utf-16-le"), MARK.upper().encode()):
            assert form not in stored

    asyncio.run(story())
