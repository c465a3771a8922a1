"""The HTTP face of the Bot API: /bot<token>/<method> and file downloads, as bots call them."""

import asyncio
import json
import re
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bot.simulator.bot_api import perform
from bot.simulator.chats import Account, Json
from bot.simulator.errors import ApiError, ConnectionDroppedError
from bot.simulator.files import MAX_DOWNLOAD, Upload
from bot.simulator.simulator import Simulator

Given = tuple[dict[str, Any], dict[str, Upload]]


def bot_api_app(simulator: Simulator) -> Starlette:
    """The Bot API of this simulator; whoever listens sets `app.state.reset`, which breaks a request's connection."""

    async def answer_call(request: Request) -> Response:
        try:
            account = _account(simulator, request.path_params["token"])
            given, files = await _read(request)
            status, body = await _while_connected(simulator, request, account, given, files)
        except ApiError as error:
            status, body = error.code, error.body()
        except (ConnectionDroppedError, ClientDisconnect):
            request.app.state.reset(request.scope)
            return _Silence()
        return _json(status, body)

    async def download(request: Request) -> Response:
        try:
            account = _account(simulator, request.path_params["token"])
        except ApiError as error:
            return _json(error.code, error.body())
        stored = simulator.cabinet.at_path(request.path_params["path"])
        mine = stored is not None and (stored.owner == account.id or stored.owner in simulator.world.users)
        if stored is None or not mine or len(stored.content) > MAX_DOWNLOAD:
            return _json(404, {"ok": False, "error_code": 404, "description": "Not Found"})
        return Response(stored.content, media_type="application/octet-stream")

    async def lost(_request: Request) -> Response:
        return _json(404, {"ok": False, "error_code": 404, "description": "Not Found"})

    return Starlette(
        routes=[
            Route("/bot{token}/{method}", answer_call, methods=["GET", "POST"]),
            Route("/file/bot{token}/{path:path}", download),
            Route("/{path:path}", lost, methods=["GET", "POST"]),
        ]
    )


class _Silence(Response):
    """No answer at all: the connection is gone."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        while (await receive())["type"] != "http.disconnect":
            pass


def _account(simulator: Simulator, token: str) -> Account:
    found = re.fullmatch(r"(\d{1,15}):([A-Za-z0-9_-]{3,80})", token)
    if found is None:
        raise ApiError(404, "Not Found")
    account = simulator.world.accounts.get(int(found[1]))
    if account is None or account.token != token:
        raise ApiError(401, "Unauthorized")
    return account


async def _while_connected(
    simulator: Simulator, request: Request, account: Account, given: dict[str, Any], files: dict[str, Upload]
) -> tuple[int, Json]:
    """The answer to a call; one that waits is given up when the bot hangs up, so that no dead poller lingers."""
    method = request.path_params["method"]
    if method.lower() != "getupdates" and not simulator.faults.any:
        return await perform(simulator, account, method, given, files)
    work = asyncio.ensure_future(perform(simulator, account, method, given, files))
    hang_up = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait({work, hang_up}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            raise ClientDisconnect
        return work.result()
    finally:
        for task in (work, hang_up):
            task.cancel()
        await asyncio.gather(work, hang_up, return_exceptions=True)


async def _read(request: Request) -> Given:
    """Parameters from the query and from a body of any of the three kinds.

    Raises:
        ApiError: 400 for a body that cannot be read.
    """
    given: dict[str, Any] = dict(request.query_params)
    files: dict[str, Upload] = {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        body = await request.body()
        try:
            parsed = json.loads(body) if body.strip() else {}
        except ValueError:
            raise ApiError(400, "Bad Request: can't parse JSON object") from None
        if not isinstance(parsed, dict):
            raise ApiError(400, "Bad Request: object expected")
        given |= {name: value for name, value in parsed.items() if value is not None}
    elif kind in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        async with request.form(max_part_size=4 * 1024 * 1024) as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    files[name] = Upload(value.filename or name, await value.read(), value.content_type or "")
                else:
                    given[name] = value
    return given, files


def _json(status: int, body: Json) -> Response:
    raw = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode(errors="replace")
    return Response(raw, status_code=status, media_type="application/json")
