"""The file beside the database that holds the master key: made once, replaced in one step, read again when it changes."""

import base64
import binascii
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from bot.core.errors import VaultError

KEY_BYTES = 32
"""Of a key: AES-256."""


def new_master() -> bytes:
    """A new master key."""
    return secrets.token_bytes(KEY_BYTES)


def make_key_file(path: Path, *masters: bytes) -> None:
    """
    Write a new master key (or these), readable by its owner alone.

    Raises VaultError if the file exists or cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(b"".join(base64.b64encode(key) + b"\n" for key in masters or [new_master()]))
            file.flush()
            os.fsync(file.fileno())
        _flush_folder(path.parent)
    except OSError as fault:
        if path.exists():
            raise VaultError(f"{path} exists already and is left as it is.") from None
        raise VaultError(
            f"The master key cannot be written to {path} ({fault.strerror}). "
            "Let this user write there, or set STILLHERE_KEY_FILE to another place."
        ) from None


def replace_key_file(path: Path, *masters: bytes) -> None:
    """Let the file hold these keys, the one that wraps first: in one step, so that a reader finds the old ones or these."""
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    make_key_file(part, *masters)
    try:
        part.replace(path)
        _flush_folder(path.parent)
    except OSError as fault:
        part.unlink(missing_ok=True)
        raise VaultError(
            f"The key file {path} cannot be written ({fault.strerror}). Let this user write there."
        ) from None


def load_keys(path: Path, *, database_is_empty: bool, may_make: bool = True) -> list[bytes]:
    """
    The master keys in `path`, a line each (base64 or hex); usually one. Made new only if `database_is_empty` and `may_make`.

    Raises VaultError, with what to do, if it is missing or unreadable.
    """
    if not path.exists():
        if not database_is_empty:
            raise VaultError(
                f"The master key {path} is missing, and this database holds texts that only it can open. "
                "Put the key file back from your backup of it, or set STILLHERE_KEY_FILE to where it lies. "
                "No new key was made."
            )
        if not may_make:
            raise VaultError(
                f"There is no master key at {path}. Make one with `stillhere init`, "
                "keep a copy of it, and give the same file to every replica."
            )
        make_key_file(path)
    try:
        return _decoded(path.read_text("ascii"))
    except OSError as fault:
        raise VaultError(
            f"The master key {path} cannot be read ({fault.strerror}). Let this user read it: mode 600, owned by this user."
        ) from None
    except ValueError:
        raise VaultError(
            f"{path} is not a master key: it has to hold {KEY_BYTES} bytes as base64 or hex. Put it back from your backup of it."
        ) from None


class Reread:
    """Reads the key file again if it is another than before."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before = self._sign()

    def __call__(self) -> Sequence[bytes]:
        """The keys that are in it now; none if nothing changed, or if it cannot be read."""
        sign = self._sign()
        if sign == self._before:
            return []
        try:
            keys = load_keys(self._path, database_is_empty=False)
        except VaultError:
            return []
        self._before = sign
        return keys

    def _sign(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size


def open_to_others(path: Path) -> str:
    """A warning if more than its owner may read or write the key file; else empty."""
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        return f"The master key {path} is open to other users of this machine (mode {mode:o}). Run: chmod 600 {path}"
    return ""


def _decoded(text: str) -> list[bytes]:
    """The bytes of each key; ValueError if something else stands there, or nothing."""
    try:
        keys = [
            bytes.fromhex(line) if len(line) == 2 * KEY_BYTES else base64.b64decode(line, validate=True)
            for line in text.split()
        ]
    except binascii.Error as fault:
        raise ValueError("neither base64 nor hex") from fault
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        raise ValueError("no key, or one of another length")
    return keys


def _flush_folder(folder: Path) -> None:
    """Make the new file's name outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
