"""A person's own words to somebody else: where nobody can tell whether they arrived, their writer is asked."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from bot.simulator.faults import Fault, Trouble
from bot.storage import outbox, users
from bot.storage.messages import Draft, Status
from bot.storage.tables import outbox as outbox_table
from bot.storage.tables import users as users_table
from bot.storage.vault import open_vault
from tests.integration.faults.world import POSTGRESQL_IN_DEEP, World

pytestmark = POSTGRESQL_IN_DEEP

DAY = timedelta(days=1)
WORDS = "I would like to talk tonight."
CUT_OFF = Fault(Trouble.DROP_AFTER, "sendMessage")
NEVER_CAME = Fault(Trouble.ERROR, "sendMessage", code=502)


@pytest.fixture
def note(at_the_door: World) -> Callable[..., Any]:
    """Writes a note from Ann to Ben, as a turn of hers will."""

    async def write(words: str = WORDS, number: int = 77) -> None:
        world, ann, ben = at_the_door, at_the_door.people["Ann"].id, at_the_door.people["Ben"].id
        now = world.clock.now()
        body = orjson.dumps({"chat_id": ben, "text": words})
        draft = Draft(number, ann, f"chat:{ben}", 0, "sendMessage", body, if_unknown="ask", expires_at=now + DAY)
        async with world.app.database.transaction() as tx:
            vault = await open_vault(tx, world.app.settings.key_file)
            people = await users.lock(tx, vault, [ann])
            await outbox.add(tx, [(people[ann].key, draft)], now)
        world.app.sender.send([], waiting=True)

    return write


def asked(world: World) -> list[str]:
    """What stands on Ann's phone about her note, and its buttons."""
    last = world.people["Ann"].last()
    return [last["text"], *(button["text"] for row in last["reply_markup"]["inline_keyboard"] for button in row)]


QUESTION = ["Send again", "Leave it"]


@pytest.mark.parametrize("trouble", [CUT_OFF, NEVER_CAME], ids=["it came", "it never came"])
@pytest.mark.parametrize("answer", ["again", "leave"])
async def test_the_writer_is_asked_and_decides(
    at_the_door: World, note: Callable[..., Any], trouble: Fault, answer: str
) -> None:
    world = at_the_door
    world.simulator.faults.add(replace(trouble, chat_id=world.people["Ben"].id))
    await note()
    await world.settle()
    came = int(trouble is CUT_OFF)
    assert world.heard("Ben")[1:] == [WORDS] * came
    question, *buttons = asked(world)
    assert world.is_phrase(question, "doubt.ask.said")
    assert buttons == QUESTION
    await world.restart()  # the question stands for as long as the words are kept
    world.press("Ann", f"doubt.ask.{answer}")
    world.press("Ann", f"doubt.ask.{answer}")  # a quick finger
    await world.settle()
    assert world.is_phrase(world.heard("Ann")[-1], f"doubt.{'again' if answer == 'again' else 'left'}.said")
    assert world.heard("Ben")[1:] == [WORDS] * (came + (answer == "again"))
    assert all(row.payload is None for row in await world.rows(outbox_table))
    assert await world.is_idle()


async def test_a_note_in_doubt_twice_is_asked_about_twice(at_the_door: World, note: Callable[..., Any]) -> None:
    world = at_the_door
    world.simulator.faults.add(replace(NEVER_CAME, chat_id=world.people["Ben"].id, times=2))
    await note()
    await world.settle()
    for heard in ([], [WORDS]):
        assert world.heard("Ben")[1:] == []
        world.press("Ann", "doubt.ask.again")
        await world.settle()
        assert world.heard("Ben")[1:] == heard
    assert len(world.calls("Ben")) == 1 + 3


async def test_a_note_that_could_not_leave_for_a_day_is_not_dropped_in_silence(
    at_the_door: World, note: Callable[..., Any]
) -> None:
    world = at_the_door
    told_to_wait = Fault(Trouble.THROTTLE, "sendMessage", world.people["Ben"].id, retry_after=120)
    with world.simulator.faults.during(told_to_wait), world.no_longer_than(timedelta(seconds=60)):
        await note()
        await world.simulator.until(lambda: len(world.calls("Ben")) == 2)
        while (await world.counts()).get(Status.CLAIMED):
            pass
        world.clock.skip(DAY)
    await world.settle()
    question, *buttons = asked(world)
    assert world.is_phrase(question, "doubt.late.said")
    assert buttons == QUESTION
    world.press("Ann", "doubt.late.again")
    await world.settle()
    assert world.heard("Ben")[1:] == [WORDS]


async def test_a_question_answered_too_late_says_so(at_the_door: World, note: Callable[..., Any]) -> None:
    world = at_the_door
    world.simulator.faults.add(replace(NEVER_CAME, chat_id=world.people["Ben"].id))
    await note()
    await world.pass_time(timedelta(days=3))
    world.press("Ann", "doubt.ask.again")
    await world.settle()
    assert world.is_phrase(world.heard("Ann")[-1], "doubt.gone.said")
    assert world.heard("Ben")[1:] == []


async def test_only_the_writer_decides(at_the_door: World, note: Callable[..., Any]) -> None:
    world = at_the_door
    world.simulator.faults.add(replace(NEVER_CAME, chat_id=world.people["Ben"].id))
    await note()
    await world.settle()
    data = world.people["Ann"].last()["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    door = world.people["Ben"].last()["message_id"]
    async with world.app.database.transaction() as tx:
        before = list(await tx.connection.execute(outbox_table.select().where(outbox_table.c.id == 77)))
    world.people["Ben"].presses(door, data)
    await world.settle()
    async with world.app.database.transaction() as tx:
        assert list(await tx.connection.execute(outbox_table.select().where(outbox_table.c.id == 77))) == before


async def test_a_reader_who_blocked_the_bot_is_marked_and_not_the_writer(
    at_the_door: World, note: Callable[..., Any]
) -> None:
    world = at_the_door
    world.people["Ben"].chat.blocked = True
    await note()
    await world.settle()
    blocked = {row.id: row.blocked_at is not None for row in await world.rows(users_table)}
    assert (blocked[world.people["Ann"].id], blocked[world.people["Ben"].id]) == (False, True)
    assert await world.talk("Ann", "one") == ["Who is there?", "Heard: one."]


async def test_a_note_without_trouble_arrives_once_and_nobody_is_asked(
    at_the_door: World, note: Callable[..., Any]
) -> None:
    world = at_the_door
    await note()
    await world.settle()
    assert (world.heard("Ben")[1:], world.heard("Ann")[1:]) == ([WORDS], [])
