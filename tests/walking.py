"""People who walk through the dialogs at a phone, and what a bot in peace shows them: the measure for every disturbed one."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot.app import App
from bot.config import Settings
from bot.core.card import CARD
from bot.simulator import Simulator
from bot.simulator.people import Person
from bot.storage.tables import sessions
from tests.program import TOKEN, hosted

# What everybody does: words, or a press of the n-th button of the newest prompt. Bot and person come the same way each time.
WALK: list[str | int] = [
    "/soothe", 4, 1, 0, 0, "I am allowed to rest.", 0, 3, "/space", 0, 8, 0, 1, 0, "/reach", 0, 0, "/menu", 0,
    "/soothe", 7, 0, "/help", "/menu", 1, "/nudges", "/settings", 0, "/menu",
]  # fmt: skip

Shown = tuple[str, tuple[str, ...]]
"""A prompt as it stands on the phone: its words, and its buttons."""
Place = tuple[str, str, int]
"""Where somebody stands at the end: dialog, state, and how many prompts came before."""


class Phone:
    """What a person does, and sees. The static card, which goes out whenever a turn takes too long, is overlooked."""

    def __init__(self, simulator: Simulator, person: Person) -> None:
        self.person = person
        self.shown: list[Shown] = []
        self.looks_at: Shown | None = None
        self._words: dict[int, str] = {}
        simulator.listen(self._see)

    def act(self, deed: str | int) -> None:
        """Say it, or press it under the prompt that was last answered to them (a second copy may have come since)."""
        if isinstance(deed, str):
            self.person.says(deed)
            return
        messages = [message for message in self.person.messages() if _rows(message)]
        prompt = next((each for each in reversed(messages) if _as_shown(each) == self.looks_at), messages[-1])
        data = [each["callback_data"] for row in _rows(prompt) for each in row if "callback_data" in each]
        self.person.presses(prompt["message_id"], data[min(deed, len(data) - 1)])

    def _see(self, change: dict[str, Any]) -> None:
        message = change.get("message", {})
        mine = change.get("user_id") == self.person.id
        if change["type"] not in {"message", "edit"} or message.get("out") or not mine:
            return
        words, buttons = _as_shown(message)
        known, self._words[message["message_id"]] = self._words.get(message["message_id"]), words
        if buttons or words not in {known, CARD}:  # else it is an old prompt that lost its buttons, or the card
            self.shown.append((words, buttons))


@dataclass(frozen=True, slots=True)
class Calm:
    """What somebody was shown in peace: after each deed, all in all, and where they stood at the end."""

    ends: Sequence[Shown]
    shown: Sequence[Shown]
    place: Place


async def undisturbed(folder: Path, people: int = 1, walk: Sequence[str | int] = WALK) -> list[Calm]:
    """The walk of so many people in peace."""
    async with hosted(folder) as (host, simulator):
        phones = [Phone(simulator, person) for person in crowd(simulator, people)]
        app = App(
            Settings(
                _env_file=None,
                bot_token=TOKEN,
                api_url=host.settings["STILLHERE_API_URL"],
                database_url=f"sqlite+aiosqlite:///{folder}/calm.db",
                key_file=folder / "calm.key",
                cache=host.settings["STILLHERE_CACHE"],
                health_listen="",
                send_rate=0,
            )
        )
        await app.open()
        running = asyncio.create_task(app.run())
        ends: list[list[Shown]] = [[] for _ in phones]
        for deed in walk:
            for phone in phones:
                phone.act(deed)
            await simulator.queue(simulator.world.accounts[int(TOKEN.partition(":")[0])]).empty()
            await app.quiet()
            for end, phone in zip(ends, phones, strict=True):
                end.append(phone.shown[-1])
        async with app.database.transaction() as tx:
            stored = {row.user_id: row for row in await tx.connection.execute(select(sessions))}
        app.stop()
        await running
        await app.close()
        places = [stored[phone.person.id] for phone in phones]
        return [
            Calm(end, phone.shown, (row.dialog, row.state, row.revision))
            for end, phone, row in zip(ends, phones, places, strict=True)
        ]


def crowd(simulator: Simulator, people: int) -> list[Person]:
    """So many people, the same each time."""
    while len(simulator.people()) < people:
        simulator.add_user(f"Person {len(simulator.people())}")
    return simulator.people()[:people]


def chance(seed: int, step: int, below: int) -> int:
    """A number from 0 on, different for each step, the same each time."""
    return int.from_bytes(blake2b(f"{seed} {step}".encode(), digest_size=4).digest()) % below


def _as_shown(message: dict[str, Any]) -> Shown:
    words = str(message.get("text", message.get("caption", "")))
    return words, tuple(each["text"] for row in _rows(message) for each in row)


def _rows(message: dict[str, Any]) -> list[list[dict[str, Any]]]:
    rows: list[list[dict[str, Any]]] = message.get("reply_markup", {}).get("inline_keyboard", [])
    return rows
