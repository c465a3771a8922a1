"""Fetches updates by long polling, and confirms them only after their turns have committed."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import structlog

from bot.conversation.channel import ChannelError, Rejected, Throttled
from bot.core.clock import Clock
from bot.core.errors import DatabaseUnavailable, StillhereError
from bot.telegram.channel import TelegramChannel
from bot.telegram.errors import Contested, TokenRefused, translated
from bot.telegram.inbox import Inbox
from bot.telegram.updates import KINDS

T = TypeVar("T")

_LIMIT = 100
_CONTESTS = 5  # with less than two minutes between them, before we say that somebody else polls
_CONTEST_GAP = 120.0
_CONTEST_PAUSE = 3.0
_REFUSALS = 3  # in a row, of a token that worked before

log = structlog.get_logger()


class TwoPollers(StillhereError):  # noqa: N818 - reads as a sentence where it is raised
    """Another program reads this bot's updates."""

    def __init__(self) -> None:
        super().__init__(
            "Another program polls Telegram with this bot's token. Stop it (or give this one a token of its own from"
            " @BotFather), then start again."
        )


@dataclass(frozen=True, slots=True)
class Heard:
    """When Telegram last answered: story time, and machine time in seconds."""

    story: datetime
    machine: float


class Poller:
    """
    The polling door. `run()` until `stop()`; `last_success` tells how fresh the connection is.

    The offset is sent once, to confirm, and then dropped: Telegram begins its ids anew after an idle week, perhaps below.
    """

    def __init__(self, channel: TelegramChannel, inbox: Inbox, clock: Clock, *, wait: int = 30) -> None:
        self._channel = channel
        self._inbox = inbox
        self._clock = clock
        self._wait = wait
        self._offset = 0
        self._stopping = False
        self._pending: asyncio.Task[Any] | None = None
        self._ended = asyncio.Event()
        self._ended.set()
        self.last_success: Heard | None = None

    async def run(self) -> None:
        """
        Poll until stopped; outages are waited out with one log line each.

        Raises TokenRefused or TwoPollers when somebody has to act, and whatever a turn raises besides DatabaseUnavailable.
        """
        self._ended.clear()
        faults = _Faults(self._clock)
        ready = False
        try:
            while not self._stopping:
                try:
                    if not ready:
                        await self._unless_stopped(self._leave_webhook())
                        ready = True
                    elif await self._round():
                        faults.over()
                except (DatabaseUnavailable, ChannelError, TokenRefused) as fault:
                    if isinstance(fault, Contested) and fault.webhook:
                        ready = False
                    if isinstance(fault, Rejected):
                        self._offset = 0  # an offset Telegram does not know any more
                    await self._unless_stopped(self._clock.sleep(faults.pause(fault)))
            await self._confirm()
        finally:
            self._ended.set()

    async def stop(self) -> None:
        """End the long poll at once; a batch in hand is brought to its commit and confirmed."""
        self._stopping = True
        if self._pending is not None:
            self._pending.cancel()
        await self._ended.wait()

    async def _round(self) -> bool:
        asked = self._channel.updates(self._offset, wait=self._wait, limit=_LIMIT, kinds=KINDS)
        updates = await self._unless_stopped(asked)
        if updates is None:
            return False
        self._offset = 0  # what it confirmed is confirmed
        self.last_success = Heard(self._clock.now(), self._clock.machine())
        if updates:
            await self._inbox.take(updates)
            self._offset = _after(updates)
        return True

    async def _confirm(self) -> None:
        """Without this the last batch would come again; the turns would know it as seen, so it may fail."""
        if self._offset:
            try:
                async with asyncio.timeout(3):
                    await self._channel.updates(self._offset, wait=0, limit=1, kinds=KINDS)
            except (TimeoutError, ChannelError, TokenRefused):
                log.info("the last updates are not confirmed; they will come again and be known")

    async def _leave_webhook(self) -> None:
        with translated():
            if (await self._channel.bot.get_webhook_info()).url:
                await self._channel.bot.delete_webhook(drop_pending_updates=False)
                log.info("webhook removed: this bot polls")

    async def _unless_stopped(self, work: Coroutine[Any, Any, T]) -> T | None:
        """The result of `work`, or None if `stop()` came first."""
        pending: asyncio.Task[T] = asyncio.create_task(work)
        self._pending = pending
        try:
            return await pending
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._stopping and not (task and task.cancelling()):
                return None
            raise
        finally:
            self._pending = None


class _Faults:
    """Counts what went wrong in a row: how long to wait, what to log once, and when to give up."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._in_a_row = 0
        self._refusals = 0
        self._contests = 0
        self._contested_at = 0.0

    def over(self) -> None:
        """Something worked. Who contests the updates may still be there: polls succeed in between."""
        if self._in_a_row:
            log.info("updates arrive again")
        self._in_a_row = self._refusals = 0

    def pause(self, fault: StillhereError) -> float:
        """Seconds of machine time to wait after `fault`. Raises it, or TwoPollers, when waiting does not help."""
        self._in_a_row += 1
        if isinstance(fault, TokenRefused):
            self._refusals += 1
            if self._refusals >= _REFUSALS:
                raise fault
        if isinstance(fault, Contested):
            now = self._clock.machine()
            self._contests = self._contests + 1 if now - self._contested_at < _CONTEST_GAP else 1
            self._contested_at = now
            if self._contests >= _CONTESTS:
                raise TwoPollers
        if self._in_a_row == 1:
            log.warning("updates do not arrive", fault=type(fault).__name__, reason=str(fault))
        match fault:
            case Throttled():
                return fault.seconds
            case Contested():
                return _CONTEST_PAUSE
            case DatabaseUnavailable():
                return min(0.25 * 2.0 ** (self._in_a_row - 1), 5.0)
        return min(0.5 * 2.0 ** (self._in_a_row - 1), 30.0)


def _after(updates: list[object]) -> int:
    """The offset that confirms all of `updates`."""
    ids = [update.get("update_id") for update in updates if isinstance(update, dict)]
    return max((number for number in ids if type(number) is int), default=-1) + 1
