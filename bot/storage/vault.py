"""Keep what people wrote unreadable at rest: a key per person, wrapped by a master key that lies outside the database."""

import hashlib
import os
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import exists, select

from bot.core.errors import DatabaseUnavailable, VaultError
from bot.storage.database import Transaction
from bot.storage.key_file import KEY_BYTES, Reread, load_keys
from bot.storage.tables import users, vaults

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
    """
    The master key. It wraps the keys of people and seals nothing else.

    While a master key is being changed there are two: `others` still open, the first wraps. `reread` looks for keys that came
    since, when a wrapped key opens with none of these.
    """

    __slots__ = ("_ciphers", "_reread", "fingerprint")

    def __init__(self, master: bytes, *others: bytes, reread: Callable[[], Sequence[bytes]] | None = None) -> None:
        self.fingerprint = fingerprint(master)
        self._ciphers = {fingerprint(key): AESGCM(key) for key in (master, *others)}
        self._reread = reread

    @property
    def is_being_changed(self) -> bool:
        """Whether there is more than one master key."""
        return len(self._ciphers) > 1

    def wrap_with(self, wanted: str) -> None:
        """From here on wrap with the key of this fingerprint. Raises VaultError if it is not known."""
        if wanted not in self._ciphers and not (self._learn() and wanted in self._ciphers):
            raise VaultError("The key file does not hold the master key of this database.")
        self.fingerprint = wanted

    def make_key(self, user_id: int) -> tuple[UserKey, bytes]:
        """A new key for this person, and the same key wrapped, to be stored."""
        key = secrets.token_bytes(KEY_BYTES)
        return UserKey(key), self._wrap(user_id, key)

    def unwrap(self, user_id: int, wrapped: bytes) -> UserKey:
        """The person's key. Raises VaultError if it was changed, belongs to another person or another master key."""
        try:
            return UserKey(_open(self._ciphers[self.fingerprint], _wrapped_place(user_id), wrapped))
        except VaultError:
            return UserKey(self._opened(user_id, wrapped))

    def rewrap(self, user_id: int, wrapped: bytes) -> bytes | None:
        """The person's key, wrapped by the master key of now; None if it is already. Nothing sealed with it has to be touched."""
        try:
            _open(self._ciphers[self.fingerprint], _wrapped_place(user_id), wrapped)
        except VaultError:
            return self._wrap(user_id, self._opened(user_id, wrapped))
        return None

    def _wrap(self, user_id: int, key: bytes) -> bytes:
        return _seal(self._ciphers[self.fingerprint], _wrapped_place(user_id), key)

    def _opened(self, user_id: int, wrapped: bytes) -> bytes:
        for _ in range(2):
            for cipher in self._ciphers.values():
                with suppress(VaultError):
                    return _open(cipher, _wrapped_place(user_id), wrapped)
            if not self._learn():
                break
        raise VaultError("A person's key was changed, moved, or wrapped by another master key.")

    def _learn(self) -> bool:
        """Whether there are keys that were not known."""
        found = {fingerprint(key): AESGCM(key) for key in self._reread()} if self._reread else {}
        new = found.keys() - self._ciphers.keys()
        self._ciphers |= found
        return bool(new)


def fingerprint(master: bytes) -> str:
    """What names a master key without telling it. Raises VaultError for one of another length."""
    if len(master) != KEY_BYTES:
        raise VaultError(f"A master key has {KEY_BYTES} bytes; this one has {len(master)}.")
    return hashlib.sha256(b"stillhere master key\x00" + master).hexdigest()


async def open_vault(tx: Transaction, path: Path, *, may_make: bool | None = None) -> Vault:
    """
    The vault of this database, opened with the key file `path`.

    For an empty database the key is made if `may_make` (by default on SQLite only: the replicas of a PostgreSQL share
    one), and its fingerprint kept. Raises VaultError if the key is missing, unreadable or belongs to another database.
    """
    kept = (await tx.connection.execute(_FINGERPRINT)).scalar_one_or_none()
    empty = kept is None and not (await tx.connection.execute(_ANY_USER)).scalar_one()
    allowed = tx.dialect == "sqlite" if may_make is None else may_make
    masters = {fingerprint(key): key for key in load_keys(path, database_is_empty=empty, may_make=allowed)}
    first = next(iter(masters))
    if kept is None and not empty:
        raise VaultError(
            "This database holds people but no fingerprint of their master key: it is incomplete. Restore it from a backup."
        )
    if kept is None:
        await tx.connection.execute(tx.insert(vaults).values(id=1, fingerprint=first).on_conflict_do_nothing())
        kept = (await tx.connection.execute(_FINGERPRINT)).scalar_one()
    if kept not in masters:
        raise VaultError(
            f"The master key {path} is not the one of this database (its fingerprint begins {first[:8]}, "
            f"the database's {kept[:8]}). Put back the key file that belongs to this database."
        )
    others = [key for each, key in masters.items() if each != kept]
    return Vault(masters[kept], *others, reread=Reread(path))


async def agree(tx: Transaction, vault: Vault) -> None:
    """
    Let the vault wrap with the master key of this database, which stays the one until the transaction ends.

    Raises DatabaseUnavailable if the vault does not have it: then it is this program that cannot read, not the rows.
    """
    kept = (await tx.connection.execute(_FINGERPRINT.with_for_update(read=True))).scalar_one_or_none()
    if kept is None or kept == vault.fingerprint:
        return
    try:
        vault.wrap_with(kept)
    except VaultError:
        raise DatabaseUnavailable(
            f"The database has another master key since (its fingerprint begins {kept[:8]}). Give this program the new key "
            "file; until then it leaves everything as it is."
        ) from None


_FINGERPRINT = select(vaults.c.fingerprint)
_ANY_USER = select(exists(select(users.c.id)))


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
