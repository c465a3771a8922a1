"""python-telegram-bot, its people in SQLite by SQLAlchemy's ORM (aiosqlite, WAL, synchronous=NORMAL), a commit an update."""

import json
import logging
import os
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import Application, ApplicationBuilder, CallbackQueryHandler, CommandHandler, ContextTypes

WORDS = json.loads(Path(__file__).parents[1].joinpath("dialog.json").read_text())
NEXT = [[[WORDS["next"], "n"]]]
Context = ContextTypes.DEFAULT_TYPE
Rows = list[list[list[str]]]


class Base(DeclarativeBase):
    """The tables."""


class Person(Base):
    """Where a person stands, and what was said on the way."""

    __tablename__ = "people"
    number: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str]
    before: Mapped[int | None]
    technique: Mapped[str | None]
    step: Mapped[int]
    after: Mapped[int | None]


# One connection, as SQLite has one writer: with more of them, updates handled at once wait for its lock until they fail.
database = f"sqlite+aiosqlite:///{Path(os.environ['BENCH_DIR']) / 'bot.db'}"
engine = create_async_engine(database, pool_size=1, max_overflow=0, pool_timeout=60)
sessions = async_sessionmaker(engine, expire_on_commit=False)


@event.listens_for(engine.sync_engine, "connect")
def prepare(connection: Any, _record: Any) -> None:
    """Let a new connection write ahead."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


async def make_tables(_application: Application) -> None:
    """Make what is not there yet."""
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)


def keyboard(rows: Rows | None) -> InlineKeyboardMarkup | None:
    """The rows as telegram wants them."""
    if rows is None:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(text, callback_data=data) for text, data in row] for row in rows]
    )


def advance(person: Person, press: str) -> tuple[str, Rows | None] | None:
    """Keep what a press says; what to show then, or nothing if it does not fit here."""
    match person.state, *press.split(":"):
        case "intensity", "i", number:
            person.state, person.before = "technique", int(number)
            return WORDS["technique"]["text"], WORDS["technique"]["buttons"]
        case "technique", "t", chosen:
            person.state, person.technique, person.step = "step", chosen, 0
            return WORDS["steps"][chosen][0], NEXT
        case "step", "n":
            person.step += 1
            if person.step < len(WORDS["steps"][person.technique]):
                return WORDS["steps"][person.technique][person.step], NEXT
            person.state = "rating"
            return WORDS["rating"]["text"], WORDS["rating"]["buttons"]
        case "rating", "r", number:
            person.state, person.after = "done", int(number)
            return WORDS["end"]["text"], None
    return None


async def soothe(update: Update, _context: Context) -> None:
    """Begin."""
    number = update.effective_user.id
    async with sessions.begin() as session:
        await session.merge(Person(number=number, state="intensity", before=None, technique=None, step=0, after=None))
    await update.message.reply_text(WORDS["intensity"]["text"], reply_markup=keyboard(WORDS["intensity"]["buttons"]))


async def press(update: Update, _context: Context) -> None:
    """Go on from where the person stands; keep it, end the spinner and change the message."""
    async with sessions.begin() as session:
        person = await session.get(Person, update.effective_user.id)
        shown = advance(person, update.callback_query.data) if person else None
    await update.callback_query.answer()
    if shown:
        text, rows = shown
        await update.callback_query.edit_message_text(text, reply_markup=keyboard(rows))


logging.basicConfig(level=logging.WARNING)
base = os.environ["TELEGRAM_BASE_URL"]
application = (
    ApplicationBuilder()
    .token(os.environ["BOT_TOKEN"])
    .base_url(f"{base}/bot")
    .pool_timeout(30)
    .concurrent_updates(True)  # where a person stands is read and kept in one transaction, so nothing relies on turns
    .post_init(make_tables)
    .build()
)
application.add_handler(CommandHandler("soothe", soothe))
application.add_handler(CallbackQueryHandler(press))
application.run_polling(poll_interval=0.0, timeout=10)
