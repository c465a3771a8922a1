"""Whatever Telegram and the network do: no reply or promise is lost, no nudge comes twice, only what must wait waits."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import bot.delivery.patience
import bot.telegram.polling
from bot.simulator.faults import Fault, Trouble
from bot.storage.messages import Status
from bot.storage.tables import outbox, users
from tests.integration.faults.world import POSTGRESQL_IN_DEEP, World

pytestmark = POSTGRESQL_IN_DEEP

HOUR = timedelta(hours=1)
SOON = timedelta(seconds=1)


# ------------------------------------------------------------------------------------------------ told to wait


async def test_a_chat_that_is_told_to_wait_waits_alone(at_the_door: World) -> None:
    world = at_the_door
    ann = world.people["Ann"].id
    with world.no_longer_than(timedelta(seconds=20)):
        world.simulator.faults.add(Fault(Trouble.THROTTLE, "sendMessage", ann, retry_after=30))
        world.say("Ann", "one", "two")
        await world.simulator.until(lambda: len(world.calls("Ann")) == 2)
        world.say("Ben", "one", "two", "three")
        world.say("Cleo", "one")
        await world.until_heard("Ben", 4)
        await world.until_heard("Cleo", 2)
        assert world.heard("Ann")[1:] == []
    await world.until_heard("Ann", 3)
    assert world.heard("Ann")[1:] == ["Heard: one.", "Heard: two."]
    asked, again = world.calls("Ann")[1:3]
    assert again[0] - asked[0] == pytest.approx(30, abs=0.1)
    assert len(world.calls("Ann")) == 4


@pytest.mark.parametrize("between", ["somebody else is answered", "a while"])
async def test_two_chats_that_are_told_to_wait_hold_up_nobody_else(at_the_door: World, between: str) -> None:
    world = at_the_door
    heard = 1
    with world.no_longer_than(timedelta(seconds=20)):
        for name in ("Ann", "Ben"):
            world.simulator.faults.add(Fault(Trouble.THROTTLE, "sendMessage", world.people[name].id, retry_after=30))
            world.say(name, "one")
            await world.simulator.until(lambda name=name: len(world.calls(name)) == 2)  # type: ignore[misc]
            if between == "a while":
                world.clock.advance(2 * SOON)
            else:
                world.say("Cleo", "one")
                heard += 1
                await world.until_heard("Cleo", heard)
        world.say("Cleo", "two")
        await world.until_heard("Cleo", heard + 1)
        assert (world.heard("Ann")[1:], world.heard("Ben")[1:]) == ([], [])
    for name in ("Ann", "Ben"):
        await world.until_heard(name, 2)
        asked, again = world.calls(name)[1:]
        assert again[0] - asked[0] >= 30


async def test_a_bot_that_is_told_to_wait_still_listens_and_answers_presses(at_the_door: World) -> None:
    world = at_the_door
    begun = world.clock.machine()
    with world.no_longer_than(timedelta(seconds=3)):
        world.simulator.faults.add(Fault(Trouble.THROTTLE, "sendMessage", times=2, retry_after=7))
        world.say("Ann", "one")
        world.say("Ben", "one")
        await world.simulator.until(lambda: len(world.calls("Ann")) + len(world.calls("Ben")) == 4)
        world.press("Cleo", "knock.door.open")
        await world.simulator.until(lambda: any(call.ok for call in world.simulator.calls("answerCallbackQuery")))
        assert len(world.calls("Cleo")) == 1
    for name in world.people:
        await world.until_heard(name, 2)
    assert all(at - begun >= 7 for name in world.people for at, _ in world.calls(name)[-1:])
    assert len(world.calls()) == 3 + 2 + 3


# --------------------------------------------------------------------------------------------- told no, for ever


async def test_a_message_refused_for_ever_is_kept_as_a_dead_letter_and_its_reader_hears_of_it(
    at_the_door: World, log: list[Any]
) -> None:
    world = at_the_door
    world.simulator.faults.add(Fault(Trouble.ERROR, "sendMessage", world.people["Ann"].id, code=400))
    world.say("Ann", "turnip", "two")
    await world.talk("Ben", "one")
    after = world.heard("Ann")[1:]
    assert world.heard("Ben")[1:] == ["Heard: one."]
    assert [said for said in after if said.startswith("Heard")] == ["Heard: two."]
    assert [world.is_phrase(said, "common.went_wrong") for said in after].count(True) == 1
    dead = [row for row in await world.rows(outbox) if row.status == Status.DEAD]
    assert [(row.payload, row.method) for row in dead] == [(None, "sendMessage")]
    assert dead[0].error
    assert world.app.sender.counts["dead"] == 1
    assert [line["event"] for line in log].count("outbox.dead_letter") == 1
    assert "turnip" not in str(dead) + str([line for line in log if "dead" in line["event"]])


async def test_nobody_apologises_for_ever_to_a_chat_that_takes_nothing(at_the_door: World) -> None:
    world = at_the_door
    world.simulator.faults.add(Fault(Trouble.ERROR, "sendMessage", world.people["Ann"].id, code=400, times=None))
    world.say("Ann", "one")
    await world.talk("Ben", "one")
    assert world.heard("Ben")[1:] == ["Heard: one."]
    assert len(world.calls("Ann")) == 1 + 2
    assert await world.counts() == {Status.SENT: 3 + 3, Status.DEAD: 1}  # nothing is kept of a sorry
    assert await world.is_idle()


async def test_a_refused_nudge_or_a_button_that_stays_is_nothing_to_be_sorry_for(at_the_door: World) -> None:
    world = at_the_door
    for method in ("sendMessage", "editMessageReplyMarkup"):
        world.simulator.faults.add(Fault(Trouble.ERROR, method, world.people["Ann"].id, code=400))
    await world.set_timer("Ann", "knock.daily", timedelta())
    await world.settle()
    assert await world.talk("Ann", "one") == ["Who is there?", "Heard: one."]
    assert (await world.counts())[Status.DEAD] == 2


async def test_timers_of_whoever_blocked_the_bot_rest_until_they_are_back(at_the_door: World) -> None:
    world = at_the_door
    world.people["Ann"].chat.blocked = True  # and nobody tells the bot: it hears of it by a 403
    await world.set_timer("Ann", "knock.promise", timedelta(), ref="first")
    await world.set_timer("Ann", "knock.promise", HOUR, ref="second")
    await world.set_timer("Ben", "knock.promise", HOUR)
    await world.pass_time(2 * HOUR)
    assert world.heard("Ben")[1:] == ["This was promised."]
    assert [row.blocked_at is None for row in sorted(await world.rows(users))] == [False, True, True]
    assert len(world.calls("Ann")) == 2
    world.people["Ann"].unblocks()
    await world.settle()
    assert world.heard("Ann")[1:] == ["This was promised."]
    assert await world.talk("Ann", "one") == ["Who is there?", "This was promised.", "Heard: one."]
    assert await world.is_idle()


# --------------------------------------------------------------------------------------------------- no answer

TROUBLES = {
    "server error": Fault(Trouble.ERROR),
    "bad gateway": Fault(Trouble.ERROR, code=502),
    "cut off before": Fault(Trouble.DROP_BEFORE),
    "cut off after": Fault(Trouble.DROP_AFTER),
    "silence": Fault(Trouble.HANG),
    "silence after": Fault(Trouble.HANG_AFTER),
}


@pytest.mark.parametrize(
    "trouble", [pytest.param(each, marks=pytest.mark.deep if each == "silence" else ()) for each in TROUBLES]
)  # a second of real silence
async def test_replies_and_promises_without_an_answer_come_again_and_nudges_do_not(
    at_the_door: World, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = at_the_door
    if trouble.startswith("silence"):
        monkeypatch.setattr(bot.delivery.patience, "PATIENCE", 1.0)
    for person in world.people.values():
        world.simulator.faults.add(replace(TROUBLES[trouble], method="sendMessage", chat_id=person.id))
    await world.set_timer("Ben", "knock.promise", timedelta())
    await world.set_timer("Cleo", "knock.daily", timedelta())
    await world.talk("Ann", "one")
    times = 2 if trouble.endswith("after") else 1
    assert world.heard("Ann")[1:] == ["Heard: one."] * times
    assert world.heard("Ben")[1:] == ["This was promised."] * times
    assert world.heard("Cleo")[1:] == ["This is the line of the day."] * (times - 1)
    assert [len(world.calls(name)) for name in world.people] == [3, 3, 2]
    assert (await world.counts())[Status.UNKNOWN] == 1
    assert await world.is_idle()


async def test_a_reply_whose_answer_is_lost_each_time_comes_ever_more_rarely_and_at_last_is_settled(
    at_the_door: World,
) -> None:
    world = at_the_door
    lost = world.simulator.faults.add(Fault(Trouble.DROP_AFTER, "sendMessage", world.people["Ann"].id, times=None))
    world.say("Ann", "one", "two")
    await world.machine_time(3 * HOUR)
    assert (await world.talk("Ben", "one"))[1:] == ["Heard: one."]
    lost()
    await world.simulator.until(lambda: "Heard: two." in world.heard("Ann"))
    await world.settle()
    *copies, last = world.heard("Ann")[1:]
    assert (set(copies), last) == ({"Heard: one."}, "Heard: two.")
    times = [at for at, _ in world.calls("Ann")[1:]]
    assert 4 < sum(at - times[0] < 3 * HOUR.total_seconds() for at in times) <= 4 + 6 + 3
    assert await world.is_idle()


@pytest.mark.parametrize(("hours", "nudges"), [(1, 1), (3, 0)])
async def test_an_outage_of_hours_loses_nothing_but_the_nudges_that_are_too_old(
    at_the_door: World, hours: int, nudges: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = at_the_door
    monkeypatch.setattr(bot.telegram.polling, "_REST", 0.0)  # of real time, for other replicas; here are none
    with world.no_longer_than((hours + 4) * HOUR), world.simulator.faults.during(Fault(Trouble.OUTAGE)):
        before = len(world.calls())
        await world.set_timer("Ann", "knock.promise", timedelta())
        await world.set_timer("Ann", "knock.daily", timedelta())
        await world.set_timer("Ben", "knock.promise", HOUR / 2)
        world.say("Cleo", "one")
        await world.app.scheduler.quiet()
        for _ in range(2 * hours):
            await world.machine_time(HOUR / 12)
            world.clock.skip(HOUR / 2)
        await world.machine_time(HOUR / 12)
        assert len(world.calls()) == before
    await world.until_heard("Ann", 2)
    await world.settle()
    doubted = (await world.counts()).get(
        Status.UNKNOWN, 0
    )  # cut off on its way as the outage ended: it may have arrived
    assert doubted <= nudges
    assert world.heard("Ann")[1:] == ["This was promised.", "This is the line of the day."][: 1 + nudges - doubted]
    assert world.heard("Ben")[1:] == ["This was promised."]
    assert world.heard("Cleo")[1:] == ["Heard: one."]
    await world.settle()
    assert await world.is_idle()


# --------------------------------------------------------------------------------------------------- the long poll


async def test_while_the_poll_hangs_promises_are_kept_and_afterwards_words_are_answered(at_the_door: World) -> None:
    world = at_the_door
    await world.set_timer("Ann", "knock.promise", HOUR)
    ended = world.simulator.faults.add(Fault(Trouble.HANG, "getUpdates", times=None))
    world.say("Ben", "one")  # the poll that waits brings this, the next one hangs
    await world.until_heard("Ben", 2)
    world.say("Ben", "two")
    world.clock.skip(HOUR)
    await world.until_heard("Ann", 2)
    assert world.heard("Ben")[1:] == ["Heard: one."]
    ended()
    await world.until_heard("Ben", 3)
    await world.settle()
    assert (world.heard("Ann")[1:], world.heard("Ben")[1:]) == (["This was promised."], ["Heard: one.", "Heard: two."])


@pytest.mark.deep
async def test_a_poll_that_never_ends_is_given_up(at_the_door: World) -> None:
    world = at_the_door
    world.simulator.faults.add(Fault(Trouble.HANG, "getUpdates"))
    world.app.door._wait = 0  # type: ignore[union-attr]  # ten seconds of patience instead of forty
    assert (await world.talk("Ben", "one", "two"))[1:] == ["Heard: one.", "Heard: two."]


async def test_another_poller_for_a_moment_costs_nothing(at_the_door: World, log: list[Any]) -> None:
    world = at_the_door
    rival = world.simulator.queue(world.account)
    world.say("Ben", "one")
    assert await rival.poll(0, 100, 0)
    await world.settle()
    for _ in range(3):
        await world.polled()
        assert not await rival.poll(0, 100, 0)
        await world.simulator.until(lambda: not world.simulator.is_polled)
    world.say("Ann", "one")
    await world.polled()
    await world.settle()
    assert [world.heard(name)[1:] for name in ("Ann", "Ben")] == [["Heard: one."], ["Heard: one."]]
    assert any(line["event"] == "updates do not arrive" and line["fault"] == "Contested" for line in log)
