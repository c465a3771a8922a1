"""The stream of updates: polling, confirming, lifetimes, two pollers."""

import asyncio

import aiohttp
import pytest
import telegram
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.simulator import Person, Served, SimulatedClock, Simulator
from bot.simulator.updates import UpdateQueue

from .conftest import TOKEN, Caller, later


async def texts(call: Caller, **parameters: object) -> list[str]:
    return [each["message"]["text"] for each in await call.result("getUpdates", **parameters)]


async def test_updates_come_again_until_they_are_confirmed(call: Caller, ann: Person) -> None:
    for each in ("a", "b", "c"):
        ann.says(each)
    assert await texts(call) == ["a", "b", "c"]
    assert await texts(call, limit=2) == ["a", "b"]
    first = (await call.result("getUpdates"))[0]["update_id"]
    assert await texts(call, offset=first + 1) == ["b", "c"]
    assert await texts(call) == ["b", "c"]
    assert await texts(call, offset=first + 3) == []
    assert await texts(call, offset=first) == []


async def test_a_negative_offset_forgets_all_but_the_last(call: Caller, ann: Person) -> None:
    for each in ("a", "b", "c"):
        ann.says(each)
    assert await texts(call, offset=-2) == ["b", "c"]
    assert await texts(call) == ["b", "c"]


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(-3, 12)), max_size=12))
def test_what_is_confirmed_never_comes_back_and_nothing_else_is_lost(steps: list[int | None]) -> None:
    async def run() -> None:
        queue, confirmed, sent = UpdateQueue(lambda: 0.0, 1), 0, 0
        for step in steps:
            if step is None:
                queue.add("message", {}, "chat:1")
                sent += 1
                continue
            batch = [each["update_id"] for each in await queue.poll(step, 100, 0)]
            confirmed = max(confirmed, step - 1 if step >= 0 else sent + step)
            assert batch == list(range(min(confirmed, sent) + 1, sent + 1))
            confirmed = min(confirmed, sent)

    asyncio.run(run())


async def test_a_waiting_poll_wakes_at_once(call: Caller, sim: Simulator, ann: Person) -> None:
    poll = asyncio.create_task(texts(call, timeout=30))
    await sim.until(lambda: sim.is_polled)
    ann.says("wake up")
    assert await poll == ["wake up"]


async def test_a_second_poller_ends_the_first(call: Caller, sim: Simulator, ann: Person) -> None:
    first = asyncio.create_task(call("getUpdates", timeout=30))
    await sim.until(lambda: sim.is_polled)
    second = asyncio.create_task(texts(call, timeout=30))
    assert await first == {
        "ok": False,
        "error_code": 409,
        "description": "Conflict: terminated by other getUpdates request; "
        "make sure that only one bot instance is running",
    }
    await sim.until(lambda: sim.is_polled)
    ann.says("to the second")
    assert await second == ["to the second"]


async def test_a_poller_that_hung_up_leaves_no_trace(call: Caller, sim: Simulator, ann: Person) -> None:
    poll = asyncio.create_task(call("getUpdates", timeout=30))
    await sim.until(lambda: sim.is_polled)
    poll.cancel()
    await asyncio.gather(poll, return_exceptions=True)
    await sim.until(lambda: not sim.is_polled)
    ann.says("hello")
    assert await texts(call) == ["hello"]


async def test_updates_die_each_at_its_own_time(call: Caller, ann: Person, ben: Person, clock: SimulatedClock) -> None:
    ann.says("a message lives for a day")
    ann.presses(1, "a press for 150 seconds")
    query = ann.asks_inline("a question for 30")
    await call.result("answerInlineQuery", inline_query_id=query, results=[_article("card")])
    ann.chooses(query, "card", ben)

    async def alive() -> list[str]:
        return [next(each for each in update if each != "update_id") for update in await call.result("getUpdates")]

    assert await alive() == ["message", "callback_query", "inline_query", "chosen_inline_result"]
    clock.skip(later(seconds=30))
    assert await alive() == ["message", "callback_query", "chosen_inline_result"]
    clock.skip(later(seconds=120))
    assert await alive() == ["message", "chosen_inline_result"]
    clock.skip(later(seconds=450))
    assert await alive() == ["message"]
    clock.skip(later(days=1))
    assert await alive() == []


async def test_allowed_updates_are_remembered_and_hold_for_what_comes_later(call: Caller, ann: Person) -> None:
    ann.says("one")
    await call.result("getUpdates", allowed_updates=["callback_query"])
    ann.says("two")
    ann.presses(1, "x")
    kinds = [set(each) - {"update_id"} for each in await call.result("getUpdates")]
    assert kinds == [{"message"}, {"callback_query"}]
    await call.result("getUpdates", allowed_updates=[])
    ann.says("three")
    assert len(await call.result("getUpdates")) == 3


async def test_update_numbers_begin_where_they_are_told() -> None:
    sim = Simulator(first_update_id=700)
    sim.add_bot(TOKEN, "x_bot", "X")
    ann = sim.add_user("Ann")
    ann.says("hi")
    account = sim.world.accounts[123456]
    assert [each.id for each in sim.queue(account).waiting()] == [700]


async def test_a_queue_is_empty_once_everything_is_confirmed_or_dead(
    call: Caller, sim: Simulator, ann: Person, clock: SimulatedClock
) -> None:
    queue = sim.queue(sim.world.accounts[123456])
    ann.says("one")
    empty = asyncio.create_task(queue.empty())
    first = (await call.result("getUpdates"))[0]["update_id"]
    assert not empty.done()
    await call.result("getUpdates", offset=first + 1)
    await empty
    ann.says("two")
    clock.skip(later(days=1))
    assert await call.result("getUpdates") == []
    assert queue.waiting() == []
    await queue.empty()


async def test_any_raw_update_can_be_put_in(call: Caller, sim: Simulator) -> None:
    number = sim.inject({"message": {"chat": None, "text": 5}})
    assert await call.result("getUpdates") == [{"update_id": number, "message": {"chat": None, "text": 5}}]
    sim.inject({"something_new": {}}, update_id=50)
    sim.inject({"something_new": {}}, update_id=40)
    assert [each["update_id"] for each in await call.result("getUpdates")] == [number, 40, 50]


@pytest.mark.parametrize("kind", ["query", "form", "multipart"])
async def test_parameters_come_in_any_of_telegrams_ways(served: Served, ann: Person, kind: str) -> None:
    ann.says("one")
    ann.says("two")
    url = f"{served.api_url}/bot{TOKEN}/GETUPDATES"
    async with aiohttp.ClientSession() as session:
        if kind == "query":
            request = session.get(url, params={"limit": "1"})
        elif kind == "form":
            request = session.post(url, data={"limit": "1"})
        else:
            form = aiohttp.FormData()
            form.add_field("limit", "1")
            form.add_field("file", b"x", filename="x")
            request = session.post(url, data=form)
        async with request as answer:
            assert [each["message"]["text"] for each in (await answer.json())["result"]] == ["one"]


async def test_the_library_reads_every_update(bot: telegram.Bot, ann: Person) -> None:
    ann.starts("invite-1")
    update = (await bot.get_updates())[0]
    assert update.message is not None
    assert update.message.text == "/start invite-1"
    assert update.message.parse_entities() == {update.message.entities[0]: "/start"}


def _article(number: str) -> dict[str, object]:
    return {"type": "article", "id": number, "title": "Card", "input_message_content": {"message_text": "Us"}}
