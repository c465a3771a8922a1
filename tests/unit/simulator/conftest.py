"""A simulated Telegram with one bot and one person, standing still in time, and ways to call it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
import telegram
from telegram.request import HTTPXRequest

from bot.simulator import Person, Served, SimulatedClock, Simulator, serve

TOKEN = "123456:TEST-token_of-the_simulator"
START = datetime(2026, 9, 22, 18, 0, tzinfo=UTC)


class MachineTime:
    """Real seconds for the speed limits, moved by hand."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


class Caller:
    """Calls the Bot API as a bare HTTP client."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session

    async def __call__(self, method: str, **parameters: Any) -> Any:
        async with self._session.post(f"{self.url}/bot{TOKEN}/{method}", json=parameters) as response:
            body = await response.json()
            assert response.status == body.get("error_code", 200)
            return body

    async def result(self, method: str, **parameters: Any) -> Any:
        """The result of a call that must go well."""
        body = await self(method, **parameters)
        assert body["ok"], body
        return body["result"]

    async def refusal(self, method: str, **parameters: Any) -> str:
        """The description of a call that must be refused."""
        body = await self(method, **parameters)
        assert not body["ok"], body
        return str(body["description"])


@pytest.fixture
def machine() -> MachineTime:
    return MachineTime()


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(lambda: START)


@pytest.fixture
def sim(clock: SimulatedClock, machine: MachineTime) -> Simulator:
    simulator = Simulator(clock, machine, limits=False, webhook_backoff=lambda _failures: 0.0)
    simulator.add_bot(TOKEN, "stillhere_test_bot", "Stillhere")
    return simulator


@pytest.fixture
def ann(sim: Simulator) -> Person:
    return sim.add_user("Ann", time_zone="Europe/Berlin")


@pytest.fixture
def ben(sim: Simulator, ann: Person) -> Person:
    person = sim.add_user("Ben", language_code="de")
    assert person.id == ann.id + 1
    return person


@pytest.fixture
async def served(sim: Simulator) -> AsyncIterator[Served]:
    async with serve(sim) as faces:
        yield faces


@pytest.fixture
async def call(served: Served) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession() as session:
        yield Caller(served.api_url, session)


@pytest.fixture
async def bot(served: Served) -> AsyncIterator[telegram.Bot]:
    plain = [HTTPXRequest(httpx_kwargs={"verify": False}) for _ in range(2)]  # no TLS here: spare its set-up
    client = telegram.Bot(
        TOKEN,
        base_url=f"{served.api_url}/bot",
        base_file_url=f"{served.api_url}/file/bot",
        request=plain[0],
        get_updates_request=plain[1],
    )
    async with client:
        yield client


def later(**parts: float) -> timedelta:
    """A span of time."""
    return timedelta(**parts)
