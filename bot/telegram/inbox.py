"""Where both doors hand in updates: batches for the conversation, and the promise that a cry for help is answered in half a second."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable

import structlog

from bot.conversation.channel import ChannelError, Throttled, Unreachable
from bot.core.clock import Clock
from bot.core.events import Blocked, Incoming, Unblocked
from bot.safety import policy
from bot.telegram.channel import TelegramChannel
from bot.telegram.floods import Floods
from bot.telegram.updates import Detect, GroupCall, read

CARD_AFTER = 0.5
"""Seconds a turn may take before the static card goes out instead of waiting for it."""

GROUP_PAUSE = 3600.0
"""Seconds between two answers in the same group."""

Handle = Callable[[list[Incoming]], Awaitable[None]]

_REMEMBERED = 10_000
_TRIES, _LONGEST_WAIT = 3, 60.0  # of fixed words; seconds between two tries

log = structlog.get_logger()


class Inbox:
    """
    One batch at a time goes to `handle`; whatever arrived meanwhile is the next batch, of about `at_most` events.

    `card` is the static crisis text, `group_line` the answer to a call in a group, `slow_line`
    what somebody is told who sends more than `floods` allows (None: no limit). Waits are machine time.
    """

    def __init__(
        self,
        handle: Handle,
        channel: TelegramChannel,
        clock: Clock,
        *,
        detect: Detect,
        card: str,
        card_after: float = CARD_AFTER,
        group_line: str,
        slow_line: str = "",
        floods: Floods | None = None,
        at_most: int = 100,
    ) -> None:
        self._handle = handle
        self._channel = channel
        self._clock = clock
        self._detect = detect
        self._card = card
        self._card_after = card_after
        self._group_line = group_line
        self._slow_line = slow_line
        self._floods = floods
        self._at_most = at_most
        self._waiting: list[tuple[list[Incoming], asyncio.Future[None]]] = []
        self._worker: asyncio.Task[None] | None = None
        self._cards: dict[tuple[int, int], asyncio.Task[None]] = {}  # not yet due, by chat and update
        self._carded: dict[tuple[int, int], None] = {}  # sent or being sent, oldest first
        self._told: dict[int, float] = {}  # when a group last got its line
        self._aside: set[asyncio.Task[None]] = set()

    async def take(self, updates: Iterable[object]) -> None:
        """
        Return once every one of `updates` is committed, so that it may be confirmed to Telegram.

        Raises what `handle` raises, DatabaseUnavailable above all: then nothing of its batch is committed.
        """
        events = []
        for update in updates:
            found = read(update, self._channel.username, self._channel.id, self._detect)
            if isinstance(found, GroupCall):
                self._tell(found.chat_id)
            elif found is not None and self._takes(found):
                events.append(found)
                if is_urgent(found):
                    self._promise(found)
        if not events:
            return
        committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((events, committed))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        await committed

    async def quiet(self) -> None:
        """Wait until no update is waiting and nothing is on its way aside."""
        while tasks := [task for task in (self._worker, *self._aside) if task is not None and not task.done()]:
            await asyncio.wait(tasks)

    async def close(self) -> None:
        """Give up the cards not yet due and the group lines not yet sent; turns are left to end by themselves."""
        tasks = list(self._aside)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _work(self) -> None:
        while self._waiting:
            taken = self._next()
            batch = [event for events, _ in taken for event in events]
            turn = asyncio.ensure_future(self._handle(batch))
            await asyncio.wait((turn,))
            fault = asyncio.CancelledError() if turn.cancelled() else turn.exception()
            if fault is None:
                self._withdraw(batch)
            else:
                self._refund(batch)
            for _, committed in taken:
                if committed.done():  # whoever waited has gone
                    continue
                if fault is None:
                    committed.set_result(None)
                else:
                    committed.set_exception(fault)

    def _next(self) -> list[tuple[list[Incoming], asyncio.Future[None]]]:
        count = size = 0
        for events, _ in self._waiting:
            if count and size + len(events) > self._at_most:
                break
            count, size = count + 1, size + len(events)
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return taken

    def _takes(self, event: Incoming) -> bool:
        """Whether the event is taken up: within the limit, or too grave to be left out."""
        weight = self._floods.weigh(event.user_id) if self._floods else "fine"
        if weight == "fine" or event.verdict is not None or is_urgent(event):
            return True
        if isinstance(event.event, Blocked | Unblocked):
            return True
        if weight == "first":
            self._start(self._say(event.chat_id, self._slow_line))
        return False

    def _refund(self, batch: Iterable[Incoming]) -> None:
        """Nothing of it is confirmed, so all of it comes again: what is counted each time would fill the limit by itself."""
        if self._floods:
            for event in batch:
                self._floods.refund(event.user_id)

    def _promise(self, event: Incoming) -> None:
        key = (event.chat_id, event.id)
        if key not in self._cards and key not in self._carded:  # else the same update has come once more
            self._cards[key] = self._start(self._send_card(key))

    def _withdraw(self, batch: Iterable[Incoming]) -> None:
        for event in batch:
            card = self._cards.pop((event.chat_id, event.id), None)
            if card is not None:
                card.cancel()

    async def _send_card(self, key: tuple[int, int]) -> None:
        await self._clock.sleep(self._card_after)
        self._cards.pop(key, None)
        self._carded[key] = None
        if len(self._carded) > _REMEMBERED:
            del self._carded[next(iter(self._carded))]
        log.warning("a turn takes too long: the static card goes out")
        await self._say(key[0], self._card)

    def _tell(self, chat_id: int) -> None:
        now = self._clock.machine()
        if now - self._told.get(chat_id, -GROUP_PAUSE) >= GROUP_PAUSE:
            self._told = {chat: at for chat, at in self._told.items() if now - at < GROUP_PAUSE} | {chat_id: now}
            self._start(self._say(chat_id, self._group_line))

    async def _say(self, chat_id: int, words: str) -> None:
        for trial in range(1, _TRIES + 1):
            try:
                await self._channel.send_now(chat_id, words)
            except ChannelError as fault:
                wait = _pause(fault, trial)
                if wait is None:
                    log.warning("fixed words not delivered", fault=type(fault).__name__)
                    return
                await self._clock.sleep(wait)
            else:
                return

    def _start(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._aside.add(task)
        task.add_done_callback(self._aside.discard)
        return task


def is_urgent(event: Incoming) -> bool:
    """Whether half a second without an answer is too long."""
    return policy.needs_people(event.verdict, event.event)


def _pause(fault: ChannelError, trial: int) -> float | None:
    """Seconds until fixed words are tried again after this fault of try `trial` (from 1); None: not any more."""
    match fault:
        case Unreachable():
            wait = float(trial)
        case Throttled():
            wait = fault.seconds
        case _:
            return None
    return wait if trial < _TRIES and wait <= _LONGEST_WAIT else None
