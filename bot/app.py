"""The composition root: every part is built here by hand, started, and stopped in order."""

import asyncio
import secrets
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path

import structlog

from bot.config import Settings
from bot.conversation.housekeeping import Housekeeping
from bot.conversation.service import Conversation
from bot.core.card import CARD, IN_GROUPS
from bot.core.clock import Clock, SystemClock
from bot.core.effects import Phrase
from bot.core.errors import ScriptError
from bot.core.ids import Ids
from bot.delivery.scheduler import Scheduler
from bot.delivery.sender import Sender
from bot.dialog import linter, loader
from bot.dialog import vocabulary as general
from bot.dialog.library import Library
from bot.dialog.registry import Registry
from bot.nudges import vocabulary as nudges
from bot.profile import vocabulary as profile
from bot.safety import detector
from bot.safety.lexicon import ENGLISH
from bot.soothing import vocabulary as soothing
from bot.spaces import vocabulary as spaces
from bot.storage import media
from bot.storage.database import Database
from bot.storage.migration import migrate
from bot.storage.vault import open_vault
from bot.telegram.channel import TelegramChannel
from bot.telegram.inbox import Inbox
from bot.telegram.polling import Poller
from bot.telegram.publish import Profile, publish

_log = structlog.get_logger()

CARRIED = next(
    path
    for path in (Path(__file__).parent / "_carried/dialogs", Path(__file__).parents[1] / "dialogs")
    if path.is_dir()
)
"""The dialogs that come with the program: inside an installed wheel, or beside the folder `bot` in a checkout."""


def registry() -> Registry:
    """Every name a script may use."""
    return Registry(general.registry, profile.registry, soothing.registry, spaces.registry, nudges.registry)


def read_dialogs(folder: Path | None, cache: Path | None = None) -> Library:
    """
    The dialogs carried along, with the host's own `folder` on top.

    Raises ScriptError with every finding that keeps a bot from starting.
    """
    source = loader.load([CARRIED, *([folder] if folder else [])], cache=cache)
    words = registry()
    findings = [finding for finding in linter.lint(source, words) if finding.stops]
    if findings:
        raise ScriptError("\n".join(map(str, findings)))
    return Library(source, words)


class App:
    """
    One running bot. `open()`, then `run()` until `stop()`; `close()` always at the end.

    Raises what its parts raise at the start: SettingError, VaultError, ScriptError, DatabaseUnavailable, TokenRefused.
    """

    def __init__(
        self, settings: Settings, clock: Clock | None = None, *, library: Library | None = None, node: int | None = None
    ) -> None:
        self.settings = settings
        self._node = secrets.randbits(10) if node is None else node
        self._library = library
        self.clock: Clock = clock or SystemClock()
        self._parts = AsyncExitStack()
        self._asides: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()

    async def open(self) -> None:
        """Read the dialogs, bring the database up to date, unlock it, and greet Telegram."""
        settings = self.settings
        self.library = self._library or read_dialogs(settings.dialogs, settings.cache)
        database = self.database = Database(settings.database_url.get_secret_value(), self.clock)
        await database.open()
        self._parts.push_async_callback(database.close)
        await migrate(database)
        async with database.transaction() as tx:
            vault = await open_vault(tx, settings.key_file)
        channel = self.channel = TelegramChannel(
            settings.bot_token.get_secret_value(),
            self.clock,
            api_url=settings.api_url,
            media=CARRIED / "media",
            file_ids=_FileIds(self),
        )
        self._parts.push_async_callback(channel.close)
        await channel.open()
        ids = Ids(self.clock, self._node)
        self.sender = Sender(database, vault, channel, self.clock, rate=settings.send_rate)
        self.conversation = Conversation(
            database, vault, self.library, self.clock, ids, self.sender, self._answer, self._timers_changed
        )
        self.scheduler = Scheduler(database, self.clock, self.conversation.handle)
        self.inbox = Inbox(
            self.conversation.handle,
            channel,
            SystemClock(),  # half a second is half a second, whatever story time does
            detect=detector.build(ENGLISH),
            card=CARD,
            group_line=IN_GROUPS,
        )
        self.poller = Poller(channel, self.inbox, self.clock)

    async def run(self) -> None:
        """Listen, send and keep promises until `stop()`. Raises what stops the poller for good."""
        works = [
            self._publish(),
            self.sender.run(),
            self.scheduler.run(),
            Housekeeping(self.database, self.clock).run(),
        ]
        async with asyncio.TaskGroup() as group:
            background = [group.create_task(work) for work in works]
            listening = group.create_task(self.poller.run())
            stopped = group.create_task(self._stopping.wait())
            await asyncio.wait((listening, stopped), return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            await self.poller.stop()
            await self.inbox.quiet()
            await self.scheduler.stop()
            await self.sender.stop()
            for task in background:
                task.cancel()

    def stop(self) -> None:
        """Finish what is in hand and return from `run`."""
        self._stopping.set()

    async def close(self) -> None:
        """Let go of the network and the database."""
        for task in self._asides:
            task.cancel()
        await asyncio.gather(*self._asides, return_exceptions=True)
        await self._parts.aclose()

    async def quiet(self) -> None:
        """Wait until no update is in hand, no timer is due, and everything said has been sent and noted."""
        while True:
            await self.inbox.quiet()
            await self.scheduler.quiet()
            await self.sender.quiet()
            if self._asides:
                await asyncio.wait(self._asides)
            else:
                return

    async def next_due(self) -> datetime | None:
        """When the next timer is due, in story time."""
        return await self.scheduler.next_due()

    async def _publish(self) -> None:
        """Tell Telegram what the bot is called to do; nobody has to wait for it."""
        await publish(self.channel, profiles(self.library))

    def _answer(self, query_id: str, text: str) -> None:
        """End a press's spinner, alongside everything else."""
        task = asyncio.create_task(self.channel.answer(query_id, text))
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)

    def _timers_changed(self) -> None:
        self.scheduler.changed()


class _FileIds:
    """Remembers in the database which file id Telegram gave a picture, so that it is uploaded once."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def recall(self, name: str, digest: str) -> str:
        """The file id of the picture with this content, or nothing."""
        async with self._app.database.transaction() as tx:
            return (await media.uploaded(tx, self._app.channel.id, {name: digest})).get(name, "")

    async def remember(self, name: str, digest: str, file_id: str) -> None:
        """Keep it."""
        async with self._app.database.transaction() as tx:
            await media.keep(tx, self._app.channel.id, name, digest, file_id)


def profiles(library: Library) -> dict[str, Profile]:
    """What Telegram is told about the bot, in each locale."""
    return {locale: _profile(library, locale) for locale in library.catalog.locales}


def _profile(library: Library, locale: str) -> Profile:
    def words(key: str) -> str:
        return library.catalog.render_plain(Phrase(f"common.{key}"), locale, "")

    listed = [
        key.removeprefix("common.command.") for key in library.source.words[locale] if key.startswith("common.command.")
    ]
    commands = tuple((name, words(f"command.{name}")) for name in listed if name in {*library.commands, "back", "cancel"})
    return Profile(commands, words("bot.about"), words("bot.description"))
