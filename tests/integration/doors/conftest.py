"""Inbox and poller before a Telegram that says what a test wants."""

from collections.abc import AsyncIterator

import pytest

from bot.telegram.channel import TelegramChannel
from bot.telegram.inbox import Inbox
from bot.telegram.polling import Poller
from tests.bot_api_wire import TOKEN, Wire, open_wire
from tests.clocks import NotedClock, SteppedClock
from tests.integration.doors.desk import CARD, GROUP_LINE, Turns, detect


@pytest.fixture
def clock() -> NotedClock:
    return NotedClock()


@pytest.fixture
def turns() -> Turns:
    return Turns()


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with open_wire() as opened:
        yield opened


@pytest.fixture
async def channel(wire: Wire, clock: SteppedClock) -> AsyncIterator[TelegramChannel]:
    opened = TelegramChannel(TOKEN, clock, api_url=wire.url)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def inbox(channel: TelegramChannel, clock: SteppedClock, turns: Turns) -> AsyncIterator[Inbox]:
    made = Inbox(turns.handle, channel, clock, detect=detect, card=CARD, group_line=GROUP_LINE, at_most=4)
    yield made
    await made.close()


@pytest.fixture
async def poller(channel: TelegramChannel, inbox: Inbox, clock: SteppedClock) -> Poller:
    return Poller(channel, inbox, clock)
