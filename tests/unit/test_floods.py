"""How much one person may send: plenty, and then it is said once."""

from bot.telegram.floods import A_MINUTE, Floods


def test_a_hundred_and_twenty_at_once_are_fine_and_then_it_is_said_once() -> None:
    floods = Floods()
    assert [floods.weigh(1, 0.0) for _ in range(A_MINUTE)] == ["fine"] * A_MINUTE
    assert [floods.weigh(1, 0.0) for _ in range(3)] == ["first", "more", "more"]


def test_one_persons_flood_is_nobody_elses() -> None:
    floods = Floods(2)
    for _ in range(9):
        floods.weigh(1, 0.0)
    assert floods.weigh(2, 0.0) == "fine"


def test_whoever_slows_down_is_heard_again_and_told_again_only_after_a_rest() -> None:
    floods = Floods(60)
    for _ in range(61):
        floods.weigh(1, 0.0)
    assert floods.weigh(1, 1.0) == "fine"
    assert floods.weigh(1, 1.0) == "more"
    assert floods.weigh(1, 61.0) == "fine"
    for _ in range(59):
        floods.weigh(1, 61.0)
    assert floods.weigh(1, 61.0) == "first"


def test_a_clock_that_jumps_back_lets_nobody_through_and_locks_nobody_out() -> None:
    floods = Floods(2)
    for _ in range(3):
        floods.weigh(1, 100.0)
    assert floods.weigh(1, 0.0) == "more"
    assert floods.weigh(1, 60.0) == "fine"


def test_without_a_limit_everything_is_fine() -> None:
    floods = Floods(0)
    assert {floods.weigh(1, 0.0) for _ in range(1000)} == {"fine"}


def test_only_so_many_people_are_remembered() -> None:
    floods = Floods(60)
    for user in range(30_000):
        floods.weigh(user, user / 100)
    assert len(floods._buckets) <= 10_000
