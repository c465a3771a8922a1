"""What neutral notes stand in for: finished messages, sealed, kept until their note is opened or old."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select

from bot.core.errors import Undecodable, VaultError
from bot.storage.database import Transaction, instant
from bot.storage.tables import covers
from bot.storage.users import Person


@dataclass(frozen=True, slots=True)
class Cover:
    """The finished Bot API call behind the note whose outbox id is `id`."""

    id: int
    method: str
    body: bytes


async def add(tx: Transaction, hidden: Collection[tuple[Person, Cover]], now: datetime) -> None:
    """Keep these messages."""
    rows = [
        {
            "id": cover.id,
            "user_id": person.user.id,
            "method": cover.method,
            "body": person.key.seal(_place(cover.id), cover.body),
            "created_at": instant(now),
        }
        for person, cover in hidden
    ]
    if rows:
        await tx.connection.execute(_ADD, rows)


async def find(tx: Transaction, person: Person, note: int) -> Cover | None:
    """What this person's note stands in for; None if it is nobody's, somebody else's, or too old. Raises Undecodable."""
    row = (await tx.connection.execute(_FIND, {"id": note, "user_id": person.user.id})).one_or_none()
    if row is None:
        return None
    try:
        return Cover(row.id, row.method, person.key.open(_place(row.id), row.body))
    except VaultError:
        raise Undecodable("What a note stands in for cannot be opened.", user_id=person.user.id) from None


async def prune(tx: Transaction, before: datetime) -> None:
    """Forget what was covered before then."""
    await tx.connection.execute(_PRUNE, {"before": instant(before)})


def _place(note: int) -> str:
    return f"covers.body.{note}"


_ADD = insert(covers)
_FIND = select(covers).where(covers.c.id == bindparam("id"), covers.c.user_id == bindparam("user_id"))
_PRUNE = delete(covers).where(covers.c.created_at < bindparam("before"))
