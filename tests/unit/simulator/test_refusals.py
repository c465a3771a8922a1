"""What Telegram refuses, in its own words."""

from typing import Any

import aiohttp
import pytest

from bot.simulator import Person, Served, Simulator

from .conftest import TOKEN, Caller

BUTTON = {"text": "b", "callback_data": "d"}


def keyboard(**button: Any) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": "b"} | button]]}


NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("sendMessage", {"chat_id": 0}, "message text is empty"),
    ("sendMessage", {"text": ""}, "message text is empty"),
    ("sendMessage", {"text": "x", "chat_id": ""}, "chat_id is empty"),
    ("sendMessage", {"text": "x", "chat_id": 0}, "chat not found"),
    ("sendMessage", {"text": "x", "chat_id": -1}, "chat not found"),
    ("sendMessage", {"text": "x", "chat_id": "@nobody_at_all"}, "chat not found"),
    ("sendMessage", {"text": "x", "chat_id": "not_a_chat"}, "chat not found"),
    ("sendMessage", {"text": "   "}, "text must be non-empty"),
    ("sendMessage", {"text": "<b></b>", "parse_mode": "HTML"}, "text must be non-empty"),
    ("sendMessage", {"text": "x" * 4097}, "message is too long"),
    ("sendMessage", {"text": "x" * 32769}, "text is too long"),
    ("sendMessage", {"text": "x", "parse_mode": "INVALID"}, "unsupported parse_mode"),
    ("sendMessage", {"text": "\ud83d"}, "strings must be encoded in UTF-8"),
    ("sendMessage", {"text": "x", "reply_parameters": {"quote": "y"}}, 'can\'t find field "message_id"'),
    ("sendMessage", {"text": "x", "reply_parameters": {"message_id": 1, "quote": "y"}}, "QUOTE_TEXT_INVALID"),
    ("sendMessage", {"text": "x", "business_connection_id": "no"}, "business connection not found"),
    ("sendMessage", {"text": "x", "reply_markup": "{"}, "can't parse reply keyboard markup JSON object"),
    ("sendMessage", {"text": "x", "reply_markup": keyboard(callback_data="x" * 65)}, "BUTTON_DATA_INVALID"),
    ("sendMessage", {"text": "x", "reply_markup": keyboard(callback_data="é" * 33)}, "BUTTON_DATA_INVALID"),
    (
        "sendMessage",
        {"text": "x", "reply_markup": keyboard(callback_data="")},
        "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
    ),
    (
        "sendMessage",
        {"text": "x", "reply_markup": {"inline_keyboard": [[{"callback_data": "x"}]]}},
        "can't parse inline keyboard button: Can't find field \"text\"",
    ),
    (
        "sendMessage",
        {"text": "x", "reply_markup": keyboard(url="not-a-url")},
        "inline keyboard button URL 'not-a-url' is invalid: Wrong HTTP URL",
    ),
    (
        "sendMessage",
        {"text": "x", "reply_markup": keyboard(url="ftp://example.com")},
        "inline keyboard button URL 'ftp://example.com' is invalid: Unsupported URL protocol",
    ),
    (
        "sendMessage",
        {"text": "x", "reply_markup": keyboard(web_app={"url": "bad"})},
        "inline keyboard button Web App URL 'bad' is invalid: Only HTTPS links are allowed",
    ),
    ("sendMessage", {"text": "x", "reply_markup": keyboard(pay=True)}, "BUTTON_TYPE_INVALID"),
    ("sendMessage", {"text": "x", "reply_markup": keyboard(copy_text={"text": ""})}, "BUTTON_COPY_TEXT_INVALID"),
    (
        "sendMessage",
        {"text": "x", "reply_markup": {"inline_keyboard": [[BUTTON] * 8] * 13}},
        "reply markup is too long",
    ),
    (
        "sendMessage",
        {"text": "x", "reply_markup": {"inline_keyboard": "bad"}},
        'field "inline_keyboard" must be of type Array',
    ),
    (
        "sendMessage",
        {"text": "x", "reply_markup": {"force_reply": "yes"}},
        'field "force_reply" must be of type Boolean',
    ),
    (
        "sendMessage",
        {"text": "x", "link_preview_options": {"is_disabled": "yes"}},
        'field "is_disabled" must be of type Boolean',
    ),
    ("sendMessage", {"text": "x", "colour": "red"}, 'unknown parameter "colour"'),
    ("sendPhoto", {"photo": "AgACnothing"}, "wrong file identifier/HTTP URL specified"),
    ("sendPhoto", {}, "there is no photo in the request"),
    ("sendPhoto", {"photo": "attach://none"}, "there is no photo in the request"),
    ("sendChatAction", {"action": "dancing"}, "wrong parameter action in request"),
    ("sendMediaGroup", {"media": []}, "there are not enough messages to send as an album: expected at least 2"),
    ("editMessageText", {"text": "x", "message_id": 999}, "message to edit not found"),
    ("editMessageText", {"text": "x" * 4097, "message_id": 2}, "MESSAGE_TOO_LONG"),
    ("editMessageText", {"text": "x", "message_id": 1}, "message can't be edited"),
    ("editMessageText", {"message_id": 2}, "message text is empty"),
    (
        "editMessageText",
        {"text": "bot", "message_id": 2},
        NOT_MODIFIED,
    ),
    ("editMessageText", {"text": "x", "chat_id": None}, "inline message identifier is not specified"),
    ("editMessageText", {"text": "x", "chat_id": None, "inline_message_id": "BAAAno"}, "MESSAGE_ID_INVALID"),
    ("editMessageCaption", {"caption": "x", "message_id": 2}, "there is no caption in the message to edit"),
    ("deleteMessage", {"message_id": 999}, "message to delete not found"),
    ("deleteMessage", {}, "message identifier is not specified"),
    ("deleteMessages", {"message_ids": []}, "message identifiers are not specified"),
    ("copyMessage", {"from_chat_id": 1001, "message_id": 999}, "message to copy not found"),
    ("forwardMessage", {"from_chat_id": 1001, "message_id": 999}, "message to forward not found"),
    ("pinChatMessage", {"message_id": 999}, "message to pin not found"),
    ("setMessageReaction", {"message_id": 999}, "message to react not found"),
    (
        "answerCallbackQuery",
        {"chat_id": None, "callback_query_id": "5"},
        "query is too old and response timeout expired or query ID is invalid",
    ),
    (
        "answerInlineQuery",
        {"chat_id": None, "inline_query_id": "5", "results": []},
        "query is too old and response timeout expired or query ID is invalid",
    ),
    ("answerCallbackQuery", {"chat_id": None, "callback_query_id": "5", "text": "x" * 201}, "MESSAGE_TOO_LONG"),
    ("getFile", {"chat_id": None, "file_id": "nothing"}, "invalid file_id"),
    ("getChatMember", {"user_id": 999999}, "invalid user_id specified"),
    ("getChatAdministrators", {}, "there are no administrators in the private chat"),
    ("setMyCommands", {"chat_id": None, "commands": [{"command": "a b", "description": "x"}]}, "BOT_COMMAND_INVALID"),
    ("setMyCommands", {"chat_id": None, "commands": "["}, "can't parse commands JSON object"),
    ("getChatMember", {"user_id": "Ann"}, "invalid user_id specified"),
    ("createInvoiceLink", {"chat_id": None, "title": "x"}, 'parameter "currency" is required'),
    ("sendGift", {"chat_id": 1001, "gift_id": "1"}, "method is not simulated"),
]


@pytest.mark.parametrize(("method", "parameters", "complaint"), REFUSED)
async def test_a_mistake_is_refused_as_telegram_refuses_it(
    call: Caller, ann: Person, method: str, parameters: dict[str, Any], complaint: str
) -> None:
    ann.says("person")
    await call.result("sendMessage", chat_id=ann.id, text="bot")
    given = {"chat_id": ann.id} | parameters
    refusal = await call.refusal(method, **{name: value for name, value in given.items() if value is not None})
    assert refusal == f"Bad Request: {complaint}"


async def test_captions_are_measured_too(call: Caller, ann: Person) -> None:
    photo = ann.sends_photo()["photo"][0]["file_id"]
    too_long = "Bad Request: message caption is too long"
    assert await call.refusal("sendPhoto", chat_id=ann.id, photo=photo, caption="x" * 1025) == too_long
    sent = await call.result("sendPhoto", chat_id=ann.id, photo=photo, caption="🙂" * 1024)
    edit = {"chat_id": ann.id, "message_id": sent["message_id"], "caption": "x" * 1025}
    assert await call.refusal("editMessageCaption", **edit) == "Bad Request: MEDIA_CAPTION_TOO_LONG"


async def test_the_longest_text_counts_characters_after_parsing(call: Caller, ann: Person) -> None:
    ann.starts()
    sent = await call.result("sendMessage", chat_id=ann.id, text=f"<b>{'🙂' * 4096}</b>", parse_mode="HTML")
    assert sent["entities"] == [{"type": "bold", "offset": 0, "length": 8192}]


@pytest.mark.parametrize(
    ("token", "status", "description"),
    [
        ("123456:someone-elses-token", 401, "Unauthorized"),
        ("999:never-made", 401, "Unauthorized"),
        ("gibberish", 404, "Not Found"),
        ("123456", 404, "Not Found"),
    ],
)
async def test_a_wrong_token_is_turned_away(served: Served, token: str, status: int, description: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{served.api_url}/bot{token}/getMe") as answer:
        assert answer.status == status
        assert await answer.json() == {"ok": False, "error_code": status, "description": description}


async def test_an_unknown_method_is_not_found(call: Caller) -> None:
    assert await call("sendFlowers") == {
        "ok": False,
        "error_code": 404,
        "description": "Not Found: method not found",
    }


async def test_a_body_that_is_no_json_is_refused(served: Served, sim: Simulator) -> None:
    headers = {"Content-Type": "application/json"}
    url = f"{served.api_url}/bot{TOKEN}/getMe"
    async with aiohttp.ClientSession() as session:
        for body in ("{", "[]", "\xff"):
            async with session.post(url, data=body.encode("latin-1"), headers=headers) as answer:
                assert answer.status == 400
    assert not sim.calls("getMe")
