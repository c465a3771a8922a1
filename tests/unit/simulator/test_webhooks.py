"""Webhooks: order, repetition, the secret, one delivery at a time, and calls made in the answer."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from bot.simulator import Person, Simulator

from .conftest import Caller

SECRET = "between-us_1"


class Receiver:
    """A bot's webhook: keeps what came, and answers as it was told."""

    def __init__(self) -> None:
        self.came: list[dict[str, Any]] = []
        self.secrets: list[str | None] = []
        self.statuses: list[int] = []
        self.reply: dict[str, Any] | None = None
        self.gate: asyncio.Event | None = None
        self.inside = 0
        self.most_inside = 0
        self.url = ""
        self._arrived = asyncio.Condition()

    async def answer(self, request: web.Request) -> web.Response:
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        self.came.append(await request.json())
        self.secrets.append(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        async with self._arrived:
            self._arrived.notify_all()
        if self.gate is not None:
            await self.gate.wait()
        self.inside -= 1
        status = self.statuses.pop(0) if self.statuses else 200
        return web.json_response(self.reply or {}, status=status)

    async def until(self, count: int) -> list[str]:
        """The texts of what came, when there are so many."""
        async with asyncio.timeout(30), self._arrived:
            await self._arrived.wait_for(lambda: len(self.came) >= count)
        return [each.get("message", {}).get("text") or "press" for each in self.came]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield receiver
    await runner.cleanup()


async def pending(call: Caller, count: int) -> dict[str, Any]:
    """The webhook's info, once so many updates are left."""
    async with asyncio.timeout(30):
        while True:
            info: dict[str, Any] = await call.result("getWebhookInfo")
            if info["pending_update_count"] == count:
                return info


async def test_updates_are_delivered_with_the_secret(call: Caller, receiver: Receiver, ann: Person) -> None:
    ann.says("before")
    await call.result("setWebhook", url=receiver.url, secret_token=SECRET)
    ann.says("after")
    assert await receiver.until(2) == ["before", "after"]
    assert receiver.secrets == [SECRET, SECRET]
    info = await pending(call, 0)
    assert (info["url"], info.get("last_error_message")) == (receiver.url, None)


async def test_a_failure_is_repeated_before_the_next_one_of_the_chat(
    call: Caller, receiver: Receiver, ann: Person
) -> None:
    receiver.statuses = [500, 502]
    await call.result("setWebhook", url=receiver.url)
    ann.says("a")
    ann.says("b")
    assert await receiver.until(4) == ["a", "a", "a", "b"]
    info = await pending(call, 0)
    assert info["last_error_message"] == "Wrong response from the webhook: 502 Bad Gateway"


async def test_one_delivery_at_a_time_in_a_chat_and_presses_go_beside(
    call: Caller, receiver: Receiver, ann: Person, ben: Person
) -> None:
    receiver.gate = asyncio.Event()
    await call.result("setWebhook", url=receiver.url)
    ann.says("a1")
    ann.says("a2")
    ann.presses(1, "x")
    ben.says("b1")
    assert sorted(await receiver.until(3)) == ["a1", "b1", "press"]
    assert receiver.inside == 3
    receiver.gate.set()
    assert (await receiver.until(4))[3] == "a2"


async def test_max_connections_bounds_all_lanes_together(
    call: Caller, receiver: Receiver, ann: Person, ben: Person
) -> None:
    await call.result("setWebhook", url=receiver.url, max_connections=1)
    for person in (ann, ben):
        person.says("x")
        person.says("y")
    await receiver.until(4)
    assert receiver.most_inside == 1


async def test_a_call_in_the_answer_is_carried_out(
    call: Caller, receiver: Receiver, sim: Simulator, ann: Person
) -> None:
    receiver.reply = {"method": "sendMessage", "chat_id": ann.id, "text": "at once"}
    await call.result("setWebhook", url=receiver.url)
    ann.says("hello")
    await receiver.until(1)
    await pending(call, 0)
    async with asyncio.timeout(30):
        await sim.until(lambda: sim.calls("sendMessage"))
    assert ann.last()["text"] == "at once"


async def test_polling_and_a_webhook_exclude_each_other(
    call: Caller, receiver: Receiver, sim: Simulator, ann: Person
) -> None:
    ann.says("kept")
    poll = asyncio.create_task(call("getUpdates", offset=99, timeout=30))
    await sim.until(lambda: sim.is_polled)
    await call.result("setWebhook", url=receiver.url)
    assert (await poll)["description"] == "Conflict: terminated by setWebhook request"
    assert await call.refusal("getUpdates") == (
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
    )
    await call.result("deleteWebhook")
    assert await call.result("getUpdates") == []


async def test_waiting_updates_can_be_dropped(call: Caller, receiver: Receiver, ann: Person) -> None:
    ann.says("old")
    await call.result("setWebhook", url=receiver.url, drop_pending_updates=True)
    ann.says("new")
    assert await receiver.until(1) == ["new"]


async def test_nobody_there_is_an_error_that_is_kept(call: Caller, ann: Person) -> None:
    await call.result("setWebhook", url="http://127.0.0.1:1/hook")
    ann.says("hello?")
    async with asyncio.timeout(30):
        while "last_error_message" not in (info := await call.result("getWebhookInfo")):
            pass
    assert info["last_error_message"] == "Connection refused"
    assert info["pending_update_count"] == 1


async def test_webhook_addresses_and_secrets_are_checked(call: Caller) -> None:
    assert await call.refusal("setWebhook", url="ftp://x.org") == "Bad Request: invalid webhook URL specified"
    complaint = "Bad Request: secret token contains unallowed characters"
    assert await call.refusal("setWebhook", url="https://x.org", secret_token="no spaces") == complaint
