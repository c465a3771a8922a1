"""What people may ask of their own data, through the whole bot: all of it goes, all of it comes as a copy, and the chat is cleared."""

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.conversation import clearing
from bot.core.facts import User
from bot.simulator import Fault, Trouble
from bot.storage import entries, outbox, users
from bot.storage.database import Database
from bot.storage.deletions import Deletions, beside
from bot.storage.messages import Draft, Outcome, Status
from bot.storage.tables import metadata
from bot.storage.tables import outbox as outbox_table
from bot.storage.vault import Vault, open_vault
from tests import chat
from tests.carried import library

EVENING = datetime(2026, 5, 4, 18, tzinfo=UTC)
NASTY = '<b>Ann\'s</b> & "co" "media:x"'


def rows(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every row of every table."""
    with closing(sqlite3.connect(folder / "chat.db")) as file:
        file.row_factory = sqlite3.Row
        for table in metadata.sorted_tables:
            for row in file.execute(f'SELECT * FROM "{table.name}"'):  # noqa: S608 - names of our own tables
                yield table.name, dict(row)


def about(folder: Path, user_id: int) -> dict[str, list[dict[str, Any]]]:
    """The rows of each table that name the person in any column, whatever it is called."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, row in rows(folder):
        if any(str(user_id) in str(value) for value in row.values() if isinstance(value, int | str)):
            found.setdefault(name, []).append(row)
    return found


async def busy_evening(going: chat.Chat, who: str) -> None:
    """A bit of everything that leaves a row."""
    await going.given(f"{who} is set up; role reach; nickname {who}-nick; nudge_at 08:00")
    for line in ("/soothe", "[7]", "/space", "I want to kill myself", "/cancel", "/reach", "[2]"):
        await going.hear(f"{who}: {line}")


def test_erasing_leaves_nothing_of_the_person_in_any_table_and_everything_of_others(tmp_path: Path) -> None:
    async def story() -> None:
        going = chat.Chat(tmp_path, library(), EVENING, forgetful=False)
        async with going.going():
            await busy_evening(going, "Ann")
            await busy_evening(going, "Ben")
            ann, ben = going.people["Ann"].id, going.people["Ben"].id
            before, others = about(tmp_path, ann), about(tmp_path, ben)
            await going.hear("Ann: /delete")
            await going.hear("Ann: [Erase everything]")
            assert about(tmp_path, ann) == {}
            assert about(tmp_path, ben) == others
            goodbye = chat._words(going.people["Ann"].messages()[-1])
            erased = Deletions(beside(going.app.settings.key_file))
            assert erased.of({ann: EVENING, ben: EVENING}) == [ann]
            await going.hear("Ann: /menu")  # a stranger again
            assert "Ann-nick" not in going.lines[-5]
        assert {"users", "sessions", "entries", "timers", "outbox", "lanes"} <= before.keys()
        assert "Ann" not in goodbye
        assert "gone" in goodbye

    asyncio.run(story())


def documents(going: chat.Chat, who: str) -> list[tuple[str, str]]:
    """The files on this phone: name and text."""
    sent = [message["document"] for message in going.people[who].messages() if "document" in message]
    return [(each["file_name"], going.simulator.cabinet.files[each["file_id"]].content.decode()) for each in sent]


async def with_a_past(going: chat.Chat) -> None:
    await going.given(f"Ann is set up; role reach; nickname {NASTY}; zone Asia/Tokyo; country us")
    await going.given("Ben is set up; nickname Ben-nick")
    kinds = ("soothe", "flag", "private.journal")
    async with going.app.database.transaction() as tx:
        vault = await open_vault(tx, going.app.settings.key_file)
        people = await users.lock(tx, vault, [person.id for person in going.people.values()])
        for name, person in going.people.items():
            done = [
                entries.Entry(person.id * 10 + n, kind, 8, 4, "t1", f"{name} {kind} {NASTY}", EVENING)
                for n, kind in enumerate(kinds)
            ]
            await entries.add(tx, [(people[person.id], each) for each in done])


def test_a_copy_holds_all_of_ones_own_and_nothing_of_anybody_else(tmp_path: Path) -> None:
    async def story() -> list[tuple[str, str]]:
        going = chat.Chat(tmp_path, library(), EVENING, forgetful=False)
        async with going.going():
            await with_a_past(going)
            for line in ("/export", "[Make my copy]", "[A fuller copy]", "[Yes, send all of it]"):
                await going.hear(f"Ann: {line}")
            return documents(going, "Ann")

    (_, page), (name, usual), (_, whole_page), (_, whole) = asyncio.run(story())
    assert name == "my-copy-2026-05-05.json"  # it is the fifth in Tokyo
    read, all_of_it = json.loads(usual), json.loads(whole)
    assert read["you"]["nickname"] == NASTY
    assert read["you"]["zone"] == "Asia/Tokyo"
    assert [each["words"] for each in read["done"]] == [f"Ann soothe {NASTY}"]
    assert read["done"][0]["at"] == "2026-05-05T03:00:00+09:00"
    assert not {"country", "flagged_at"} & read["you"].keys()
    assert all_of_it["you"]["country"] == "us"
    assert {each["what"] for each in all_of_it["done"]} == {"soothe", "flag", "private.journal"}
    assert not read["whole"]
    assert all_of_it["whole"]
    for text in (page, whole_page, usual, whole):
        assert "Ben" not in text
    for text in (page, whole_page):
        assert "<b>" not in text
        assert "&lt;b&gt;Ann&#x27;s&lt;/b&gt; &amp; &quot;co&quot;" in text
        assert "03:00" in text
        assert "script" not in text
    assert "journal" not in page
    assert "journal" in whole_page
    assert "left out" in page
    assert "left out" not in whole_page


def test_a_copy_that_telegram_did_not_take_at_first_comes_all_the_same_and_lies_nowhere_in_the_clear(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        going = chat.Chat(tmp_path, library(), EVENING, forgetful=False)
        async with going.going():
            await with_a_past(going)
            await going.hear("Ann: /export")
            gone = going.simulator.faults.add(Fault(Trouble.ERROR, "sendDocument", times=None, code=502))
            going.people["Ann"].taps("Make my copy")
            await going.simulator.until(lambda: going.simulator.faults.struck)
            waiting = b"".join(path.read_bytes() for path in sorted(tmp_path.glob("chat.db*")))
            assert b"my-copy" not in waiting
            assert b"soothe &" not in waiting
            gone()
            await going.restart()
            await going.settle()
            assert len({text for _, text in documents(going, "Ann")}) == 2
            left = [row for name, row in rows(tmp_path) if name == "outbox" and row["method"] == "sendDocument"]
            assert [row["payload"] for row in left] == [None, None]

    asyncio.run(story())


# Clearing -------------------------------------------------------------------------------------------------------------


async def test_clearing_names_each_message_of_two_days_a_hundred_a_call(database: Database, vault: Vault) -> None:
    now, hour = EVENING, timedelta(hours=1)
    ann = User(1, 1, created_at=now, seen_at=now)
    async with database.transaction() as tx:
        people = await users.create(tx, vault, [ann, User(2, 2, created_at=now, seen_at=now)])

        async def said(number: int, who: int, at: datetime, status: Status, priority: int = 0) -> None:
            draft = Draft(number, who, f"chat:{who}", priority, "sendMessage", b"{}")
            await outbox.add(tx, [(people[who].key, draft)], at)
            sent = {"status": status, "message_id": number + 5000 if status == Status.SENT else None}
            await tx.connection.execute(outbox_table.update().where(outbox_table.c.id == number).values(sent))

        for number in range(1, 151):
            await said(number, 1, now - hour, Status.SENT)
        await said(200, 1, now - 48 * hour, Status.SENT)
        await said(201, 2, now - hour, Status.SENT)
        await said(202, 1, now, Status.PENDING)
        await said(203, 1, now, Status.PENDING, priority=1)
        just_sent = Outcome(204, 1, "chat:1", "t", Status.SENT, message_id=9204)
        others = Outcome(205, 2, "chat:2", "t", Status.SENT, message_id=9205)
        requests = await clearing.requests(tx, ann, now, [just_sent, others])
    bodies = [json.loads(request.body) for request in requests]
    assert [len(body["message_ids"]) for body in bodies] == [100, 51]
    assert {n for body in bodies for n in body["message_ids"]} == {*range(5001, 5151), 9204}
    assert {request.method for request in requests} == {"deleteMessages"}
    async with database.transaction() as tx:
        states = dict(
            (
                await tx.connection.execute(
                    outbox_table.select().with_only_columns(outbox_table.c.id, outbox_table.c.status)
                )
            ).all()
        )
    assert (states[202], states[203]) == (Status.EXPIRED, Status.PENDING)


@pytest.mark.parametrize("code", [500, 502])
def test_clearing_survives_a_telegram_that_does_not_answer_and_a_restart(tmp_path: Path, code: int) -> None:
    async def story() -> None:
        going = chat.Chat(tmp_path, library(), EVENING, forgetful=False)
        async with going.going():
            await going.given("Ann is set up; role reach")
            await going.hear("Ann: /soothe")
            gone = going.simulator.faults.add(Fault(Trouble.ERROR, "deleteMessages", times=None, code=code))
            going.people["Ann"].says("/clear")
            await going.simulator.until(lambda: going.simulator.faults.struck)
            gone()
            await going.restart()
            await going.settle()
            said = [chat._words(each) for each in going.people["Ann"].messages() if not each["out"]]
            assert len(said) == 1
            assert "tidy" in said[0].lower()

    asyncio.run(story())


def test_rows_that_were_moved_to_another_person_show_nothing_of_either(tmp_path: Path) -> None:
    async def story() -> None:
        going = chat.Chat(tmp_path, library(), EVENING, forgetful=False)
        async with going.going():
            for name in ("Ann", "Ben"):
                await going.given(f"{name} is set up; role reach; nickname {name}-nick")
                await going.hear(f"{name}: /start")
            ann, ben = (going.people[name].id for name in ("Ann", "Ben"))
            async with going.app.database.transaction() as tx:
                for column in ("wrapped_key", "nickname"):
                    stolen = (
                        f"UPDATE users SET {column} = (SELECT {column} FROM users WHERE id = {ann}) WHERE id = {ben}"  # noqa: S608
                    )
                    await tx.connection.exec_driver_sql(stolen)
            going.lines.clear()
            await going.hear("Ben: /start")
            await going.hear("Ben: /export")
            await going.hear("Ann: /start")
        said = "\n".join(going.lines)
        assert said.count("Ben> bot: I'm sorry") == 2
        assert "Ben-nick" not in said
        assert said.count("Ann-nick") == 1  # her own, on her own phone

    asyncio.run(story())
