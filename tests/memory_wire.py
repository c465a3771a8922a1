"""A wire that leads nowhere: it remembers what was sent, and answers as a test wants it to."""

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass
from itertools import count

import orjson

from bot.conversation.channel import Sent
from bot.core.clock import Clock


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it reached Telegram, at this machine time."""

    at: float
    method: str
    chat: int
    text: str
    message_id: int
    answer: str


class Wire:
    """
    A Channel. Every call takes `latency` seconds; `faults[chat]` are raised by the next calls for that chat.

    While `gate` is closed, calls have reached Telegram and wait for their answer: all, or those of the texts `gated`.
    """

    def __init__(self, clock: Clock, latency: float = 0.0) -> None:
        self.clock, self.latency = clock, latency
        self.calls: list[Call] = []
        self.faults: defaultdict[int, deque[Exception]] = defaultdict(deque)
        self.gate = asyncio.Event()
        self.gate.set()
        self.gated: set[str] = set()
        self._arrived = asyncio.Event()
        self._ids = count(1000)

    async def call(self, method: str, body: bytes) -> Sent:
        request = orjson.loads(body)
        chat = request["chat_id"]
        fault = self.faults[chat].popleft() if self.faults[chat] else None
        answer = type(fault).__name__ if fault else "ok"
        text = request.get("text", "")
        self.calls.append(Call(self.clock.machine(), method, chat, text, request.get("message_id", 0), answer))
        self._arrived.set()
        if not self.gated or text in self.gated:
            await self.gate.wait()
        if self.latency:
            await self.clock.sleep(self.latency)
        if fault:
            raise fault
        return Sent(request.get("message_id") or next(self._ids))

    async def next_call(self) -> None:
        """Until a call has arrived that was not waited for before."""
        await self._arrived.wait()
        self._arrived.clear()

    async def heard(self, texts: int) -> None:
        """Until so many texts have arrived."""
        while len(self.texts()) < texts:
            await self.next_call()

    async def answer(self, query_id: str, text: str = "") -> None:
        """Nothing waits for it."""

    async def send_now(self, chat_id: int, text: str) -> None:
        """Remembered like any other call."""
        self.calls.append(Call(self.clock.machine(), "sendMessage", chat_id, text, 0, "ok"))

    def texts(self, chat: int | None = None) -> list[str]:
        """What arrived, in order, in one chat or in all."""
        return [call.text for call in self.calls if call.answer == "ok" and chat in {None, call.chat}]
