"""The real simulator with its page in a thread of its own, and the bot's end of the wire in the test's hand."""

import asyncio
import contextlib
import json
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Any

import aiohttp

from bot.simulator import SimulatedClock, Simulator, serve

Json = dict[str, Any]

TOKEN = "9:stage-token"
EVENING = datetime(2026, 11, 22, 19, 24, 5, tzinfo=UTC)
WAIT = 10


class Stage:
    """Ann and Ben's phones at `url`, and the only bot they have, played by the test through the real Bot API.

    Story time stands still but for skips: Sunday, 20:24 in Berlin, 14:24 in New York.
    """

    def __init__(self) -> None:
        self.due: int | None = None
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="stage")
        self._offset = 0
        self._waiting: list[Json] = []
        self._api = ""
        self._stop: asyncio.Event | None = None
        self._serving: Future[None] | None = None
        self._session: aiohttp.ClientSession | None = None

    def open(self, port: int = 0) -> None:
        """Begin with a fresh world; a stage that was closed may open again on its old port."""
        if not self._thread.is_alive():
            self._thread.start()
        ready: Future[None] = Future()
        self._serving = asyncio.run_coroutine_threadsafe(self._serve(port, ready), self._loop)
        ready.result(WAIT)

    def close(self) -> None:
        """The server goes; the page stays alone."""
        if self._stop is not None and self._serving is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._serving.result(WAIT)
            self._stop = None

    def end(self) -> None:
        """Close, and the thread too."""
        self.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WAIT)
        self._loop.close()

    def call(self, method: str, **given: Any) -> Any:
        """A call of the Bot API; bytes go as an uploaded file. Returns its result."""
        return self._do(self._call(method, given))

    def say(self, user_id: int, text: str, *rows: list[Json], **more: Any) -> int:
        """Send a message with an inline keyboard of `rows`. Returns the message's id."""
        markup = {"reply_markup": {"inline_keyboard": list(rows)}} if rows else {}
        return int(self.call("sendMessage", chat_id=user_id, text=text, **markup, **more)["message_id"])

    def hears(self, kind: str) -> Json:
        """The next update of this kind; others before it are passed over."""
        update: Json = self._do(self._hears(kind))
        return update

    async def _serve(self, port: int, ready: "Future[None]") -> None:
        self._stop = asyncio.Event()
        self._offset = 0
        self._waiting = []
        simulator = Simulator(SimulatedClock(lambda: EVENING), limits=False)
        simulator.add_bot(TOKEN, "stillhere_bot", "Stillhere")
        simulator.add_user("Ann", time_zone="Europe/Berlin")
        simulator.add_user("Ben", time_zone="America/New_York")
        async with (
            serve(simulator, page_port=port, next_due=lambda: self.due) as served,
            aiohttp.ClientSession() as session,
        ):
            self._session, self._api, self.url = session, served.api_url, served.page_url
            ready.set_result(None)
            await self._stop.wait()

    async def _call(self, method: str, given: Json) -> Any:
        assert self._session is not None
        form = aiohttp.FormData()
        for name, value in given.items():
            if isinstance(value, bytes):
                form.add_field(name, value, filename=f"{name}.gif" if value.startswith(b"GIF") else f"{name}.png")
            else:
                form.add_field(name, value if isinstance(value, str) else json.dumps(value))
        async with self._session.post(f"{self._api}/bot{TOKEN}/{method}", data=form) as response:
            body = await response.json()
        assert body["ok"], body
        return body["result"]

    async def _hears(self, kind: str) -> Json:
        async with asyncio.timeout(WAIT):
            while True:
                while self._waiting:
                    update = self._waiting.pop(0)
                    if kind in update:
                        found: Json = update[kind]
                        return found
                self._waiting = await self._call("getUpdates", {"offset": self._offset, "timeout": WAIT})
                self._offset = max(update["update_id"] for update in self._waiting) + 1

    def _do(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(WAIT * 2)


@contextlib.contextmanager
def open_stage(port: int = 0) -> Iterator[Stage]:
    """A stage for one test."""
    stage = Stage()
    stage.open(port)
    try:
        yield stage
    finally:
        stage.end()
