"""Inline mode: what is offered, the card that two people share, and its edits and presses."""

from typing import Any

import pytest
import telegram
from telegram.error import BadRequest

from bot.simulator import Person, SimulatedClock, Simulator
from bot.simulator.errors import MisuseError

from .conftest import Caller, later


def card(number: str = "us", **more: Any) -> dict[str, Any]:
    content = {"message_text": "<b>Us</b> vs. the loop", "parse_mode": "HTML"}
    keyboard = {"inline_keyboard": [[{"text": "Me too", "callback_data": "o.card.1.join"}]]}
    offer = {"type": "article", "id": number, "title": "Our card", "description": "Share it"}
    return offer | {"input_message_content": content, "reply_markup": keyboard} | more


async def offered(call: Caller, person: Person, *cards: dict[str, Any]) -> str:
    query = person.asks_inline("us")
    await call.result("answerInlineQuery", inline_query_id=query, results=list(cards))
    return query


async def test_a_chosen_card_lies_on_both_phones(
    call: Caller, bot: telegram.Bot, sim: Simulator, ann: Person, ben: Person
) -> None:
    seen: list[dict[str, Any]] = []
    sim.listen(seen.append)
    query = await offered(call, ann, card())
    shown = {"id": "us", "type": "article", "title": "Our card", "description": "Share it", "text": "Us vs. the loop"}
    assert seen[-1]["results"] == [shown]
    sent = ann.chooses(query, "us", ben)
    theirs = ben.thread(ann)[0]
    assert (sent["out"], theirs["out"], theirs["via_bot"]["id"]) == (True, False, 123456)
    assert sent["inline_message_id"] == theirs["inline_message_id"]
    asked, chosen = await bot.get_updates()
    assert asked.inline_query is not None
    assert chosen.chosen_inline_result is not None
    assert chosen.chosen_inline_result.inline_message_id == sent["inline_message_id"]


async def test_a_press_on_a_card_and_the_edit_that_follows(
    call: Caller, bot: telegram.Bot, ann: Person, ben: Person
) -> None:
    number = ann.chooses(await offered(call, ann, card()), "us", ben)["inline_message_id"]
    ben.presses_card(number, "o.card.1.join")
    press = (await bot.get_updates())[-1].callback_query
    assert press is not None
    assert (press.inline_message_id, press.from_user.id, press.message) == (number, ben.id, None)
    assert await press.answer()
    assert await press.edit_message_text("Both of us") is True
    assert [ann.thread(ben)[0]["text"], ben.thread(ann)[0]["text"]] == ["Both of us", "Both of us"]
    with pytest.raises(BadRequest, match="Message is not modified"):
        await bot.edit_message_text("Both of us", inline_message_id=number)


async def test_a_card_without_buttons_cannot_be_edited_later(call: Caller, ann: Person, ben: Person) -> None:
    query = await offered(call, ann, {name: value for name, value in card().items() if name != "reply_markup"})
    assert "inline_message_id" not in ann.chooses(query, "us", ben)
    chosen = (await call.result("getUpdates"))[-1]["chosen_inline_result"]
    assert "inline_message_id" not in chosen


async def test_a_question_is_answered_once_and_within_half_a_minute(
    call: Caller, ann: Person, clock: SimulatedClock
) -> None:
    query = await offered(call, ann, card())
    too_old = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    assert await call.refusal("answerInlineQuery", inline_query_id=query, results=[]) == too_old
    late = ann.asks_inline()
    clock.skip(later(seconds=31))
    assert await call.refusal("answerInlineQuery", inline_query_id=late, results=[]) == too_old


@pytest.mark.parametrize(
    ("results", "complaint"),
    [
        ([card(), card()], "RESULT_ID_DUPLICATE"),
        ([card("x" * 65)], "RESULT_ID_INVALID"),
        ([card(reply_markup={"inline_keyboard": [[{"text": "x", "callback_data": "y" * 65}]]})], "BUTTON_DATA_INVALID"),
        ([card(input_message_content={"message_text": "<b>", "parse_mode": "HTML"})], None),
    ],
)
async def test_wrong_offers_are_refused(
    call: Caller, ann: Person, results: list[dict[str, Any]], complaint: str | None
) -> None:
    refusal = await call.refusal("answerInlineQuery", inline_query_id=ann.asks_inline(), results=results)
    assert complaint is None or refusal == f"Bad Request: {complaint}"


async def test_only_what_was_offered_can_be_chosen(call: Caller, ann: Person, ben: Person) -> None:
    query = await offered(call, ann, card())
    with pytest.raises(MisuseError, match="That was not offered"):
        ann.chooses(query, "else", ben)
    with pytest.raises(MisuseError, match="That was not asked"):
        ben.chooses(query, "us", ann)


async def test_a_card_in_the_bots_own_chat_comes_as_a_message(call: Caller, ann: Person) -> None:
    sent = ann.chooses(await offered(call, ann, card()), "us")
    assert sent["via_bot"]["username"] == "stillhere_test_bot"
    assert ann.last()["text"] == "Us vs. the loop"
