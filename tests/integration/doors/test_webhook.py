"""The webhook: 200 means committed, and strangers are refused early."""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from bot.core.errors import DatabaseUnavailable, SettingError
from bot.telegram.channel import TelegramChannel
from bot.telegram.inbox import Inbox
from bot.telegram.updates import KINDS
from bot.telegram.webhook import MAX_BODY, register, webhook_app
from tests.bot_api_wire import Wire, refuse
from tests.integration.doors.desk import Turns, text, until

SECRET = "s3cret"


@pytest.fixture
async def web(inbox: Inbox) -> AsyncIterator[httpx.AsyncClient]:
    app = webhook_app(inbox, path="/hook", secret=SECRET)
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://stillhere.example", headers=headers
    ) as client:
        yield client


async def test_200_means_committed(web: httpx.AsyncClient, turns: Turns) -> None:
    turns.open.clear()
    asked = asyncio.create_task(web.post("/hook", json=text(1)))
    await until(lambda: turns.batches)
    assert not asked.done()
    turns.open.set()
    assert (await asked).status_code == 200
    assert turns.words == [["hello"]]


async def test_503_when_the_database_is_gone(web: httpx.AsyncClient, turns: Turns) -> None:
    turns.faults = [DatabaseUnavailable("gone")]
    assert (await web.post("/hook", json=text(1))).status_code == 503
    assert (await web.post("/hook", json=text(1))).status_code == 200


async def test_requests_that_wait_together_are_one_batch(web: httpx.AsyncClient, turns: Turns) -> None:
    turns.open.clear()
    asked = [asyncio.create_task(web.post("/hook", json=text(number))) for number in (1, 2, 3)]
    await until(lambda: turns.batches)
    turns.open.set()
    assert [(await answer).status_code for answer in asked] == [200] * 3
    assert len(turns.batches) <= 2


async def test_a_lone_surrogate_gets_through(web: httpx.AsyncClient, turns: Turns) -> None:
    assert (await web.post("/hook", content=json.dumps(text(1, "a\ud83d")))).status_code == 200
    assert turns.words == [["a\ufffd"]]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"headers": {"X-Telegram-Bot-Api-Secret-Token": "s3cres"}}, 403),
        ({"headers": {"X-Telegram-Bot-Api-Secret-Token": "s3cretß".encode("latin-1")}}, 403),
        ({"headers": {"X-Telegram-Bot-Api-Secret-Token": ""}}, 403),
        ({"method": "GET"}, 405),
        ({"url": "/"}, 404),
        ({"content": b"x" * (MAX_BODY + 1)}, 413),
        ({"content": b"{}", "headers": {"Content-Length": "9" * 20}}, 413),
        ({"content": b"no json"}, 400),
        ({"content": b"[]"}, 400),
        ({"content": b""}, 400),
    ],
)
async def test_strangers_are_refused_early(
    web: httpx.AsyncClient, turns: Turns, change: dict[str, Any], status: int
) -> None:
    asked: dict[str, Any] = {"method": "POST", "url": "/hook", "content": json.dumps(text(1)).encode()} | change
    assert (await web.request(**asked)).status_code == status
    assert turns.batches == []


@pytest.mark.parametrize(("equal", "status"), [(False, 403), (True, 200)])
async def test_the_secret_is_compared_in_constant_time(
    web: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, equal: bool, status: int
) -> None:
    """Whether it is right is asked of `hmac.compare_digest`, and of nothing else: its word counts, also against appearances."""
    compared: list[tuple[bytes, bytes]] = []

    def spy(shown: bytes, expected: bytes) -> bool:
        compared.append((shown, expected))
        return equal

    monkeypatch.setattr(hmac, "compare_digest", spy)
    for shown in (SECRET, "s3cres"):
        answer = await web.post("/hook", json=text(1), headers={"X-Telegram-Bot-Api-Secret-Token": shown})
        assert answer.status_code == status
    assert compared == [(b"s3cret", b"s3cret"), (b"s3cres", b"s3cret")]


async def test_an_endless_body_is_cut_off(web: httpx.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65536

    assert (await web.post("/hook", content=endless())).status_code == 413


async def test_what_is_not_ours_is_taken_and_forgotten(web: httpx.AsyncClient, turns: Turns) -> None:
    assert (await web.post("/hook", json={"update_id": 1, "poll": {}})).status_code == 200
    assert turns.batches == []


async def test_the_webhook_is_registered_with_its_secret(channel: TelegramChannel, wire: Wire) -> None:
    await register(channel, "https://x.example/hook", SECRET, connections=40)
    (asked,) = wire.asked("setWebhook")
    assert asked == {
        "url": "https://x.example/hook",
        "secret_token": SECRET,
        "max_connections": 40,
        "allowed_updates": KINDS,
        "drop_pending_updates": False,
    }
    wire.then("setWebhook", refuse(400, "Bad Request: bad webhook: HTTPS url must be provided for webhook"))
    with pytest.raises(SettingError, match="STILLHERE_WEBHOOK_URL"):
        await register(channel, "http://x.example/hook", SECRET)


@pytest.mark.parametrize("secret", ["", "with space", "ß", "x" * 257])
def test_a_secret_telegram_would_refuse_is_refused_at_start(inbox: Inbox, secret: str) -> None:
    with pytest.raises(SettingError, match="STILLHERE_WEBHOOK_SECRET"):
        webhook_app(inbox, path="/hook", secret=secret)
