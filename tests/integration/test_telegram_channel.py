"""The channel over a real socket: the very requests Telegram's own library makes, and a name for every fault."""

import asyncio
import io
import json
import logging
import socket
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.error import NetworkError

from bot.conversation.channel import Blocked, ChannelError, Rejected, Sent, Throttled, Unreachable
from bot.core.errors import DatabaseUnavailable, SettingError
from bot.telegram.channel import TelegramChannel
from bot.telegram.errors import Contested, TokenRefused, public
from bot.telegram.transport import HttpRequest, NeverLeft, Ready
from tests.bot_api_wire import TOKEN, Wire, drop, open_wire, refuse, say
from tests.clocks import SteppedClock

WORDS = "words only Ann may read"


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with open_wire() as opened:
        yield opened


@pytest.fixture
async def channel(wire: Wire, tmp_path: Path) -> AsyncIterator[TelegramChannel]:
    (tmp_path / "breath.mp4").write_bytes(b"moving picture")
    (tmp_path / "chart.png").write_bytes(b"picture")
    opened = TelegramChannel(TOKEN, SteppedClock(), api_url=wire.url, media=tmp_path)
    await opened.open()
    yield opened
    await opened.close()


def body(**fields: Any) -> bytes:
    return json.dumps({"chat_id": 42, "text": WORDS} | fields).encode()


async def test_it_knows_who_it_is(channel: TelegramChannel) -> None:
    assert (channel.id, channel.username) == (7, "Still_bot")


async def test_a_message_goes_out_as_it_was_stored(channel: TelegramChannel, wire: Wire) -> None:
    assert await channel.call("sendMessage", body(disable_notification=True)) == Sent(100)
    assert wire.asked("sendMessage") == [{"chat_id": 42, "text": WORDS, "disable_notification": True}]


async def test_ready_bytes_make_the_same_request_as_the_library(channel: TelegramChannel, wire: Wire) -> None:
    rows: Any = [[{"text": "20 minutes", "callback_data": "p.1.2.0"}]]
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("20 minutes", callback_data="p.1.2.0")]])
    markup = {"inline_keyboard": rows}
    calm = LinkPreviewOptions(is_disabled=True)
    await channel.bot.send_message(42, WORDS, reply_markup=keyboard, disable_notification=True)
    await channel.call("sendMessage", body(reply_markup=markup, disable_notification=True))
    await channel.bot.edit_message_text(WORDS, 42, 9, reply_markup=keyboard)
    await channel.call("editMessageText", body(message_id=9, reply_markup=markup))
    await channel.bot.edit_message_reply_markup(42, 9, reply_markup=keyboard)
    await channel.call(
        "editMessageReplyMarkup", json.dumps({"chat_id": 42, "message_id": 9, "reply_markup": markup}).encode()
    )
    await channel.bot.answer_callback_query("q1")
    await channel.answer("q1")
    await channel.bot.answer_callback_query("q1", "Noted")
    await channel.answer("q1", "Noted")
    await channel.bot.send_message(42, WORDS, link_preview_options=calm)
    await channel.send_now(42, WORDS)
    await channel.bot.get_updates(offset=3, timeout=0, limit=5, allowed_updates=["message"])
    await channel.updates(3, wait=0, limit=5, kinds=["message"])
    calls = wire.calls[1:]
    assert len(calls) == 14
    for theirs, ours in zip(calls[::2], calls[1::2], strict=True):
        assert ours == theirs
    assert {headers["Content-Type"] for headers in wire.headers[1:]} == {"application/json"}


async def test_a_connection_is_used_again(channel: TelegramChannel, wire: Wire) -> None:
    for _ in range(5):
        await channel.call("sendMessage", body())
    assert len(wire.connections) == 1


@pytest.mark.parametrize(
    ("code", "description", "fault"),
    [
        (403, "Forbidden: bot was blocked by the user", Blocked("Forbidden")),
        (403, "Forbidden: user is deactivated", Blocked("Forbidden")),
        (400, "Bad Request: chat not found", Blocked("Chat not found")),
        (400, "Bad Request: PEER_ID_INVALID", Blocked("Peer_id_invalid")),
        (400, "Bad Request: message to edit not found", Rejected("Message to edit not found", gone=True)),
        (400, "Bad Request: message can't be edited", Rejected("Message can't be edited", gone=True)),
        (400, "Bad Request: BUTTON_DATA_INVALID", Rejected("Button_data_invalid")),
        (
            400,
            f'Bad Request: can\'t parse entities: Unsupported start tag "{WORDS}" at 3',
            Rejected("Can't parse entities"),
        ),
        (413, "Request Entity Too Large", Rejected("Request Entity Too Large")),
        (500, "Internal Server Error", Unreachable("Internal Server Error", left=True)),
        (502, "Bad Gateway", Unreachable("Bad Gateway", left=True)),
        (401, "Unauthorized", Unreachable("token refused", left=False)),
        (429, "Too Many Requests", Throttled(1)),
    ],
)
async def test_each_refusal_has_its_name(
    channel: TelegramChannel, wire: Wire, code: int, description: str, fault: ChannelError
) -> None:
    wire.then("sendMessage", refuse(code, description))
    with pytest.raises(ChannelError) as raised:
        await channel.call("sendMessage", body())
    assert type(raised.value) is type(fault)
    assert str(raised.value) == str(fault)
    assert vars(raised.value) == vars(fault)
    assert WORDS not in str(raised.value)


async def test_not_modified_is_a_success(channel: TelegramChannel, wire: Wire) -> None:
    wire.then("editMessageText", refuse(400, "Bad Request: message is not modified: specified new message content …"))
    assert await channel.call("editMessageText", body(message_id=9)) == Sent(9)


async def test_a_wait_is_exactly_as_long_as_asked(channel: TelegramChannel, wire: Wire) -> None:
    wire.then("sendMessage", refuse(429, "Too Many Requests: retry after 7", retry_after=7))
    with pytest.raises(Throttled) as raised:
        await channel.call("sendMessage", body())
    assert (raised.value.seconds, raised.value.everywhere) == (7, False)


async def test_a_request_that_never_left_says_so(wire: Wire, unused_tcp_port: int) -> None:
    channel = TelegramChannel(TOKEN, SteppedClock(), api_url=f"http://127.0.0.1:{unused_tcp_port}")
    with pytest.raises(Unreachable) as raised:
        await channel.open()
    await channel.close()
    assert not raised.value.left
    assert TOKEN not in str(raised.value)
    assert wire.calls == []


@pytest.mark.parametrize(
    "answer",
    [
        drop,
        lambda _: say(502, "<html>bad gateway</html>"),
        lambda _: say(200, "<html>log in to this hotel</html>"),
        lambda _: say(200, '{"ok":false,"description":"odd"}'),
        lambda _: say(200, '{"ok":true}'),
        lambda _: say(200, "[]"),
        lambda _: say(200, ""),
        lambda _: say(302, ""),
        lambda _: say(599, "{}"),
    ],
)
async def test_an_answer_that_is_none_leaves_the_outcome_open(
    channel: TelegramChannel, wire: Wire, answer: Any
) -> None:
    await channel.call("sendMessage", body())
    wire.then("sendMessage", answer(wire))
    with pytest.raises(Unreachable) as raised:
        await channel.call("sendMessage", body())
    assert raised.value.left
    assert await channel.call("sendMessage", body()) == Sent(100)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", b"what?\r\n\r\n"])
@pytest.mark.parametrize("reset", [False, True])
async def test_a_connection_that_is_lost_after_the_request_left_leaves_the_outcome_open(
    answer: bytes, reset: bool
) -> None:
    async def lose(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b'"words only Ann may read"')
        writer.write(answer)
        await writer.drain()
        if reset:
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.close()

    async with await asyncio.start_server(lose, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        request = HttpRequest()
        await request.initialize()
        with pytest.raises(NetworkError) as raised:
            await request.post(
                f"http://{host}:{port}/bot{TOKEN}/sendMessage", Ready(b'"words only Ann may read"').as_request_data()
            )
        await request.shutdown()
    assert not isinstance(raised.value, NeverLeft)
    assert TOKEN not in str(raised.value)


async def test_the_token_follows_no_redirect(channel: TelegramChannel, wire: Wire) -> None:
    wire.then("sendMessage", say(307, "", Location=f"{wire.url}/bot{TOKEN}/elsewhere"))
    with pytest.raises(Unreachable):
        await channel.call("sendMessage", body())
    assert wire.asked("elsewhere") == []


async def test_a_wrong_token_is_one_clear_line(wire: Wire) -> None:
    wire.then("getMe", refuse(401, "Unauthorized"))
    channel = TelegramChannel(TOKEN, SteppedClock(), api_url=wire.url)
    with pytest.raises(TokenRefused, match="STILLHERE_BOT_TOKEN") as raised:
        await channel.open()
    await channel.close()
    assert TOKEN not in str(raised.value)
    with pytest.raises(SettingError, match="STILLHERE_BOT_TOKEN is empty"):
        TelegramChannel("", SteppedClock())


async def test_two_readers_are_told_apart_from_a_webhook(channel: TelegramChannel, wire: Wire) -> None:
    wire.then(
        "getUpdates",
        refuse(
            409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
        ),
        refuse(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete it"),
    )
    webhook = []
    for _ in range(2):
        with pytest.raises(Contested) as raised:
            await channel.updates(0, wait=0, limit=1, kinds=[])
        webhook.append(raised.value.webhook)
    assert webhook == [False, True]


async def test_a_late_answer_to_a_press_is_no_fault(channel: TelegramChannel, wire: Wire) -> None:
    wire.then(
        "answerCallbackQuery", refuse(400, "Bad Request: query is too old and response timeout expired"), drop(wire)
    )
    await channel.answer("q1")
    await channel.answer("q2", "x" * 500)
    assert wire.asked("answerCallbackQuery")[1]["text"] == "x" * 200


class Remembered:
    """File ids of an earlier run."""

    def __init__(self, **known: str) -> None:
        self.known = known
        self.kept: list[tuple[str, str, str]] = []
        self.lost = False

    async def recall(self, name: str, digest: str) -> str:
        if self.lost:
            raise DatabaseUnavailable("gone")
        return self.known.pop(name, "") if digest else ""

    async def remember(self, name: str, digest: str, file_id: str) -> None:
        if self.lost:
            raise DatabaseUnavailable("gone")
        self.kept.append((name, digest, file_id))


async def test_a_picture_is_uploaded_once(channel: TelegramChannel, wire: Wire) -> None:
    picture = {"chat_id": 42, "animation": "media:breath", "caption": "In …", "reply_markup": {"inline_keyboard": [[]]}}
    asked = json.dumps(picture).encode()
    assert await channel.call("sendAnimation", asked) == Sent(100, "A1")
    assert await channel.call("sendAnimation", asked) == Sent(100)
    upload, again = wire.asked("sendAnimation")
    assert upload["animation"] == ("breath.mp4", b"moving picture")
    assert (upload["chat_id"], upload["caption"], upload["reply_markup"]) == ("42", "In …", '{"inline_keyboard": [[]]}')
    assert again == picture | {"animation": "A1"}


async def test_two_first_sends_are_one_upload(channel: TelegramChannel, wire: Wire) -> None:
    asked = json.dumps({"chat_id": 42, "photo": "media:chart.png"}).encode()
    sent = await asyncio.gather(*(channel.call("sendPhoto", asked) for _ in range(3)))
    assert sorted(done.file_id for done in sent) == ["", "", "P2"]
    assert [call["photo"] for call in wire.asked("sendPhoto")][1:] == ["P2", "P2"]


async def test_a_file_id_is_recalled_and_replaced_when_refused(wire: Wire, tmp_path: Path) -> None:
    (tmp_path / "breath.mp4").write_bytes(b"moving picture")
    remembered = Remembered(breath="OLD")
    channel = TelegramChannel(TOKEN, SteppedClock(), api_url=wire.url, media=tmp_path, file_ids=remembered)
    await channel.open()
    asked = json.dumps({"chat_id": 42, "animation": "media:breath"}).encode()
    assert await channel.call("sendAnimation", asked) == Sent(100)
    wire.then("sendAnimation", refuse(400, "Bad Request: wrong file identifier/HTTP URL specified"))
    assert await channel.call("sendAnimation", asked) == Sent(100, "A1")
    assert await channel.call("sendAnimation", asked) == Sent(100)
    (tmp_path / "breath.mp4").write_bytes(b"another moving picture")
    assert await channel.call("sendAnimation", asked) == Sent(100, "A1")
    await channel.close()
    first, second = wire.asked("sendAnimation")[:2]
    assert (first["animation"], second["animation"]) == ("OLD", "OLD")
    assert [(name, file_id) for name, _, file_id in remembered.kept] == [("breath", "A1")] * 2
    assert len({digest for _, digest, _ in remembered.kept}) == 2


async def test_a_database_that_is_gone_does_not_keep_a_picture_back(wire: Wire, tmp_path: Path) -> None:
    (tmp_path / "breath.mp4").write_bytes(b"moving picture")
    remembered = Remembered()
    remembered.lost = True
    channel = TelegramChannel(TOKEN, SteppedClock(), api_url=wire.url, media=tmp_path, file_ids=remembered)
    await channel.open()
    asked = json.dumps({"chat_id": 42, "animation": "media:breath"}).encode()
    assert await channel.call("sendAnimation", asked) == Sent(100, "A1")
    assert await channel.call("sendAnimation", asked) == Sent(100)
    await channel.close()


@pytest.mark.parametrize("name", ["nothing", "../secret", "/etc/passwd", "", "."])
async def test_a_picture_that_is_not_there_is_refused_before_the_wire(
    channel: TelegramChannel, wire: Wire, name: str
) -> None:
    with pytest.raises(Rejected, match="no such picture"):
        await channel.call("sendPhoto", json.dumps({"chat_id": 42, "photo": f"media:{name}"}).encode())
    assert wire.asked("sendPhoto") == []


async def test_words_that_look_like_a_picture_stay_words(channel: TelegramChannel, wire: Wire) -> None:
    await channel.call("sendMessage", body(text="media:breath"))
    await channel.call("sendPhoto", body(photo="P9", caption='"media:x'))
    assert wire.asked("sendMessage")[0]["text"] == "media:breath"
    assert wire.asked("sendPhoto")[0]["photo"] == "P9"


async def test_neither_words_nor_token_reach_a_log(
    wire: Wire, caplog: pytest.LogCaptureFixture, unused_tcp_port: int
) -> None:
    caplog.set_level(logging.DEBUG)
    written = io.StringIO()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(written))
    try:
        for url in (wire.url, f"http://127.0.0.1:{unused_tcp_port}"):
            channel = TelegramChannel(TOKEN, SteppedClock(), api_url=url)
            wire.then("sendMessage", refuse(400, f"Bad Request: {WORDS}"), say(200, WORDS), say(500, WORDS), drop(wire))
            faults: list[BaseException] = []
            try:
                await channel.open()
                await channel.bot.send_chat_action(42, WORDS)
                await channel.answer("q", WORDS)
            except ChannelError as fault:
                faults.append(fault)
            for _ in range(4):
                with pytest.raises(ChannelError) as raised:
                    await channel.call("sendMessage", body())
                faults.append(raised.value)
            await channel.close()
            assert all(fault.__cause__ is None and fault.__suppress_context__ for fault in faults)
            assert not any(TOKEN in str(fault) for fault in faults)
    finally:
        structlog.reset_defaults()
    assert TOKEN not in caplog.text + written.getvalue()
    assert WORDS not in caplog.text + written.getvalue()


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ('Can\'t parse entities: unsupported start tag "words" at byte offset 3', "Can't parse entities"),
        ("Bad Gateway (502). Parsing the server response b'<html>words' failed", "Bad Gateway (502)"),
        ("Button text 'words' is bad", "Button text"),
        ("one\nwords", "one"),
    ],
)
def test_a_reason_quotes_nothing(message: str, shown: str) -> None:
    assert public(message) == shown


async def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch, wire: Wire) -> None:
    monkeypatch.setenv("HTTP_PROXY", wire.url)
    monkeypatch.setenv("NO_PROXY", "")
    channel = TelegramChannel(TOKEN, SteppedClock(), api_url="http://api.example")
    await channel.open()
    await channel.close()
    assert wire.headers[0]["Host"] == "api.example"
    monkeypatch.setenv("HTTP_PROXY", "socks5://127.0.0.1:1")
    lost = TelegramChannel(TOKEN, SteppedClock(), api_url="http://api.example")
    with pytest.raises(Unreachable, match="proxy"):
        await lost.open()
    await lost.close()
