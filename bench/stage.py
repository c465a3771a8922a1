"""What the measurements share: a bot without a network, and people who have agreed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import orjson

from bot.conversation.channel import Sent
from bot.conversation.service import Conversation
from bot.core.clock import SystemClock
from bot.core.facts import User
from bot.core.ids import Ids
from bot.delivery.sender import Sender
from bot.dialogs import read_dialogs
from bot.profile import consent
from bot.storage import users
from bot.storage.database import Database
from bot.storage.deletions import Deletions
from bot.storage.migration import migrate
from bot.storage.vault import Vault, open_vault

AGREED = datetime(2026, 3, 2, tzinfo=UTC)
CACHE = Path(__file__).parents[1] / "var/bench/cache"


class Wire:
    """A Telegram that takes everything at once, and knows what each chat shows: the message, its first button, its words."""

    def __init__(self) -> None:
        self.shown: dict[int, tuple[int, str, str]] = {}
        self.messages = 0

    async def call(self, _method: str, body: bytes) -> Sent:
        """Take a message."""
        said = orjson.loads(body)
        self.messages += 1
        number = said.get("message_id", self.messages)
        rows = said.get("reply_markup", {}).get("inline_keyboard", [])
        data = rows[0][0].get("callback_data", "") if rows else ""
        self.shown[said["chat_id"]] = (number, data, said.get("text", ""))
        return Sent(number)

    async def answer(self, query_id: str, text: str = "") -> None:
        """Nothing waits for it."""

    async def send_now(self, chat_id: int, text: str) -> None:
        """Nobody is in danger here."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The parts of a bot, from the turn to the sender."""

    database: Database
    vault: Vault
    conversation: Conversation
    sender: Sender
    wire: Wire

    async def sent(self) -> None:
        """Return once every message is on its way or waits for its pace."""
        while tasks := self.sender._tasks:  # noqa: SLF001 - what the program itself never has to wait for
            await asyncio.wait(tasks)


@asynccontextmanager
async def staged(
    folder: Path, people: int, dialogs: Path | None = None, *, url: str = "", rate: int = 0, nudges: str = "off"
) -> AsyncIterator[Stage]:
    """A bot in `folder`, or with its database at `url`, that knows so many people, numbered from 1."""
    clock, wire = SystemClock(), Wire()
    database = Database(url or f"sqlite+aiosqlite:///{folder / 'bot.db'}", clock)
    await database.open()
    await migrate(database)
    async with database.transaction() as tx:
        vault = await open_vault(tx, folder / "key", may_make=True)
        for first in range(1, people + 1, 10_000):
            some = range(first, min(first + 10_000, people + 1))
            await users.create(tx, vault, [person(number, nudges) for number in some])
    sender = Sender(database, vault, wire, clock, rate)
    library = read_dialogs(dialogs, CACHE)
    erased = Deletions(folder / "deletions")
    conversation = Conversation(
        database, vault, library, clock, Ids(clock, 1), sender, lambda *_: None, lambda: None, deletions=erased
    )
    sending = asyncio.create_task(sender.run())
    yield Stage(database, vault, conversation, sender, wire)
    await sender.stop()
    await sending
    await database.close()


def person(number: int, nudges: str = "off") -> User:
    """Somebody who agreed a while ago."""
    agreed = User(number, number, seed=number, consent=consent.VERSION, zone="UTC", created_at=AGREED, seen_at=AGREED)
    return replace(agreed, nudges=nudges)
