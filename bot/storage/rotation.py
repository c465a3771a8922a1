"""A new master key for a database that is in use: each person's key is wrapped anew, a few at a time."""

from dataclasses import dataclass

from sqlalchemy import bindparam, func, select, update

from bot.core.errors import VaultError
from bot.storage.database import Transaction
from bot.storage.tables import users, vaults
from bot.storage.vault import Vault

AT_ONCE = 200
"""How many people are locked at a time: their turns wait for some milliseconds."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one step did. `last`: the id it came to (None: there is nobody after). `unreadable`: keys that nothing opens any more."""

    last: int | None
    looked_at: int = 0
    wrapped: int = 0
    unreadable: int = 0


async def begin(tx: Transaction, fingerprint: str) -> None:
    """
    From this commit on, new people's keys are wrapped by the master key with this fingerprint, in every running program.

    Waits for those who are creating people just now (`vault.agree` holds the row).
    """
    await tx.connection.execute(update(vaults).values(fingerprint=fingerprint))


async def step(tx: Transaction, vault: Vault, after: int = 0) -> Step:
    """Wrap the keys of the next people, in the order of ids, with the vault's key of now. What is done already is left alone."""
    rows = (await tx.connection.execute(_KEYS, {"after": after, "limit": AT_ONCE})).all()
    changed, unreadable = [], 0
    for row in rows:
        try:
            wrapped = vault.rewrap(row.id, row.wrapped_key)
        except VaultError:
            unreadable += 1
            continue
        if wrapped is not None:
            changed.append({"who": row.id, "wrapped": wrapped})
    if changed:
        await tx.connection.execute(_WRAP, changed)
    return Step(rows[-1].id if rows else None, len(rows), len(changed), unreadable)


async def count(tx: Transaction) -> int:
    """How many people there are."""
    return (await tx.connection.execute(_COUNT)).scalar_one()


_KEYS = (
    select(users.c.id, users.c.wrapped_key)
    .where(users.c.id > bindparam("after"))
    .order_by(users.c.id)
    .limit(bindparam("limit"))
    .with_for_update()
)
_WRAP = update(users).where(users.c.id == bindparam("who")).values(wrapped_key=bindparam("wrapped"))
_COUNT = select(func.count()).select_from(users)
