"""Stillhere as a peer: everything on but the send rate, among people who have agreed, so that entries are kept, too."""

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from bot.core.clock import SystemClock
from bot.core.facts import User
from bot.profile import consent
from bot.storage import users
from bot.storage.database import Database
from bot.storage.migration import migrate
from bot.storage.vault import open_vault

HERE = Path(__file__).parent
FOLDER = Path(os.environ["BENCH_DIR"])
DATABASE = os.environ.get("BENCH_DATABASE") or f"sqlite+aiosqlite:///{FOLDER / 'bot.db'}"
FIRST, PEOPLE = 1_000_001, int(os.environ.get("BENCH_PEOPLE", "2000"))
AGREED = datetime(2026, 3, 2, tzinfo=UTC)


async def introduce() -> None:
    """Let the database know everybody who will write."""
    database = Database(DATABASE, SystemClock())
    await database.open()
    await migrate(database)
    async with database.transaction() as tx:
        vault = await open_vault(tx, FOLDER / "key", may_make=True)
        known = await users.lock(tx, vault, [FIRST])
        if not known:
            await users.create(tx, vault, [_person(FIRST + n) for n in range(PEOPLE)])
    await database.close()


def _person(number: int) -> User:
    return User(number, number, seed=number, consent=consent.VERSION, created_at=AGREED, seen_at=AGREED)


asyncio.run(introduce())
OWN = {
    "API_URL": os.environ["TELEGRAM_BASE_URL"],
    "BOT_TOKEN": os.environ["BOT_TOKEN"],
    "DATABASE_URL": DATABASE,
    "KEY_FILE": str(FOLDER / "key"),
    "DIALOGS": str(HERE.parent / "dialogs"),
    "CACHE": os.environ.get("BENCH_CACHE") or str(FOLDER / "cache"),
    "SEND_RATE": "0",
    "HEALTH_LISTEN": "",
    "LOG_LEVEL": "warning",
}
if listen := os.environ.get("BENCH_LISTEN"):
    OWN |= {"WEBHOOK_LISTEN": listen, "WEBHOOK_URL": f"http://{listen}/hook", "WEBHOOK_SECRET": "bench"}
os.chdir(FOLDER)
environment = {**os.environ, **{f"STILLHERE_{name}": value for name, value in OWN.items()}}
os.execve(sys.executable, [sys.executable, "-m", "bot", "run"], environment)  # noqa: S606 - itself, with settings
