"""Delivers updates to a bot's webhook: in order within a lane, one at a time, again and again until it says 200."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from bot.simulator.updates import Update, UpdateQueue

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  the name of a header
READ_TIMEOUT = 60
Execute = Callable[[dict[str, Any]], Awaitable[None]]


def default_backoff(failures: int) -> float:
    """Seconds to wait after so many failures in a row: 1, 2, 4 … at most a minute."""
    return float(min(60, 2 ** (failures - 1)))


class Webhook:
    """Where a bot's updates go. Lanes (a chat's messages, a person's presses) run side by side."""

    def __init__(
        self, queue: UpdateQueue, execute: Execute, now: Callable[[], int], backoff: Callable[[int], float]
    ) -> None:
        self._queue = queue
        self._execute = execute
        self._now = now
        self._backoff = backoff
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._session: aiohttp.ClientSession | None = None
        self._room = asyncio.Semaphore(40)
        self._secret = ""
        self._is_open = True
        self.url = ""
        self.max_connections = 40
        self.last_error = ""
        self.last_error_date = 0

    @property
    def secret(self) -> str:
        """What the bot recognises us by."""
        return self._secret

    def set(self, url: str, secret: str, max_connections: int) -> None:
        """Deliver there from now on, what waits first."""
        self.remove()
        self.keep(url, secret, max_connections)
        self.resume()

    def keep(self, url: str, secret: str, max_connections: int) -> None:
        """Remember where to deliver, but wait for `resume` (after a restart)."""
        self._is_open = False
        self.url, self._secret, self.max_connections = url, secret, max_connections
        self.last_error, self.last_error_date = "", 0
        self._room = asyncio.Semaphore(max_connections)
        self._queue.on_add = self._start_lane_of

    def resume(self) -> None:
        """Deliver what waits and what comes."""
        self._is_open = True
        for update in self._queue.waiting() if self.url else []:
            self._start_lane_of(update)

    def remove(self) -> None:
        """Deliver nothing any more."""
        self.url = ""
        self._queue.on_add = None
        for task in self._lanes.values():
            task.cancel()
        self._lanes.clear()

    async def close(self) -> None:
        """Stop delivering until it is resumed; the URL stays set."""
        self._is_open = False
        tasks = list(self._lanes.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._lanes.clear()
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _start_lane_of(self, update: Update) -> None:
        running = self._lanes.get(update.lane)
        if self._is_open and (running is None or running.done()):
            self._lanes[update.lane] = asyncio.get_running_loop().create_task(self._run(update.lane))

    async def _run(self, lane: str) -> None:
        failures = 0
        while (update := self._next_in(lane)) is not None:
            async with self._room:
                failure, reply = await self._deliver(update)
            if failure is None:
                failures = 0
                self._queue.remove(update.id)
                if isinstance(reply, dict) and isinstance(reply.get("method"), str):
                    await self._execute(reply)
                continue
            failures += 1
            self.last_error, self.last_error_date = failure, self._now()
            await asyncio.sleep(self._backoff(failures))

    def _next_in(self, lane: str) -> Update | None:
        return next((each for each in self._queue.waiting() if each.lane == lane), None)

    async def _deliver(self, update: Update) -> tuple[str | None, Any]:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=READ_TIMEOUT))
        headers = {SECRET_HEADER: self._secret} if self._secret else {}
        try:
            async with self._session.post(self.url, json=update.json(), headers=headers) as response:
                body = await response.read()
                if 200 <= response.status < 300:  # noqa: PLR2004  a success
                    return None, _reading(body)
                return f"Wrong response from the webhook: {response.status} {response.reason}", None
        except TimeoutError:
            return "Read timeout expired", None
        except aiohttp.ClientConnectorError:
            return "Connection refused", None
        except aiohttp.ClientError:
            return "Connection closed", None


def _reading(body: bytes) -> Any:
    try:
        return json.loads(body) if body.strip() else None
    except ValueError:
        return None
