"""What is not to be kept goes by itself, and what a person agreed to keep stays."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

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


async def _a_day_later(going: chat.Chat) -> None:
    for _ in range(26):
        await going.wait(timedelta(hours=1))
        await going.settle()


def test_who_never_agreed_is_forgotten_a_day_after_the_last_word(tmp_path: Path) -> None:
    async def story() -> None:
        going = chat.Chat(tmp_path, library(), EVENING, forgetful=False)
        async with going.going():
            await going.given("Ben is set up; role space")
            await going.hear("Ann: /soothe")
            await going.hear("Ann: [7]")
            before = await _rows_of_people(going)
            await _a_day_later(going)
            after = await _rows_of_people(going)
        assert before["users"] == 2
        assert before["sessions"] == 1
        assert "entries" not in before
        assert after["users"] == 1
        assert "sessions" not in after

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
