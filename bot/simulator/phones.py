"""What every browser page shares: the state of all phones, the feed of changes, the hands of the clock."""

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta

from bot.simulator.changes import Change
from bot.simulator.chats import Json
from bot.simulator.clock import seconds
from bot.simulator.posting import view
from bot.simulator.simulator import Simulator

SETTLED = 0.3
STILL_HERE = 15
Moment = datetime | int | float | None
NextDue = Callable[[], Moment | Awaitable[Moment]]


class Phones:
    """The page's server side. `next_due` says when the bot will next do something by itself; `links` are shown."""

    def __init__(self, simulator: Simulator, next_due: NextDue | None = None, links: Json | None = None) -> None:
        self.simulator = simulator
        self.links = links or {}
        self._next_due = next_due
        self._told_due: int | None = None
        self._listening: set[asyncio.Queue[Change | None]] = set()
        self._checking: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[Json]] = set()
        self._is_skipping = False
        self._stops = [simulator.listen(self._check_clock_soon)]
        on_skip = getattr(simulator.clock, "on_skip", None)  # a lent clock may be silent
        if on_skip is not None:
            self._stops.append(on_skip(self._moved))

    async def next_due(self) -> int | None:
        """When the bot will next do something by itself, in unix seconds of story time."""
        if self._next_due is None:
            return None
        due = self._next_due()
        if inspect.isawaitable(due):
            due = await due
        return seconds(due) if isinstance(due, datetime) else None if due is None else int(due)

    async def state(self) -> Json:
        """Everything a page needs to draw itself; `seq` says from where the feed goes on."""
        simulator = self.simulator
        due = await self.next_due()
        account = next(iter(simulator.world.accounts.values()), None)
        chats: Json = {str(user): [] for user in simulator.world.users}
        if account is not None:
            known = {user: account.chats[user] for user in simulator.world.users if user in account.chats}
            chats |= {str(user): [view(each) for each in chat.messages.values()] for user, chat in known.items()}
        chats |= {key: [view(each) for each in kept.values()] for key, kept in simulator.world.threads.items()}
        return {
            "now": simulator.now(),
            "next_due": due,
            "bot": simulator.bot_view(account) if account else None,
            "users": [simulator.user_view(each) for each in simulator.world.users.values()],
            "chats": chats,
            "seq": simulator.changes.seq,
            "links": self.links,
        }

    async def skip(self, by: timedelta) -> Json:
        """Move the clock and tell every page."""
        self._is_skipping = True
        try:
            self.simulator.clock.skip(by)
        finally:
            self._is_skipping = False
        return await self.tell_clock()

    async def tell_clock(self) -> Json:
        """Say what time it is and what comes next."""
        due = await self.next_due()
        self._told_due = due
        self.simulator.changes.tell("clock", next_due=due)
        return {"now": self.simulator.now(), "next_due": due}

    async def events(self, since: int) -> AsyncIterator[str]:
        """Server-sent events: what was missed, then what happens, until the phones close."""
        waiting: asyncio.Queue[Change | None] = asyncio.Queue()
        for change in self.simulator.changes.since(since):
            waiting.put_nowait(change)
        stop = self.simulator.listen(waiting.put_nowait)
        self._listening.add(waiting)
        try:
            yield "retry: 1000\n\n"
            while True:
                try:
                    async with asyncio.timeout(STILL_HERE):
                        coming = await waiting.get()
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                if coming is None:
                    return
                yield f"data: {json.dumps(coming, ensure_ascii=False)}\n\n"
        finally:
            self._listening.discard(waiting)
            stop()

    def close(self) -> None:
        """Let every page go."""
        for stop in self._stops:
            stop()
        for waiting in self._listening:
            waiting.put_nowait(None)
        if self._checking is not None:
            self._checking.cancel()
        for task in self._tasks:
            task.cancel()

    def _moved(self) -> None:
        """Somebody else moved the clock."""
        if not self._is_skipping:
            self._start_telling()

    def _check_clock_soon(self, change: Change) -> None:
        """When things have settled after a change, see whether something else is due next."""
        if change["type"] == "clock" or self._next_due is None:
            return
        if self._checking is not None:
            self._checking.cancel()
        self._checking = asyncio.get_running_loop().call_later(SETTLED, self._start_telling, False)

    def _start_telling(self, always: bool = True) -> None:
        task = asyncio.get_running_loop().create_task(self._tell_if_new(always))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell_if_new(self, always: bool) -> Json:
        if always or await self.next_due() != self._told_due:
            return await self.tell_clock()
        return {}
