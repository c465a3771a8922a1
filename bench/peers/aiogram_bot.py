"""aiogram 3 with its finite state machine in SQLite (aiogram-sqlite-storage, WAL, synchronous=NORMAL)."""

import asyncio
import json
import os
import ssl
from pathlib import Path

from aiogram import Bot, Dispatcher, F, Router
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message
from aiogram_sqlite_storage.sqlitestore import SQLStorage

WORDS = json.loads(Path(__file__).parents[1].joinpath("dialog.json").read_text())
NEXT = [[[WORDS["next"], "n"]]]
router = Router()


class Soothe(StatesGroup):
    """Where a person stands."""

    intensity, technique, step, rating = State(), State(), State(), State()


class Session(AiohttpSession):
    """Which trusts what its machine trusts, and not only certifi's list: `--tls` has a certificate of its own."""

    def __init__(self, base: str) -> None:
        super().__init__(api=TelegramAPIServer.from_base(base))
        self._connector_init["ssl"] = ssl.create_default_context()


def keyboard(rows: list[list[list[str]]]) -> InlineKeyboardMarkup:
    """The rows as telegram wants them."""
    buttons = [[InlineKeyboardButton(text=text, callback_data=data) for text, data in row] for row in rows]
    return InlineKeyboardMarkup(inline_keyboard=buttons)


async def show(query: CallbackQuery, text: str, rows: list[list[list[str]]] | None = None) -> None:
    """End the spinner and change the message."""
    await query.answer()
    await query.message.edit_text(text, reply_markup=keyboard(rows) if rows else None)


@router.message(Command("soothe"))
async def soothe(message: Message, state: FSMContext) -> None:
    """Begin."""
    await state.set_state(Soothe.intensity)
    await state.set_data({})
    await message.answer(WORDS["intensity"]["text"], reply_markup=keyboard(WORDS["intensity"]["buttons"]))


@router.callback_query(Soothe.intensity, F.data.startswith("i:"))
async def intensity(query: CallbackQuery, state: FSMContext) -> None:
    """The number before."""
    await state.update_data(before=query.data[2:])
    await state.set_state(Soothe.technique)
    await show(query, WORDS["technique"]["text"], WORDS["technique"]["buttons"])


@router.callback_query(Soothe.technique, F.data.startswith("t:"))
async def technique(query: CallbackQuery, state: FSMContext) -> None:
    """The exercise."""
    await state.update_data(technique=query.data[2:], step=0)
    await state.set_state(Soothe.step)
    await show(query, WORDS["steps"][query.data[2:]][0], NEXT)


@router.callback_query(Soothe.step, F.data == "n")
async def step(query: CallbackQuery, state: FSMContext) -> None:
    """Each of its steps."""
    kept = await state.get_data()
    number = kept["step"] + 1
    if number < len(WORDS["steps"][kept["technique"]]):
        await state.update_data(step=number)
        await show(query, WORDS["steps"][kept["technique"]][number], NEXT)
    else:
        await state.set_state(Soothe.rating)
        await show(query, WORDS["rating"]["text"], WORDS["rating"]["buttons"])


@router.callback_query(Soothe.rating, F.data.startswith("r:"))
async def rating(query: CallbackQuery, state: FSMContext) -> None:
    """The number after."""
    await state.update_data(after=query.data[2:])
    await state.set_state(None)
    await show(query, WORDS["end"]["text"])


async def main() -> None:
    """Poll."""
    storage = SQLStorage(str(Path(os.environ["BENCH_DIR"]) / "bot.db"), serializing_method="json")
    storage.con.execute("PRAGMA journal_mode=WAL")
    storage.con.execute("PRAGMA synchronous=NORMAL")
    session = Session(os.environ["TELEGRAM_BASE_URL"])
    dispatcher = Dispatcher(storage=storage)
    dispatcher.include_router(router)
    await dispatcher.start_polling(Bot(os.environ["BOT_TOKEN"], session=session))


asyncio.run(main())
