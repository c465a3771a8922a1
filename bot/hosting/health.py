"""Tells whether the bot does its work: `/health` for supervisors, `/metrics` for Prometheus. Numbers, and no word of anybody."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from bot.core.clock import Clock
from bot.core.errors import StillhereError
from bot.storage import backlog
from bot.storage.backlog import Backlog
from bot.storage.database import Database
from bot.telegram.polling import Heard

if TYPE_CHECKING:
    from prometheus_client.core import Metric
    from starlette.applications import Starlette

SILENCE = 90.0
"""Seconds without an answer from Telegram after which something is wrong; a long poll ends after 30."""
LATE = 300.0
"""Seconds that messages or timers may be late."""
STILL_FAILING = 60.0
"""Seconds for which turns that the database did not take count; what comes again is tried every few seconds."""
PATIENCE = 3.0
"""Seconds that the database has for its answer."""
FRESH = 2.0
"""Seconds for which a finding holds: whoever asks more often gets the same."""
BEAT = 15.0
"""Seconds between two signs of life in the lock file."""


class Door(Protocol):
    """Where updates come in."""

    @property
    def last_success(self) -> Heard | None:
        """When Telegram last answered."""


@dataclass(frozen=True, slots=True)
class Finding:
    """How it goes: well, unless there are `reasons`. `silence`: seconds since Telegram answered. `backlog`: None if unknown."""

    reasons: tuple[str, ...]
    silence: float | None
    backlog: Backlog | None

    @property
    def well(self) -> bool:
        """Whether the bot does its work."""
        return not self.reasons


class Health:
    """Looks at the parts of a running bot. `turns` counts events by kind, `messages` what became of messages."""

    def __init__(
        self, database: Database, clock: Clock, door: Door, turns: Counter[str], messages: Counter[str]
    ) -> None:
        self.turns, self.messages = turns, messages
        self._database, self._clock, self._door = database, clock, door
        self._looking: asyncio.Task[Backlog | str] | None = None
        self._last: tuple[float, Finding] | None = None
        self._failed: tuple[float, str] | None = None
        self._stuck: dict[str, str] = {}

    def note(self, fault: str) -> None:
        """What kept the database from taking the last batch of turns, or that it took them (empty)."""
        self._failed = (self._clock.machine(), fault) if fault else None

    def set_back(self, part: str, fault: str) -> None:
        """What keeps a part of the bot from its work, or that it works again (empty)."""
        self._stuck.pop(part, None)
        if fault:
            self._stuck[part] = fault

    async def look(self) -> Finding:
        """How it goes now, or a moment ago."""
        now = self._clock.machine()
        if self._last is None or not 0 <= now - self._last[0] < FRESH:
            self._last = now, await self._judge()
        return self._last[1]

    async def beat(self, sign: Callable[[], None]) -> None:
        """Give a sign of life as long as all is well; until cancelled."""
        while True:
            well = (await self.look()).well
            if well:
                sign()
            await self._wait(BEAT if well else FRESH)

    async def _judge(self) -> Finding:
        heard = self._door.last_success
        silence = None if heard is None else max(0.0, self._clock.machine() - heard.machine)
        found = await self._in_the_database()
        reasons = []
        if silence is None:
            reasons.append("Telegram has not answered yet")
        elif silence > SILENCE:
            reasons.append(f"Telegram has not answered for {silence:.0f} s")
        reasons += [f"{part}: {fault}" for part, fault in self._stuck.items()]
        if isinstance(found, str):
            return Finding((*reasons, found), silence, None)
        if self._failed and self._clock.machine() - self._failed[0] < STILL_FAILING:
            reasons.append(self._failed[1])
        if found.late > LATE:
            reasons.append(f"{found.waiting} messages wait, the first for {found.late:.0f} s")
        if found.timers_late > LATE:
            reasons.append(f"{found.overdue} timers are overdue, the first for {found.timers_late:.0f} s")
        return Finding(tuple(reasons), silence, found)

    async def _in_the_database(self) -> Backlog | str:
        """The backlog, or why there is none. A look that takes too long goes on, and is the answer to a later question."""
        looking = self._looking = self._looking or asyncio.create_task(self._look_and_write())
        patience = asyncio.create_task(self._wait(PATIENCE))
        await asyncio.wait((looking, patience), return_when=asyncio.FIRST_COMPLETED)
        patience.cancel()
        if not looking.done():
            return f"the database has not answered for {PATIENCE:.0f} s"
        if self._looking is looking:  # nobody who asked at the same time has begun another
            self._looking = None
        return looking.result()

    async def _wait(self, seconds: float) -> None:
        await self._clock.until(self._clock.now() + timedelta(seconds=seconds))

    async def _look_and_write(self) -> Backlog | str:
        try:
            async with self._database.transaction() as tx:
                await backlog.try_writing(tx)
                return await backlog.look(tx, self._clock.now())
        except StillhereError as fault:
            return str(fault)

    async def close(self) -> None:
        """Let go of the database."""
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking


def health_app(health: Health) -> "Starlette":
    """`/health`: JSON, 200 or 503; `/metrics`: for Prometheus."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

    async def tell(_: Request) -> Response:
        finding = await health.look()
        told = {"status": "ok" if finding.well else "bad", "reasons": finding.reasons}
        return JSONResponse(told, 200 if finding.well else 503, {"Cache-Control": "no-store"})

    async def metrics(_: Request) -> Response:
        return Response(exposed(await health.look(), health.turns, health.messages), media_type=_PROMETHEUS)

    return Starlette(routes=[Route("/health", tell), Route("/metrics", metrics)])


_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def exposed(finding: Finding, turns: Counter[str], messages: Counter[str]) -> bytes:
    """The numbers in Prometheus' text format. What is not known now is left out."""
    from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    registry.register(_Numbers(finding, turns, messages))
    return generate_latest(registry)


@dataclass(frozen=True, slots=True, eq=False)  # Prometheus keeps collectors by identity
class _Numbers:
    """What Prometheus calls a collector."""

    finding: Finding
    turns: Counter[str]
    messages: Counter[str]

    def collect(self) -> "Iterable[Metric]":
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        taken = CounterMetricFamily("stillhere_turns", "Turns taken, by what came.", labels=["source"])
        for source in _TURNS:
            taken.add_metric([source], self.turns[source])
        became = CounterMetricFamily("stillhere_messages", _OUTCOMES, labels=["outcome"])
        for outcome in _MESSAGES:
            became.add_metric([outcome], self.messages[outcome])
        yield from (taken, became)
        for name, (words, value) in _gauges(self.finding).items():
            yield GaugeMetricFamily(f"stillhere_{name}", words, value)


_TURNS = ("update", "timer")
_MESSAGES = ("sent", "throttled", "pending", "dead", "expired", "unknown")
_OUTCOMES = (
    "What became of attempts to send: sent, throttled by Telegram, pending (to be tried again), dead (refused), expired, "
    "unknown (nobody can tell whether it arrived)."
)


def _gauges(finding: Finding) -> dict[str, tuple[str, float]]:
    found: dict[str, tuple[str, float]] = {"healthy": ("1 if /health says ok.", finding.well)}
    if finding.silence is not None:
        found["telegram_silence_seconds"] = "Seconds since Telegram last answered.", finding.silence
    if (known := finding.backlog) is not None:
        found["outbox_waiting"] = "Messages not yet sent.", known.waiting
        found["outbox_late_seconds"] = "For how long the first of them could have been sent.", known.late
        found["timers_overdue"] = "Timers past their time and not yet taken.", known.overdue
        found["dead_letters"] = "Turns that failed and are kept as dead letters.", known.letters
    return found
