"""The far end of the wire: answers Bot API calls over a real socket just as a test says, also in ways no server should."""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

TOKEN = "7:secret-token"
ME = {"id": 7, "is_bot": True, "first_name": "Still", "username": "Still_bot"}

Answer = Callable[[dict[str, Any]], Awaitable[web.StreamResponse]]


@dataclass
class Wire:
    """What was asked (`calls`: method and parameters), and what the next answers are."""

    url: str = ""
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    connections: set[Any] = field(default_factory=set)
    updates: asyncio.Queue[list[dict[str, Any]]] = field(default_factory=asyncio.Queue)
    _next: dict[str, deque[Answer]] = field(default_factory=lambda: defaultdict(deque))

    def then(self, method: str, *answers: Answer) -> None:
        """The next calls of `method` get these answers, one after the other; after them the usual one."""
        self._next[method].extend(answers)

    def asked(self, method: str) -> list[dict[str, Any]]:
        return [parameters for name, parameters in self.calls if name == method]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        parameters = await _parameters(request)
        self.calls.append((method, parameters))
        self.headers.append(dict(request.headers))
        self.connections.add(request.transport)
        if self._next[method]:
            return await self._next[method].popleft()(parameters)
        if method == "getUpdates":
            return await self._long_poll(parameters)
        result = _RESULTS[method](parameters) if method in _RESULTS else True
        return await ok(result)(parameters)

    async def _long_poll(self, parameters: dict[str, Any]) -> web.StreamResponse:
        found = await self.updates.get() if parameters["timeout"] else []
        return await ok(found)(parameters)


@asynccontextmanager
async def open_wire() -> AsyncIterator[Wire]:
    wire = Wire()
    app = web.Application(client_max_size=1 << 24)
    app.router.add_post(f"/bot{TOKEN}/{{method}}", wire.serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    wire.url = f"http://{host}:{port}"
    yield wire
    await runner.cleanup()


def ok(result: Any) -> Answer:
    return say(200, json.dumps({"ok": True, "result": result}))


def refuse(code: int, description: str, **parameters: Any) -> Answer:
    body = {"ok": False, "error_code": code, "description": description}
    return say(code, json.dumps(body | ({"parameters": parameters} if parameters else {})))


def say(status: int, text: str, **headers: str) -> Answer:
    async def answer(_: dict[str, Any]) -> web.StreamResponse:
        return web.Response(status=status, body=text.encode(), content_type="application/json", headers=headers)

    return answer


def drop(wire: Wire) -> Answer:
    """Close every connection instead of an answer."""

    async def answer(_: dict[str, Any]) -> web.StreamResponse:
        for transport in list(wire.connections):
            transport.abort()
        return web.Response()

    return answer


def _message(parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"message_id": 100, "date": 1, "chat": {"id": parameters["chat_id"], "type": "private"}} | more


_SIZES = [{"file_id": f"P{size}", "file_unique_id": "u", "width": size, "height": size} for size in (1, 2)]
_ANIMATION = {"file_id": "A1", "file_unique_id": "u", "width": 1, "height": 1, "duration": 1}
_RESULTS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "getMe": lambda _: ME,
    "getWebhookInfo": lambda _: {"url": "", "has_custom_certificate": False, "pending_update_count": 0},
    "sendMessage": lambda given: _message(given, text=given["text"]),
    "editMessageText": lambda given: _message(given, text=given["text"]),
    "editMessageReplyMarkup": _message,
    "sendAnimation": lambda given: _message(given, animation=_ANIMATION),
    "sendPhoto": lambda given: _message(given, photo=_SIZES),
}


async def _parameters(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/json":
        found: dict[str, Any] = json.loads(await request.read())
        return found
    return {
        name: (value.filename, value.file.read()) if isinstance(value, web.FileField) else value
        for name, value in (await request.post()).items()
    }
