"""Somebody who sends hundreds of messages a minute: told once, the rest confirmed and left out, and danger always heard."""

from collections.abc import AsyncIterator

import pytest

from bot.core.errors import DatabaseUnavailable
from bot.core.events import Blocked
from bot.telegram.channel import TelegramChannel
from bot.telegram.floods import Floods
from bot.telegram.inbox import Inbox
from tests.bot_api_wire import TOKEN, Wire, open_wire
from tests.clocks import SteppedClock
from tests.integration.doors.desk import CARD, GROUP_LINE, Turns, detect, text

SLOWLY = "Slowly, please."


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with open_wire() as opened:
        yield opened


@pytest.fixture
async def inbox(wire: Wire) -> AsyncIterator[tuple[Inbox, Turns]]:
    clock, turns = SteppedClock(), Turns()
    channel = TelegramChannel(TOKEN, clock, api_url=wire.url)
    await channel.open()
    made = Inbox(
        turns.handle,
        channel,
        clock,
        detect=detect,
        card=CARD,
        group_line=GROUP_LINE,
        slow_line=SLOWLY,
        floods=Floods(clock.machine, 5),
    )
    yield made, turns
    await made.close()
    await channel.close()


async def test_a_flood_is_answered_once_and_the_rest_is_confirmed_unread(
    inbox: tuple[Inbox, Turns], wire: Wire
) -> None:
    door, turns = inbox
    await door.take([text(number) for number in range(200)])
    await door.quiet()
    assert sum(map(len, turns.batches)) == 5
    assert [call["text"] for call in wire.asked("sendMessage")] == [SLOWLY]
    await door.take([text(300)])  # returns: it is confirmed, though nothing of it was taken
    await door.take([text(301, user=43)])
    assert turns.words[-1] == ["hello"]
    assert sum(map(len, turns.batches)) == 6


async def test_an_update_that_comes_again_is_counted_once(inbox: tuple[Inbox, Turns], wire: Wire) -> None:
    door, turns = inbox
    turns.faults = [DatabaseUnavailable("gone")] * 3
    for _ in range(3):
        with pytest.raises(DatabaseUnavailable):
            await door.take([text(number) for number in range(4)])
    await door.take([text(number) for number in range(6)])
    await door.quiet()
    assert [event.id for event in turns.batches[-1]] == [0, 1, 2, 3, 4]
    assert [call["text"] for call in wire.asked("sendMessage")] == [SLOWLY]


async def test_danger_help_and_a_goodbye_are_heard_in_any_flood(inbox: tuple[Inbox, Turns]) -> None:
    door, turns = inbox
    await door.take([text(number) for number in range(50)])
    sender = text(0)["message"]["from"]
    chat = {"id": 42, "type": "private"}
    gone = {"chat": chat, "from": sender, "date": 1} | {
        f"{when}_chat_member": {"status": status, "user": sender}
        for when, status in (("old", "member"), ("new", "kicked"))
    }
    await door.take([text(60, "DANGER"), text(61, "/help"), {"update_id": 62, "my_chat_member": gone}, text(63)])
    assert [event.id for event in turns.batches[-1]] == [60, 61, 62]
    assert turns.batches[-1][-1].event == Blocked()
