"""What is not to be kept goes by itself, and what a person agreed to keep stays."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.storage import users
from bot.storage.tables import metadata
from tests import chat
from tests.carried import library

EVENING = datetime(2026, 5, 4, 18, tzinfo=UTC)


async def _rows_of_people(going: chat.Chat) -> dict[str, int]:
    """How many rows each table holds that belong to somebody."""
    tables = [table for table in metadata.sorted_tables if "user_id" in table.c or table.name == "users"]
    async with going.app.database.transaction() as tx:
        counts = {
            table.name: (await tx.connection.execute(select(func.count()).select_from(table))).scalar_one()
            for table in tables
        }
    return {name: count for name, count in counts.items() if count}


def _last(going: chat.Chat) -> str:
    """The newest message of the bot, with its buttons."""
    message = [each for each in going.people["Ann"].messages() if not each["out"]][-1]
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return "\n".join([message["text"], *(" ".join(f"[{each['text']}]" for each in row) for row in rows)])


async def _hours(going: chat.Chat, hours: int) -> None:
    """So many pass: in strides, and the last ones one by one."""
    strides, rest = divmod(max(hours - 3, 0), 6)
    for stride in [6] * strides + [1] * (rest + min(hours, 3)):
        await going.wait(timedelta(hours=stride))
        await going.settle()


def test_who_never_agreed_is_forgotten_a_day_after_the_last_word(tmp_path: Path) -> None:
    async def story() -> None:
        going = chat.Chat(tmp_path, library(), EVENING, forgetful=False)
        async with going.going():
            await going.given("Ben is set up; role space")
            await going.hear("Ann: /soothe")
            await going.hear("Ann: [7]")
            before = await _rows_of_people(going)
            await _hours(going, 26)
            after = await _rows_of_people(going)
        assert before["users"] == 2
        assert before["sessions"] == 1
        assert "entries" not in before
        assert after["users"] == 1
        assert "sessions" not in after

    asyncio.run(story())


THOUGHTS = ("I want to kill myself", "[Thoughts, but safe now]", "[Done]", "[Yes]")
ACTING = ("I want to kill myself", "[Yes, I might act on it]")


async def _is_known(going: chat.Chat) -> bool:
    return "users" in await _rows_of_people(going)


async def _asks_for_a_check(going: chat.Chat, way: str) -> None:
    for said in THOUGHTS if way == "in the talk" else ACTING:
        await going.hear(f"Ann: {said}")
    if way == "by a note":
        await going.wait(timedelta(minutes=6))
        await going.settle()
        for said in ("[Open]", "[Yes]", "[Check in tomorrow]"):
            await going.hear(f"Ann: {said}")


@pytest.mark.parametrize("way", ["in the talk", "by a note"])
def test_a_check_in_comes_to_somebody_who_never_agreed_and_can_be_opened_for_a_day(tmp_path: Path, way: str) -> None:
    async def story() -> None:
        going = chat.Chat(tmp_path, library(), EVENING, forgetful=False)
        async with going.going():
            await _asks_for_a_check(going, way)
            await _hours(going, 24)
            assert _last(going).splitlines()[-1] == "[Open]"
            await _hours(going, 23)
            going.lines.clear()
            await going.hear("Ann: [Open]")
            assert "[Still heavy]" in "".join(going.lines)
            await _hours(going, 26)
            assert not await _is_known(going)

    asyncio.run(story())


def test_a_check_in_that_waits_for_the_morning_comes_too(tmp_path: Path) -> None:
    async def story() -> None:
        going = chat.Chat(tmp_path, library(), EVENING + timedelta(hours=5), forgetful=False)
        async with going.going():
            await going.given("Ann is set up; consent 0; zone Europe/Berlin")  # by /space, which asks for a clock
            await _asks_for_a_check(going, "in the talk")
            await _hours(going, 31)
            assert "[Open]" not in _last(going)
            await _hours(going, 1)
            assert _last(going).splitlines()[-1] == "[Open]"
            await _hours(going, 15)
            going.lines.clear()
            await going.hear("Ann: [Open]")
            assert "[Still heavy]" in "".join(going.lines)

    asyncio.run(story())


@pytest.mark.parametrize("way", ["in the talk", "by a note"])
def test_a_check_in_that_nobody_opens_keeps_them_for_two_days_and_no_longer(tmp_path: Path, way: str) -> None:
    async def story() -> None:
        going = chat.Chat(tmp_path, library(), EVENING, forgetful=False)
        async with going.going():
            await _asks_for_a_check(going, way)
            await _hours(going, 47)
            assert await _is_known(going)
            await _hours(going, 3)
            assert not await _is_known(going)

    asyncio.run(story())


@pytest.mark.parametrize(
    "said",
    [
        (*THOUGHTS[:-1], "[No, thanks]"),
        (*ACTING, "[Hide this]"),  # asked softly once more, and that was all
        (*THOUGHTS, "/stop"),  # what was to come was let go
    ],
)
def test_who_wrote_of_danger_and_has_no_check_in_is_forgotten_after_a_day_like_anybody(
    tmp_path: Path, said: tuple[str, ...]
) -> None:
    async def story() -> None:
        going = chat.Chat(tmp_path, library(), EVENING, forgetful=False)
        async with going.going():
            for line in said:
                await going.hear(f"Ann: {line}")
            await _hours(going, 26)
            assert not await _is_known(going)

    asyncio.run(story())


def test_a_check_in_that_cannot_come_keeps_nobody_longer_than_two_days(tmp_path: Path) -> None:
    async def story() -> None:
        going = chat.Chat(tmp_path, library(), EVENING, forgetful=False)
        async with going.going():
            for line in (*THOUGHTS, "(blocks)"):
                await going.hear(f"Ann: {line}")
            await _hours(going, 50)
            assert not await _is_known(going)

    asyncio.run(story())


def test_the_bots_own_lines_keep_nobody_longer(tmp_path: Path) -> None:
    async def story() -> None:
        going = chat.Chat(tmp_path, library(), EVENING, forgetful=False)
        async with going.going():
            await going.given("Ann is set up; role reach; nudge_at 08:00")
            await going.wait(timedelta(days=1))
            await going.settle()
            assert [message for message in going.people["Ann"].messages() if not message["out"]]
            async with going.app.database.transaction() as tx:
                [ann] = await users.traces(tx)
            assert ann.seen_at == EVENING
            await going.hear("Ann: /menu")
            async with going.app.database.transaction() as tx:
                [ann] = await users.traces(tx)
            assert ann.seen_at == EVENING + timedelta(days=1)

    asyncio.run(story())
