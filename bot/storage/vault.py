"""Keep what people wrote unreadable at rest: a key per person, wrapped by a master key that lies outside the database."""

import base64
import binascii
import hashlib
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import exists, select, update

from bot.core.errors import VaultError
from bot.storage.database import Transaction
from bot.storage.tables import users, vaults

_KEY_BYTES = 32  # AES-256
_NONCE_BYTES = 12  # 96 bits, fresh and random each time: NIST SP 800-38D, 8.2.2
_TAG_BYTES = 16
_FORMAT = b"\x01"


class UserKey:
    """
    Seals and opens the texts of one person.

    A `place` names where a sealed text lies, `table.column.id`; moved elsewhere it does not open.
    """

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, place: str, text: bytes) -> bytes:
        """`text`, readable only with this key and at this place. 29 bytes longer, different each time."""
        return _seal(self._cipher, place, text)

    def open(self, place: str, sealed: bytes) -> bytes:
        """The text. Raises VaultError if it was changed, moved or sealed with another key."""
        return _open(self._cipher, place, sealed)


NOBODY: UserKey | None = None
"""In place of a key: for fixed phrases to somebody who is forgotten. They hold no word of anybody and lie in the open."""


class Vault:
    """The master key. It wraps the keys of people and seals nothing else."""

    __slots__ = ("_cipher", "fingerprint")

    def __init__(self, master: bytes) -> None:
        if len(master) != _KEY_BYTES:
            raise VaultError(f"A master key has {_KEY_BYTES} bytes; this one has {len(master)}.")
        self._cipher = AESGCM(master)
        self.fingerprint = hashlib.sha256(b"stillhere master key\x00" + master).hexdigest()

    def make_key(self, user_id: int) -> tuple[UserKey, bytes]:
        """A new key for this person, and the same key wrapped, to be stored."""
        key = secrets.token_bytes(_KEY_BYTES)
        return UserKey(key), self._wrap(user_id, key)

    def unwrap(self, user_id: int, wrapped: bytes) -> UserKey:
        """The person's key. Raises VaultError if it was changed, belongs to another person or another master key."""
        return UserKey(_open(self._cipher, _wrapped_place(user_id), wrapped))

    def rewrap(self, user_id: int, wrapped: bytes, successor: "Vault") -> bytes:
        """The person's key, wrapped by `successor` instead: nothing sealed with it has to be touched."""
        return successor._wrap(user_id, _open(self._cipher, _wrapped_place(user_id), wrapped))  # noqa: SLF001 - of its own kind

    def _wrap(self, user_id: int, key: bytes) -> bytes:
        return _seal(self._cipher, _wrapped_place(user_id), key)


# ------------------------------------------------------------------------------------------------ the key file


def make_key_file(path: Path) -> None:
    """Write a new master key, readable by its owner alone. Raises VaultError if the file exists or cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(_KEY_BYTES)) + b"\n")
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


def load_key(path: Path, *, database_is_empty: bool, may_make: bool = True) -> bytes:
    """
    The master key in `path` (base64 or hex). Made new only if `database_is_empty` and `may_make`.

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
        return _decoded(path.read_text("ascii").strip())
    except OSError as fault:
        raise VaultError(
            f"The master key {path} cannot be read ({fault.strerror}). Let this user read it: mode 600, owned by this user."
        ) from None
    except ValueError:
        raise VaultError(
            f"{path} is not a master key: it has to hold {_KEY_BYTES} bytes as base64 or hex. Put it back from your backup of it."
        ) from None


def open_to_others(path: Path) -> str:
    """A warning if more than its owner may read or write the key file; else empty."""
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        return f"The master key {path} is open to other users of this machine (mode {mode:o}). Run: chmod 600 {path}"
    return ""


# ---------------------------------------------------------------------------------- the key and its database


async def open_vault(tx: Transaction, path: Path, *, may_make: bool | None = None) -> Vault:
    """
    The vault of this database, opened with the key file `path`.

    For an empty database the key is made if `may_make` (by default on SQLite only: the replicas of a PostgreSQL share
    one), and its fingerprint kept. Raises VaultError if the key is missing, unreadable or belongs to another database.
    """
    kept = (await tx.connection.execute(_FINGERPRINT)).scalar_one_or_none()
    empty = kept is None and not (await tx.connection.execute(_ANY_USER)).scalar_one()
    allowed = tx.dialect == "sqlite" if may_make is None else may_make
    vault = Vault(load_key(path, database_is_empty=empty, may_make=allowed))
    if kept is None and not empty:
        raise VaultError(
            "This database holds people but no fingerprint of their master key: it is incomplete. Restore it from a backup."
        )
    if kept is None:
        await tx.connection.execute(
            tx.insert(vaults).values(id=1, fingerprint=vault.fingerprint).on_conflict_do_nothing()
        )
        kept = (await tx.connection.execute(_FINGERPRINT)).scalar_one()
    if kept != vault.fingerprint:
        raise VaultError(
            f"The master key {path} is not the one of this database (its fingerprint begins {vault.fingerprint[:8]}, "
            f"the database's {kept[:8]}). Put back the key file that belongs to this database."
        )
    return vault


async def rotate(tx: Transaction, old: Vault, new: Vault) -> int:
    """Wrap every person's key with `new`; how many. Commits with the new fingerprint or not at all. Stop all replicas first."""
    rows = (await tx.connection.execute(_ALL_KEYS)).all()
    for row in rows:
        await tx.connection.execute(
            update(users).where(users.c.id == row.id).values(wrapped_key=old.rewrap(row.id, row.wrapped_key, new))
        )
    await tx.connection.execute(update(vaults).values(fingerprint=new.fingerprint))
    return len(rows)


_FINGERPRINT = select(vaults.c.fingerprint)
_ANY_USER = select(exists(select(users.c.id)))
_ALL_KEYS = select(users.c.id, users.c.wrapped_key).order_by(users.c.id).with_for_update()


# --------------------------------------------------------------------------------------------------- details


def _wrapped_place(user_id: int) -> str:
    return f"users.wrapped_key.{user_id}"


def _seal(cipher: AESGCM, place: str, text: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return _FORMAT + nonce + cipher.encrypt(nonce, text, place.encode())


def _open(cipher: AESGCM, place: str, sealed: bytes) -> bytes:
    if len(sealed) < len(_FORMAT) + _NONCE_BYTES + _TAG_BYTES or sealed[:1] != _FORMAT:
        raise VaultError("A sealed text is damaged.")
    try:
        return cipher.decrypt(sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :], place.encode())
    except InvalidTag:
        raise VaultError("A sealed text was changed, moved, or sealed with another key.") from None


def _decoded(text: str) -> bytes:
    """The key's bytes; ValueError if it is none."""
    try:
        key = bytes.fromhex(text) if len(text) == 2 * _KEY_BYTES else base64.b64decode(text, validate=True)
    except binascii.Error as fault:
        raise ValueError("neither base64 nor hex") from fault
    if len(key) != _KEY_BYTES:
        raise ValueError("a key of another length")
    return key


def _flush_folder(folder: Path) -> None:
    """Make the new file's name outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
