"""Whatever arrives, the bot answers kindly or not at all, logs no word of it, and hears what comes next."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.app import App
from bot.config import Settings
from bot.core.card import IN_GROUPS
from bot.simulator import Simulator, serve
from bot.simulator.people import Person
from bot.storage import letters
from bot.telegram.webhook import MAX_BODY
from tests.carried import CACHE, empty_database, library
from tests.clock import AdvancingClock
from tests.program import free_address

TOKEN = "700000003:bad-input"
BOT = 700000003
SECRET = "Geheimnis"
Json = dict[str, Any]


class LentClock:
    """The test clock as the simulator wants it."""

    def __init__(self, clock: AdvancingClock) -> None:
        self.now, self.skip = clock.now, clock.advance


class Room:
    """A running bot, and Ann, who only wants her menu."""

    def __init__(self, app: App, simulator: Simulator) -> None:
        self.app, self.simulator = app, simulator
        self.ann: Person = simulator.people()[0]
        self.menu: list[str] = []

    async def settle(self) -> None:
        async with asyncio.timeout(60):  # so that a lost update fails the test instead of stopping it
            await self.simulator.queue(self.simulator.world.accounts[BOT]).empty()
            await self.app.quiet()

    async def asks_for_the_menu(self) -> None:
        """The promise of this file: /menu is answered, with the same buttons as at first."""
        before = self.simulator.world.accounts[BOT].chats.get(self.ann.id)
        seen = len(before.messages) if before else 0
        self.ann.says("/menu")
        await self.settle()
        new = [each for each in self.ann.messages()[seen:] if not each.get("out")]
        labels = [[each["text"] for row in buttons(message) for each in row] for message in new]
        self.menu = self.menu or labels[-1]
        assert self.menu in labels

    async def bears(self, *bodies: Json) -> None:
        """These come in, and then Ann asks for her menu."""
        for body in bodies:
            self.simulator.inject(body)
        await self.settle()
        await self.asks_for_the_menu()

    async def is_asked_for_words(self) -> None:
        """Ann comes to where what she writes is kept: her own kind line, in /soothe."""
        self.ann.says("/soothe")
        for nth in (4, 1, 0, 0):
            await self.settle()
            shown = [each for each in self.ann.messages() if buttons(each)][-1]
            rows = buttons(shown)
            self.ann.presses(shown["message_id"], [each["callback_data"] for row in rows for each in row][nth])
        await self.settle()

    async def failures(self) -> list[str]:
        """Turns that failed."""
        async with self.app.database.transaction() as tx:
            return [letter.fault for letter in await letters.newest(tx)]


def buttons(message: Json) -> list[list[Json]]:
    rows: list[list[Json]] = message.get("reply_markup", {}).get("inline_keyboard", [])
    return rows


@asynccontextmanager
async def room(folder: Path, **hook: Any) -> AsyncIterator[Room]:
    clock = AdvancingClock()
    simulator = Simulator(LentClock(clock), clock.machine, limits=False)
    simulator.add_bot(TOKEN, "still_bot", "Still")
    simulator.add_user("Ann")
    (folder / "bot.db").write_bytes(empty_database())
    async with serve(simulator) as served:
        wanted = Settings(
            _env_file=None,
            bot_token=TOKEN,
            api_url=served.api_url,
            database_url=f"sqlite+aiosqlite:///{folder / 'bot.db'}",
            key_file=folder / "bot.key",
            health_listen="",
            cache=CACHE,
            **hook,
        )
        app = App(wanted, clock, library=library())
        await app.open()
        running = asyncio.create_task(app.run())
        opened = Room(app, simulator)
        await opened.asks_for_the_menu()
        yield opened
        assert not running.done()
        app.stop()
        await running
        await app.close()


ANN = {"id": 1001, "is_bot": False, "first_name": SECRET}
PRIVATE = {"id": 1001, "type": "private", "first_name": SECRET}


def message(**fields: Any) -> Json:
    """A message from Ann in her chat, with these fields on top."""
    return {"message": {"message_id": 900, "date": 1777917600, "from": ANN, "chat": PRIVATE, **fields}}


def press(**fields: Any) -> Json:
    """A press by Ann, with these fields on top."""
    told = {"message_id": 2, "date": 1, "chat": PRIVATE, "from": {"id": BOT, "is_bot": True, "first_name": "Still"}}
    return {
        "callback_query": {"id": "77", "from": ANN, "chat_instance": "1", "message": told, "data": SECRET, **fields}
    }


def membership(**fields: Any) -> Json:
    """The bot's standing in Ann's chat changes."""
    member = {"user": {"id": BOT, "is_bot": True, "first_name": "Still"}, "status": "member"}
    change = {"chat": PRIVATE, "from": ANN, "date": 1, "old_chat_member": member, "new_chat_member": member}
    return {"my_chat_member": {**change, **fields}}


PHOTO = [{"file_id": "x", "file_unique_id": "y", "width": 1, "height": 1}]
CHANNEL = {"id": -1001, "type": "channel", "title": SECRET}

ODD: dict[str, Json] = {
    # what people can send
    "sticker": message(sticker={"file_id": "x", "emoji": "🙂", "set_name": SECRET}),
    "poll": message(poll={"id": "1", "question": SECRET, "options": [{"text": SECRET, "voter_count": 0}]}),
    "dice": message(dice={"emoji": "🎲", "value": 6}),
    "game": message(game={"title": SECRET}),
    "contact": message(contact={"phone_number": "+1", "first_name": SECRET}),
    "venue": message(venue={"title": SECRET, "location": {"latitude": 1, "longitude": 1}}),
    "voice": message(voice={"file_id": "x"}),
    "photo with a caption": message(photo=PHOTO, caption=SECRET),
    "album": message(photo=PHOTO, media_group_id="1"),
    "live location": message(location={"latitude": 1.5, "longitude": 2.5, "live_period": 60}),
    "forwarded": message(text=SECRET, forward_origin={"type": "hidden_user", "sender_user_name": SECRET, "date": 1}),
    "through another bot": message(text=SECRET, via_bot={"id": 5, "is_bot": True, "first_name": "Gif"}),
    "a reply and a quote": message(text=SECRET, reply_to_message={"message_id": 1}, quote={"text": SECRET}),
    "4096 emoji": message(text="🫂" * 4096),
    "4096 joined emoji": message(text="👨‍👩‍👧‍👦" * 585),
    "right to left": message(text=f"\u202e{SECRET}\u202c \u2067\u05e9\u05dc\u05d5\u05dd\u2069"),
    "lone surrogates": message(text=f"\ud83d {SECRET} \udc00"),
    "only marks": message(text="\u200b\u200f\u202e\u2066"),
    "zeros": message(text="\x00\x00"),
    "combining marks": message(text="Z" + "\u0363" * 4000),
    "empty text": message(text=""),
    "markup": message(text="<b>not closed & {name} {0} %s _*[`"),
    "a command alone": message(text="/"),
    "a very long command": message(text="/" + "a" * 4000),
    "an unknown command": message(text="/geheimnis"),
    "a command with surrogates": message(text="/start \ud83d"),
    "a start payload": message(text="/start " + "A" * 64),
    "another bot's command": message(text="/menu@other_bot"),
    # service messages, and what is new at Telegram
    "pinned": message(pinned_message={"message_id": 1}),
    "web app data": message(web_app_data={"data": SECRET, "button_text": SECRET}),
    "payment": message(successful_payment={"currency": "XTR", "total_amount": 1, "invoice_payload": SECRET}),
    "a field nobody knows": message(hologram={"file_id": "x"}),
    "nothing in it": message(),
    "edited": {"edited_message": message(text=SECRET)["message"] | {"edit_date": 5}},
    "edited to a picture": {"edited_message": message(photo=PHOTO, caption=SECRET)["message"]},
    # senders
    "a bot": message(text=SECRET, **{"from": {"id": 5, "is_bot": True, "first_name": "Bot"}}),
    "nobody": {"message": {"message_id": 1, "date": 1, "chat": PRIVATE, "text": SECRET}},
    "somebody in Ann's chat": message(text="/delete", **{"from": {"id": 1002, "is_bot": False, "first_name": "B"}}),
    "a sender without a number": message(text=SECRET, **{"from": {"first_name": SECRET}}),
    "a number as text": message(text=SECRET, **{"from": {"id": "1001"}}),
    "a huge number": message(text=SECRET, **{"from": ANN | {"id": 2**63}, "chat": PRIVATE | {"id": 2**63}}),
    "an enormous number": message(text=SECRET, **{"from": ANN | {"id": 10**40}, "chat": PRIVATE | {"id": 10**40}}),
    "a negative number": message(text=SECRET, **{"from": ANN | {"id": -5}, "chat": PRIVATE | {"id": -5}}),
    "a broken language": message(text="/menu", **{"from": ANN | {"language_code": "\ud83d'; DROP TABLE users"}}),
    "a language nobody speaks": message(text="/menu", **{"from": ANN | {"language_code": "tlh-Latn-x-very-private"}}),
    # wrong types
    "a list": {"message": [1, 2]},
    "a text": {"message": SECRET},
    "null": {"message": None},
    "text of a wrong type": message(text={"a": SECRET}),
    "a chat of a wrong type": message(text=SECRET, chat="private"),
    "a place of a wrong type": message(location={"latitude": "north", "longitude": None}),
    "a place not on earth": message(location={"latitude": 91, "longitude": 400}),
    "entities of a wrong type": message(
        text="/menu", entities=[None, 5, {"type": 7}, {"type": "bot_command", "offset": 0}]
    ),
    "entities beyond the text": message(text="/x", entities=[{"type": "bot_command", "offset": 0, "length": 10**9}]),
    "negative entities": message(text="/x", entities=[{"type": "bot_command", "offset": 0, "length": -5}]),
    "deeply nested": message(poll=json.loads("[" * 400 + "]" * 400)),
    # presses
    "garbage data": press(),
    "no data": press(data=None),
    "data like a prompt's": press(data="p.zz.99.0"),
    "data like a note's": press(data="o.space.zz.back"),
    "half a prompt's data": press(data="p..-1.99999999999999999999"),
    "data with surrogates": press(data="p.\ud83d.1.1"),
    "long data": press(data="p." * 5000),
    "somebody else's button": press(**{"from": {"id": 1002, "is_bot": False, "first_name": "B"}}),
    "no message": press(message=None),
    "an old message": press(message={"message_id": 2, "date": 0, "chat": PRIVATE}),
    "a card": {
        "callback_query": {"id": "8", "from": ANN, "chat_instance": "1", "inline_message_id": "x", "data": "o.card.1.a"}
    },
    "a game": {"callback_query": {"id": "9", "from": ANN, "chat_instance": "1", "game_short_name": SECRET}},
    "a press in a group": press(
        message={"message_id": 2, "date": 1, "chat": {"id": -5, "type": "group", "title": SECRET}}
    ),
    "a press without a number": press(id=None),
    # membership
    "no change at all": membership(),
    "an unknown status": membership(new_chat_member={"status": "ghost"}),
    "nothing about members": membership(new_chat_member=None, old_chat_member=5),
    "into a channel": membership(chat=CHANNEL),
    # other kinds
    "a channel post": {"channel_post": {"message_id": 1, "date": 1, "chat": CHANNEL, "text": SECRET}},
    "an inline query": {"inline_query": {"id": "1", "from": ANN, "query": SECRET, "offset": ""}},
    "a poll answer": {"poll_answer": {"poll_id": "1", "user": ANN, "option_ids": [0]}},
    "a reaction": {"message_reaction": {"chat": PRIVATE, "message_id": 1, "user": ANN, "date": 1}},
    "a kind nobody knows": {"telepathy": {"from": ANN, "thought": SECRET}},
    "two kinds at once": message(text=SECRET) | {"callback_query": press()["callback_query"]},
    "nothing": {},
}


@pytest.mark.deep  # one after the other; in one batch they are all borne below
async def test_after_everything_odd_the_menu_still_comes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with room(tmp_path) as opened:
        for name, body in ODD.items():
            if "text" in (body.get("message") or {}):
                await opened.is_asked_for_words()
            try:
                await opened.bears(body)
            except AssertionError as lost:
                raise AssertionError(name) from lost
            assert await opened.failures() == [], name
    written = "".join(capsys.readouterr())
    assert SECRET not in written


async def test_everything_odd_in_one_batch(tmp_path: Path) -> None:
    async with room(tmp_path) as opened:
        await opened.bears(*ODD.values())
        assert await opened.failures() == []


async def test_somebody_blocks_and_lets_back_in_oddly(tmp_path: Path) -> None:
    async with room(tmp_path) as opened:
        kicked = {"user": {"id": BOT, "is_bot": True, "first_name": "Still"}, "status": "kicked"}
        for _ in range(2):
            await opened.bears(membership(new_chat_member=kicked), membership(new_chat_member=kicked))
            await opened.bears(membership(old_chat_member=kicked), membership(old_chat_member=kicked))
        assert await opened.failures() == []


async def test_huge_update_numbers(tmp_path: Path) -> None:
    async with room(tmp_path) as opened:
        for number in (
            2**31,
            2**53 + 1,
            2**58,
        ):  # Telegram's are far below; what comes after them is heard all the same
            opened.simulator.inject(message(text="/help"), update_id=number)
            await opened.settle()
            await opened.asks_for_the_menu()


def raw(text: str) -> bytes:
    """A message whose text is this JSON."""
    told = json.dumps(message(text="?")["message"]).replace('"?"', text)
    return f'{{"update_id": 4000, "message": {told}}}'.encode("utf-8", "surrogateescape")


RAW: list[tuple[int, bytes]] = [
    (200, raw(f'"\\ud83d {SECRET} \\udc00"').replace(b"4000", b"4001")),
    (200, raw(f'"{SECRET} \udcff\udcfe"').replace(b"4000", b"4002")),  # broken UTF-8
    (200, raw("NaN").replace(b"4000", b"4003")),
    (200, raw(f'"a", "text": "{SECRET}"').replace(b"4000", b"4004")),
    (200, b'{"update_id": NaN}'),
    (200, b'{"update_id": "4005"}'),
    (200, b"{}"),
    (400, b'{"update_id": ' + b"9" * 5000 + b"}"),
    (400, b"[" * 100_000),
    (400, b"[1, 2]"),
    (400, SECRET.encode()),
    (400, b""),
    (413, b" " * (MAX_BODY + 1)),
]


async def test_whatever_is_posted_to_the_webhook(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listen = free_address()
    hook = {"webhook_url": f"http://{listen}/hook", "webhook_listen": listen, "webhook_secret": "s3cret"}
    secret = {"X-Telegram-Bot-Api-Secret-Token": "s3cret"}
    async with room(tmp_path, **hook) as opened, aiohttp.ClientSession() as somebody:
        for wanted, body in RAW:
            await opened.is_asked_for_words()
            async with somebody.post(f"http://{listen}/hook", data=io.BytesIO(body), headers=secret) as answer:
                assert answer.status == wanted, body[:80]
        for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": "S3CRET"}):
            async with somebody.post(f"http://{listen}/hook", data=RAW[0][1], headers=headers) as answer:
                assert answer.status == 403
        await opened.asks_for_the_menu()
        assert await opened.failures() == []
    assert SECRET not in "".join(capsys.readouterr())


def group(kind: str, **fields: Any) -> Json:
    chat = {"id": -100200, "type": kind, "title": SECRET}
    return {"message": {"message_id": 5, "date": 1, "from": ANN, "chat": chat, **fields}}


@pytest.mark.parametrize("kind", ["group", "supergroup"])
async def test_in_a_group_it_says_once_that_it_works_in_private(tmp_path: Path, kind: str) -> None:
    async with room(tmp_path) as opened:
        anonymous = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
        await opened.bears(
            group(kind, text=f"/soothe@still_bot {SECRET}"),
            group(kind, text="/start@still_bot"),
            group(kind, text="/help", **{"from": anonymous, "sender_chat": {"id": -100200, "type": kind}}),
            group(kind, text=SECRET),
            group(kind, new_chat_members=[ANN], new_chat_title=SECRET),
            group(kind, photo=PHOTO, caption="/start"),
            group(kind, migrate_to_chat_id=-100300),
        )
        calls = [call.parameters for call in opened.simulator.calls() if call.parameters.get("chat_id") == -100200]
        assert [call["text"] for call in calls] == [IN_GROUPS]


LEAVES: Callable[[], st.SearchStrategy[Any]] = lambda: (  # noqa: E731 - a strategy, named
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from([1001, BOT])
)
NAMES = st.sampled_from(
    [
        "message", "edited_message", "callback_query", "my_chat_member", "from", "chat", "id", "text", "type", "data",
        "message_id", "date", "entities", "location", "latitude", "longitude", "is_bot", "status", "new_chat_member", "caption",
    ]
)  # fmt: skip
VALUES = st.recursive(
    LEAVES() | st.just(PRIVATE) | st.just(ANN) | st.sampled_from(["private", "/menu", "/start x", "kicked"]),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(NAMES, parts, max_size=6),
    max_leaves=12,
)
KINDS = st.sampled_from(["message", "edited_message", "callback_query", "my_chat_member", "inline_query", "poll"])
HALF_RIGHT = st.dictionaries(NAMES, VALUES, max_size=5).map(lambda odd: message(**odd)) | st.dictionaries(
    NAMES, VALUES, max_size=5
).map(lambda odd: press(**odd))
UPDATES = (
    HALF_RIGHT | st.dictionaries(KINDS, VALUES, max_size=2) | st.dictionaries(st.text(max_size=5), VALUES, max_size=3)
)


def test_after_any_json_the_menu_still_comes(tmp_path: Path) -> None:
    with asyncio.Runner() as runner:  # one bot bears it all
        opened = room(tmp_path)
        inside = runner.run(opened.__aenter__())

        @settings(
            max_examples=15, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
        )
        @given(st.lists(UPDATES, min_size=5, max_size=30))
        def bear(bodies: list[Json]) -> None:
            runner.run(inside.bears(*({name: body[name] for name in body if name != "update_id"} for body in bodies)))
            assert runner.run(inside.failures()) == []

        bear()
        runner.run(opened.__aexit__(None, None, None))
