"""aiogram-dialog: windows of widgets on aiogram 3, kept in SQLite (aiogram-sqlite-storage, WAL, synchronous=NORMAL)."""

import asyncio
import json
import os
import ssl
from pathlib import Path
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import Command
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.base import StorageKey
from aiogram.fsm.storage.memory import SimpleEventIsolation
from aiogram.types import CallbackQuery, Message
from aiogram_dialog import Dialog, DialogManager, StartMode, Window, setup_dialogs
from aiogram_dialog.widgets.kbd import Button, Column, Row, Select
from aiogram_dialog.widgets.text import Const, Format
from aiogram_sqlite_storage.sqlitestore import SQLStorage

WORDS = json.loads(Path(__file__).parents[1].joinpath("dialog.json").read_text())


class Soothe(StatesGroup):
    """Where a person stands."""

    intensity, technique, step, rating, end = State(), State(), State(), State(), State()


class Session(AiohttpSession):
    """Which trusts what its machine trusts, and not only certifi's list: `--tls` has a certificate of its own."""

    def __init__(self, base: str) -> None:
        super().__init__(api=TelegramAPIServer.from_base(base))
        self._connector_init["ssl"] = ssl.create_default_context()


class Storage(SQLStorage):
    """With what aiogram-dialog needs besides: a row for each purpose, and an empty dictionary where there is none."""

    def _key(self, key: StorageKey) -> str:
        return f"{super()._key(key)}:{key.destiny}"

    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        """What is kept for this purpose."""
        return await super().get_data(key) or {}


async def soothe(_message: Message, dialog_manager: DialogManager) -> None:
    """Begin."""
    await dialog_manager.start(Soothe.intensity, mode=StartMode.RESET_STACK)


async def intensity(_query: CallbackQuery, _widget: Select, manager: DialogManager, number: str) -> None:
    """The number before."""
    manager.dialog_data["before"] = number
    await manager.switch_to(Soothe.technique)


async def technique(_query: CallbackQuery, _widget: Select, manager: DialogManager, chosen: str) -> None:
    """The exercise."""
    manager.dialog_data.update(technique=chosen, step=0)
    await manager.switch_to(Soothe.step)


async def step(_query: CallbackQuery, _widget: Button, manager: DialogManager) -> None:
    """Each of its steps."""
    manager.dialog_data["step"] += 1
    steps = WORDS["steps"][manager.dialog_data["technique"]]
    await manager.switch_to(Soothe.step if manager.dialog_data["step"] < len(steps) else Soothe.rating)


async def rating(_query: CallbackQuery, _widget: Select, manager: DialogManager, number: str) -> None:
    """The number after."""
    manager.dialog_data["after"] = number
    await manager.switch_to(Soothe.end)


async def step_words(dialog_manager: DialogManager, **_: Any) -> dict[str, str]:
    """What the step says."""
    kept = dialog_manager.dialog_data
    return {"text": WORDS["steps"][kept["technique"]][kept["step"]]}


def choice(name: str, on_click: Any) -> Select:
    """A button for each of what can be chosen."""
    items = [(text, data[2:]) for row in WORDS[name]["buttons"] for text, data in row]
    return Select(Format("{item[0]}"), name, lambda item: item[1], items, on_click=on_click)


DIALOG = Dialog(
    Window(Const(WORDS["intensity"]["text"]), Row(choice("intensity", intensity)), state=Soothe.intensity),
    Window(Const(WORDS["technique"]["text"]), Column(choice("technique", technique)), state=Soothe.technique),
    Window(Format("{text}"), Button(Const(WORDS["next"]), "next", step), state=Soothe.step, getter=step_words),
    Window(Const(WORDS["rating"]["text"]), Row(choice("rating", rating)), state=Soothe.rating),
    Window(Const(WORDS["end"]["text"]), state=Soothe.end),
)


async def main() -> None:
    """Poll. A person's updates wait for each other, since a dialog is kept only after it has been shown."""
    storage = Storage(str(Path(os.environ["BENCH_DIR"]) / "bot.db"), serializing_method="json")
    storage.con.execute("PRAGMA journal_mode=WAL")
    storage.con.execute("PRAGMA synchronous=NORMAL")
    session = Session(os.environ["TELEGRAM_BASE_URL"])
    dispatcher = Dispatcher(storage=storage, events_isolation=SimpleEventIsolation())
    dispatcher.message.register(soothe, Command("soothe"))
    dispatcher.include_router(DIALOG)
    setup_dialogs(dispatcher)
    await dispatcher.start_polling(Bot(os.environ["BOT_TOKEN"], session=session))


asyncio.run(main())
