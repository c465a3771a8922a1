"""A part that works for ever outlives its faults: each kind is said once, without anybody's words, and whoever watches knows."""

import asyncio

import pytest
from structlog.testing import capture_logs

from bot.core.errors import DatabaseUnavailable
from bot.core.setbacks import Setbacks


def meet(setbacks: Setbacks, *faults: BaseException | None) -> None:
    for fault in faults:
        with setbacks.borne():
            if fault:
                raise fault


def test_a_row_of_faults_is_said_once_and_told_until_it_is_over() -> None:
    told: list[tuple[str, str]] = []
    setbacks = Setbacks("post", lambda part, fault: told.append((part, fault)))
    with capture_logs() as log:
        meet(setbacks, LookupError("I am so tired"), LookupError("I am so tired"))
        assert setbacks.in_a_row == 2
        meet(setbacks, None, None)
    assert [(line["event"], line["log_level"]) for line in log] == [
        ("post.fault", "error"),
        ("post.works_again", "info"),
    ]
    assert told == [("post", "LookupError"), ("post", "LookupError"), ("post", "")]
    assert "tired" not in str(log)
    assert setbacks.in_a_row == 0


def test_a_database_that_is_away_is_said_and_told_to_nobody() -> None:
    told: list[tuple[str, str]] = []
    setbacks = Setbacks("post", lambda part, fault: told.append((part, fault)))
    with capture_logs() as log:
        meet(setbacks, *[DatabaseUnavailable("The disk is full.")] * 3, KeyError("x"))
    assert [line["event"] for line in log] == ["post.database_unavailable", "post.fault"]
    assert (log[0]["fault"], log[0]["log_level"]) == ("The disk is full.", "warning")
    assert told == [("post", "KeyError")]


def test_who_is_told_to_stop_stops() -> None:
    setbacks = Setbacks("post")
    with pytest.raises(asyncio.CancelledError):
        meet(setbacks, asyncio.CancelledError())
    assert setbacks.in_a_row == 0


def test_the_wait_grows_up_to_the_longest() -> None:
    setbacks, waits = Setbacks("post"), []
    for _ in range(12):
        meet(setbacks, KeyError())
        waits.append(setbacks.pause(60))
    assert waits[:3] == [0.2, 0.4, 0.8]
    assert waits[-1] == 60
    meet(setbacks, None)
    assert setbacks.pause(60) == 0.1
