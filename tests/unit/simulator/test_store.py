"""The kept state: a demo goes on after a restart, with all its chats and no number dealt twice."""

import json
from pathlib import Path

import pytest

from bot.simulator import SimulatedClock, Simulator, Store
from bot.simulator.files import sample_picture

from .conftest import START, TOKEN, later


def fresh() -> Simulator:
    return Simulator(SimulatedClock(lambda: START))


async def lived(folder: Path, *, clean: bool) -> Simulator:
    """A simulator in which something happened, kept in the folder."""
    sim = fresh()
    account = sim.add_bot(TOKEN, "x_bot", "X")
    ann, ben = sim.add_user("Ann", time_zone="Europe/Berlin"), sim.add_user("Ben")
    sim.clock.skip(later(hours=3))
    ann.starts()
    ann.sends_photo(sample_picture(), caption="us")
    ben.starts()
    ben.blocks()
    keyboard = {"inline_keyboard": [[{"text": "b", "callback_data": "d"}]]}
    await sim.perform(account, "sendMessage", {"chat_id": ann.id, "text": "hi", "reply_markup": keyboard}, {})
    await sim.perform(account, "setMyCommands", {"commands": [{"command": "help", "description": "Help"}]}, {})
    ann.presses(4, "d")
    ann.reacts(4, "❤")
    query = ann.asks_inline()
    offer = {"type": "article", "id": "1", "title": "t", "input_message_content": {"message_text": "card"}}
    results = [offer | {"reply_markup": keyboard}]
    await sim.perform(account, "answerInlineQuery", {"inline_query_id": query, "results": results}, {})
    ann.chooses(query, "1", ben)
    Store(folder).save(sim, clean=clean)
    return sim


def picture_of(sim: Simulator) -> object:
    people = sim.people()
    account = sim.world.accounts[123456]
    return (
        [sim.user_view(each.user) for each in people],
        [each.messages() for each in people],
        people[0].thread(people[1]),
        sim.bot_view(account),
        [each.json() for each in sim.queue(account).waiting()],
        {key: each.content for key, each in sim.cabinet.files.items()},
        sim.now(),
    )


async def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    before = await lived(tmp_path, clean=True)
    after = fresh()
    assert Store(tmp_path).restore(after)
    after.add_bot(TOKEN, "x_bot", "X")
    assert picture_of(after) == picture_of(before)
    account = after.world.accounts[123456]
    assert account.next_message_id == before.world.accounts[123456].next_message_id
    assert after.queue(account).next_id == before.queue(before.world.accounts[123456]).next_id
    press = next(iter(account.presses))
    assert (await after.perform(account, "answerCallbackQuery", {"callback_query_id": press}, {}))[0] == 200
    card = next(iter(account.inline_messages))
    assert (await after.perform(account, "editMessageText", {"inline_message_id": card, "text": "new"}, {}))[0] == 200


async def test_after_a_stop_without_goodbye_no_number_is_dealt_twice(tmp_path: Path) -> None:
    before = await lived(tmp_path, clean=False)
    lost = before.people()[0].says("never kept")
    lost_update = before.queue(before.world.accounts[123456]).next_id
    lost_press = before.next_number()
    after = fresh()
    assert Store(tmp_path).restore(after)
    after.add_bot(TOKEN, "x_bot", "X")
    assert after.people()[0].says("new")["message_id"] > lost["message_id"]
    assert after.queue(after.world.accounts[123456]).next_id > lost_update
    assert after.next_number() > lost_press


async def test_no_token_is_kept(tmp_path: Path) -> None:
    await lived(tmp_path, clean=True)
    assert TOKEN.partition(":")[2] not in (tmp_path / "simulator.json").read_text()


async def test_changes_are_kept_while_it_runs_and_at_the_end(tmp_path: Path) -> None:
    sim = fresh()
    sim.add_bot(TOKEN, "x_bot", "X")
    store = Store(tmp_path)
    async with store.following(sim):
        sim.add_user("Ann").says("hello")
        assert json.loads((tmp_path / "simulator.json").read_text())["clean"] is False
    kept = json.loads((tmp_path / "simulator.json").read_text())
    assert kept["clean"] is True
    assert kept["world"]["accounts"]["123456"]["chats"]["1001"]["messages"]["1"]["body"]["text"] == "hello"


@pytest.mark.parametrize("content", [None, "", "{", '{"version": 99}'])
async def test_a_folder_with_nothing_readable_is_a_fresh_start(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "simulator.json").write_text(content)
    assert not Store(tmp_path).restore(fresh())
