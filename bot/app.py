"""The composition root: every part is built here by hand, started, and stopped in order."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog
from pydantic_core import PydanticCustomError

from bot.config import TELEGRAM, Settings
from bot.conversation.access import Access
from bot.conversation.announcing import Announcer
from bot.conversation.channel import ChannelError
from bot.conversation.housekeeping import Housekeeping
from bot.conversation.service import Conversation
from bot.core.card import CARD, IN_GROUPS, TOO_MUCH
from bot.core.clock import Clock, SystemClock
from bot.core.errors import DatabaseUnavailable, StillhereError
from bot.core.events import Incoming
from bot.core.ids import Ids
from bot.core.retention import Retention
from bot.delivery.lease import Lease
from bot.delivery.scheduler import Scheduler
from bot.delivery.sender import Sender
from bot.dialog.library import Library
from bot.dialogs import CARRIED, gate, read_dialogs
from bot.hosting.guard import Guard
from bot.hosting.health import Health, health_app
from bot.hosting.leaving import ENOUGH, MOMENT, Leaving, briefly
from bot.hosting.node import Node
from bot.hosting.serving import Server
from bot.storage import media
from bot.storage.database import Database
from bot.storage.deletions import Deletions, beside
from bot.storage.migration import migrate
from bot.storage.vault import Vault, open_vault
from bot.telegram.channel import TelegramChannel
from bot.telegram.floods import A_MINUTE, Floods
from bot.telegram.inbox import CARD_AFTER, Inbox
from bot.telegram.polling import Heard, Poller
from bot.telegram.publish import profiles, publish

if TYPE_CHECKING:
    from bot.hosting.webhook_door import WebhookDoor

_log = structlog.get_logger()

_LAST_WORDS = 3.0  # seconds for turns and fixed words in hand when the bot stops; what is left comes again


class TelegramSilent(StillhereError):  # noqa: N818 - reads as a sentence where it is raised
    """Telegram was not reached while the bot started."""

    def __init__(self, settings: Settings, reason: str) -> None:
        place = "Telegram" if settings.api_url == TELEGRAM else f"Telegram at {settings.api_url}"
        super().__init__(
            f"{place} was not reached for {settings.start_wait} s ({reason}). Check this machine's network (behind a proxy: "
            "HTTPS_PROXY) and STILLHERE_API_URL, if it is set; then start again. Nothing is lost meanwhile."
        )


class App:
    """
    One running bot. `open()`, then `run()` until `stop()`; `close()` always at the end.

    Raises what its parts raise at the start: SettingError, VaultError, ScriptError, DatabaseUnavailable, TokenRefused,
    TelegramSilent. `card_after` is how many seconds of the real clock a cry for help may wait before the static card goes out.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock | None = None,
        *,
        library: Library | None = None,
        node: int | None = None,
        card_after: float = CARD_AFTER,
    ) -> None:
        self.settings = settings
        self.name = secrets.token_hex(4)
        """What this process is called among the replicas: in leases and claims."""
        self._ids = Ids(clock or SystemClock(), secrets.randbits(10) if node is None else node)
        self._is_numbered = node is not None
        self._card_after = card_after
        self._library = library
        self.library: Library
        self.clock: Clock = clock or SystemClock()
        self._parts = AsyncExitStack()
        self._asides: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._in_doubt = False
        self._leaving = Leaving()
        self.turns: Counter[str] = Counter()
        """How many events had their turn, by where they came from (`update`, `timer`)."""

    async def open(self) -> None:
        """Read the dialogs, take the ports, bring the database up to date, unlock it, and greet Telegram, unless stopped."""
        settings = self.settings
        channel = self.channel = TelegramChannel(
            settings.bot_token.get_secret_value(),
            self.clock,
            api_url=settings.api_url,
            media=CARRIED / "media",
            file_ids=_FileIds(self),
        )
        self._parts.push_async_callback(channel.close)
        greeting = asyncio.create_task(self._greet())  # the network takes its time meanwhile
        try:
            await self._prepare()
            await self._until_stopped(greeting)
            if greeting.done():
                await greeting
                self.door.last_success = Heard(self.clock.now(), self.clock.machine())
        finally:
            greeting.cancel()
            await asyncio.gather(greeting, return_exceptions=True)

    async def _prepare(self) -> None:
        """Everything but Telegram."""
        settings = self.settings
        library = self._library
        if library is None:
            library = await asyncio.to_thread(read_dialogs, settings.dialogs, settings.cache)
        self.library = library
        database = self.database = Database(settings.database_url.get_secret_value(), self.clock)
        self._leaving.database = database
        await database.open()
        self._parts.push_async_callback(database.close)
        self._guard = Guard(database.path) if database.path else None
        if self._guard:
            self._parts.callback(self._guard.release)
        self._health_server = self._take_port(settings.health_listen, "STILLHERE_HEALTH_LISTEN")
        hooked = settings.webhook_listen if settings.webhook_url else ""
        self._webhook_server = self._take_port(hooked, "STILLHERE_WEBHOOK_LISTEN")
        await migrate(database)
        async with database.transaction() as tx:
            vault = await open_vault(tx, settings.key_file)
        numbered = self._is_shared and not self._is_numbered
        self._node = Node(database, SystemClock(), self.name, self._ids) if numbered else None
        if self._node:
            await self._node.take()
            self._parts.push_async_callback(briefly, self._node.release)
            _log.info("this replica has its number", replica=self.name, number=self._ids.node)
        self._build(vault)

    @property
    def _is_shared(self) -> bool:
        """Whether other replicas may use this database, too."""
        return self.database.dialect == "postgresql"

    def _build(self, vault: Vault) -> None:
        database, clock = self.database, self.clock
        self.sender = Sender(
            database,
            vault,
            self.channel,
            clock,
            rate=self.settings.send_rate,
            name=self.name,
            on_unknown=self._doubted,
            on_setback=self._set_back,
        )
        deletions, kept = Deletions(beside(self.settings.key_file)), Retention.at_most(self.settings.retention_days)
        self.conversation = Conversation(
            database,
            vault,
            self.library,
            clock,
            self._ids,
            self.sender,
            self._answer,
            self._timers_changed,
            deletions=deletions,
            kept=kept,
            access=Access(self.settings.access, clock, self._listed),
        )
        self.scheduler = Scheduler(database, clock, self._handle, name=self.name, on_setback=self._set_back)
        self.housekeeping = Housekeeping(database, vault, deletions, clock, kept, on_setback=self._set_back)
        self.inbox = Inbox(
            self._handle,
            self.channel,
            SystemClock(),  # half a second is half a second, whatever story time does
            detect=gate(self.settings.dialogs, tuple(self.library.catalog.locales), self.settings.cache),
            card=CARD,
            card_after=self._card_after,
            group_line=IN_GROUPS,
            slow_line=TOO_MUCH,
            floods=Floods(clock.machine, A_MINUTE if self.settings.send_rate else 0),
        )
        self._parts.push_async_callback(
            briefly, self.sender.close
        )  # last: turns still in hand may have claimed something
        self._parts.push_async_callback(briefly, self.inbox.quiet)
        self._parts.push_async_callback(self.inbox.close)
        self.door = self._door()
        self.health = Health(database, clock, self.door, self.turns, self.sender.counts)
        self._parts.push_async_callback(self.health.close)

    def _door(self) -> "Poller | WebhookDoor":
        if self._webhook_server is None:
            lease = Lease(self.database, SystemClock(), "poll", self.name) if self._is_shared else None
            return Poller(self.channel, self.inbox, self.clock, lease=lease)
        from bot.hosting.webhook_door import WebhookDoor  # and with it a web server, which only some need

        return WebhookDoor(
            self.channel,
            self.inbox,
            self.clock,
            self._webhook_server,
            url=self.settings.webhook_url,
            secret=self.settings.webhook_secret.get_secret_value(),
        )

    def _listed(self) -> frozenset[int]:
        """The host's list as it stands; nobody new gets in while it cannot be read."""
        try:
            return self.settings.listed()
        except PydanticCustomError as wrong:
            _log.warning("nobody new is let in", reason=wrong.message())
            return frozenset()

    def _take_port(self, listen: str, setting: str) -> Server | None:
        if not listen:
            return None
        server = Server(listen, setting)
        self._parts.callback(server.close)
        return server

    async def _greet(self) -> None:
        """Ask Telegram who we are; a network that is not there yet is waited for."""
        end, tries = self.clock.machine() + self.settings.start_wait, 0
        while True:
            try:
                await self.channel.open()
            except ChannelError as fault:
                tries += 1
                left = end - self.clock.machine()
                if left <= 0:
                    raise TelegramSilent(self.settings, str(fault)) from None
                if tries == 1:
                    _log.warning("Telegram is not reached yet", reason=str(fault), waiting=self.settings.start_wait)
                await self.clock.sleep(min(0.5 * 2.0**tries, 5.0, left))
            else:
                return

    async def run(self) -> None:
        """Listen, send and keep promises until `stop()`. Raises what stops the door for good, once all else has ended in order."""
        if self.stopping:
            return
        works = [
            self._publish(),
            self.sender.run(),
            self.scheduler.run(),
            self.housekeeping.run(),
            *self._watches(),
            *self._sharing(),
        ]
        listening = asyncio.create_task(self.door.run())
        try:
            async with asyncio.TaskGroup() as group:
                background = [group.create_task(work) for work in works]
                await self._until_stopped(listening)
                self._leaving.within(ENOUGH)
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LAST_WORDS):
                        await self.door.stop()
                        await self.inbox.quiet()
                        await self.scheduler.stop()
                await self.sender.stop()
                for task in background:
                    task.cancel()
        except BaseExceptionGroup as faults:
            raise _first(faults) from None
        finally:
            listening.cancel()
            await asyncio.wait((listening,))
        if not listening.cancelled():
            listening.result()

    def _watches(self) -> list[Coroutine[Any, Any, None]]:
        """How the host sees that the bot lives: by asking, or by the lock file."""
        if self._health_server:
            return [self._health_server.run(health_app(self.health))]
        return [self.health.beat(self._guard.sign)] if self._guard else []

    def _sharing(self) -> list[Coroutine[Any, Any, None]]:
        """What replicas owe each other."""
        if not self._is_shared:
            return []
        announcer = Announcer(self.database, SystemClock(), lambda: self.conversation.library)
        return [announcer.run(), *([self._node.keep()] if self._node else [])]

    async def _until_stopped(self, work: asyncio.Task[None]) -> None:
        """Until `work` has ended, well or not, or `stop()` was called."""
        stopped = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait((work, stopped), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()

    @property
    def stopping(self) -> bool:
        """Whether `stop()` was called."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Finish what is in hand and return from `run`."""
        self._stopping.set()

    async def close(self) -> None:
        """Let go of the network and the database, which is not waited for beyond a moment."""
        self._leaving.within(MOMENT)
        for task in self._asides:
            task.cancel()
        await asyncio.gather(*self._asides, return_exceptions=True)
        await self._parts.aclose()
        self._leaving.over()

    async def quiet(self) -> None:
        """Wait until no update is in hand, no timer is due, and everything said has been sent and noted."""
        while True:
            self._in_doubt = False
            await self.inbox.quiet()
            await self.scheduler.quiet()
            await self.sender.quiet()
            await self.housekeeping.quiet()
            if self._asides:
                await asyncio.wait(self._asides)
            elif not self._in_doubt:
                return

    async def next_due(self) -> datetime | None:
        """When the next timer is due, in story time."""
        return await self.scheduler.next_due()

    async def _publish(self) -> None:
        """Tell Telegram what the bot is called to do; nobody has to wait for it."""
        await publish(self.channel, profiles(self.library, self.settings.profile, self.settings.bot_name))

    def _answer(self, query_id: str, text: str) -> None:
        """End a press's spinner, alongside everything else."""
        task = asyncio.create_task(self.channel.answer(query_id, text))
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)

    async def _handle(self, batch: Sequence[Incoming]) -> None:
        try:
            await self.conversation.handle(batch)
        except DatabaseUnavailable as fault:
            self.health.note(str(fault))
            raise
        self.health.note("")
        for incoming in batch:
            self.turns[incoming.source.partition(":")[0]] += 1

    def _doubted(self, _: Sequence[int]) -> None:
        """Of some messages nobody knows whether they arrived; timers may ask about them."""
        self._in_doubt = True
        self.scheduler.changed()

    def _set_back(self, part: str, fault: str) -> None:
        """A part meets what it cannot work with, or works again (empty): the host is to know."""
        self.health.set_back(part, fault)

    def _timers_changed(self) -> None:
        self.scheduler.changed()


def _first(faults: BaseExceptionGroup[BaseException]) -> BaseException:
    """What to tell of several faults at once: one of ours if there is one, for it says what to do."""
    single = [_first(fault) if isinstance(fault, BaseExceptionGroup) else fault for fault in faults.exceptions]
    return next((fault for fault in single if isinstance(fault, StillhereError)), single[0])


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
