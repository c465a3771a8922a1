"""The machine's clock: story time follows whoever sets it, machine time only runs."""

from datetime import timedelta

import pytest

import bot.core.clock
from bot.core.clock import SystemClock


@pytest.mark.parametrize("step", [timedelta(hours=-5), timedelta(days=2)], ids=["back", "forth"])
def test_machine_time_runs_on_while_the_wall_clock_is_set(monkeypatch: pytest.MonkeyPatch, step: timedelta) -> None:
    clock = SystemClock()
    story, machine = clock.now(), clock.machine()
    monkeypatch.setattr("bot.core.clock.time.time", (story + step).timestamp)
    monkeypatch.setattr(bot.core.clock, "_wall_clock", lambda: story + step)
    assert 0 <= clock.machine() - machine < abs(step.total_seconds())
    assert SystemClock().now() == story + step


def test_machine_time_begins_as_the_wall_clock() -> None:
    clock = SystemClock()
    assert clock.machine() == pytest.approx(clock.now().timestamp(), abs=60)
