"""Which events had their turn already: Telegram may deliver one twice, a turn takes it once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, select, true

from bot.core.events import Incoming
from bot.storage.database import Transaction, in_each_dialect, instant
from bot.storage.statements import each, found
from bot.storage.tables import seen_updates


async def fresh(tx: Transaction, batch: Sequence[Incoming], now: datetime) -> list[Incoming]:
    """Those of the batch that were never seen, in their order and each once; they count as seen with this transaction."""
    incoming: dict[tuple[str, int], Incoming] = {}
    for event in batch:
        incoming.setdefault((event.source, event.id), event)
    if not incoming:
        return []
    by_source: dict[str, list[int]] = {}
    for source, number in incoming:
        by_source.setdefault(source, []).append(number)
    new = set()
    for source, numbers in sorted(by_source.items()):
        added = {"source": source, "numbers": sorted(numbers), "at": instant(now)}
        new |= {(source, number) for (number,) in await found(tx, _ADD[tx.dialect], added)}
    return [event for key, event in incoming.items() if key in new]


async def forget(tx: Transaction, events: Sequence[Incoming]) -> None:
    """These are to come again: within the transaction that found them fresh, take that back."""
    if events:
        await tx.connection.execute(_FORGET, [{"from_": event.source, "number": event.id} for event in events])


async def prune(tx: Transaction, before: datetime) -> None:
    """Forget what was seen before `before`: Telegram keeps an update for a day."""
    await tx.connection.execute(_PRUNE, {"before": instant(before)})


_numbers = each("numbers", seen_updates.c.id.type)
_GIVEN = select(
    bindparam("source", type_=seen_updates.c.source.type),
    _numbers.c.value,
    bindparam("at", type_=seen_updates.c.at.type),
).where(true())  # SQLite wants a WHERE between a SELECT and ON CONFLICT
_ADD = in_each_dialect(
    lambda insert: (
        insert(seen_updates)
        .from_select(["source", "id", "at"], _GIVEN)
        .on_conflict_do_nothing()
        .returning(seen_updates.c.id)
    )
)
_FORGET = delete(seen_updates).where(
    seen_updates.c.source == bindparam("from_"), seen_updates.c.id == bindparam("number")
)
_PRUNE = delete(seen_updates).where(seen_updates.c.at < bindparam("before"))
