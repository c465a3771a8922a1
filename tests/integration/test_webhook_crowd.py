"""Whoever knocks at the webhook's port slowly, endlessly or in crowds holds up nobody, and costs little memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson
import pytest

import bot.hosting.brisk
import bot.hosting.serving
from bot.hosting.serving import Server
from bot.telegram.webhook import MAX_BODY, webhook_app

SECRET = "s3cret"
UPDATE = {"update_id": 1, "message": {"text": "one"}}


class Taken:
    """Stands where the inbox stands."""

    def __init__(self) -> None:
        self.updates: list[Any] = []

    async def take(self, updates: list[Any]) -> None:
        self.updates += updates


@pytest.fixture
def taken() -> Taken:
    return Taken()


@pytest.fixture
async def place(taken: Taken) -> AsyncIterator[tuple[str, int]]:
    """Where the webhook listens, on a real port."""
    server = Server("127.0.0.1:0", "STILLHERE_WEBHOOK_LISTEN")
    serving = asyncio.create_task(server.run(webhook_app(taken, path="/hook", secret=SECRET)))  # type: ignore[arg-type]
    host, _, port = server.address.rpartition(":")
    yield host, int(port)
    server.stop()
    await serving


SLOW = {
    "says nothing": b"",
    "half a line": b"POST /ho",
    "endless headers": b"POST /hook HTTP/1.1\r\nHost: a\r\nX-More: ",
    "half a body": b"POST /hook HTTP/1.1\r\nHost: a\r\nX-Telegram-Bot-Api-Secret-Token: s3cret\r\nContent-Length: 99\r\n\r\n{",
    "the rest later": b"POST /hook HTTP/1.1\r\nHost: a\r\nX-Telegram-Bot-Api-Secret-Token: s3cret\r\nContent-Length: 2\r\n\r\n{}POST",
}


@pytest.mark.parametrize("way", SLOW)
async def test_who_does_not_come_to_the_end_of_a_request_is_let_go(
    place: tuple[str, int], taken: Taken, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.hosting.brisk, "PATIENCE", 0.05)
    async with knocking(place) as (reader, writer):
        writer.write(SLOW[way])
        answers = await reader.read()  # until they hang up
    assert answers.count(b"HTTP/1.1 200") == (way == "the rest later")
    assert len(taken.updates) == (way == "the rest later")


async def test_a_crowd_of_the_slow_keeps_nobody_out(taken: Taken, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot.hosting.serving, "_AT_ONCE", 8)
    monkeypatch.setattr(bot.hosting.brisk, "PATIENCE", 3600)
    server = Server("127.0.0.1:0", "STILLHERE_WEBHOOK_LISTEN")
    serving = asyncio.create_task(server.run(webhook_app(taken, path="/hook", secret=SECRET)))  # type: ignore[arg-type]
    host, _, port = server.address.rpartition(":")
    crowd = []
    try:
        for _ in range(30):
            _, writer = await asyncio.open_connection(host, int(port))
            writer.write(SLOW["half a line"])
            crowd.append(writer)
        async with httpx.AsyncClient(base_url=f"http://{server.address}", trust_env=False) as telegram:
            for _ in range(3):
                assert (await post(telegram)).status_code == 200
    finally:
        for writer in crowd:
            writer.close()
        server.stop()
        await serving
    assert len(taken.updates) == 3


@pytest.mark.parametrize(
    ("header", "status"), [(b"X-Telegram-Bot-Api-Secret-Token: other", b"403"), (b"X-Other: a", b"403")]
)
async def test_who_does_not_know_the_secret_is_sent_away_before_the_body(
    place: tuple[str, int], header: bytes, status: bytes
) -> None:
    async with knocking(place) as (reader, writer):
        writer.write(b"POST /hook HTTP/1.1\r\nHost: a\r\n" + header + b"\r\nContent-Length: 1000000\r\n\r\n{")
        assert (await reader.read()).startswith(b"HTTP/1.1 " + status)


async def test_no_more_than_a_body_is_taken_in(place: tuple[str, int], taken: Taken) -> None:
    head = b"POST /hook HTTP/1.1\r\nHost: a\r\nX-Telegram-Bot-Api-Secret-Token: s3cret\r\nTransfer-Encoding: chunked\r\n\r\n"
    piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    async with knocking(place) as (reader, writer):
        writer.write(head)
        sent = 0
        try:
            while not reader.at_eof() and sent < 8 * MAX_BODY:
                writer.write(piece)
                await writer.drain()
                sent += len(piece)
                await asyncio.sleep(0)
            answer = await reader.read()
        except ConnectionError:
            answer = b""
    assert sent < 8 * MAX_BODY
    assert answer[:12] in {b"HTTP/1.1 413", b""}  # a reset may swallow the word
    assert taken.updates == []


async def post(client: httpx.AsyncClient) -> httpx.Response:
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    return await client.post("/hook", content=orjson.dumps(UPDATE), headers=headers)


@asynccontextmanager
async def knocking(place: tuple[str, int]) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(*place)
    try:
        yield reader, writer
    finally:
        writer.close()
