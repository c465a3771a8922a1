"""Calls that may all take equally long, under one alarm."""

import asyncio

import pytest

import bot.delivery.patience
from bot.delivery.patience import Patience


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot.delivery.patience, "PATIENCE", 0.05)


async def for_ever() -> None:
    await asyncio.Event().wait()


async def at_once(result: str) -> str:
    await asyncio.sleep(0)
    return result


async def test_who_takes_too_long_is_cut_off_and_nobody_else() -> None:
    patience, gate = Patience(), asyncio.Event()

    async def after(calls: int) -> str:
        for _ in range(calls):
            with pytest.raises(TimeoutError):
                await patience.bear(for_ever())
        gate.set()
        return "went on"

    async def waits() -> str:
        await gate.wait()
        return await patience.bear(at_once("came"))

    assert list(await asyncio.gather(after(2), after(1), waits())) == ["went on", "went on", "came"]
    assert patience._alarm is None


async def test_the_later_call_has_its_whole_time(monkeypatch: pytest.MonkeyPatch) -> None:
    patience = Patience()
    first = asyncio.create_task(patience.bear(for_ever()))
    await asyncio.sleep(0)  # it waits
    monkeypatch.setattr(bot.delivery.patience, "PATIENCE", 0.1)
    second = asyncio.create_task(patience.bear(for_ever()))
    with pytest.raises(TimeoutError):
        await first
    assert not second.done()
    assert patience._alarm is not None
    assert patience._alarm.when() == pytest.approx(patience._ends[second], abs=0.002)
    with pytest.raises(TimeoutError):
        await second


async def test_what_somebody_else_ends_is_ended() -> None:
    patience = Patience()
    for late in (False, True):
        task = asyncio.create_task(patience.bear(for_ever()))
        await asyncio.sleep(0)
        if late:
            patience._ends[task] = 0.0
            patience._ring()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert patience._alarm is None
    assert not patience._ends


async def test_faults_and_results_come_through() -> None:
    patience = Patience()
    assert await patience.bear(at_once("came")) == "came"

    async def fails() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await patience.bear(fails())
    assert patience._alarm is None
