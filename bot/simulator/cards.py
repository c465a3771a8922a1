"""Inline mode: what bots offer in any chat, and the cards that land between two people."""

import copy
from typing import TYPE_CHECKING

from bot.simulator.calls import Call, answers
from bot.simulator.chats import Account, InlineMessage, InlineQuery, Json, Message, User, thread_key
from bot.simulator.entities import formatted
from bot.simulator.errors import MisuseError, bad_request
from bot.simulator.keyboards import checked_markup
from bot.simulator.posting import view

if TYPE_CHECKING:
    from bot.simulator.simulator import Simulator

ANSWER_WITHIN = 30
MAX_RESULTS = 50
TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


@answers("answerInlineQuery")
def answer_inline_query(call: Call) -> bool:
    """Keep the offered results and show them on the asker's phone."""
    query = call.account.inline_queries.get(call["inline_query_id"])
    if query is None or query.results is not None or call.now - query.at > ANSWER_WITHIN:
        raise bad_request(TOO_OLD)
    if len(call["results"]) > MAX_RESULTS:
        raise bad_request("RESULTS_TOO_MUCH")
    ids = [each["id"] for each in call["results"]]
    if any(not 1 <= len(each.encode()) <= 64 for each in ids):  # noqa: PLR2004  bytes
        raise bad_request("RESULT_ID_INVALID")
    if len(set(ids)) != len(ids):
        raise bad_request("RESULT_ID_DUPLICATE")
    for each in call["results"]:
        checked_markup(each.get("reply_markup"), inline_only=True)
        _card_content(each)
    query.results = call["results"]
    shown = [_shown(each) for each in call["results"]]
    call.simulator.changes.tell("inline_results", user_id=query.user_id, inline_query_id=query.id, results=shown)
    return True


def place_card(
    simulator: "Simulator", account: Account, query: InlineQuery, result_id: str, sender: User, to: User
) -> tuple[Message, str | None]:
    """Put a chosen result between two people: a copy on each phone.

    Returns the sender's copy and the inline_message_id, which only a card with buttons has.

    Raises:
        MisuseError: nothing like that was offered.
    """
    chosen = next((each for each in query.results or [] if each["id"] == result_id), None)
    if chosen is None:
        raise MisuseError("That was not offered.")
    keyboard = checked_markup(chosen.get("reply_markup"), inline_only=True)
    content = _card_content(chosen) | {"via_bot": account.body()} | ({"reply_markup": keyboard} if keyboard else {})
    inline_id = f"BAAAAC{simulator.next_number():08d}" if keyboard else None
    copies = []
    for owner, other in ((sender, to), (to, sender)):
        key = thread_key(owner.id, other.id)
        message = add_to_thread(simulator, owner, other, sender, copy.deepcopy(content), inline_id)
        copies.append((key, message.id))
    if inline_id is not None:
        account.inline_messages[inline_id] = InlineMessage(inline_id, sender.id, copies)
    return simulator.world.threads[copies[0][0]][copies[0][1]], inline_id


def add_to_thread(
    simulator: "Simulator", owner: User, other: User, sender: User, content: Json, inline_id: str | None = None
) -> Message:
    """A message in the conversation of two people, on `owner`'s phone."""
    world = simulator.world
    body: Json = {
        "message_id": world.next_thread_message,
        "from": sender.body(),
        "chat": {"id": other.id, "type": "private", "first_name": other.first_name},
        "date": simulator.now(),
    }
    world.next_thread_message += 1
    keyboard = content.get("reply_markup")
    message = Message(body | content, out=sender.id == owner.id, keyboard=keyboard, inline_message_id=inline_id)
    key = thread_key(owner.id, other.id)
    world.threads.setdefault(key, {})[message.id] = message
    simulator.changes.tell("message", user_id=owner.id, chat=key, message=view(message))
    return message


def revise_card(simulator: "Simulator", copies: list[tuple[str, Message]]) -> None:
    """Tell both phones that a card looks different now."""
    for key, message in copies:
        simulator.changes.tell("edit", user_id=int(key.partition(":")[0]), chat=key, message=view(message))


def _card_content(result: Json) -> Json:
    given = result.get("input_message_content")
    if given is None:
        raise bad_request("method is not simulated")
    if "message_text" in given:
        text, entities = formatted(given["message_text"], given.get("parse_mode"), given.get("entities"))
        if not text:
            raise bad_request("message text is empty")
        if len(text) > 4096:  # noqa: PLR2004  characters
            raise bad_request("MESSAGE_TOO_LONG")
        return {"text": text} | ({"entities": entities} if entities else {})
    if "phone_number" in given:
        return {"contact": given}
    if "latitude" in given:
        return {"location": {"latitude": given["latitude"], "longitude": given["longitude"]}}
    raise bad_request("method is not simulated")


def _shown(result: Json) -> Json:
    text = _card_content(result).get("text", "")
    described = result.get("description", "")
    return {"id": result["id"], "type": result["type"], "title": result.get("title", ""), "description": described,
            "text": text}  # fmt: skip
