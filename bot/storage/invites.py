"""Invitations: random codes of which only a hash is kept, good for one newcomer and a while."""

import hashlib
from datetime import datetime

from sqlalchemy import bindparam, delete, insert

from bot.storage.database import Transaction, instant
from bot.storage.tables import invites


async def add(tx: Transaction, code: str, expires_at: datetime) -> None:
    """Let `code` in once, until then."""
    await tx.connection.execute(_ADD, {"hash": _hash(code), "expires_at": instant(expires_at)})


async def redeem(tx: Transaction, code: str, now: datetime) -> bool:
    """Whether `code` lets somebody in. It does so once: two who come with it at the same time don't both get in."""
    found = await tx.connection.execute(_REDEEM, {"hash": _hash(code), "now": instant(now)})
    return found.scalar_one_or_none() is not None


async def prune(tx: Transaction, now: datetime) -> None:
    """Forget what has expired."""
    await tx.connection.execute(_PRUNE, {"now": instant(now)})


def _hash(code: str) -> str:
    # The code is random and long, so a fast hash is enough: there is nothing to guess.
    return hashlib.sha256(b"stillhere invite\x00" + code.encode()).hexdigest()


_ADD = insert(invites)
_REDEEM = (
    delete(invites)
    .where(invites.c.hash == bindparam("hash"), invites.c.expires_at > bindparam("now"))
    .returning(invites.c.hash)
)
_PRUNE = delete(invites).where(invites.c.expires_at <= bindparam("now"))
