"""Fetches updates by long polling, and confirms them only after their turns have committed."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import structlog

from bot.conversation.channel import ChannelError, Rejected, Throttled, Unreachable
from bot.core.clock import Clock
from bot.core.errors import BehindOthers, DatabaseUnavailable, StillhereError
from bot.delivery.lease import Lease
from bot.telegram.channel import TelegramChannel
from bot.telegram.errors import Contested, TokenRefused, translated
from bot.telegram.inbox import Inbox
from bot.telegram.updates import KINDS

T = TypeVar("T")

_LIMIT = 100
_CONTESTS = 5  # with less than two minutes between them, before we say that somebody else polls
_CONTEST_GAP = 120.0
_CONTEST_PAUSE = 3.0
_LONGEST_CONTEST_PAUSE = 60.0
_REFUSALS = 3  # in a row, of a token that worked before
_TRIES = 3  # in a row, before another replica may try whether it reaches Telegram
_REST = 5.0  # seconds for which the others may; a waiting one looks far more often
_STEP_ASIDE = 3.0  # seconds in which a replica with newer dialogs takes over, if there is one

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
    With a `lease`, only the replica that has it polls; whoever lost it, even unknowingly, confirms nothing any more.
    """

    def __init__(
        self, channel: TelegramChannel, inbox: Inbox, clock: Clock, *, lease: Lease | None = None, wait: int = 30
    ) -> None:
        self._channel = channel
        self._inbox = inbox
        self._clock = clock
        self._lease = lease
        self._wait = wait
        self._turn = asyncio.Event()
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
        try:
            if self._lease is None:
                await self._poll(_Faults(self._clock, alone=True))
            else:
                await self._poll_in_turn(self._lease)
        finally:
            self._ended.set()

    async def stop(self) -> None:
        """End the long poll at once; a batch in hand is brought to its commit and confirmed."""
        self._stopping = True
        if self._pending is not None:
            self._pending.cancel()
        await self._ended.wait()

    async def _poll_in_turn(self, lease: Lease) -> None:
        polling = asyncio.create_task(self._poll(_Faults(self._clock, alone=False)))
        keeping = asyncio.create_task(self._keep(lease))
        try:
            await asyncio.wait((polling, keeping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended = polling if polling.done() else keeping
            for task in (polling, keeping):
                task.cancel()
            await asyncio.gather(polling, keeping, return_exceptions=True)
            await lease.release()
        ended.result()

    async def _poll(self, faults: "_Faults") -> None:
        ready = False
        while not self._stopping:
            if not self._may_poll:
                ready, self._offset = False, 0  # what comes next is in other hands
                self._turn.clear()
                await self._unless_stopped(self._turn.wait())
                continue
            try:
                if not ready:
                    await self._unless_stopped(self._leave_webhook())
                    ready = True
                elif await self._round():
                    faults.over()
            except (DatabaseUnavailable, ChannelError, TokenRefused) as fault:
                if isinstance(fault, Contested) and not self._may_poll:
                    continue  # by the replica whose turn it is
                ready = ready and not (isinstance(fault, Contested) and fault.webhook)
                if isinstance(fault, Rejected):
                    self._offset = 0  # an offset Telegram does not know any more
                pause = faults.pause(fault)
                await self._let_others(fault, faults.in_a_row)
                await self._unless_stopped(self._clock.sleep(pause))
        await self._confirm()

    async def _let_others(self, fault: StillhereError, in_a_row: int) -> None:
        """Give the lease back if another replica may do better: it may know newer dialogs, or a way to Telegram."""
        if self._lease and isinstance(fault, BehindOthers):
            await self._lease.release(rest=_STEP_ASIDE)
        elif self._lease and isinstance(fault, Unreachable) and in_a_row >= _TRIES:
            await self._lease.release(rest=_REST)

    @property
    def _may_poll(self) -> bool:
        return self._lease is None or self._lease.held

    async def _keep(self, lease: Lease) -> None:
        """Take the lease when it is free, keep it, and stop polling when it is lost."""
        polls = False
        async for held in lease.looks():
            if held:
                self._turn.set()
            elif polls and self._pending is not None:
                self._pending.cancel()
            if held != polls:
                log.info("this replica polls now" if held else "this replica waits for its turn to poll")
            if lease.elsewhere:
                self.last_success = Heard(self._clock.now(), self._clock.machine())  # by whom it renews
            polls = held

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
        if self._offset and self._may_poll:
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
        """The result of `work`, or None if `stop()` came first, or the lease was lost."""
        pending: asyncio.Task[T] = asyncio.create_task(work)
        self._pending = pending
        try:
            return await pending
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if (self._stopping or not self._may_poll) and not (task and task.cancelling()):
                return None
            raise
        finally:
            self._pending = None


class _Faults:
    """Counts what went wrong in a row: how long to wait, what to log once, and when to give up (only if `alone`)."""

    def __init__(self, clock: Clock, *, alone: bool) -> None:
        self._clock = clock
        self._alone = alone
        self.in_a_row = 0
        self._refusals = 0
        self._contests = 0
        self._contested_at = 0.0

    def over(self) -> None:
        """Something worked. Who contests the updates may still be there: polls succeed in between."""
        if self.in_a_row:
            log.info("updates arrive again")
        self.in_a_row = self._refusals = 0

    def pause(self, fault: StillhereError) -> float:
        """Seconds of machine time to wait after `fault`. Raises it, or TwoPollers, when waiting does not help."""
        self.in_a_row += 1
        if isinstance(fault, TokenRefused):
            self._refusals += 1
            if self._refusals >= _REFUSALS:
                raise fault
        if isinstance(fault, Contested):
            now = self._clock.machine()
            self._contests = self._contests + 1 if now - self._contested_at < _CONTEST_GAP else 1
            self._contested_at = now
            if self._contests >= _CONTESTS and self._alone:
                raise TwoPollers
            if self._contests == _CONTESTS:  # here other work goes on: messages, timers, the other replicas
                log.error("updates are contested", reason=str(TwoPollers()))
        if self.in_a_row == 1:
            log.warning("updates do not arrive", fault=type(fault).__name__, reason=str(fault))
        match fault:
            case Throttled():
                return fault.seconds
            case Contested():
                return min(_CONTEST_PAUSE * 2.0 ** max(0, self._contests - _CONTESTS), _LONGEST_CONTEST_PAUSE)
            case DatabaseUnavailable():
                return min(0.25 * 2.0 ** (self.in_a_row - 1), 5.0)
        return min(0.5 * 2.0 ** (self.in_a_row - 1), 30.0)


def _after(updates: list[object]) -> int:
    """The offset that confirms all of `updates`."""
    ids = [update.get("update_id") for update in updates if isinstance(update, dict)]
    return max((number for number in ids if type(number) is int), default=-1) + 1
