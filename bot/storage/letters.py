"""Dead letters: events whose turn failed. They are counted and looked into; what was said in them is not kept."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, func, select

from bot.storage.database import Transaction, in_each_dialect, instant, moment
from bot.storage.tables import dead_letters

_FAULT_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Letter:
    """An event that failed: its dedupe key, whose it was, and `fault`, the error's type and place without its text."""

    source: str
    id: int
    user_id: int
    fault: str
    at: datetime


async def add(tx: Transaction, letters: Collection[Letter]) -> None:
    """Keep these; one that is kept already stays as it was."""
    rows = [
        {
            "source": letter.source,
            "id": letter.id,
            "user_id": letter.user_id,
            "fault": letter.fault[:_FAULT_LENGTH],
            "at": instant(letter.at),
        }
        for letter in letters
    ]
    if rows:
        await tx.connection.execute(_ADD[tx.dialect], rows)


async def count(tx: Transaction) -> int:
    """How many are kept."""
    return (await tx.connection.execute(_COUNT)).scalar_one()


async def newest(tx: Transaction, limit: int = 20) -> list[Letter]:
    """The latest `limit`, newest first."""
    rows = await tx.connection.execute(_NEWEST, {"limit": limit})
    return [Letter(row.source, row.id, row.user_id, row.fault, moment(row.at)) for row in rows]


async def prune(tx: Transaction, before: datetime) -> None:
    """Forget those older than `before`."""
    await tx.connection.execute(_PRUNE, {"before": instant(before)})


_ADD = in_each_dialect(lambda insert: insert(dead_letters).on_conflict_do_nothing())
_COUNT = select(func.count()).select_from(dead_letters)
_NEWEST = select(dead_letters).order_by(dead_letters.c.at.desc(), dead_letters.c.id.desc()).limit(bindparam("limit"))
_PRUNE = delete(dead_letters).where(dead_letters.c.at < bindparam("before"))
