"""The whole bot at the simulated Telegram, on either database: what people do, what reached them, and what is kept."""

import asyncio
import heapq
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, Table, select

from bot.app import App
from bot.config import Settings
from bot.core.effects import SetTimer
from bot.dialog.library import Library
from bot.dialog.loader import load
from bot.dialog.registry import Registry
from bot.dialog.turn import Turn
from bot.dialogs import CARRIED, registry
from bot.simulator.updates import Update
from bot.storage import letters, outbox, timers
from bot.storage.database import Database
from bot.storage.letters import Letter
from bot.storage.messages import Status
from bot.storage.tables import lanes, metadata
from bot.storage.tables import outbox as outbox_table
from tests.carried import CACHE
from tests.chat import PATIENT, TOKEN, Chat
from tests.clock import AdvancingClock

EVENING = datetime(2026, 5, 4, 18, tzinfo=UTC)
DIALOGS = Path(__file__).parent / "dialogs"
POSTGRESQL_IN_DEEP = pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.deep)], indirect=True
)
"""Where the network plays the part that counts: one database before each change, both in `make deep`."""
STONE = "stone"
"""What makes the turn of whoever writes it at the door raise."""

_words = Registry()


@_words.guard()
def is_stone(turn: Turn) -> bool:
    return turn.text == STONE


@_words.action()
def stumble(turn: Turn) -> None:
    raise LookupError(f"somebody wrote {turn.text}")


@_words.action()
def count_knock(turn: Turn) -> None:
    turn.record("knock")


@cache
def library() -> Library:
    """The project's dialogs, and `knock` from a host's own folder."""
    return Library(load([CARRIED, DIALOGS], cache=CACHE), Registry(registry(), _words))


class World(Chat):
    """
    A running bot and its people, `Ann`, `Ben` and whoever `meet` brings.

    Story time passes by `pass_time` alone; what sleeps for pace or back-off takes machine time, which then moves by itself.
    """

    def __init__(self, folder: Path, database_url: str, start: datetime = EVENING, **settings: str) -> None:
        super().__init__(folder, library(), start, forgetful=False)
        self.url = database_url
        self._settings: dict[str, Any] = settings
        self.updates: list[Update] = []
        self.simulator.queue(self.account).on_add = self.updates.append
        (folder / "chat.key").write_text("00" * 32)

    async def start(self) -> None:
        settings = Settings(
            _env_file=None,
            bot_token=TOKEN,
            api_url=self._api_url,
            database_url=self.url,
            key_file=self._folder / "chat.key",
            cache=CACHE,
            health_listen="",
            **self._settings,
        )
        self._starts += 1
        self.app = App(settings, self.clock, library=self._library, node=self._starts, card_after=PATIENT)
        await self.app.open()
        self._running = asyncio.create_task(self.app.run())

    # What people do -------------------------------------------------------------------------------------------------

    def meet(self, *names: str) -> None:
        """More people."""
        self.people |= {name: self.simulator.add_user(name, language_code="en") for name in names}

    def say(self, name: str, *lines: str) -> None:
        """Somebody writes these, one after the other."""
        for line in lines:
            self.people[name].says(line)

    def press(self, name: str, key: str) -> None:
        """Somebody presses the newest button with this phrase on it."""
        label = self._library.source.words["en"][key]
        assert isinstance(label, str)
        self.people[name].taps(label)

    async def talk(self, name: str, *lines: str) -> list[str]:
        """Somebody writes these; everything they have heard once all is quiet."""
        self.say(name, *lines)
        await self.settle()
        return self.heard(name)

    async def polled(self) -> None:
        """Until the bot waits for updates."""
        await self.simulator.until(lambda: self.simulator.is_polled)

    async def deliver_again(self, *updates: Update) -> None:
        """Telegram brings these updates once more."""
        for update in updates:
            self.simulator.queue(self.account).put(update)
        await self.settle()

    async def pass_time(self, length: timedelta) -> None:
        """Story time passes, from one due timer to the next; what is said meanwhile is said."""
        await self.settle()
        await self.wait(length)
        await self.settle()

    async def machine_time(self, length: timedelta) -> None:
        """Until so much machine time has passed, by the sleep of those who back off."""
        await AdvancingClock.until(self.clock, self.clock._now + length)

    @contextmanager
    def no_longer_than(self, length: timedelta) -> Iterator[None]:
        """Who sleeps beyond `length` from now sleeps on."""
        last = (self.clock._now + length, -1)
        heapq.heappush(self.clock._sleepers, last)
        try:
            yield
        finally:
            self.clock._sleepers.remove(last)
            heapq.heapify(self.clock._sleepers)

    # What reached them ----------------------------------------------------------------------------------------------

    def heard(self, name: str) -> list[str]:
        """What stands on somebody's phone, without their own words."""
        return [_words_of(message) for message in self.people[name].messages() if not message["out"]]

    def is_phrase(self, said: str, key: str) -> bool:
        """Whether these words are one of the phrase's variants, whatever its placeholders were filled with."""
        return any(re.search(pattern, said) for pattern in _patterns(self._library, key))

    def calls(self, name: str = "", *methods: str) -> list[tuple[float, str]]:
        """The calls that wrote to somebody (to anybody): machine time, and the words."""
        wanted = methods or ("sendMessage", "sendPhoto", "sendAnimation", "editMessageText")
        made = self.simulator.calls(*wanted)
        if name:
            chat = str(self.people[name].id)
            made = [call for call in made if str(call.parameters.get("chat_id")) == chat]
        return [(call.at, _words_of(call.parameters)) for call in made]

    async def until_heard(self, name: str, count: int) -> None:
        """Until so many messages stand on somebody's phone."""
        await self.simulator.until(lambda: len(self.heard(name)) >= count)

    # What is kept ---------------------------------------------------------------------------------------------------

    async def set_timer(self, name: str, kind: str, after: timedelta, *, ref: str = "", rule: str = "") -> None:
        """As a turn would have set it."""
        timer = SetTimer(kind, ref or kind, self.clock.now() + after, rule=rule)
        async with self.app.database.transaction() as tx:
            await timers.set(tx, [(self.people[name].id, timer)])
        self.app.scheduler.changed()

    async def rows(self, table: Table) -> list[Row[Any]]:
        async with self.app.database.transaction() as tx:
            return list(await tx.connection.execute(select(table)))

    async def counts(self) -> Mapping[Status, int]:
        async with self.app.database.transaction() as tx:
            return await outbox.counts(tx)

    async def letters(self) -> list[Letter]:
        async with self.app.database.transaction() as tx:
            return await letters.newest(tx)

    async def is_idle(self) -> bool:
        """Nothing waits, and nothing is claimed by anybody."""
        waiting = [row.id for row in await self.rows(outbox_table) if row.status < Status.SENT]
        held = [row.destination for row in await self.rows(lanes) if row.owner or row.next_at is not None]
        return not (waiting or held)

    async def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table."""
        return {table.name: [tuple(row) for row in await self.rows(table)] for table in metadata.sorted_tables}


@asynccontextmanager
async def without(database: Database, table: Table) -> AsyncIterator[None]:
    """The database refuses whatever names this table."""
    async with database.transaction() as tx:
        await tx.connection.exec_driver_sql(f"ALTER TABLE {table.name} RENAME TO away")
    try:
        yield
    finally:
        async with database.transaction() as tx:
            await tx.connection.exec_driver_sql(f"ALTER TABLE away RENAME TO {table.name}")


def _words_of(message: Mapping[str, Any]) -> str:
    return str(message.get("text", message.get("caption", "")))


@cache
def _patterns(read: Library, key: str) -> list[str]:
    wordings = read.source.words["en"][key]
    assert not isinstance(wordings, dict)
    return [
        re.sub(r"\\{[^}]*\\}", ".+", re.escape(re.sub(r"\*\*|_", "", wording)))
        for wording in ([wordings] if isinstance(wordings, str) else wordings)
    ]
