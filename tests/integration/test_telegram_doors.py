"""Polling and webhook: confirmed only after the commit, and a cry for help answered in half a second whatever happens."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import timedelta
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from bot.core.errors import DatabaseUnavailable, SettingError, VaultError
from bot.core.events import Incoming, Verdict, Wrote
from bot.telegram.channel import TelegramChannel
from bot.telegram.errors import TokenRefused
from bot.telegram.inbox import Inbox
from bot.telegram.polling import Heard, Poller, TwoPollers
from bot.telegram.updates import KINDS
from bot.telegram.webhook import MAX_BODY, register, webhook_app
from tests.bot_api_wire import TOKEN, Wire, drop, ok, open_wire, refuse
from tests.clocks import SteppedClock

CARD, GROUP_LINE = "Please call 112.", "I work in private chats only."
HALF = timedelta(seconds=0.5)


def detect(text: str) -> Verdict | None:
    return Verdict("self_harm", "explicit") if text == "DANGER" else None


class Turns:
    """Stands where the conversation stands: keeps each batch, and fails or waits as told."""

    def __init__(self) -> None:
        self.batches: list[list[Incoming]] = []
        self.faults: list[Exception | None] = []
        self.open = asyncio.Event()
        self.open.set()

    async def handle(self, batch: list[Incoming]) -> None:
        self.batches.append(batch)
        await self.open.wait()
        if fault := self.faults.pop(0) if self.faults else None:
            raise fault

    @property
    def words(self) -> list[list[str]]:
        return [[event.event.text for event in batch if isinstance(event.event, Wrote)] for batch in self.batches]


class NotedClock(SteppedClock):
    """Keeps how long each sleep was to be."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await super().sleep(seconds)


@pytest.fixture
def clock() -> NotedClock:
    return NotedClock()


@pytest.fixture
def turns() -> Turns:
    return Turns()


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with open_wire() as opened:
        yield opened


@pytest.fixture
async def channel(wire: Wire, clock: SteppedClock) -> AsyncIterator[TelegramChannel]:
    opened = TelegramChannel(TOKEN, clock, api_url=wire.url)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def inbox(channel: TelegramChannel, clock: SteppedClock, turns: Turns) -> AsyncIterator[Inbox]:
    made = Inbox(turns.handle, channel, clock, detect=detect, card=CARD, group_line=GROUP_LINE, at_most=4)
    yield made
    await made.close()


@pytest.fixture
async def poller(channel: TelegramChannel, inbox: Inbox, clock: SteppedClock) -> Poller:
    return Poller(channel, inbox, clock)


def text(update_id: int, words: str = "hello", user: int = 42) -> dict[str, Any]:
    sender, chat = {"id": user, "is_bot": False, "first_name": "A"}, {"id": user, "type": "private"}
    return {
        "update_id": update_id,
        "message": {"message_id": 1, "date": 1, "from": sender, "chat": chat, "text": words},
    }


def in_group(update_id: int) -> dict[str, Any]:
    update = text(update_id, "/start@still_bot")
    update["message"]["chat"] = {"id": -1001, "type": "group"}
    return update


async def until(holds: Callable[[], object]) -> None:
    """Let everything else run until `holds`."""
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - the event loop's own turns are what is waited for
            await asyncio.sleep(0)


def sleepers(clock: SteppedClock) -> int:
    return len(clock._moved)


def running(work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
    return asyncio.create_task(work)


# The inbox


async def test_what_waits_while_a_turn_runs_is_the_next_batch(inbox: Inbox, turns: Turns) -> None:
    turns.open.clear()
    tasks = [running(inbox.take([text(1)]))]
    await until(lambda: turns.batches)
    tasks += [running(inbox.take([text(number)])) for number in (2, 3, 4, 5, 6)]
    await until(lambda: len(inbox._waiting) == 5)
    turns.open.set()
    await asyncio.gather(*tasks)
    assert [[event.id for event in batch] for batch in turns.batches] == [[1], [2, 3, 4, 5], [6]]


async def test_a_fault_reaches_everyone_in_the_batch_and_nobody_else(inbox: Inbox, turns: Turns) -> None:
    turns.open.clear()
    turns.faults = [None, DatabaseUnavailable("gone"), None]
    first = running(inbox.take([text(1)]))
    await until(lambda: turns.batches)
    others = [running(inbox.take([text(2)])), running(inbox.take([text(3)]))]
    await until(lambda: len(inbox._waiting) == 2)
    turns.open.set()
    await first
    assert [type(fault) for fault in await asyncio.gather(*others, return_exceptions=True)] == [DatabaseUnavailable] * 2
    await inbox.take([text(4)])


async def test_who_stops_waiting_stops_nobody_else(inbox: Inbox, turns: Turns) -> None:
    turns.open.clear()
    gone, stays = running(inbox.take([text(1)])), running(inbox.take([text(2)]))
    await until(lambda: turns.batches)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    turns.open.set()
    await stays
    assert len(turns.batches) == 1


async def test_nothing_of_ours_needs_no_turn(inbox: Inbox, turns: Turns) -> None:
    await inbox.take([{"update_id": 1, "channel_post": {}}, "x", None])
    assert turns.batches == []


@pytest.mark.parametrize("words", ["DANGER", "/help", "/HELP@still_bot now"])
async def test_a_slow_turn_is_overtaken_by_the_static_card(
    inbox: Inbox, turns: Turns, clock: NotedClock, wire: Wire, words: str
) -> None:
    turns.open.clear()
    task = running(inbox.take([text(1, words)]))
    await until(lambda: sleepers(clock))
    await until(lambda: turns.batches)
    assert (clock.slept, wire.asked("sendMessage")) == ([0.5], [])
    clock.move(HALF)
    await until(lambda: wire.asked("sendMessage"))
    turns.open.set()
    await task
    await inbox.quiet()
    assert [(call["chat_id"], call["text"]) for call in wire.asked("sendMessage")] == [(42, CARD)]


async def test_the_card_goes_out_once_however_often_the_update_comes(
    inbox: Inbox, turns: Turns, clock: SteppedClock, wire: Wire
) -> None:
    turns.faults = [DatabaseUnavailable("gone")] * 3
    for _ in range(2):  # the promise runs from the first arrival, not from the last
        with pytest.raises(DatabaseUnavailable):
            await inbox.take([text(1, "DANGER")])
        clock.move(HALF / 2)
    await inbox.quiet()
    with pytest.raises(DatabaseUnavailable):
        await inbox.take([text(1, "DANGER")])
    clock.move(HALF)
    await inbox.take([text(1, "DANGER")])
    await inbox.quiet()
    assert [call["text"] for call in wire.asked("sendMessage")] == [CARD]


@pytest.mark.parametrize("words", ["hello", "/soothe"])
async def test_other_slow_turns_are_just_slow(
    inbox: Inbox, turns: Turns, clock: SteppedClock, wire: Wire, words: str
) -> None:
    turns.open.clear()
    task = running(inbox.take([text(1, words)]))
    await until(lambda: turns.batches)
    clock.move(HALF * 20)
    turns.open.set()
    await task
    await inbox.quiet()
    assert wire.asked("sendMessage") == []


async def test_a_turn_in_time_withdraws_its_card(inbox: Inbox, clock: SteppedClock, wire: Wire) -> None:
    await inbox.take([text(1, "DANGER")])
    await inbox.quiet()
    clock.move(HALF * 2)
    await inbox.quiet()
    assert sleepers(clock) == 0
    assert wire.asked("sendMessage") == []


async def test_the_card_is_tried_again_when_telegram_cannot_be_reached(
    inbox: Inbox, turns: Turns, clock: SteppedClock, wire: Wire
) -> None:
    turns.faults = [DatabaseUnavailable("gone")]
    wire.then("sendMessage", refuse(502, "Bad Gateway"))
    with pytest.raises(DatabaseUnavailable):
        await inbox.take([text(1, "DANGER")])
    clock.move(HALF)
    await until(lambda: wire.asked("sendMessage") and sleepers(clock))
    clock.move(timedelta(seconds=1))
    await inbox.quiet()
    assert len(wire.asked("sendMessage")) == 2


async def test_a_group_is_told_once_an_hour(inbox: Inbox, clock: SteppedClock, wire: Wire) -> None:
    for minutes in (0, 1, 58, 1):
        clock.move(timedelta(minutes=minutes))
        await inbox.take([in_group(1), in_group(2)])
        await inbox.quiet()
    assert [(call["chat_id"], call["text"]) for call in wire.asked("sendMessage")] == [(-1001, GROUP_LINE)] * 2


async def test_a_group_that_threw_us_out_is_no_fault(inbox: Inbox, wire: Wire) -> None:
    wire.then("sendMessage", refuse(403, "Forbidden: bot was kicked from the group chat"))
    await inbox.take([in_group(1)])
    await inbox.quiet()


# Polling


async def test_the_offset_moves_only_after_the_commit(poller: Poller, turns: Turns, wire: Wire) -> None:
    turns.open.clear()
    task = running(poller.run())
    wire.updates.put_nowait([text(5), text(6)])
    await until(lambda: turns.batches)
    assert len(wire.asked("getUpdates")) == 1
    turns.open.set()
    await until(lambda: len(wire.asked("getUpdates")) == 2)
    wire.updates.put_nowait([])
    await until(lambda: len(wire.asked("getUpdates")) == 3)
    await poller.stop()
    await task
    first, second, third = wire.asked("getUpdates")
    assert first == {"timeout": 30, "limit": 100, "allowed_updates": KINDS}
    assert second == first | {"offset": 7}
    assert third == first  # ids may begin anew, below: what is confirmed is not mentioned again


async def test_a_database_fault_confirms_nothing(poller: Poller, turns: Turns, clock: NotedClock, wire: Wire) -> None:
    turns.faults = [DatabaseUnavailable("gone"), DatabaseUnavailable("gone")]
    task = running(poller.run())
    with capture_logs() as logs:
        for times in (1, 2):
            wire.updates.put_nowait([text(5)])
            await until(lambda times=times: len(clock.slept) == times)  # type: ignore[misc]
            clock.move(timedelta(seconds=1))
        wire.updates.put_nowait([text(5)])
        await until(lambda: len(wire.asked("getUpdates")) == 4)
    await poller.stop()
    await task
    assert [call.get("offset") for call in wire.asked("getUpdates")][:4] == [None, None, None, 6]
    assert (clock.slept, len(turns.batches)) == ([0.25, 0.5], 3)
    assert [line["event"] for line in logs] == ["updates do not arrive", "updates arrive again"]


async def test_an_outage_is_waited_out_ever_longer_with_one_line(poller: Poller, clock: NotedClock, wire: Wire) -> None:
    wire.then("getUpdates", drop(wire), *[refuse(502, "Bad Gateway")] * 8)
    task = running(poller.run())
    with capture_logs() as logs:
        for times in range(1, 10):
            await until(lambda times=times: len(clock.slept) == times)  # type: ignore[misc]
            clock.move(timedelta(seconds=30))
        wire.updates.put_nowait([text(5)])
        await until(lambda: len(wire.asked("getUpdates")) == 11)
    await poller.stop()
    await task
    assert clock.slept == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert len(logs) == 2
    assert poller.last_success == Heard(clock.now(), clock.machine())


async def test_a_second_poller_is_named_after_five_conflicts(poller: Poller, clock: NotedClock, wire: Wire) -> None:
    wire.then("getUpdates", *[refuse(409, "Conflict: terminated by other getUpdates request"), ok([])] * 5)
    task = running(poller.run())
    for times in range(1, 5):
        await until(lambda times=times: len(clock.slept) == times)  # type: ignore[misc]
        clock.move(timedelta(seconds=3))
    with pytest.raises(TwoPollers, match="Another program polls"):
        await task


async def test_a_webhook_is_removed_without_losing_what_waits(
    poller: Poller, turns: Turns, clock: SteppedClock, wire: Wire
) -> None:
    there: dict[str, Any] = {
        "url": "https://x.example/hook",
        "has_custom_certificate": False,
        "pending_update_count": 3,
    }
    wire.then("getWebhookInfo", ok(there), ok(there))
    wire.then("getUpdates", refuse(409, "Conflict: can't use getUpdates method while webhook is active"))
    task = running(poller.run())
    await until(lambda: sleepers(clock))  # somebody has set it again
    clock.move(timedelta(seconds=3))
    wire.updates.put_nowait([text(5)])
    await until(lambda: turns.batches)
    await poller.stop()
    await task
    assert wire.asked("deleteWebhook") == [{"drop_pending_updates": False}] * 2


async def test_a_token_refused_for_good_ends_it(poller: Poller, clock: NotedClock, wire: Wire) -> None:
    wire.then("getUpdates", *[refuse(401, "Unauthorized")] * 3)
    task = running(poller.run())
    for times in (1, 2):
        await until(lambda times=times: len(clock.slept) == times)  # type: ignore[misc]
        clock.move(timedelta(seconds=1))
    with pytest.raises(TokenRefused):
        await task


async def test_a_fault_nobody_can_wait_out_ends_it(poller: Poller, turns: Turns, wire: Wire) -> None:
    turns.faults = [VaultError("the key is gone")]
    wire.updates.put_nowait([text(5)])
    with pytest.raises(VaultError):
        await poller.run()
    await poller.stop()


async def test_stopping_ends_a_long_poll_at_once(poller: Poller, wire: Wire) -> None:
    task = running(poller.run())
    await until(lambda: wire.asked("getUpdates"))
    await poller.stop()
    await task
    assert len(wire.asked("getUpdates")) == 1


async def test_stopping_lets_a_turn_end_and_confirms_it(poller: Poller, turns: Turns, wire: Wire) -> None:
    turns.open.clear()
    task = running(poller.run())
    wire.updates.put_nowait([text(5)])
    await until(lambda: turns.batches)
    stopping = running(poller.stop())
    turns.open.set()
    await stopping
    await task
    last = wire.asked("getUpdates")[-1]
    assert (last["offset"], last["timeout"], last["limit"]) == (6, 0, 1)


async def test_stopping_ends_a_pause(poller: Poller, clock: SteppedClock, wire: Wire) -> None:
    wire.then("getUpdates", refuse(502, "Bad Gateway"))
    task = running(poller.run())
    await until(lambda: sleepers(clock))
    await poller.stop()
    await task


async def test_cancelling_from_outside_is_not_swallowed(poller: Poller, wire: Wire) -> None:
    task = running(poller.run())
    await until(lambda: wire.asked("getUpdates"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


# The webhook

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
