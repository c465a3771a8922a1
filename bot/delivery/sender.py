"""Send what has been committed: concurrently over destinations, in order within one, and settle it in groups."""

import asyncio
import secrets
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import count
from math import inf

import structlog

from bot.conversation.channel import Channel
from bot.core.clock import Clock
from bot.core.errors import DatabaseUnavailable, StatementRefused
from bot.core.setbacks import Setbacks
from bot.delivery.attempt import SETTLING, attempt, given_back, uncertain, with_earlier
from bot.delivery.clock_watch import ClockWatch
from bot.delivery.patience import PATIENCE, Patience
from bot.delivery.settling import settle
from bot.storage import claims
from bot.storage.budget import limits
from bot.storage.database import Database
from bot.storage.messages import LEASE, Claimed, Outcome, Owner, Status, outcome
from bot.storage.vault import Vault

_log = structlog.get_logger()

GROUP_SIZE = 50
GROUP_SECONDS = 0.05
"""Outcomes are written together: so many, or those of so long."""

SOON = 1.0
"""Whatever is due within so many seconds waits for its pace alone, and is waited for by `quiet`."""

DRAIN = 4.0
"""Seconds in which calls under way may still end after `stop`. With the door's time before it: within ten."""

_AT_ONCE = 256  # destinations
_WRITE_DOWN = 1.0  # seconds to settle what was cut off
_POLL = 1.0  # seconds between two looks for what other replicas wrote
_LONGEST_BACKOFF = 5.0


class Sender:
    """
    The one way out for every message in the outbox.

    A turn asks for an `owner`, writes its messages with `outbox.add(…, claim_for=owner)`, and after the commit hands
    what it got to `send`. `run` serves everything else: what had to wait, what other replicas wrote or left behind.
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        channel: Channel,
        clock: Clock,
        rate: int = 30,
        *,
        name: str = "",
        on_unknown: Callable[[Sequence[int]], None] | None = None,
        on_setback: Callable[[str, str], None] | None = None,
    ) -> None:
        self._database, self._vault, self._channel, self._clock = database, vault, channel, clock
        self._limits = limits(rate)
        self._on_unknown = on_unknown
        self._setbacks = Setbacks("outbox", on_setback)
        self._name, self._numbers = name or secrets.token_hex(4), count(1)
        self._patience = Patience()
        self._clocks = ClockWatch(database, clock, self._name)
        self._lanes: dict[str, deque[list[Claimed]]] = {}  # what is being sent, by destination
        self._tasks: set[asyncio.Task[None]] = set()
        self._done: list[Outcome] = []  # to be written
        self._travelling: list[list[Outcome]] = []  # in transactions that are still open
        self._group: asyncio.TimerHandle | None = None
        self._wake, self._ended = asyncio.Event(), asyncio.Event()
        self._asking: list[asyncio.Future[None]] = []  # callers of quiet
        self._shared = database.dialect == "postgresql"
        self._waiting = self._crowded = self._held = self._running = self._stopping = self._giving_up = False
        self._make_good: Callable[[Sequence[int]], Awaitable[None]] | None = None
        self._missed: dict[int, None] = {}  # people who wait for words that will not come
        self._doubts: Counter[int] = Counter()  # calls without an answer, by message that has to be sent again
        self._paused_until = 0.0
        self._written = 0  # how often we were told of messages that wait in their lanes
        self._apart = False  # whether an outcome was refused: then none of them may spoil a turn
        self._look_at = 0.0  # machine time at which something in a lane may be due, if this program alone writes
        self.counts: Counter[str] = Counter()
        """How many messages got which outcome (names of `Status`), and how often Telegram said to wait (`throttled`)."""

    def owner(self) -> Owner | None:
        """A new owner for a turn's messages; None while older ones of other lanes wait for the budget."""
        if self._stopping or self._crowded or self._pause() > 0:
            return None
        return Owner(f"{self._name}:{next(self._numbers)}", self._clock.machine(), self._limits)

    @contextmanager
    def unsettled(self) -> Iterator[list[Outcome]]:
        """
        Outcomes for a turn to settle in its own transaction (`outbox.add`), opened within; kept if that fails.

        If the database refuses a statement, it may be for these: the turn is to come again, without them (DatabaseUnavailable).
        """
        plain = not self._apart and all(each.status == Status.SENT for each in self._done)
        with self._settling(self._done if plain else []) as outcomes:
            whole = with_earlier(outcomes, self._travelling)
            try:
                yield whole
            except StatementRefused as fault:
                self._apart = bool(whole)
                raise (DatabaseUnavailable(f"{fault} It is tried again.") if whole else fault) from None

    def send(self, claimed: Sequence[Claimed], *, waiting: bool = False) -> None:
        """Send messages whose claim is committed. `waiting`: others were written that have to wait in their lanes."""
        batches: dict[str, list[Claimed]] = {}
        for row in claimed:
            batches.setdefault(row.destination, []).append(row)
        loop = asyncio.get_running_loop()  # once: Python asks the system for it each time
        for destination, rows in batches.items():
            if destination in self._lanes:
                self._lanes[destination].append(rows)
                continue
            self._lanes[destination] = deque([rows])
            task = loop.create_task(self._serve(destination))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if waiting:
            self._waiting = True
            self._written += 1
            self._wake.set()

    def when_missed(self, make_good: Callable[[Sequence[int]], Awaitable[None]]) -> None:
        """Let `make_good` say something to people whose awaited words Telegram refuses for ever, or nobody can read."""
        self._make_good = make_good

    async def run(self) -> None:
        """Serve until `stop`, whatever goes wrong."""
        self._running = True
        try:
            while not (self._giving_up or (self._stopping and not self._busy())):
                self._wake.clear()
                wait: float | None = 0
                with self._setbacks.borne():
                    await self._clocks.look()
                    wait = await self._round()
                if self._setbacks.in_a_row:
                    await self._clock.sleep(self._setbacks.pause(_LONGEST_BACKOFF))
                elif wait != 0:
                    await self._rest(wait)
        finally:
            self._running = False
            self._ended.set()
            self._answer(len(self._asking))

    async def quiet(self) -> None:
        """Return once nothing is being sent, unsettled, claimed by anybody, or due within a second."""
        if self._ended.is_set():
            return
        asked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asking.append(asked)
        self._wake.set()
        await asked

    async def stop(self) -> None:
        """
        Finish the calls that are under way, settle them, give the rest back, and end `run`.

        A call without an answer by then is cut off: nobody knows whether it arrived, and its message decides.
        """
        self._stopping = True
        if not self._running or await self._ends_within(DRAIN if self._busy() else _WRITE_DOWN):
            return
        for task in self._tasks:
            task.cancel()
        if not await self._ends_within(_WRITE_DOWN):
            self._giving_up = True  # the database is away: leases end by themselves
            self._wake.set()

    async def close(self) -> None:
        """Give back what turns had claimed that committed after `run` had ended. If the database is away, leases end by themselves."""
        self._stopping = True
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._done:
            with self._setbacks.borne():
                await self._settle()

    async def _ends_within(self, seconds: float) -> bool:
        self._wake.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        return self._ended.is_set()

    async def _round(self) -> float | None:
        """Settle, then claim. Seconds until the next round has something to do; None: until something happens."""
        asking = len(self._asking)  # who asks later has to wait for the next round
        if self._done:
            await self._settle()
        if self._missed and self._make_good:
            await self._say_sorry(self._make_good)
        if self._stopping:
            return None
        if (pause := self._pause()) > 0:
            return pause
        told = self._shared or self._waiting or self._crowded or self._held
        if not told and (wait := self._look_at - self._clock.machine()) > (SOON if asking else 0):
            if not self._busy():
                self._answer(asking)
            return None if wait == inf else wait
        left_out, written = bool(self._busy()), self._written
        if (claim := await self._claim()) is None:
            return None
        self.send(claim.messages)
        self._note(claim)
        soon, busy = claim.wait is not None and claim.wait <= SOON, bool(self._busy())
        unseen = left_out or written != self._written  # in lanes that were busy when the claim began, or since
        self._waiting = soon or (self._waiting and (unseen or busy))
        self._held, self._crowded = claim.held > 0, claim.crowded
        self._look_at = inf if claim.wait is None else self._clock.machine() + claim.wait
        if unseen and not busy:
            self._wake.set()  # what freed those lanes meanwhile has been and gone
        if not (soon or busy or unseen or self._held):
            self._answer(asking)
        return claim.wait

    async def _settle(self) -> None:
        with self._settling(self._done) as outcomes:
            await settle(self._database, with_earlier(outcomes, self._travelling), self._clock.now(), self._limits)
            self._apart = False
        if any(each.status == Status.PENDING or each.blocked for each in outcomes):
            self._look_at = 0.0
        unknown = [each.id for each in outcomes if each.status == Status.UNKNOWN]
        if unknown and self._on_unknown:
            self._on_unknown(unknown)

    async def _claim(self) -> claims.Claim | None:
        room = _AT_ONCE - len(self._lanes)
        if room < 1:
            return None
        busy = self._busy()
        owner = Owner(f"{self._name}:{next(self._numbers)}", self._clock.machine(), self._limits)
        async with self._database.transaction() as tx:
            return await claims.claim(tx, self._vault, owner, self._clock.now(), want=room, busy=busy)

    def _note(self, claim: claims.Claim) -> None:
        """Count what a claim gave up."""
        for message, status in claim.closed:
            self.counts[status.name.lower()] += 1
            self._doubts.pop(message, None)
            if status == Status.DEAD:
                _log.warning("outbox.dead_letter", message=message, reason="cannot be read")
        self._missed |= dict.fromkeys(claim.missed)
        if claim.unknown and self._on_unknown:
            self._on_unknown(claim.unknown)

    async def _say_sorry(self, make_good: Callable[[Sequence[int]], Awaitable[None]]) -> None:
        while self._missed:
            user_id, _ = self._missed.popitem()
            try:
                await make_good([user_id])
            except DatabaseUnavailable:
                self._missed[user_id] = None
                raise

    def _busy(self) -> set[str]:
        """Destinations whose claims are ours and not yet settled."""
        unsettled = {each.destination for group in (self._done, *self._travelling) for each in group}
        return unsettled | self._lanes.keys()

    async def _rest(self, seconds: float | None) -> None:
        """
        Until somebody wakes the sender, or so many seconds of machine time have passed.

        Not longer than the poll if other replicas may write, or if others hold lanes whose leases may end.
        """
        alarm = None if seconds is None else asyncio.create_task(self._ring(seconds))
        try:
            async with asyncio.timeout(_POLL if self._shared or self._held else None):
                await self._wake.wait()
        except TimeoutError:
            pass
        finally:
            if alarm is not None:
                alarm.cancel()

    async def _ring(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
        self._wake.set()

    def _answer(self, first: int) -> None:
        answered, self._asking = self._asking[:first], self._asking[first:]
        for asked in answered:
            if not asked.done():
                asked.set_result(None)

    # --------------------------------------------------------------------------------------------- one lane

    async def _serve(self, destination: str) -> None:
        queue = self._lanes[destination]
        while queue:
            await self._send_in_order(queue.popleft())
        del self._lanes[destination]
        if self._stopping or self._asking:
            self._wake.set()

    async def _send_in_order(self, rows: Sequence[Claimed]) -> None:
        """Send a claim's messages one after the other; the first that has to wait or is blocked ends it."""
        for n, row in enumerate(rows):
            if not self._may_send(row):
                self._report(given_back(rows[n:], Status.PENDING, 0))
                return
            asked_at = self._clock.now()
            result = self._weigh(await self._attempt(row))
            if result.blocked:
                result = replace(result, asked_at=asked_at)
            if result.status == Status.DEAD and row.awaited:
                self._missed[row.user_id] = None
            rest = rows[n + 1 :]
            if rest and (result.status == Status.PENDING or result.blocked):
                status = Status.EXPIRED if result.blocked else Status.PENDING
                self._report([replace(result, last=False), *given_back(rest, status, result.wait)])
                return
            self._report([replace(result, last=False) if rest else result])

    def _may_send(self, row: Claimed) -> bool:
        """Not if the bot stops, has been told to wait, or if the lease could end during the call."""
        age = self._clock.machine() - row.owner.since
        return not self._stopping and self._pause() <= 0 and age < LEASE - PATIENCE - SETTLING

    async def _attempt(self, row: Claimed) -> Outcome:
        try:
            return await attempt(self._channel, row, self._doubts, self._patience)
        except asyncio.CancelledError:
            if not self._stopping:
                raise
            return uncertain(row, self._doubts)
        except Exception as fault:  # noqa: BLE001 - a message that nobody can send must not hold up its lane
            _log.error("outbox.fault", message=row.id, method=row.method, fault=type(fault).__name__)
            return outcome(row, Status.DEAD, error=f"fault of the program: {type(fault).__name__}")

    def _weigh(self, result: Outcome) -> Outcome:
        """Keep what the outcome says about calls to come: whether the bot has to wait, and nothing of a message that is done."""
        if result.everywhere:
            self._paused_until = max(self._paused_until, self._clock.machine() + result.wait)
        if result.status != Status.PENDING:
            self._doubts.pop(result.id, None)
        return result

    def _pause(self) -> float:
        """Seconds for which Telegram wants nothing from this bot."""
        return self._paused_until - self._clock.machine()

    # ------------------------------------------------------------------------------------------- settlement

    def _report(self, outcomes: Sequence[Outcome]) -> None:
        """Keep outcomes for the next group; written at once if somebody waits for what they free."""
        for each in outcomes:
            if each.tried or each.status != Status.PENDING:
                self.counts["throttled" if each.throttled else each.status.name.lower()] += 1
            if each.status == Status.DEAD:
                _log.warning("outbox.dead_letter", message=each.id, reason=each.error)
        self._done.extend(outcomes)
        last = outcomes[-1]
        freeing = last.last and self._waiting and not self._crowded
        hurry = freeing or last.status != Status.SENT or self._asking or self._stopping
        if hurry or (len(self._done) >= GROUP_SIZE and not self._travelling):
            self._wake.set()
        elif self._group is None:
            self._end_group_later()

    def _end_group_later(self) -> None:
        self._group = asyncio.get_running_loop().call_later(GROUP_SECONDS, self._end_group)

    def _end_group(self) -> None:
        """Write the group, unless a turn is just being taken: then the next turn takes it along, if one follows at once."""
        if self._travelling:
            self._end_group_later()
        else:
            self._wake.set()

    @contextmanager
    def _settling(self, outcomes: list[Outcome]) -> Iterator[list[Outcome]]:
        """Take outcomes out to be written; put back if the block raises."""
        if outcomes is self._done:
            self._done = []
        if self._group is not None and not self._done:
            self._group.cancel()
            self._group = None
        self._travelling.append(outcomes)
        try:
            yield outcomes
        except BaseException:
            self._done = [*outcomes, *self._done]
            self._wake.set()
            raise
        finally:
            self._travelling = [group for group in self._travelling if group is not outcomes]
        if self._asking or self._stopping or (self._waiting and outcomes):
            self._wake.set()
