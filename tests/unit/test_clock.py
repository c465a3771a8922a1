"""The machine's clock: story time follows whoever sets it, machine time only runs."""

import time
from datetime import timedelta

import pytest

from bot.core.clock import SystemClock


@pytest.mark.parametrize("step", [timedelta(hours=-5), timedelta(days=2)], ids=["back", "forth"])
def test_machine_time_runs_on_while_the_wall_clock_is_set(monkeypatch: pytest.MonkeyPatch, step: timedelta) -> None:
    clock = SystemClock()
    story, machine = clock.now(), clock.machine()
    monkeypatch.setattr("bot.core.clock.time.time", (story + step).timestamp)
    monkeypatch.setattr("bot.core.clock._wall_clock", lambda: story + step)
    assert 0 <= clock.machine() - machine < abs(step.total_seconds())
    assert SystemClock().now() == story + step


@pytest.mark.skipif(
    not hasattr(time, "CLOCK_BOOTTIME"), reason="this system does not tell for how long it was suspended"
)
def test_machine_time_runs_on_while_the_machine_is_suspended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Others take over what this machine held meanwhile, and it has to know."""
    clock = SystemClock()
    before, running = clock.machine(), time.clock_gettime
    slept = {time.CLOCK_BOOTTIME: 3600.0, time.CLOCK_MONOTONIC: 0.0}
    monkeypatch.setattr("bot.core.clock.time.clock_gettime", lambda which: running(which) + slept[which])
    assert clock.machine() - before == pytest.approx(3600, abs=60)


def test_machine_time_runs_on_where_a_suspension_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.core.clock._RUNNING", None)
    clock = SystemClock()
    assert clock.machine() == pytest.approx(clock.now().timestamp(), abs=60)
    assert clock.machine() <= clock.machine()


def test_machine_time_begins_as_the_wall_clock() -> None:
    clock = SystemClock()
    assert clock.machine() == pytest.approx(clock.now().timestamp(), abs=60)
