"""Polling: confirmed only after the commit, through every fault of Telegram's and the database's, and stopped at once."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.core.errors import DatabaseUnavailable, VaultError
from bot.telegram.errors import TokenRefused
from bot.telegram.polling import Heard, Poller, TwoPollers
from bot.telegram.updates import KINDS
from tests.bot_api_wire import Wire, drop, ok, refuse
from tests.clocks import NotedClock, SteppedClock
from tests.integration.doors.desk import Turns, running, sleepers, text, until


async def test_the_offset_moves_only_after_the_commit(poller: Poller, turns: Turns, wire: Wire) -> None:
    turns.open.clear()
    task = running(poller.run())
    wire.updates.put_nowait([text(5), text(6)])
    await until(lambda: turns.batches)
    assert len(wire.asked("getUpdates")) == 1
    turns.open.set()
    await until(lambda: len(wire.asked("getUpdates")) == 2)
    wire.updates.put_nowait([])
    await until(lambda: len(wire.asked("getUpdates")) == 3)
    await poller.stop()
    await task
    first, second, third = wire.asked("getUpdates")
    assert first == {"timeout": 30, "limit": 100, "allowed_updates": KINDS}
    assert second == first | {"offset": 7}
    assert third == first  # ids may begin anew, below: what is confirmed is not mentioned again


async def test_a_database_fault_confirms_nothing(poller: Poller, turns: Turns, clock: NotedClock, wire: Wire) -> None:
    turns.faults = [DatabaseUnavailable("gone"), DatabaseUnavailable("gone")]
    task = running(poller.run())
    with capture_logs() as logs:
        for times in (1, 2):
            wire.updates.put_nowait([text(5)])
            await until(lambda times=times: len(clock.slept) == times)  # type: ignore[misc]
            clock.move(timedelta(seconds=1))
        wire.updates.put_nowait([text(5)])
        await until(lambda: len(wire.asked("getUpdates")) == 4)
    await poller.stop()
    await task
    assert [call.get("offset") for call in wire.asked("getUpdates")][:4] == [None, None, None, 6]
    assert (clock.slept, len(turns.batches)) == ([0.25, 0.5], 3)
    assert [line["event"] for line in logs] == ["updates do not arrive", "updates arrive again"]


async def test_an_outage_is_waited_out_ever_longer_with_one_line(poller: Poller, clock: NotedClock, wire: Wire) -> None:
    wire.then("getUpdates", drop(wire), *[refuse(502, "Bad Gateway")] * 8)
    task = running(poller.run())
    with capture_logs() as logs:
        for times in range(1, 10):
            await until(lambda times=times: len(clock.slept) == times)  # type: ignore[misc]
            clock.move(timedelta(seconds=30))
        wire.updates.put_nowait([text(5)])
        await until(lambda: len(wire.asked("getUpdates")) == 11)
    await poller.stop()
    await task
    assert clock.slept == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert len(logs) == 2
    assert poller.last_success == Heard(clock.now(), clock.machine())


async def test_a_second_poller_is_named_after_five_conflicts(poller: Poller, clock: NotedClock, wire: Wire) -> None:
    wire.then("getUpdates", *[refuse(409, "Conflict: terminated by other getUpdates request"), ok([])] * 5)
    task = running(poller.run())
    for times in range(1, 5):
        await until(lambda times=times: len(clock.slept) == times)  # type: ignore[misc]
        clock.move(timedelta(seconds=3))
    with pytest.raises(TwoPollers, match="Another program polls"):
        await task


async def test_a_webhook_is_removed_without_losing_what_waits(
    poller: Poller, turns: Turns, clock: SteppedClock, wire: Wire
) -> None:
    there: dict[str, Any] = {
        "url": "https://x.example/hook",
        "has_custom_certificate": False,
        "pending_update_count": 3,
    }
    wire.then("getWebhookInfo", ok(there), ok(there))
    wire.then("getUpdates", refuse(409, "Conflict: can't use getUpdates method while webhook is active"))
    task = running(poller.run())
    await until(lambda: sleepers(clock))  # somebody has set it again
    clock.move(timedelta(seconds=3))
    wire.updates.put_nowait([text(5)])
    await until(lambda: turns.batches)
    await poller.stop()
    await task
    assert wire.asked("deleteWebhook") == [{"drop_pending_updates": False}] * 2


async def test_a_token_refused_for_good_ends_it(poller: Poller, clock: NotedClock, wire: Wire) -> None:
    wire.then("getUpdates", *[refuse(401, "Unauthorized")] * 3)
    task = running(poller.run())
    for times in (1, 2):
        await until(lambda times=times: len(clock.slept) == times)  # type: ignore[misc]
        clock.move(timedelta(seconds=1))
    with pytest.raises(TokenRefused):
        await task


async def test_a_fault_nobody_can_wait_out_ends_it(poller: Poller, turns: Turns, wire: Wire) -> None:
    turns.faults = [VaultError("the key is gone")]
    wire.updates.put_nowait([text(5)])
    with pytest.raises(VaultError):
        await poller.run()
    await poller.stop()


async def test_stopping_ends_a_long_poll_at_once(poller: Poller, wire: Wire) -> None:
    task = running(poller.run())
    await until(lambda: wire.asked("getUpdates"))
    await poller.stop()
    await task
    assert len(wire.asked("getUpdates")) == 1


async def test_stopping_lets_a_turn_end_and_confirms_it(poller: Poller, turns: Turns, wire: Wire) -> None:
    turns.open.clear()
    task = running(poller.run())
    wire.updates.put_nowait([text(5)])
    await until(lambda: turns.batches)
    stopping = running(poller.stop())
    turns.open.set()
    await stopping
    await task
    last = wire.asked("getUpdates")[-1]
    assert (last["offset"], last["timeout"], last["limit"]) == (6, 0, 1)


async def test_stopping_ends_a_pause(poller: Poller, clock: SteppedClock, wire: Wire) -> None:
    wire.then("getUpdates", refuse(502, "Bad Gateway"))
    task = running(poller.run())
    await until(lambda: sleepers(clock))
    await poller.stop()
    await task


async def test_cancelling_from_outside_is_not_swallowed(poller: Poller, wire: Wire) -> None:
    task = running(poller.run())
    await until(lambda: wire.asked("getUpdates"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
