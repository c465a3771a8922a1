"""The list of who was erased: hashes in a file beside the key, so that a backup that is put back forgets them once more."""

import hmac
import os
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from bot.storage.database import instant, moment

KEPT = timedelta(days=400)
"""A little longer than anything is kept of anybody: whoever is in an older backup goes by that limit."""

_SALT_BYTES = 32

_log = structlog.get_logger()


def beside(key_file: Path) -> Path:
    """Where the list of this key lies."""
    return key_file.with_name(f"{key_file.stem}.erased")


class Deletions:
    """
    The list in the file `path`: a salt on its first line, then a line each time somebody was erased, never an id.

    It lies apart from the database, as the key does. Several programs may write to one list.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def note(self, user_ids: Iterable[int], now: datetime) -> None:
        """
        These people are being erased. Called before the commit: rather on the list for nothing than missing from it.

        A list that cannot be written keeps nobody from being erased; the log and `stillhere doctor` tell the host.
        """
        try:
            salt, _ = self._read()
            lines = "".join(f"{instant(now)} {_hash(salt, user_id)}\n" for user_id in user_ids)
            with self.path.open("a", encoding="ascii") as file:
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())
        except (OSError, ValueError) as fault:
            why = getattr(fault, "strerror", None) or "not a list of Stillhere's"
            _log.warning("erased, but not on the list for backups", file=str(self.path), reason=why)

    def of(self, created: Mapping[int, datetime]) -> list[int]:
        """Who of these people, by when their rows were made, was erased since. Raises OSError, or ValueError for another file."""
        if not self.path.exists():
            return []
        salt, erased = self._read()
        return [user_id for user_id, at in created.items() if instant(at) <= erased.get(_hash(salt, user_id), -1)]

    def prune(self, before: datetime) -> None:
        """Drop who was erased before then. What another program adds meanwhile may be lost, so this is for a quiet moment."""
        if not self.path.exists():
            return
        with suppress(OSError, ValueError):
            salt, erased = self._read()
            kept = {each: at for each, at in erased.items() if moment(at) >= before}
            if len(kept) < len(erased):
                lines = [salt.hex(), *(f"{at} {each}" for each, at in kept.items())]
                _replace(self.path, "\n".join(lines) + "\n")

    def check(self) -> str:
        """What is amiss with the list, in a sentence; empty if it can be read and written."""
        try:
            if self.path.exists():
                self._read()
            place = self.path if self.path.exists() else self.path.parent
            if place.exists() and not os.access(place, os.W_OK):
                return f"{self.path} cannot be written. Let this user write there: it keeps who was erased out of a restored backup"
        except (OSError, ValueError):
            return (
                f"{self.path} cannot be read as the list of who was erased. Put it back from your copy, or move it away"
            )
        return ""

    def _read(self) -> tuple[bytes, dict[str, int]]:
        """The salt, made if there is no list yet, and when each was last erased."""
        if not self.path.exists():
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _place_new(self.path, secrets.token_hex(_SALT_BYTES) + "\n")
        first, *lines = self.path.read_text("ascii").splitlines()
        erased: dict[str, int] = {}
        for line in lines:
            at, _, hashed = line.partition(" ")
            erased[hashed] = max(int(at), erased.get(hashed, 0))
        salt = bytes.fromhex(first)
        if len(salt) != _SALT_BYTES:
            raise ValueError("no salt")
        return salt, erased


def _hash(salt: bytes, user_id: int) -> str:
    return hmac.new(salt, str(user_id).encode(), "sha256").hexdigest()


def _place_new(path: Path, text: str) -> None:
    """Make the file with its first line in one step; if another program was faster, its file stays."""
    part = _written(path, text)
    with suppress(FileExistsError):
        os.link(part, path)
    part.unlink()


def _replace(path: Path, text: str) -> None:
    _written(path, text).replace(path)


def _written(path: Path, text: str) -> Path:
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return part
