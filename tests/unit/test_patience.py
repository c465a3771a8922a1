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
        return await patience.bear(asyncio.sleep(0, "came"))

    assert list(await asyncio.gather(after(2), after(1), waits())) == ["went on", "went on", "came"]
    assert patience._alarm is None


async def test_the_later_call_has_its_whole_time() -> None:
    patience, loop = Patience(), asyncio.get_running_loop()
    first = asyncio.create_task(patience.bear(for_ever()))
    await asyncio.sleep(0.03)
    begun = loop.time()
    with pytest.raises(TimeoutError):
        await patience.bear(for_ever())
    assert loop.time() - begun >= 0.049  # uvloop counts whole milliseconds
    assert isinstance(first.exception(), TimeoutError)


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
    assert await patience.bear(asyncio.sleep(0, 7)) == 7

    async def fails() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await patience.bear(fails())
    assert patience._alarm is None
