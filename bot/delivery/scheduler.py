"""Wait for the next timer and hand in what is due: the other door to a turn."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

from bot.core.clock import Clock
from bot.core.errors import StillhereError
from bot.core.events import Elapsed, Incoming
from bot.core.setbacks import Setbacks
from bot.storage import leases, timers
from bot.storage.database import Database
from bot.storage.timers import Due

_log = structlog.get_logger()

BATCH = 250
"""How many timers are one batch: with more, updates that come meanwhile would wait for too long."""

_POLL = 1.0  # seconds between two looks for what other replicas set
_LONGEST_BACKOFF = 60.0
_LEASE = "timers"


class Scheduler:
    """
    Hands due timers to `handle`, in batches, as `Elapsed` events.

    `handle` commits the turn and takes the timers out with it (`timers.finish`); until then they stay due, so that none
    is lost. Whoever sets or drops timers, or lets a person back in, calls `changed` after the commit. Of several replicas
    one serves at a time; should two, the turn's own dedupe keeps a timer from being handled twice.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        handle: Callable[[list[Incoming]], Awaitable[None]],
        *,
        name: str = "",
        on_setback: Callable[[str, str], None] | None = None,
    ) -> None:
        self._database, self._clock, self._handle = database, clock, handle
        self._shared = database.dialect == "postgresql"
        self._name = name or secrets.token_hex(4)
        self._setbacks = Setbacks("timers", on_setback)
        self._changed, self._ended = asyncio.Event(), asyncio.Event()
        self._asking: list[asyncio.Future[None]] = []
        self._running = self._stopping = False
        self._resting: asyncio.Future[None] | None = None  # a pause after a fault

    def changed(self) -> None:
        """Timers were written: look again."""
        self._changed.set()

    async def next_due(self) -> datetime | None:
        """When the next timer is due (story time)."""
        async with self._database.transaction() as tx:
            return await timers.next_due(tx)

    async def run(self) -> None:
        """Serve until `stop`. Whatever came due while nobody looked is handed in; `Elapsed.due_at` tells how late it is."""
        self._running = True
        try:
            await self._serve()
            if self._shared:
                async with self._database.transaction() as tx:
                    await leases.release(tx, _LEASE, self._name)
        except StillhereError:
            pass  # the lease ends by itself
        finally:
            self._running = False
            self._ended.set()
            self._answer(len(self._asking))

    async def quiet(self) -> None:
        """Return once no timer is due."""
        if self._ended.is_set():
            return
        asked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asking.append(asked)
        self._changed.set()
        await asked

    async def stop(self) -> None:
        """Finish the batch that is being handled, and end `run`."""
        self._stopping = True
        self._changed.set()
        if self._resting is not None:
            self._resting.cancel()
        if self._running:
            await self._ended.wait()

    async def _serve(self) -> None:
        left, before = 0, set[int]()
        while not self._stopping:
            self._changed.clear()
            asking = len(self._asking)  # who asks later has to wait for the next look
            due, upcoming = list[Due](), None
            with self._setbacks.borne():
                due, upcoming = await self._look()
                if due:
                    await self._handle([_elapsed(timer) for timer in due])
            if self._setbacks.in_a_row:
                await self._back_off(self._setbacks.pause(_LONGEST_BACKOFF))
                continue
            ids = {timer.id for timer in due}
            left, before = left + 1 if due and ids <= before else 0, ids
            if left:
                _log.error("timers.not_taken_out", timers=sorted(ids), failures=left)
                await self._back_off(min(_LONGEST_BACKOFF, 0.1 * 2 ** min(left, 10)))
            elif not due:
                self._answer(asking)
                await self._rest(upcoming)

    async def _look(self) -> tuple[list[Due], datetime | None]:
        """What is due now, or else when to look again."""
        async with self._database.transaction() as tx:
            if self._shared and not await leases.take(tx, _LEASE, self._name):
                return [], None
            upcoming, now = await timers.next_due(tx), self._clock.now()
            if upcoming is None or upcoming > now:
                return [], upcoming
            if due := await timers.due(tx, now, BATCH):
                return due, None
            upcoming = await timers.next_due(tx)  # what was due cannot be read, or others are at it
            return [], upcoming if upcoming and upcoming > now else None

    async def _rest(self, upcoming: datetime | None) -> None:
        """Until a timer is due or was written; not longer than the poll, if there are other replicas."""
        alarm = None if upcoming is None else asyncio.create_task(self._ring(upcoming))
        try:
            async with asyncio.timeout(_POLL if self._shared else None):
                await self._changed.wait()
        except TimeoutError:
            pass
        finally:
            if alarm is not None:
                alarm.cancel()

    async def _ring(self, upcoming: datetime) -> None:
        await self._clock.until(upcoming)
        self._changed.set()

    async def _back_off(self, seconds: float) -> None:
        """Rest for so long; `stop` ends it."""
        if self._stopping:
            return
        self._resting = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait((self._resting,))
        finally:
            self._resting.cancel()
            self._resting = None

    def _answer(self, first: int) -> None:
        answered, self._asking = self._asking[:first], self._asking[first:]
        for asked in answered:
            if not asked.done():
                asked.set_result(None)


def _elapsed(timer: Due) -> Incoming:
    event = Elapsed(timer.kind, timer.ref, timer.due_at, timer.fence)
    return Incoming(timer.id, "timer", timer.user_id, timer.chat_id, event)
