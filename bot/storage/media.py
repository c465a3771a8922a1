"""Pictures that Telegram holds already, so that each is uploaded once."""

from collections.abc import Mapping

from sqlalchemy import bindparam, delete, select

from bot.storage.database import Transaction, upsert
from bot.storage.tables import media


async def uploaded(tx: Transaction, bot_id: int, hashes: Mapping[str, str]) -> dict[str, str]:
    """Telegram's file id for each of these pictures (name → content hash) that this bot has uploaded unchanged."""
    rows = await tx.connection.execute(_UPLOADED, {"bot_id": bot_id, "names": list(hashes)})
    return {row.name: row.file_id for row in rows if row.hash == hashes[row.name]}


async def keep(tx: Transaction, bot_id: int, name: str, content_hash: str, file_id: str) -> None:
    """This bot has uploaded the picture `name`."""
    await tx.connection.execute(
        _KEEP[tx.dialect], {"bot_id": bot_id, "name": name, "hash": content_hash, "file_id": file_id}
    )


async def forget(tx: Transaction, bot_id: int, name: str) -> None:
    """Telegram no longer knows the file id: upload again."""
    await tx.connection.execute(_FORGET, {"bot_id": bot_id, "name": name})


_UPLOADED = select(media.c.name, media.c.hash, media.c.file_id).where(
    media.c.bot_id == bindparam("bot_id"), media.c.name.in_(bindparam("names", expanding=True))
)
_KEEP = upsert(media)
_FORGET = delete(media).where(media.c.bot_id == bindparam("bot_id"), media.c.name == bindparam("name"))
