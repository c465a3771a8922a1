"""How alembic reaches the database: on the connection that `bot.storage.migration` hands over, or on its own for developers."""

import asyncio
import os

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from bot.storage.tables import metadata


def run(connection: Connection) -> None:
    """Run what was asked for on `connection`, in its transaction if one is open. SQLite's tables change by copy."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        transactional_ddl=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_alone() -> None:
    """For `alembic revision --autogenerate` and its like: connect to STILLHERE_DATABASE_URL."""
    engine = create_async_engine(os.environ.get("STILLHERE_DATABASE_URL", "sqlite+aiosqlite:///var/stillhere.db"))
    try:
        async with engine.begin() as connection:
            await connection.run_sync(run)
    finally:
        await engine.dispose()


handed_over = context.config.attributes.get("connection")
if handed_over is not None:
    run(handed_over)
else:
    asyncio.run(run_alone())
