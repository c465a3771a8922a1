"""The doors and the channel against the second Telegram: what people do arrives, once and in order, and every call is valid."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.conversation.channel import Blocked as CannotReach
from bot.conversation.channel import Sent, Throttled, Unreachable
from bot.core.errors import DatabaseUnavailable
from bot.core.events import (
    Blocked,
    CommandGiven,
    Edited,
    Event,
    Incoming,
    Pressed,
    SentMedia,
    SharedPlace,
    Unblocked,
    Wrote,
)
from bot.simulator import Fault, Group, Person, Simulator, Trouble, serve
from bot.simulator.listening import Listener
from bot.telegram.channel import TelegramChannel
from bot.telegram.floods import Floods
from bot.telegram.inbox import Inbox
from bot.telegram.polling import Poller
from bot.telegram.publish import Profile, publish
from bot.telegram.webhook import register, webhook_app
from tests.clocks import SteppedClock

TOKEN = "7:secret-token"
GROUP_LINE = "I work in private chats only."
A_MINUTE = 100
"""Messages that the bot of these tests takes from one person."""


class Bot:
    """Both doors and the channel, with a conversation that only listens."""

    def __init__(self, channel: TelegramChannel, clock: SteppedClock) -> None:
        self.channel, self.clock = channel, clock
        self.heard: list[Incoming] = []
        self.faults: list[Exception] = []
        self.inbox = Inbox(
            self._handle,
            channel,
            clock,
            detect=lambda _: None,
            card="112",
            group_line=GROUP_LINE,
            floods=Floods(clock.machine, A_MINUTE),
        )
        self.poller = Poller(channel, self.inbox, clock)

    async def _handle(self, batch: list[Incoming]) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.heard += batch

    @property
    def events(self) -> list[Event]:
        return [incoming.event for incoming in self.heard]

    @property
    def words(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Wrote)]


@pytest.fixture
def simulator() -> Simulator:
    made = Simulator(limits=False)
    made.add_bot(TOKEN, "still_bot", "Still")
    return made


@pytest.fixture
def ann(simulator: Simulator) -> Person:
    return simulator.add_user("Ann", language_code="de")


@pytest.fixture
async def bot(simulator: Simulator, tmp_path: Path) -> AsyncIterator[Bot]:
    (tmp_path / "breath.gif").write_bytes(b"GIF89a moving picture")
    async with serve(simulator) as served:
        clock = SteppedClock()
        channel = TelegramChannel(TOKEN, clock, api_url=served.api_url, media=tmp_path)
        await channel.open()
        made = Bot(channel, clock)
        yield made
        await made.inbox.close()
        await channel.close()


async def until(holds: Callable[[], object], seconds: float = 20) -> None:
    """Let everything else run until `holds`."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - the event loop's own turns are what is waited for
            await asyncio.sleep(0)


@asynccontextmanager
async def patience(clock: SteppedClock) -> AsyncIterator[None]:
    """Every pause comes to its end at once."""

    async def tick() -> None:
        while True:
            await until(lambda: sleepers(clock), seconds=60)
            clock.move(timedelta(seconds=30))
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    yield
    ticking.cancel()
    await asyncio.gather(ticking, return_exceptions=True)


def sleepers(clock: SteppedClock) -> int:
    return len(clock._moved)


def waiting(simulator: Simulator) -> int:
    return len(simulator.queue(simulator.world.accounts[7]).waiting())


async def play(bot: Bot, simulator: Simulator) -> None:
    """Poll until Telegram has nothing left, and stop."""
    polling = asyncio.create_task(bot.poller.run())
    await until(lambda: not waiting(simulator) or polling.done())
    await bot.poller.stop()
    await polling


async def test_everything_a_person_does_arrives_in_order_and_is_confirmed(
    bot: Bot, simulator: Simulator, ann: Person
) -> None:
    ann.starts("from-a-friend")
    ann.says("/SOOTHE@still_bot now")
    said = ann.says("I feel alone 😮‍💨")
    ann.edits(said["message_id"], "I feel less alone")
    await bot.channel.call("sendMessage", _asking(ann))
    ann.taps("20 minutes")
    ann.shares_location(52.5, 13.4)
    ann.shares_contact()
    ann.sends_sticker("😢")
    ann.sends_photo(caption="us")
    ann.sends_voice()
    ann.sends_document("letter.txt", b"dear Ben")
    ann.blocks()
    ann.unblocks()
    await play(bot, simulator)
    kinds = ["contact", "sticker", "photo", "voice", "document"]
    assert [type(event) for event in bot.events[5:6]] == [SharedPlace]
    assert [event for event in bot.events if not isinstance(event, Pressed)] == [
        CommandGiven("start", "from-a-friend"),
        CommandGiven("soothe", "now"),
        Wrote("I feel alone 😮‍💨"),
        Edited("I feel less alone"),
        SharedPlace(52.5, 13.4),
        *(SentMedia(kind) for kind in kinds),
        Blocked(),
        Unblocked(),
    ]
    (press,) = (event for event in bot.events if isinstance(event, Pressed))
    assert press.data == "p.1.2.0"
    assert {(each.user_id, each.chat_id, each.source, each.language) for each in bot.heard} == {
        (ann.id, ann.id, "update:7", "de")
    }
    await bot.channel.answer(press.query_id)
    assert simulator.calls("answerCallbackQuery")[-1].ok


def _asking(ann: Person) -> bytes:
    rows = [[{"text": "20 minutes", "callback_data": "p.1.2.0"}]]
    return json.dumps({"chat_id": ann.id, "text": "How long?", "reply_markup": {"inline_keyboard": rows}}).encode()


async def test_a_group_hears_one_line(bot: Bot, simulator: Simulator, ann: Person) -> None:
    group: Group = simulator.add_group("Us", ann)
    group.removes_bot(ann)
    group.adds_bot(ann)
    group.says(ann, "/help@still_bot")
    await play(bot, simulator)
    await bot.inbox.quiet()
    assert bot.heard == []
    assert [message["text"] for message in group.messages() if message.get("text") == GROUP_LINE] == [GROUP_LINE]


async def test_nothing_is_lost_when_the_database_and_the_network_fail(
    bot: Bot, simulator: Simulator, ann: Person
) -> None:
    ann.starts()
    bot.faults = [DatabaseUnavailable("gone"), DatabaseUnavailable("gone")]
    simulator.faults.add(Fault(Trouble.DROP_AFTER, "getUpdates", times=2))
    simulator.faults.add(Fault(Trouble.ERROR, "getUpdates", times=1, code=502, after=1))
    words = [str(number) for number in range(30)]
    async with patience(bot.clock):
        polling = asyncio.create_task(bot.poller.run())
        for word in words:
            ann.says(word)
            await asyncio.sleep(0)
        await until(lambda: not waiting(simulator))
        await bot.poller.stop()
        await polling
    assert list(dict.fromkeys(bot.words)) == words
    assert simulator.faults.struck == 3


async def test_what_comes_again_while_the_database_is_away_is_no_flood(
    bot: Bot, simulator: Simulator, ann: Person
) -> None:
    bot.faults = [DatabaseUnavailable("gone")] * 11
    words = [str(number) for number in range(60)]
    for word in words:
        ann.says(word)
    async with patience(bot.clock):
        await play(bot, simulator)
    assert bot.words == words
    assert not simulator.calls("sendMessage")


async def test_an_outage_is_waited_out(bot: Bot, simulator: Simulator, ann: Person) -> None:
    ann.starts()
    polling = asyncio.create_task(bot.poller.run())
    await until(lambda: bot.events)
    with simulator.faults.during(Fault(Trouble.OUTAGE)):
        ann.says("are you there?")
        await until(lambda: sleepers(bot.clock))
        with pytest.raises(Unreachable) as raised:
            await bot.channel.send_now(ann.id, "x")
        assert not raised.value.left
    async with patience(bot.clock):
        await until(lambda: "are you there?" in bot.words)
    await bot.poller.stop()
    await polling


async def test_updates_come_again_after_a_death_in_the_middle(bot: Bot, simulator: Simulator, ann: Person) -> None:
    ann.says("hello")
    stuck = asyncio.Event()
    dying = Inbox(lambda _: stuck.wait(), bot.channel, bot.clock, detect=lambda _: None, card="", group_line="")  # type: ignore[arg-type, return-value]
    polling = asyncio.create_task(Poller(bot.channel, dying, bot.clock).run())
    await until(lambda: dying._worker)
    polling.cancel()
    await asyncio.gather(polling, return_exceptions=True)
    stuck.set()
    await dying.quiet()
    assert waiting(simulator) == 1
    await play(bot, simulator)
    assert bot.words == ["hello"]


async def test_ids_that_begin_anew_below_lose_nothing(bot: Bot, simulator: Simulator, ann: Person) -> None:
    ann.starts()
    simulator.inject({"message": _text_of(ann, "last of the old")}, update_id=900_000_000)
    await play(bot, simulator)
    simulator.inject({"message": _text_of(ann, "first of the new")}, update_id=17)
    bot.poller = Poller(bot.channel, bot.inbox, bot.clock)
    await play(bot, simulator)
    assert bot.words == ["last of the old", "first of the new"]


def _text_of(ann: Person, words: str) -> dict[str, Any]:
    sender = {"id": ann.id, "is_bot": False, "first_name": "Ann"}
    return {"message_id": 1, "date": 1, "chat": {"id": ann.id, "type": "private"}, "from": sender, "text": words}


async def test_hostile_updates_pass_through_without_a_stop(bot: Bot, simulator: Simulator, ann: Person) -> None:
    bodies: list[dict[str, Any]] = [
        {"message": None},
        {"message": {"chat": []}},
        {"callback_query": 3},
        {"poll": {}},
        {"nonsense": {}},
        {},
    ]
    for body in bodies:
        simulator.inject(body)
    ann.says("still here?")
    await play(bot, simulator)
    assert bot.words == ["still here?"]


async def test_faults_of_sending_have_their_names(bot: Bot, simulator: Simulator, ann: Person) -> None:
    message = _asking(ann)
    with pytest.raises(CannotReach):
        await bot.channel.call("sendMessage", message)
    ann.starts()
    sent = await bot.channel.call("sendMessage", message)
    again = json.dumps(json.loads(message) | {"message_id": sent.message_id}).encode()
    assert await bot.channel.call("editMessageText", again) == sent
    simulator.faults.add(Fault(Trouble.THROTTLE, "sendMessage", retry_after=3))
    with pytest.raises(Throttled) as throttled:
        await bot.channel.call("sendMessage", message)
    assert throttled.value.seconds == 3
    simulator.faults.add(Fault(Trouble.DROP_AFTER, "sendMessage"))
    with pytest.raises(Unreachable) as lost:
        await bot.channel.call("sendMessage", message)
    assert lost.value.left
    ann.blocks()
    with pytest.raises(CannotReach):
        await bot.channel.call("sendMessage", message)


async def test_a_picture_is_uploaded_once_and_shown_twice(bot: Bot, simulator: Simulator, ann: Person) -> None:
    ann.starts()
    asked = json.dumps({"chat_id": ann.id, "animation": "media:breath", "caption": "In …"}).encode()
    first = await bot.channel.call("sendAnimation", asked)
    second = await bot.channel.call("sendAnimation", asked)
    assert first.file_id
    assert second == Sent(first.message_id + 1)
    shown = [message["animation"]["file_id"] for message in ann.messages() if "animation" in message]
    assert shown == [first.file_id] * 2
    assert all(call.ok for call in simulator.calls("sendAnimation"))


PROFILES = {
    "en": Profile((("soothe", "Settle"), ("help", "Help now")), "Us vs. the cycle", "A calm place."),
    "de": Profile((("soothe", "Zur Ruhe kommen"), ("help", "Hilfe")), "Wir gegen den Kreis", "Ein ruhiger Ort."),
}


async def test_what_telegram_knows_already_is_not_told_again(bot: Bot, simulator: Simulator, ann: Person) -> None:
    assert await publish(bot.channel, PROFILES) == 6
    assert await publish(bot.channel, PROFILES) == 0
    shown = [each["description"] for each in simulator.user_view(ann.user)["commands"]]
    assert shown == ["Zur Ruhe kommen", "Hilfe"]
    told = [call.parameters.get("language_code") for call in simulator.calls("setMyCommands")]
    assert told == [None, "de"]  # English is for everybody else, too
    changed = PROFILES | {"de": Profile(PROFILES["de"].commands, "Wir gegen den Kreis", "Ein stiller Ort.")}
    assert await publish(bot.channel, changed) == 1
    assert all(call.ok for call in simulator.calls())


async def test_a_name_is_set_only_where_the_host_wants_one(bot: Bot, simulator: Simulator) -> None:
    assert await publish(bot.channel, PROFILES) == 6
    assert not simulator.calls("setMyName")
    named = {"en": replace(PROFILES["en"], name="Quiet Minute")}
    assert await publish(bot.channel, named) == 1
    assert await publish(bot.channel, named) == 0
    assert [call.parameters["name"] for call in simulator.calls("setMyName")] == ["Quiet Minute"]


async def test_a_bot_whose_profile_cannot_be_set_still_works(bot: Bot, simulator: Simulator) -> None:
    simulator.faults.add(Fault(Trouble.THROTTLE, "setMyDescription", retry_after=9000))
    assert await publish(bot.channel, PROFILES) == 2


async def test_a_webhook_brings_everything_in_order_and_again_after_a_fault(tmp_path: Path) -> None:
    simulator = Simulator(limits=False, webhook_backoff=lambda _: 0.0)
    simulator.add_bot(TOKEN, "still_bot", "Still")
    ann, ben = simulator.add_user("Ann"), simulator.add_user("Ben")
    async with serve(simulator) as served:
        channel = TelegramChannel(TOKEN, SteppedClock(), api_url=served.api_url, media=tmp_path)
        await channel.open()
        bot = Bot(channel, SteppedClock())
        door = Listener(webhook_app(bot.inbox, path="/hook", secret="s3cret"), "127.0.0.1", 0)
        await door.start()
        await register(channel, f"{door.url}/hook", "s3cret")
        bot.faults = [DatabaseUnavailable("gone")] * 200
        for number in range(20):
            ann.says(f"a{number}")
            ben.says(f"b{number}")
        await until(lambda: not waiting(simulator))
        await door.stop()
        await channel.close()
    assert [word for word in bot.words if word[0] == "a"] == [f"a{number}" for number in range(20)]
    assert [word for word in bot.words if word[0] == "b"] == [f"b{number}" for number in range(20)]


async def test_polling_takes_over_from_a_webhook(bot: Bot, simulator: Simulator, ann: Person) -> None:
    await register(bot.channel, "http://127.0.0.1:9/hook", "s3cret")
    ann.says("hello")
    await play(bot, simulator)
    assert bot.words == ["hello"]
    assert all(call.ok for call in simulator.calls("setWebhook", "getWebhookInfo", "deleteWebhook"))
