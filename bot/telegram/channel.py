"""Carries messages to people over Telegram's Bot API: the only implementation of the protocol in `conversation/channel`."""

import logging
from pathlib import Path
from typing import Any, TypeVar

import orjson
import structlog
from telegram import Bot, InputFile, Message
from telegram.error import TelegramError

from bot.conversation.channel import ChannelError, Sent, Throttled, Unreachable
from bot.core.clock import Clock
from bot.core.errors import SettingError
from bot.telegram.errors import TokenRefused, meaning, refused_file, translated, unchanged
from bot.telegram.pictures import FileIds, Picture, Pictures
from bot.telegram.transport import HttpRequest, Ready

TELEGRAM = "https://api.telegram.org"

T = TypeVar("T", int, str)

log = structlog.get_logger()

_TOGETHER = 1.0  # seconds between two 429s that have one cause

_PICTURE = {"sendAnimation": "animation", "sendPhoto": "photo", "sendDocument": "document"}


class TelegramChannel:
    """
    A bot at Telegram. `open()` before use, `close()` at the end; `id` and `username` are known once it is open.

    Finished JSON bodies go out as they are through PTB's `BaseRequest.post`; what the program composes itself goes through
    the methods of `bot`. Updates are read on a connection of their own.
    """

    def __init__(
        self,
        token: str,
        clock: Clock,
        *,
        api_url: str = TELEGRAM,
        media: Path | None = None,
        file_ids: FileIds | None = None,
        proxy: str = "",
    ) -> None:
        if not token:
            raise SettingError("STILLHERE_BOT_TOKEN is empty. Ask @BotFather for a token.")
        # At DEBUG, PTB logs the parameters of every call: people's words.
        logging.getLogger("telegram").setLevel(logging.WARNING)
        self._clock = clock
        self._request = HttpRequest(proxy=proxy)
        self._updates_request = HttpRequest(connections=2, proxy=proxy)
        base_url = f"{api_url.rstrip('/')}/bot"
        self._prefix = f"{base_url}{token}/"
        self._pictures = Pictures(media, file_ids)
        self._refused: tuple[str, float] | None = None  # the last 429: for whom and when, if nothing went through since
        self.bot = Bot(token, base_url=base_url, request=self._request, get_updates_request=self._updates_request)
        self.id = 0
        self.username = ""

    async def open(self) -> None:
        """Ask Telegram who we are. Raises TokenRefused, or a ChannelError if Telegram cannot be reached."""
        with translated():
            await self.bot.initialize()
        self.id = self.bot.id
        self.username = self.bot.username

    async def close(self) -> None:
        """Close every connection, also those of a bot that was never quite open, which telegram leaves as they are."""
        await self._pictures.close()
        await self.bot.shutdown()
        await self._request.shutdown()
        await self._updates_request.shutdown()

    async def call(self, method: str, body: bytes) -> Sent:
        """See the protocol. "Message is not modified" is a success; a refused token counts as unreachable."""
        try:
            sent = await self._call(method, body)
        except TelegramError as error:
            if not unchanged(error):
                raise self._fault(error, body) from None
            sent = Sent(_field(body, "message_id", int))
        self._refused = None
        return sent

    async def answer(self, query_id: str, text: str = "") -> None:
        """See the protocol. Too late or not at all is no harm."""
        said = {"text": text[:200]} if text else {}
        try:
            await self._post("answerCallbackQuery", orjson.dumps({"callback_query_id": query_id, **said}))
        except TelegramError as error:
            log.debug("press not answered", fault=type(error).__name__)

    async def send_now(self, chat_id: int, text: str) -> None:
        """See the protocol."""
        body = orjson.dumps({"chat_id": chat_id, "text": text, "link_preview_options": {"is_disabled": True}})
        await self.call("sendMessage", body)

    async def updates(self, offset: int, *, wait: int, limit: int, kinds: list[str]) -> list[object]:
        """
        Long-poll for up to `wait` seconds; `offset` confirms everything below it (0: nothing).

        Raises a ChannelError (Contested among them) or TokenRefused.
        """
        asked = {"timeout": wait, "limit": limit, "allowed_updates": kinds} | ({"offset": offset} if offset else {})
        with translated():
            found = await self._updates_request.post(
                f"{self._prefix}getUpdates", Ready(orjson.dumps(asked)).as_request_data(), read_timeout=wait + 10
            )
        return list(found) if isinstance(found, list) else []

    async def _call(self, method: str, body: bytes) -> Sent:
        if method == "sendDocument" and isinstance(document := orjson.loads(body).get("document"), dict):
            return await self._send_document(_field(body, "chat_id", int), document)
        if method in _PICTURE and b'"media:' in body:
            return await self._send_picture(method, body)
        return _sent(await self._post(method, body))

    async def _post(self, method: str, body: bytes) -> Any:
        return await self._request.post(self._prefix + method, Ready(body).as_request_data())

    def _fault(self, error: TelegramError, body: bytes) -> ChannelError:
        fault = meaning(error)
        if isinstance(fault, TokenRefused):
            return Unreachable("token refused", left=False)
        if isinstance(fault, Throttled):
            return Throttled(fault.seconds, everywhere=self._is_everywhere(body))
        return fault if isinstance(fault, ChannelError) else Unreachable("not understood", left=True)

    def _is_everywhere(self, body: bytes) -> bool:
        """
        Telegram does not say whom a 429 is for.

        Two destinations right after one another: the whole bot, unless something went through between them.
        """
        destination = str(_field(body, "chat_id", int) or _field(body, "inline_message_id", str))
        before, self._refused = self._refused, (destination, self._clock.machine())
        return before is not None and before[0] != destination and self._refused[1] - before[1] <= _TOGETHER

    async def _send_picture(self, method: str, body: bytes) -> Sent:
        fields = orjson.loads(body)
        named = str(fields.pop(_PICTURE[method], ""))
        if not named.startswith("media:"):
            return _sent(await self._post(method, body))
        picture = self._pictures.find(named.removeprefix("media:"))
        async with self._pictures.uploading(picture):
            if not (file_id := await self._pictures.file_id(picture)):
                return await self._upload(method, fields, picture)
        try:
            return _sent(await self._post(method, orjson.dumps(fields | {_PICTURE[method]: file_id})))
        except TelegramError as error:
            if not refused_file(error):
                raise
        self._pictures.learn(picture, "")
        async with self._pictures.uploading(picture):
            return await self._upload(method, fields, picture)

    async def _send_document(self, chat_id: int, document: dict[str, str]) -> Sent:
        """A document that was composed for this one message."""
        file = InputFile(document["text"].encode(), filename=document["name"])
        return Sent((await self.bot.send_document(chat_id, file)).message_id)

    async def _upload(self, method: str, fields: dict[str, Any], picture: Picture) -> Sent:
        send: Any = {
            "sendAnimation": self.bot.send_animation,
            "sendPhoto": self.bot.send_photo,
            "sendDocument": self.bot.send_document,
        }[method]
        file = InputFile(picture.path.read_bytes(), filename=picture.path.name)
        chat_id = fields.pop("chat_id")
        message: Message = await send(chat_id, file, api_kwargs=fields)
        parts = (message.animation, message.photo[-1] if message.photo else None, message.document)
        file_id = next((part.file_id for part in parts if part), "")
        self._pictures.learn(picture, file_id)
        return Sent(message.message_id, file_id)


def _sent(result: Any) -> Sent:
    return Sent(result["message_id"]) if isinstance(result, dict) and "message_id" in result else Sent()


def _field(body: bytes, name: str, kind: type[T]) -> T:
    value = orjson.loads(body).get(name)
    return value if isinstance(value, kind) else kind()
