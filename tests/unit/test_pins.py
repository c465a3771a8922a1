"""PINs: what is one, that nothing of it is kept, and that guessing gets slower."""

from datetime import timedelta
from itertools import pairwise

import pytest

from bot.corner import pins

SALT = bytes(range(pins.SALT_BYTES))


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("4711", True),
        (" 12345678 ", True),
        ("471", False),
        ("123456789", False),
        ("47 11", False),
        ("４７１１", False),
        ("word", False),
        ("", False),
    ],
)
def test_a_pin_is_four_to_eight_plain_digits(text: str, is_one: bool) -> None:
    assert pins.is_pin(text) is is_one


def test_only_the_same_digits_match() -> None:
    kept = pins.hashed("4711", SALT)
    assert pins.matches(" 4711 ", kept)
    assert not pins.matches("4712", kept)
    assert not pins.matches("04711", kept)
    assert not pins.matches("", kept)


def test_what_is_kept_differs_with_the_salt_and_does_not_hold_the_pin() -> None:
    first, second = pins.hashed("4711", SALT), pins.hashed("4711", SALT[::-1])
    assert first != second
    assert first[pins.SALT_BYTES :] != second[pins.SALT_BYTES :]
    assert b"4711" not in first


def test_the_hash_is_slow_on_purpose_and_no_slower() -> None:
    """The work is a number of the algorithm, not a time: 2^13 blocks of 1 kB, measured at 18 to 28 ms on one core."""
    assert (pins._COST, pins._BLOCK, pins._LANES) == (1 << 13, 8, 1)


def test_waits_grow_and_never_end_in_a_lock() -> None:
    waits = [pins.wait_after(wrong) for wrong in range(12)]
    assert waits[:3] == [timedelta()] * 3
    assert waits[3] == timedelta(minutes=1)
    assert all(before <= after for before, after in pairwise(waits))
    assert waits[-1] == timedelta(hours=12)
