"""The phones' HTTP API: what a browser page gets, hears and may do."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import aiohttp
import pytest

from bot.simulator import Person, Served, SimulatedClock, Simulator, serve
from bot.simulator.files import sample_picture

from .conftest import START, TOKEN, later

NOW = int(START.timestamp())


class Due:
    """When the bot's next timer is due, as the composition root would say it."""

    def __init__(self) -> None:
        self.at: datetime | None = None

    async def __call__(self) -> datetime | None:
        return self.at


class Page:
    """A browser without a screen."""

    def __init__(self, served: Served, session: aiohttp.ClientSession) -> None:
        self.url = served.page_url
        self.api_url = served.api_url
        self.session = session

    async def get(self, path: str) -> Any:
        async with self.session.get(f"{self.url}{path}") as answer:
            return await answer.json()

    async def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        async with self.session.post(f"{self.url}{path}", json=body or {}) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json()

    async def call(self, method: str, **parameters: Any) -> Any:
        async with self.session.post(f"{self.api_url}/bot{TOKEN}/{method}", json=parameters) as answer:
            return (await answer.json())["result"]

    async def changes(self, since: int, count: int) -> list[dict[str, Any]]:
        """The next changes after `since`."""
        found: list[dict[str, Any]] = []
        async with asyncio.timeout(30), self.session.get(f"{self.url}/api/events?since={since}") as answer:
            assert answer.content_type == "text/event-stream"
            async for line in answer.content:
                if line.startswith(b"data: "):
                    found.append(json.loads(line[6:]))
                if len(found) == count:
                    break
        return found


@pytest.fixture
def due() -> Due:
    return Due()


@pytest.fixture
async def page(sim: Simulator, ann: Person, ben: Person, due: Due) -> AsyncIterator[Page]:
    assert ben.id == ann.id + 1
    async with (
        serve(sim, page_port=0, next_due=due, links={"invite": "https://t.me/x"}) as served,
        aiohttp.ClientSession() as session,
    ):
        yield Page(served, session)


async def test_the_state_holds_all_a_page_needs(page: Page, ann: Person, due: Due) -> None:
    due.at = START + later(hours=1)
    ann.starts()
    state = await page.get("/api/state")
    assert (state["now"], state["next_due"], state["links"]) == (NOW, NOW + 3600, {"invite": "https://t.me/x"})
    assert state["bot"]["username"] == "stillhere_test_bot"
    assert [(each["first_name"], each["started"], each["time_zone"]) for each in state["users"]] == [
        ("Ann", True, "Europe/Berlin"),
        ("Ben", False, "UTC"),
    ]
    assert [each["text"] for each in state["chats"]["1001"]] == ["/start"]
    assert state["chats"]["1002"] == []


async def test_changes_are_heard_in_order_and_none_is_missed(page: Page) -> None:
    seq = (await page.get("/api/state"))["seq"]
    sent = await page.post("/api/users/1001/text", {"text": "/start"})
    listening = asyncio.create_task(page.changes(seq, 5))
    answer = await page.call("sendMessage", chat_id=1001, text="one", disable_notification=True)
    await page.call("editMessageText", chat_id=1001, message_id=answer["message_id"], text="two")
    await page.call("deleteMessage", chat_id=1001, message_id=answer["message_id"])
    heard = await listening
    assert [each["type"] for each in heard] == ["message", "user", "message", "edit", "delete"]
    assert heard[0]["message"] == sent
    assert heard[2]["message"]["silent"] is True
    assert heard[4]["message_ids"] == [answer["message_id"]]
    assert [each["seq"] for each in heard] == list(range(seq + 1, seq + 6))
    assert {each["user_id"] for each in heard if "user_id" in each} == {1001}


async def test_a_page_that_was_away_too_long_loads_anew(page: Page, sim: Simulator) -> None:
    for _ in range(2100):
        sim.changes.tell("user", user={})
    assert [each["type"] for each in await page.changes(5, 1)] == ["reload"]
    assert [each["type"] for each in await page.changes(10**6, 1)] == ["reload"]


async def test_a_press_and_its_answer(page: Page, ann: Person, sim: Simulator) -> None:
    ann.starts()
    keyboard = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}
    asked = await page.call("sendMessage", chat_id=1001, text="?", reply_markup=keyboard)
    seq = sim.changes.seq
    press = await page.post("/api/users/1001/press", {"message_id": asked["message_id"], "data": "y"})
    await page.call("answerCallbackQuery", callback_query_id=press["callback_query_id"], text="Thanks")
    heard = (await page.changes(seq, 1))[0]
    assert (heard["type"], heard["text"], heard["show_alert"], heard["url"]) == ("answer", "Thanks", False, None)
    gone = await page.post("/api/users/1001/press", {"message_id": 99, "data": "y"}, status=400)
    assert gone == {"error": "That message is not there any more."}


async def test_everything_a_thumb_can_do(page: Page, ann: Person) -> None:
    await page.post("/api/users/1001/start", {"payload": "invite"})
    said = await page.post("/api/users/1001/text", {"text": "helo", "reply_to": 1})
    await page.post("/api/users/1001/edit", {"message_id": said["message_id"], "text": "hello"})
    await page.post("/api/users/1001/location", {"latitude": 52, "longitude": 13.5})
    await page.post("/api/users/1001/contact")
    await page.post("/api/users/1001/sticker", {"emoji": "🙂"})
    await page.post("/api/users/1001/photo", {"caption": "us"})
    await page.post("/api/users/1001/voice", {"duration": 4})
    await page.post("/api/users/1001/react", {"message_id": 1, "emoji": "👍"})
    await page.post("/api/users/1001/block")
    blocked = await page.post("/api/users/1001/text", {"text": "x"}, status=400)
    assert blocked == {"error": "Ann has blocked the bot."}
    await page.post("/api/users/1001/unblock")
    shown = ann.messages()
    assert [each.get("text") for each in shown[:2]] == ["/start invite", "hello"]
    assert [next(iter({"location", "contact", "sticker", "photo", "voice"} & set(each))) for each in shown[2:]] == [
        "location",
        "contact",
        "sticker",
        "photo",
        "voice",
    ]


async def test_a_picture_from_the_browser_can_be_looked_at_again(page: Page) -> None:
    form = aiohttp.FormData()
    form.add_field("file", sample_picture(20, 10), filename="us.png", content_type="image/png")
    form.add_field("caption", "us")
    async with page.session.post(f"{page.url}/api/users/1001/photo", data=form) as answer:
        sent = await answer.json()
    assert (sent["caption"], sent["photo"][0]["width"]) == ("us", 20)
    async with page.session.get(f"{page.url}/api/files/{sent['photo'][0]['file_id']}") as answer:
        assert answer.content_type == "image/png"
        assert await answer.read() == sample_picture(20, 10)


async def test_a_card_between_two_phones(page: Page, sim: Simulator) -> None:
    seq = sim.changes.seq
    asked = await page.post("/api/users/1001/inline_query", {"query": "us"})
    keyboard = {"inline_keyboard": [[{"text": "Me", "callback_data": "m"}]]}
    offer = {"type": "article", "id": "1", "title": "Card", "input_message_content": {"message_text": "Us"}}
    await page.call("answerInlineQuery", results=[offer | {"reply_markup": keyboard}], **asked)
    chosen = await page.post("/api/users/1001/choose", {**asked, "result_id": "1", "to_user": 1002})
    await page.post("/api/users/1002/press", {"inline_message_id": chosen["inline_message_id"], "data": "m"})
    await page.call("editMessageText", inline_message_id=chosen["inline_message_id"], text="Both")
    heard = await page.changes(seq, 5)
    assert [(each["type"], each.get("chat")) for each in heard] == [
        ("inline_results", None),
        ("message", "1001:1002"),
        ("message", "1002:1001"),
        ("edit", "1001:1002"),
        ("edit", "1002:1001"),
    ]
    chats = (await page.get("/api/state"))["chats"]
    assert (chats["1001:1002"][0]["text"], chats["1002:1001"][0]["text"]) == ("Both", "Both")


async def test_the_clock_is_moved_by_seconds_to_the_next_thing_and_to_the_morning(page: Page, due: Due) -> None:
    assert await page.post("/api/clock/skip", {"seconds": 1200}) == {"now": NOW + 1200, "next_due": None}
    assert await page.post("/api/clock/skip", {"to": "next"}, status=409) == {"error": "nothing is due"}
    due.at = START + later(hours=1)
    assert (await page.post("/api/clock/skip", {"to": "next"}))["now"] == NOW + 3600
    morning = (await page.post("/api/clock/skip", {"to": "morning"}))["now"]
    assert morning == int(datetime.fromisoformat("2026-09-23T08:00+02:00").timestamp())
    for wrong in ({"seconds": -1}, {"seconds": "x"}, {"to": "yesterday"}, [1]):
        assert "error" in await page.post("/api/clock/skip", wrong, status=400)


async def test_a_move_of_the_clock_and_a_new_due_time_are_heard(
    page: Page, sim: Simulator, clock: SimulatedClock, due: Due, ann: Person
) -> None:
    seq = sim.changes.seq
    clock.skip(later(minutes=1))
    heard = (await page.changes(seq, 1))[0]
    assert (heard["type"], heard["now"], heard["next_due"]) == ("clock", NOW + 60, None)
    due.at = START + later(hours=2)
    ann.starts()
    heard = (await page.changes(sim.changes.seq, 1))[0]
    assert (heard["type"], heard["next_due"]) == ("clock", NOW + 7200)


async def test_typing_is_seen_for_five_seconds(page: Page, ann: Person, sim: Simulator) -> None:
    ann.starts()
    seq = sim.changes.seq
    await page.call("sendChatAction", chat_id=1001, action="typing")
    heard = (await page.changes(seq, 1))[0]
    assert (heard["type"], heard["action"], heard["until"]) == ("typing", "typing", NOW + 5)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/users/999/text", {"text": "x"}, 404),
        ("/api/users/1001/dance", {}, 404),
        ("/api/users/1001/text", {}, 400),
        ("/api/users/1001/text", {"text": " "}, 400),
        ("/api/users/1001/text", {"text": "x" * 4097}, 400),
        ("/api/users/1001/edit", {"message_id": "1", "text": "x"}, 400),
        ("/api/users/1001/react", {"message_id": 77, "emoji": "x"}, 400),
        ("/api/users/1001/choose", {"inline_query_id": "1", "result_id": "1", "to_user": 1002}, 400),
    ],
)
async def test_what_cannot_be_done_is_said_in_a_sentence(page: Page, path: str, body: Any, status: int) -> None:
    refusal = await page.post(path, body, status=status)
    assert refusal["error"].endswith(".")


async def test_another_site_in_the_same_browser_can_do_nothing(page: Page, ann: Person) -> None:
    for path in ("/api/users/1001/start", "/api/clock/skip"):
        for origin, status in (("https://elsewhere.example", 403), (page.url, 200)):
            headers = {"Origin": origin}
            async with page.session.post(f"{page.url}{path}", json={"seconds": 1}, headers=headers) as answer:
                assert answer.status == status
    assert len(ann.messages()) == 1


async def test_the_page_itself_and_its_files_are_served(page: Page) -> None:
    async with page.session.get(f"{page.url}/") as answer:
        assert answer.status == 200
        assert "/static/" in await answer.text()
    async with page.session.get(f"{page.url}/static/../phones.py") as answer:
        assert answer.status == 404


async def test_open_pages_and_polls_do_not_hold_up_the_end(sim: Simulator, ann: Person) -> None:
    ann.starts()
    async with aiohttp.ClientSession() as session:
        async with serve(sim, page_port=0) as served:
            feed = await session.get(f"{served.page_url}/api/events?since={sim.changes.seq}")
            account = sim.world.accounts[123456]
            offset = sim.queue(account).next_id
            poll = asyncio.create_task(
                session.get(f"{served.api_url}/bot{TOKEN}/getUpdates?timeout=50&offset={offset}").__aenter__()
            )
            await sim.until(lambda: sim.is_polled)
        assert await (await poll).json() == {"ok": True, "result": []}
        assert b"retry" in await feed.read()
        feed.close()
