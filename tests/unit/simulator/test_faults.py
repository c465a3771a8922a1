"""Trouble on demand: speed limits, 429, 500, broken connections, outages, hung polls."""

import asyncio
from datetime import timedelta

import aiohttp
import pytest
import telegram
from telegram.error import NetworkError, RetryAfter

from bot.simulator import Fault, Person, Served, Simulator, Trouble

from .conftest import TOKEN, Caller, MachineTime


async def accepted(call: Caller, chat_id: int, count: int) -> int:
    """How many of so many messages get through."""
    answers = [await call("sendMessage", chat_id=chat_id, text=str(each)) for each in range(count)]
    refused = [each for each in answers if not each["ok"]]
    for each in refused:
        assert each["error_code"] == 429
        assert each["description"] == f"Too Many Requests: retry after {each['parameters']['retry_after']}"
    return len(answers) - len(refused)


async def test_a_chat_takes_five_at_once_and_then_one_a_second(
    call: Caller, sim: Simulator, ann: Person, machine: MachineTime
) -> None:
    sim.limits.active = True
    ann.starts()
    assert await accepted(call, ann.id, 8) == 5
    machine.seconds += 1
    assert await accepted(call, ann.id, 2) == 1
    machine.seconds += 60
    assert await accepted(call, ann.id, 8) == 5


async def test_no_more_than_thirty_messages_in_any_second(
    call: Caller, sim: Simulator, ann: Person, machine: MachineTime
) -> None:
    sim.limits.active = True
    people = [ann, *(sim.add_user(f"P{each}") for each in range(6))]
    for each in people:
        each.starts()
    assert sum([await accepted(call, each.id, 5) for each in people]) == 30
    assert len(await call.result("getUpdates")) == 7
    machine.seconds += 0.5
    assert await accepted(call, people[-1].id, 1) == 0
    machine.seconds += 0.5
    assert await accepted(call, people[-1].id, 1) == 1


async def test_edits_count_and_answers_to_presses_do_not(call: Caller, sim: Simulator, ann: Person) -> None:
    ann.starts()
    sent = await call.result("sendMessage", chat_id=ann.id, text="0")
    sim.limits.active = True
    for each in range(5):
        await call.result("editMessageText", chat_id=ann.id, message_id=sent["message_id"], text=f"e{each}")
    refused = await call("editMessageText", chat_id=ann.id, message_id=sent["message_id"], text="x")
    assert refused["parameters"] == {"retry_after": 1}
    press = ann.presses(sent["message_id"], "y")
    await call.result("answerCallbackQuery", callback_query_id=press)
    await call.result("sendChatAction", chat_id=ann.id, action="typing")


async def test_throttling_for_one_chat(
    bot: telegram.Bot, sim: Simulator, ann: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    ann.starts()
    ben.starts()
    sim.faults.add(Fault(Trouble.THROTTLE, chat_id=ann.id, times=2, retry_after=7))
    assert await bot.send_message(ben.id, "free")
    for _ in range(2):
        with pytest.raises(RetryAfter) as refused:
            await bot.send_message(ann.id, "x")
        assert refused.value.retry_after == timedelta(seconds=7)
    assert await bot.send_message(ann.id, "at last")


async def test_an_error_after_some_calls_went_well(bot: telegram.Bot, sim: Simulator, ann: Person) -> None:
    ann.starts()
    sim.faults.add(Fault("error", method="sendMessage", after=1, code=502))
    await bot.send_message(ann.id, "fine")
    with pytest.raises(NetworkError, match="Bad Gateway"):
        await bot.send_message(ann.id, "not fine")
    assert [each["text"] for each in ann.messages()] == ["/start", "fine"]


async def test_a_connection_broken_before_or_after_the_call_took_effect(
    call: Caller, sim: Simulator, ann: Person
) -> None:
    ann.starts()
    for trouble in ("drop_before", "drop_after"):
        sim.faults.add(Fault(trouble, method="sendMessage"))
        with pytest.raises((aiohttp.ClientOSError, aiohttp.ServerDisconnectedError)):
            await call("sendMessage", chat_id=ann.id, text=trouble)
    assert [each["text"] for each in ann.messages()] == ["/start", "drop_after"]
    assert [each.ok for each in sim.calls("sendMessage")] == [False, True]


async def test_the_library_sees_a_broken_connection_as_a_network_error(
    bot: telegram.Bot, sim: Simulator, ann: Person
) -> None:
    ann.starts()
    sim.faults.add(Fault(Trouble.DROP_AFTER, method="sendMessage"))
    with pytest.raises(NetworkError):
        await bot.send_message(ann.id, "arrived all the same")
    assert ann.last()["text"] == "arrived all the same"


async def test_in_an_outage_nobody_is_there(served: Served, sim: Simulator) -> None:
    url = f"{served.api_url}/bot{TOKEN}/getMe"
    async with aiohttp.ClientSession() as session:
        async with session.get(url) as answer:
            assert answer.status == 200
        poll = asyncio.create_task(session.get(f"{served.api_url}/bot{TOKEN}/getUpdates?timeout=30").__aenter__())
        await sim.until(lambda: sim.is_polled)
        with sim.faults.during(Fault(Trouble.OUTAGE)):
            with pytest.raises(aiohttp.ClientError):
                await poll
            with pytest.raises(aiohttp.ClientConnectorError):
                await session.get(url)
        async with session.get(url) as answer:
            assert answer.status == 200


async def test_a_hung_poll_goes_on_when_the_fault_goes(call: Caller, sim: Simulator, ann: Person) -> None:
    remove = sim.faults.add(Fault(Trouble.HANG, method="getUpdates"))
    poll = asyncio.create_task(call.result("getUpdates"))
    await sim.until(lambda: sim.faults.struck)
    ann.says("hello")
    assert not poll.done()
    remove()
    assert [each["message"]["text"] for each in await poll] == ["hello"]


async def test_a_slow_answer_is_still_an_answer(call: Caller, sim: Simulator, ann: Person) -> None:
    ann.starts()
    sim.faults.add(Fault(Trouble.DELAY, seconds=0.01))
    assert (await call.result("getMe"))["username"] == "stillhere_test_bot"
    assert sim.faults.struck == 1


async def test_serving_stops_while_something_hangs(sim: Simulator, served: Served) -> None:
    sim.faults.add(Fault(Trouble.HANG, method="getMe"))
    session = aiohttp.ClientSession()
    hung = asyncio.create_task(session.get(f"{served.api_url}/bot{TOKEN}/getMe").__aenter__())
    await sim.until(lambda: sim.faults.struck)
    hung.cancel()
    await asyncio.gather(hung, return_exceptions=True)
    await session.close()
