"""A bot's queue of updates at Telegram: how long they live, when they are confirmed, who may poll."""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.simulator.errors import conflict
from bot.simulator.facts import facts

LIFETIMES = {"callback_query": 150, "inline_query": 30, "chosen_inline_result": 600}
DAY = 24 * 3600
ONLY_IF_ASKED = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
OTHER_POLLER = "terminated by other getUpdates request; make sure that only one bot instance is running"


@dataclass(frozen=True, slots=True)
class Update:
    """An update that waits; `lane` says with which others it keeps its order (webhooks), times are unix seconds."""

    id: int
    kind: str
    body: Any
    lane: str
    expires_at: float

    def json(self) -> dict[str, Any]:
        """The Update object."""
        return {"update_id": self.id, self.kind: self.body} if self.kind else {"update_id": self.id, **self.body}


class UpdateQueue:
    """Waiting updates in order. Wakes a poller at once; lost are only those that outlive their time."""

    def __init__(self, now: Callable[[], float], first_id: int) -> None:
        self._now = now
        self._waiting: dict[int, Update] = {}
        self._poller: asyncio.Future[None] | None = None
        self._closed = False
        self._empty = asyncio.Event()
        self._empty.set()
        self.next_id = first_id
        self.allowed: list[str] | None = None
        self.on_add: Callable[[Update], None] | None = None
        self.on_poll: Callable[[], None] = lambda: None

    @property
    def is_polled(self) -> bool:
        """Whether somebody waits for updates right now."""
        return self._poller is not None

    def add(self, kind: str, body: Any, lane: str) -> Update | None:
        """Queue an update, unless the bot asked not to get this kind."""
        if not self._wanted(kind):
            return None
        update = Update(self.next_id, kind, body, lane, self._now() + LIFETIMES.get(kind, DAY))
        return self.put(update)

    def put(self, update: Update) -> Update:
        """Queue an update as it is (raw, restored)."""
        is_last = update.id >= self.next_id
        self._waiting[update.id] = update
        if not is_last:
            self._waiting = dict(sorted(self._waiting.items()))
        self._empty.clear()
        self.next_id = max(self.next_id, update.id + 1)
        self._wake()
        if self.on_add is not None:
            self.on_add(update)
        return update

    def waiting(self) -> list[Update]:
        """All that is unconfirmed and alive, in order."""
        now = self._now()
        for dead in [each.id for each in self._waiting.values() if each.expires_at <= now]:
            del self._waiting[dead]
        self._tell_if_empty()
        return list(self._waiting.values())

    def remove(self, update_id: int) -> None:
        """One update is done (webhooks)."""
        self._waiting.pop(update_id, None)
        self._tell_if_empty()

    async def empty(self) -> None:
        """Return once every update has been confirmed."""
        await self._empty.wait()

    def drop(self) -> None:
        """Forget all that waits."""
        self._waiting.clear()
        self._tell_if_empty()

    def allow(self, kinds: list[str] | None) -> None:
        """Remember allowed_updates; None leaves it as it was, an empty list means the default."""
        if kinds is not None:
            self.allowed = [each for each in kinds if each in facts().update_kinds] or None

    async def poll(self, offset: int, limit: int, patience: float) -> list[dict[str, Any]]:
        """One getUpdates: confirm what lies before `offset`, then wait up to `patience` real seconds for something.

        Raises:
            ApiError: 409 to this call, if another one comes while it waits.
        """
        self._interrupt(OTHER_POLLER)
        self._confirm(offset)
        batch = self._oldest(limit)
        if not batch and patience > 0 and not self._closed:
            poller: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._poller = poller
            self.on_poll()
            try:
                async with asyncio.timeout(patience):
                    await poller
            except TimeoutError:
                return []
            finally:
                if self._poller is poller:
                    self._poller = None
                self.on_poll()
            batch = self._oldest(limit)
        return [each.json() for each in batch]

    def interrupt_for_webhook(self) -> None:
        """A webhook was set: whoever polls is told so."""
        self._interrupt("terminated by setWebhook request")

    def close(self) -> None:
        """Let whoever waits go, with nothing."""
        self._closed = True
        self._wake()

    def reopen(self) -> None:
        """Polls may wait again."""
        self._closed = False

    def _wanted(self, kind: str) -> bool:
        return kind not in ONLY_IF_ASKED if self.allowed is None else kind in self.allowed

    def _confirm(self, offset: int) -> None:
        if offset < 0:  # the last -offset updates stay, all before them are forgotten
            for each in self.waiting()[:offset]:
                del self._waiting[each.id]
        for done in list(itertools.takewhile(lambda number: number < offset, self._waiting)):
            del self._waiting[done]
        self._tell_if_empty()

    def _oldest(self, limit: int) -> list[Update]:
        """The first living updates, without a look at the whole queue."""
        now = self._now()
        alive = (each for each in self._waiting.values() if each.expires_at > now)
        return list(itertools.islice(alive, limit))

    def _tell_if_empty(self) -> None:
        if not self._waiting:
            self._empty.set()

    def _wake(self) -> None:
        if self._poller is not None and not self._poller.done():
            self._poller.set_result(None)

    def _interrupt(self, reason: str) -> None:
        if self._poller is not None and not self._poller.done():
            self._poller.set_exception(conflict(reason))
        self._poller = None
