"""Whom Telegram's "wait" is for, which it does not say: one chat, or the whole bot."""

from collections.abc import AsyncIterator
from datetime import timedelta

import orjson
import pytest

from bot.conversation.channel import Rejected, Throttled
from bot.telegram.channel import TelegramChannel
from tests.bot_api_wire import TOKEN, Wire, open_wire, refuse
from tests.clocks import SteppedClock

TOLD_TO_WAIT = refuse(429, "Too Many Requests", retry_after=30)


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with open_wire() as opened:
        yield opened


@pytest.mark.parametrize(
    ("calls", "everywhere"),
    [
        ([(42, 0, 429), (43, 0.9, 429)], [False, True]),
        ([(42, 0, 429), (43, 1.1, 429)], [False, False]),
        ([(42, 0, 429), (42, 0.1, 429)], [False, False]),
        ([(42, 0, 429), (42, 0.9, 429), (43, 0.9, 429), (44, 0.9, 429)], [False, False, True, True]),
        ([(42, 0, 429), (44, 0, 200), (43, 0.1, 429)], [False, False]),
        ([(42, 0, 429), (44, 0, 200), (43, 0.1, 429), (42, 0.1, 429)], [False, False, True]),
        ([(42, 0, 429), (44, 0, 400), (43, 0.1, 429)], [False, True]),  # a refusal shows nothing
    ],
)
async def test_waits_for_two_chats_right_after_one_another_are_for_the_whole_bot(
    wire: Wire, calls: list[tuple[int, float, int]], everywhere: list[bool]
) -> None:
    clock = SteppedClock()
    channel = TelegramChannel(TOKEN, clock, api_url=wire.url)
    await channel.open()
    answers = {429: [TOLD_TO_WAIT], 400: [refuse(400, "Bad Request: whatever it is")], 200: []}
    told = []
    for chat, later, status in calls:
        clock.move(timedelta(seconds=later))
        wire.then("sendMessage", *answers[status])
        try:
            await channel.call("sendMessage", orjson.dumps({"chat_id": chat, "text": "one"}))
        except Throttled as asked:
            told.append(asked.everywhere)
        except Rejected:
            pass
    await channel.close()
    assert told == everywhere
