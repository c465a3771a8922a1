"""How much one person may send: plenty, and then it is said once."""

import pytest

from bot.telegram.floods import A_MINUTE, Floods


class Machine:
    """Machine time, set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_two_hundred_at_once_are_fine_and_then_it_is_said_once(machine: Machine) -> None:
    floods = Floods(machine)
    assert [floods.weigh(1) for _ in range(A_MINUTE)] == ["fine"] * A_MINUTE
    assert [floods.weigh(1) for _ in range(3)] == ["first", "more", "more"]


def test_one_persons_flood_is_nobody_elses(machine: Machine) -> None:
    floods = Floods(machine, 2)
    for _ in range(9):
        floods.weigh(1)
    assert floods.weigh(2) == "fine"


def test_whoever_slows_down_is_heard_again_and_told_again_only_after_a_rest(machine: Machine) -> None:
    floods = Floods(machine, 60)
    for _ in range(61):
        floods.weigh(1)
    machine.now = 1.0
    assert floods.weigh(1) == "fine"
    assert floods.weigh(1) == "more"
    machine.now = 61.0
    assert [floods.weigh(1) for _ in range(60)] == ["fine"] * 60
    assert floods.weigh(1) == "first"


def test_what_was_not_taken_up_is_counted_back(machine: Machine) -> None:
    floods = Floods(machine, 2)
    assert [floods.weigh(1), floods.weigh(1)] == ["fine", "fine"]
    for _ in range(9):  # more than was counted gives no more than the whole
        floods.refund(1)
    floods.refund(2)
    assert [floods.weigh(1) for _ in range(3)] == ["fine", "fine", "first"]


def test_a_clock_that_jumps_back_lets_nobody_through_and_locks_nobody_out(machine: Machine) -> None:
    floods = Floods(machine, 2)
    machine.now = 100.0
    for _ in range(3):
        floods.weigh(1)
    machine.now = 0.0
    assert floods.weigh(1) == "more"
    machine.now = 60.0
    assert floods.weigh(1) == "fine"


def test_without_a_limit_everything_is_fine(machine: Machine) -> None:
    floods = Floods(machine, 0)
    assert {floods.weigh(1) for _ in range(1000)} == {"fine"}


def test_only_so_many_people_are_remembered(machine: Machine) -> None:
    floods = Floods(machine, 60)
    for user in range(30_000):
        machine.now = user / 100
        floods.weigh(user)
    assert len(floods._buckets) <= 10_000
