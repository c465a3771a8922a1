"""Takes updates that Telegram brings by itself, and answers 200 only after their turns have committed."""

import hmac
import re

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from bot.conversation.channel import Rejected
from bot.core.errors import DatabaseUnavailable, SettingError
from bot.telegram.channel import TelegramChannel
from bot.telegram.errors import translated
from bot.telegram.inbox import Inbox
from bot.telegram.transport import loads
from bot.telegram.updates import KINDS

MAX_BODY = 1 << 20
"""Bytes; the longest update is far below."""

_LEAVE = {"Connection": "close"}

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


def webhook_app(inbox: Inbox, *, path: str, secret: str) -> Starlette:
    """
    The webhook door, listening at `path` for requests that carry `secret`.

    Requests that wait at the same moment become one batch, in the inbox. Raises SettingError for a secret Telegram
    would not take.
    """
    if not _SECRET.fullmatch(secret):
        raise SettingError("STILLHERE_WEBHOOK_SECRET has to be 1 to 256 letters, digits, _ or -.")
    expected = secret.encode()

    async def receive(request: Request) -> Response:
        shown = request.headers.get("x-telegram-bot-api-secret-token", "")
        if not hmac.compare_digest(shown.encode("utf-8", "replace"), expected):
            return Response(status_code=403, headers=_LEAVE)
        body = await _body(request)
        if body is None:
            return Response(status_code=413, headers=_LEAVE)
        update = loads(body)
        if not isinstance(update, dict):
            return Response(status_code=400)
        try:
            await inbox.take([update])
        except DatabaseUnavailable:
            return Response(status_code=503)
        return Response()

    return Starlette(routes=[Route(path, receive, methods=["POST"])])


async def register(channel: TelegramChannel, url: str, secret: str, *, connections: int = 100) -> None:
    """Tell Telegram to bring updates to `url`. Raises SettingError if it does not accept it, or a ChannelError."""
    try:
        with translated():
            await channel.bot.set_webhook(
                url, secret_token=secret, max_connections=connections, allowed_updates=KINDS, drop_pending_updates=False
            )
    except Rejected as fault:
        raise SettingError(f"Telegram does not accept STILLHERE_WEBHOOK_URL: {fault.reason}") from None


async def _body(request: Request) -> bytes | None:
    """The whole body, or None as soon as it is clear that it is too long."""
    told = request.headers.get("content-length", "0")
    if not told.isdecimal() or int(told) > MAX_BODY:
        return None
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > MAX_BODY:
                return None
    except ClientDisconnect:
        return b""
    return bytes(body)
