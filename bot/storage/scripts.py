"""Which script sets some replica knows, so that one still running an older set can tell it is behind."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, delete, func, select

from bot.storage.database import Transaction, instant, upsert
from bot.storage.tables import scripts


async def announce(tx: Transaction, hashes: Collection[str], version: int, now: datetime) -> None:
    """This replica knows these scripts, as of the set `version`."""
    rows = [{"hash": content_hash, "version": version, "at": instant(now)} for content_hash in sorted(set(hashes))]
    if rows:
        await tx.connection.execute(_ANNOUNCE[tx.dialect], rows)


async def versions(tx: Transaction, hashes: Collection[str]) -> dict[str, int]:
    """The set versions of those of these scripts that some replica has announced."""
    rows = await tx.connection.execute(_VERSIONS, {"hashes": list(hashes)})
    return {row.hash: row.version for row in rows}


async def announced(tx: Transaction, hashes: Collection[str], since: datetime) -> set[str]:
    """Those of these scripts that some replica has announced since then."""
    rows = await tx.connection.execute(_ANNOUNCED, {"hashes": list(hashes), "since": instant(since)})
    return set(rows.scalars())


async def newest(tx: Transaction) -> int:
    """The newest set version announced; 0 if none was."""
    return (await tx.connection.execute(_NEWEST)).scalar_one_or_none() or 0


async def prune(tx: Transaction, before: datetime) -> None:
    """Forget scripts last announced before `before`."""
    await tx.connection.execute(_PRUNE, {"before": instant(before)})


_ANNOUNCE = upsert(scripts)
_VERSIONS = select(scripts.c.hash, scripts.c.version).where(scripts.c.hash.in_(bindparam("hashes", expanding=True)))
_ANNOUNCED = select(scripts.c.hash).where(
    scripts.c.hash.in_(bindparam("hashes", expanding=True)), scripts.c.at >= bindparam("since")
)
_NEWEST = select(func.max(scripts.c.version))
_PRUNE = delete(scripts).where(scripts.c.at < bindparam("before"))
