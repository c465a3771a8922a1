"""PINs of private corners: what is one, how it is kept, and how long somebody waits after wrong ones."""

import hmac
import re
from datetime import timedelta

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

SALT_BYTES = 16

_PIN = re.compile(r"[0-9]{4,8}")
_COST, _BLOCK, _LANES, _BYTES = 1 << 13, 8, 1, 32
"""Scrypt (RFC 7914): 8 MB and about 20 ms on one core. Few digits can be guessed by whoever has database and key; the waits
below are what stops somebody with the phone."""

_WAITS = (
    timedelta(),
    timedelta(),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
)


def is_pin(text: str) -> bool:
    """Whether `text` is 4 to 8 digits, spaces around them aside."""
    return _PIN.fullmatch(text.strip()) is not None


def hashed(pin: str, salt: bytes) -> bytes:
    """What is kept of a PIN: the `salt` (`SALT_BYTES` random bytes), then the slow hash."""
    return salt + _scrypt(salt).derive(pin.strip().encode())


def matches(pin: str, kept: bytes) -> bool:
    """Whether `pin` is the one that `hashed` kept. Takes as long for a wrong one as for the right one."""
    if not is_pin(pin):
        return False
    salt, digest = kept[:SALT_BYTES], kept[SALT_BYTES:]
    return hmac.compare_digest(_scrypt(salt).derive(pin.strip().encode()), digest)


def wait_after(wrong: int) -> timedelta:
    """How long no PIN is looked at after so many wrong ones in a row: two are free, then it grows to half a day."""
    return _WAITS[min(wrong, len(_WAITS)) - 1] if wrong else timedelta()


def _scrypt(salt: bytes) -> Scrypt:
    return Scrypt(salt=salt, length=_BYTES, n=_COST, r=_BLOCK, p=_LANES)
