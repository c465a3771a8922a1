"""What the tests of both doors share: a conversation that keeps its batches, updates to hand in, and ways to wait."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from bot.core.events import Incoming, Verdict, Wrote
from tests.clocks import SteppedClock

CARD, GROUP_LINE = "Please call 112.", "I work in private chats only."
HALF = timedelta(seconds=0.5)


def detect(text: str) -> Verdict | None:
    return Verdict("self-harm", "explicit") if text == "DANGER" else None


class Turns:
    """Stands where the conversation stands: keeps each batch, and fails or waits as told."""

    def __init__(self) -> None:
        self.batches: list[list[Incoming]] = []
        self.faults: list[Exception | None] = []
        self.open = asyncio.Event()
        self.open.set()

    async def handle(self, batch: list[Incoming]) -> None:
        self.batches.append(batch)
        await self.open.wait()
        if fault := self.faults.pop(0) if self.faults else None:
            raise fault

    @property
    def words(self) -> list[list[str]]:
        return [[event.event.text for event in batch if isinstance(event.event, Wrote)] for batch in self.batches]


def text(update_id: int, words: str = "hello", user: int = 42) -> dict[str, Any]:
    sender, chat = {"id": user, "is_bot": False, "first_name": "A"}, {"id": user, "type": "private"}
    return {
        "update_id": update_id,
        "message": {"message_id": 1, "date": 1, "from": sender, "chat": chat, "text": words},
    }


def press(update_id: int, data: str, user: int = 42) -> dict[str, Any]:
    message = text(update_id, user=user)["message"]
    return {
        "update_id": update_id,
        "callback_query": {"id": "9", "from": message["from"], "message": message, "data": data},
    }


def in_group(update_id: int) -> dict[str, Any]:
    update = text(update_id, "/start@still_bot")
    update["message"]["chat"] = {"id": -1001, "type": "group"}
    return update


async def until(holds: Callable[[], object]) -> None:
    """Let everything else run until `holds`."""
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - the event loop's own turns are what is waited for
            await asyncio.sleep(0)


def sleepers(clock: SteppedClock) -> int:
    return len(clock._moved)


def running(work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
    return asyncio.create_task(work)
