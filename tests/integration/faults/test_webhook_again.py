"""What Telegram brings to the webhook again, at once, later or after a restart, has its effect once."""

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp
import orjson
import pytest

from bot.storage.tables import seen_updates
from tests.integration.faults.world import World
from tests.program import free_address

SECRET = {"X-Telegram-Bot-Api-Secret-Token": "s3cret"}

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def test_an_update_brought_again_has_one_effect(build_world: Callable[..., World]) -> None:
    place = free_address()
    hook = f"http://{place}/hook"
    world = build_world(webhook_url=hook, webhook_listen=place, webhook_secret="s3cret")
    async with world.going(), aiohttp.ClientSession() as telegram:

        async def bring(*bodies: bytes) -> list[int]:
            async def one(body: bytes) -> int:
                async with telegram.post(hook, data=body, headers=SECRET) as answer:
                    return answer.status

            statuses = await asyncio.gather(*map(one, bodies))
            await world.settle()
            return list(statuses)

        await world.given("Ann is set up")
        await world.simulator.until(lambda: world.simulator.calls("setWebhook"))
        first, second, third = (update(world, number, text) for number, text in enumerate(("/knock", "one", "two"), 1))
        assert await bring(first) == [200]
        assert await bring(second, second, second) == [200] * 3
        await hangs_up(place, third)  # before the answer: Telegram brings it again
        assert await bring(third, second) == [200] * 2
        heard = world.heard("Ann")
        assert heard[1:] == ["Heard: one.", "Heard: two."]
        await world.restart()
        await world.simulator.until(lambda: len(world.simulator.calls("setWebhook")) > 1)
        assert await bring(third, second, first) == [200] * 3
        assert world.heard("Ann") == heard
        assert len(await world.rows(seen_updates)) == 3


async def hangs_up(place: str, body: bytes) -> None:
    host, _, port = place.rpartition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /hook HTTP/1.1\r\nHost: a\r\n{'; '.join(SECRET)}: s3cret\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
    writer.close()
    await writer.wait_closed()


def update(world: World, number: int, text: str) -> bytes:
    ann = world.people["Ann"].id
    message: dict[str, Any] = {
        "message_id": number,
        "date": 1,
        "text": text,
        "from": {"id": ann, "is_bot": False, "first_name": "Ann", "language_code": "en"},
        "chat": {"id": ann, "type": "private", "first_name": "Ann"},
    }
    if text.startswith("/"):
        message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text)}]
    return orjson.dumps({"update_id": number, "message": message})
