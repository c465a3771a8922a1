"""Many people walk side by side, promises and nudges come due among them, and things break: what has to be true of it all."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import accumulate, compress
from pathlib import Path

from bot.core.clock import SystemClock
from bot.core.effects import SetTimer
from bot.simulator import Fault, Simulator, Trouble
from bot.storage import timers
from bot.storage.database import Database
from bot.storage.messages import Status, reader
from bot.storage.migration import migrate
from tests.integration.replicas.fleet import Fleet, Replica, fleet
from tests.program import STOPPED_WITHIN, real_time
from tests.walking import WALK, Calm, Phone, Shown, chance, crowd, kept, meet, repeated, undisturbed

BELLS = Path(__file__).parent / "dialogs"
"""A host's own dialog, whose timers speak."""

PROMISES: list[Shown] = [(f"The {nth} promise.", ()) for nth in ("first", "second", "third", "fourth")]
NUDGES: list[Shown] = [(f"The {nth} line.", ()) for nth in ("first", "second", "third", "fourth")]
"""What they say, in the order in which they come due."""

REPLY, PROMISE, NUDGE = range(3)
"""Priorities in the outbox."""

PEOPLE = 24
DUE = timedelta(seconds=50)
"""Within so much from the beginning all of them come due, each person's in moments of their own."""


@dataclass(frozen=True, slots=True)
class Break:
    """
    Something broke when each phone had been shown so much.

    `in_flight`: how many messages of which person and priority were claimed then by who died or froze, and not settled;
    `waiting`: how many were not claimed yet, by anybody.
    """

    shown: Sequence[int]
    in_flight: Mapping[tuple[int, int], int]
    waiting: int


@dataclass(frozen=True, slots=True)
class Wait:
    """From a person's deed to its answer, in seconds of the loop's clock."""

    person: int
    acted: float
    answered: float


@dataclass
class Storm:
    """
    Everybody acts as soon as they are answered, and meanwhile `breaks` is called so many `times`.

    The breaks are shared out over all deeds: nobody runs away from what breaks.
    """

    bots: Fleet
    calm: Sequence[Calm]
    breaks: Callable[["Storm", int], Awaitable[None]]
    times: int
    broken: list[Break] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.phones = [Phone(self.bots.simulator, person) for person in crowd(self.bots.simulator, len(self.calm))]
        self._deeds = self._done = 0
        self._every = len(WALK) * len(self.calm) // (self.times + 1)
        self._changed = asyncio.Condition()

    async def prepare(self) -> None:
        """An up-to-date database with people who have agreed, and what comes due while they walk."""
        async with self._database() as database:
            await migrate(database)
            await meet(database, self.bots.key_file, self.phones)
            bells = [f"bell.{kind}{nth}" for nth in range(1, 5) for kind in ("promise", "nudge")]
            step, now = DUE / len(bells), SystemClock().now()
            async with database.transaction() as tx:
                for phone in self.phones:
                    phone.person.chat.started = True
                    who = phone.person.id
                    due = [now + step * (nth + chance(who, nth, 1000) / 1000) for nth in range(len(bells))]
                    await timers.set(tx, [(who, SetTimer(bell, "", at)) for bell, at in zip(bells, due, strict=True)])

    async def blow(self) -> None:
        """Everybody walks to the end, and everything breaks meanwhile; each answer of Telegram takes its time."""
        for method, seconds in (("sendMessage", 0.1), ("editMessageText", 0.1), ("getUpdates", 0.2)):
            self.bots.simulator.faults.add(Fault(Trouble.DELAY, method, times=None, seconds=seconds))
        async with asyncio.TaskGroup() as group:
            group.create_task(self._break())
            for phone, calm in zip(self.phones, self.calm, strict=True):
                group.create_task(self._walk(phone, calm))

    # What breaks -----------------------------------------------------------------------------------------------------

    async def a_moment(self, luck: int) -> None:
        """Until something has just been said to somebody, and so many milliseconds more: it may be settled by then, or not."""
        seen = sum(len(phone.shown) for phone in self.phones)
        await self.bots.heard(lambda: sum(len(phone.shown) for phone in self.phones) > seen)
        await real_time(luck / 1000)

    async def kill(self, replica: Replica) -> None:
        """SIGKILL, and a look at what it leaves behind."""
        await self.bots.kill(replica)
        await self.note(replica.name)

    async def stop(self, replica: Replica) -> None:
        """SIGTERM: it ends in time and leaves nothing claimed, and nothing of it may come twice."""
        self.bots.replicas.remove(replica)
        assert await replica.program.stop(within=STOPPED_WITHIN) == 0, replica.program.said
        assert not await self.claimed(replica)
        await self.note()

    async def claimed(self, replica: Replica) -> set[int]:
        """People whose lanes it holds."""
        rows = await self.bots.rows("SELECT destination FROM lanes WHERE owner LIKE $1", f"{replica.name}:%")
        return {reader(row["destination"]) for row in rows}

    async def note(self, *names: str) -> Break:
        """Remember what these replicas have claimed and not settled: once more may come that, and nothing else."""
        rows = [row for name in names for row in await self.bots.rows(_CLAIMED, f"{name or '-'}:%")]
        (waiting,) = await self.bots.rows("SELECT count(*) AS n FROM outbox WHERE status = 0")
        flying = {(row["user_id"], row["priority"]): row["n"] for row in rows}
        self.broken.append(Break([len(phone.shown) for phone in self.phones], flying, waiting["n"]))
        return self.broken[-1]

    async def _break(self) -> None:
        for step in range(self.times):
            await self._until(lambda: self._stage > self._done)
            await self.breaks(self, step)
            async with self._changed:
                self._done += 1
                self._changed.notify_all()

    # What people do --------------------------------------------------------------------------------------------------

    async def _walk(self, phone: Phone, calm: Calm) -> None:
        clock = asyncio.get_running_loop().time
        for deed, wanted in zip(WALK, calm.ends, strict=True):
            seen, acted = len(phone.shown), clock()
            phone.act(deed)
            async with self._changed:
                self._deeds += 1
                self._changed.notify_all()
            try:
                await self.bots.heard(lambda: wanted in phone.shown[seen:], within=240)  # noqa: B023 - awaited here
            except TimeoutError:
                told = "\n".join(each.program.said for each in self.bots.replicas)
                raise AssertionError(f"wanted {wanted}, shown {phone.shown[seen:]}\n{told}") from None
            self.waits.append(Wait(phone.person.id, acted, clock()))
            phone.looks_at = wanted
            await self._until(lambda: self._stage <= self._done + 1 or self._done == self.times)

    @property
    def _stage(self) -> int:
        """How many things should have broken by now."""
        return self._deeds // self._every

    async def _until(self, holds: Callable[[], bool]) -> None:
        async with self._changed:
            await self._changed.wait_for(holds)

    # What has to be true ---------------------------------------------------------------------------------------------

    async def check(self) -> None:
        """
        Nothing is lost, nothing out of order, nothing open, and the database keeps what the deeds come to.

        Twice came only what was in flight at a break, once for each, and no nudge.
        """
        await self.bots.up()
        await self._rest()
        for replica in list(self.bots.replicas):
            await self.bots.stop(replica)
        assert not await self.bots.rows("SELECT id FROM outbox WHERE status < 2")
        assert not await self.bots.rows("SELECT destination FROM lanes WHERE owner IS NOT NULL OR next_at IS NOT NULL")
        assert not await self.bots.rows("SELECT id FROM dead_letters")
        turns = await self.bots.rows("SELECT id FROM seen_updates WHERE source LIKE 'update%'")
        assert len(turns) == self.bots.simulator.queue(self.bots.account).next_id - 1
        async with self._database() as database:
            assert await kept(database, self.bots.key_file, self.phones) == [each.kept for each in self.calm]
        twice = Counter[int]()
        for phone, calm in zip(self.phones, self.calm, strict=True):
            twice += self._twice(phone, REPLY, calm.shown) + self._twice(phone, PROMISE, PROMISES)
        await self._check_nudges()
        told = [f"{sum(each.in_flight.values())} in flight, {twice[n]} twice" for n, each in enumerate(self.broken)]
        print(f"\n{len(told)} breaks:", *told, sep="\n")  # noqa: T201 - seen with `pytest -s`
        assert sum(each.waiting for each in self.broken)  # else it was no storm

    def _twice(self, phone: Phone, priority: int, wanted: Sequence[Shown]) -> Counter[int]:
        """How much of what was `wanted` came to this phone twice, by the number of the break that excuses it."""
        by_itself = (*PROMISES, *NUDGES)
        its = [each in PROMISES if priority == PROMISE else each not in by_itself for each in phone.shown]
        before = list(accumulate(its, initial=0))
        nth, who = self.phones.index(phone), (phone.person.id, priority)
        breaks = [(before[each.shown[nth]], each.in_flight.get(who, 0)) for each in self.broken]
        return repeated(list(compress(phone.shown, its)), wanted, breaks)

    async def _check_nudges(self) -> None:
        """None came twice, and none was lost but those of which nobody can tell whether they came."""
        came = Counter((phone.person.id, each) for phone in self.phones for each in phone.shown if each in NUDGES)
        assert set(came.values()) == {1}
        rows = await self.bots.rows("SELECT status, count(*) AS n FROM outbox WHERE priority = 2 GROUP BY status")
        became = {row["status"]: row["n"] for row in rows}
        assert became.keys() <= {Status.SENT, Status.UNKNOWN}
        assert sum(became.values()) == len(NUDGES) * len(self.phones)
        assert became[Status.SENT] <= len(came)
        at_breaks = sum(n for each in self.broken for (_, priority), n in each.in_flight.items() if priority == NUDGE)
        assert became.get(Status.UNKNOWN, 0) <= at_breaks

    async def _rest(self) -> None:
        """Until nothing is due any more, and nothing to be said or settled."""
        async with asyncio.timeout(240):
            while await self.bots.rows(_OPEN):
                await real_time(0.1)

    @asynccontextmanager
    async def _database(self) -> AsyncIterator[Database]:
        database = Database(self.bots.url, SystemClock())
        await database.open()
        try:
            yield database
        finally:
            await database.close()


@asynccontextmanager
async def storming(
    folder: Path, url: str, door: str, breaks: Callable[[Storm, int], Awaitable[None]], times: int, replicas: int = 1
) -> AsyncIterator[Storm]:
    """Replicas that are up, and people who have not begun."""
    calm = await undisturbed(folder, PEOPLE, agreed=True)
    telegram = Simulator(webhook_backoff=lambda _failures: 0.1)
    async with fleet(folder, url, hooked=door == "webhook", telegram=telegram, STILLHERE_DIALOGS=str(BELLS)) as bots:
        storm = Storm(bots, calm, breaks, times)
        await storm.prepare()
        await bots.start(replicas)
        await bots.up()
        yield storm


_CLAIMED = """
    SELECT user_id, outbox.priority, count(*) AS n FROM outbox JOIN lanes USING (destination)
    WHERE status = 1 AND owner LIKE $1 AND method <> 'editMessageReplyMarkup' GROUP BY user_id, outbox.priority
"""
_OPEN = """
    SELECT 'message' AS what FROM outbox WHERE status < 2
    UNION ALL SELECT 'timer' FROM timers WHERE kind LIKE 'bell.%'
"""
