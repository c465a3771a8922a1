"""The inbox: what waits together is one batch, and a cry for help is answered in half a second whatever happens."""

import asyncio
from datetime import timedelta

import pytest

from bot.core.errors import DatabaseUnavailable
from bot.telegram.inbox import Inbox
from tests.bot_api_wire import Wire, refuse
from tests.clocks import NotedClock, SteppedClock
from tests.integration.doors.desk import (
    CARD,
    GROUP_LINE,
    HALF,
    Turns,
    in_group,
    press,
    running,
    sleepers,
    text,
    until,
)


async def test_what_waits_while_a_turn_runs_is_the_next_batch(inbox: Inbox, turns: Turns) -> None:
    turns.open.clear()
    tasks = [running(inbox.take([text(1)]))]
    await until(lambda: turns.batches)
    tasks += [running(inbox.take([text(number)])) for number in (2, 3, 4, 5, 6)]
    await until(lambda: len(inbox._waiting) == 5)
    turns.open.set()
    await asyncio.gather(*tasks)
    assert [[event.id for event in batch] for batch in turns.batches] == [[1], [2, 3, 4, 5], [6]]


async def test_a_fault_reaches_everyone_in_the_batch_and_nobody_else(inbox: Inbox, turns: Turns) -> None:
    turns.open.clear()
    turns.faults = [None, DatabaseUnavailable("gone"), None]
    first = running(inbox.take([text(1)]))
    await until(lambda: turns.batches)
    others = [running(inbox.take([text(2)])), running(inbox.take([text(3)]))]
    await until(lambda: len(inbox._waiting) == 2)
    turns.open.set()
    await first
    assert [type(fault) for fault in await asyncio.gather(*others, return_exceptions=True)] == [DatabaseUnavailable] * 2
    await inbox.take([text(4)])


async def test_who_stops_waiting_stops_nobody_else(inbox: Inbox, turns: Turns) -> None:
    turns.open.clear()
    gone, stays = running(inbox.take([text(1)])), running(inbox.take([text(2)]))
    await until(lambda: turns.batches)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    turns.open.set()
    await stays
    assert len(turns.batches) == 1


async def test_nothing_of_ours_needs_no_turn(inbox: Inbox, turns: Turns) -> None:
    await inbox.take([{"update_id": 1, "channel_post": {}}, "x", None])
    assert turns.batches == []


@pytest.mark.parametrize("words", ["DANGER", "/help", "/HELP@still_bot now", "Help!", "please help me"])
async def test_a_slow_turn_is_overtaken_by_the_static_card(
    inbox: Inbox, turns: Turns, clock: NotedClock, wire: Wire, words: str
) -> None:
    turns.open.clear()
    task = running(inbox.take([text(1, words)]))
    await until(lambda: sleepers(clock))
    await until(lambda: turns.batches)
    assert (clock.slept, wire.asked("sendMessage")) == ([0.5], [])
    clock.move(HALF)
    await until(lambda: wire.asked("sendMessage"))
    turns.open.set()
    await task
    await inbox.quiet()
    assert [(call["chat_id"], call["text"]) for call in wire.asked("sendMessage")] == [(42, CARD)]


@pytest.mark.parametrize("data", ["p.16.1.3.!", "o.crisis.0.now.!"])
async def test_a_button_that_leads_to_people_is_as_urgent(
    inbox: Inbox, turns: Turns, clock: NotedClock, wire: Wire, data: str
) -> None:
    turns.faults = [DatabaseUnavailable("gone")] * 2
    for button in (data.removesuffix(".!"), data):
        with pytest.raises(DatabaseUnavailable):
            await inbox.take([press(len(button), button)])
    clock.move(HALF)
    await inbox.quiet()
    assert [call["text"] for call in wire.asked("sendMessage")] == [CARD]


async def test_the_card_goes_out_once_however_often_the_update_comes(
    inbox: Inbox, turns: Turns, clock: SteppedClock, wire: Wire
) -> None:
    turns.faults = [DatabaseUnavailable("gone")] * 3
    for _ in range(2):  # the promise runs from the first arrival, not from the last
        with pytest.raises(DatabaseUnavailable):
            await inbox.take([text(1, "DANGER")])
        clock.move(HALF / 2)
    await inbox.quiet()
    with pytest.raises(DatabaseUnavailable):
        await inbox.take([text(1, "DANGER")])
    clock.move(HALF)
    await inbox.take([text(1, "DANGER")])
    await inbox.quiet()
    assert [call["text"] for call in wire.asked("sendMessage")] == [CARD]


@pytest.mark.parametrize("words", ["hello", "/soothe"])
async def test_other_slow_turns_are_just_slow(
    inbox: Inbox, turns: Turns, clock: SteppedClock, wire: Wire, words: str
) -> None:
    turns.open.clear()
    task = running(inbox.take([text(1, words)]))
    await until(lambda: turns.batches)
    clock.move(HALF * 20)
    turns.open.set()
    await task
    await inbox.quiet()
    assert wire.asked("sendMessage") == []


async def test_a_turn_in_time_withdraws_its_card(inbox: Inbox, clock: SteppedClock, wire: Wire) -> None:
    await inbox.take([text(1, "DANGER")])
    await inbox.quiet()
    clock.move(HALF * 2)
    await inbox.quiet()
    assert sleepers(clock) == 0
    assert wire.asked("sendMessage") == []


async def test_the_card_is_tried_again_when_telegram_cannot_be_reached(
    inbox: Inbox, turns: Turns, clock: SteppedClock, wire: Wire
) -> None:
    turns.faults = [DatabaseUnavailable("gone")]
    wire.then("sendMessage", refuse(502, "Bad Gateway"))
    with pytest.raises(DatabaseUnavailable):
        await inbox.take([text(1, "DANGER")])
    clock.move(HALF)
    await until(lambda: wire.asked("sendMessage") and sleepers(clock))
    clock.move(timedelta(seconds=1))
    await inbox.quiet()
    assert len(wire.asked("sendMessage")) == 2


@pytest.mark.parametrize(
    ("asked", "waited"), [([7], [7]), ([7, 60], [7, 60]), ([7, 7, 7], [7, 7]), ([61], [])], ids=str
)
async def test_the_card_waits_as_long_as_telegram_asks_but_not_for_ever(
    inbox: Inbox, turns: Turns, clock: NotedClock, wire: Wire, asked: list[int], waited: list[int]
) -> None:
    turns.faults = [DatabaseUnavailable("gone")]
    wire.then("sendMessage", *(refuse(429, "Too Many Requests", retry_after=seconds) for seconds in asked))
    with pytest.raises(DatabaseUnavailable):
        await inbox.take([text(1, "DANGER")])
    for times, seconds in enumerate([0.5, *waited], start=1):
        await until(lambda times=times: len(clock.slept) == times)  # type: ignore[misc]
        clock.move(timedelta(seconds=seconds))
    await inbox.quiet()
    assert clock.slept == [0.5, *waited]
    assert [call["text"] for call in wire.asked("sendMessage")] == [CARD] * (1 + len(waited))


async def test_a_group_is_told_once_an_hour(inbox: Inbox, clock: SteppedClock, wire: Wire) -> None:
    for minutes in (0, 1, 58, 1):
        clock.move(timedelta(minutes=minutes))
        await inbox.take([in_group(1), in_group(2)])
        await inbox.quiet()
    assert [(call["chat_id"], call["text"]) for call in wire.asked("sendMessage")] == [(-1001, GROUP_LINE)] * 2


async def test_a_group_that_threw_us_out_is_no_fault(inbox: Inbox, wire: Wire) -> None:
    wire.then("sendMessage", refuse(403, "Forbidden: bot was kicked from the group chat"))
    await inbox.take([in_group(1)])
    await inbox.quiet()
