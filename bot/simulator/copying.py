"""Answers the calls that repeat a message elsewhere: copies without, forwards with their origin."""

import copy

from bot.simulator.calls import Call, answers
from bot.simulator.chats import Json, Message
from bot.simulator.destinations import chat_for_reading, chat_for_writing, message_in
from bot.simulator.editing import checked_ids
from bot.simulator.errors import bad_request
from bot.simulator.posting import post
from bot.simulator.sending import caption_fields, deliver

_CONTENT = (
    "text", "entities", "link_preview_options", "caption", "caption_entities", "show_caption_above_media",
    "has_media_spoiler", "photo", "animation", "document", "video", "audio", "voice", "video_note", "sticker",
    "location", "venue", "contact", "dice", "poll",
)  # fmt: skip
_CAPTIONED = ("photo", "animation", "document", "video", "audio", "voice")


@answers("copyMessage")
def copy_message(call: Call) -> Json:
    """The same content as the bot's own message; a caption may be replaced."""
    source = chat_for_reading(call, "from_chat_id")
    message = message_in(source, call["message_id"], "message to copy")
    content = _content(message)
    if call.get("caption") is not None and any(name in content for name in _CAPTIONED):
        kept = {name: value for name, value in content.items() if not name.startswith("caption")}
        content = kept | caption_fields(call)
    return {"message_id": deliver(call, content).id}


@answers("copyMessages")
def copy_messages(call: Call) -> list[Json]:
    """Several, in order; what is gone is passed over."""
    source, chat = chat_for_reading(call, "from_chat_id"), chat_for_writing(call)
    contents = [_content(source.messages[each]) for each in checked_ids(call) if each in source.messages]
    if not contents:
        raise bad_request("there are no messages to copy")
    if call.get("remove_caption"):
        contents = [{k: v for k, v in each.items() if not k.startswith("caption")} for each in contents]
    return [{"message_id": deliver(call, each, chat).id} for each in contents]


@answers("forwardMessage")
def forward_message(call: Call) -> Json:
    """A message with its origin."""
    source = chat_for_reading(call, "from_chat_id")
    return _forward(call, message_in(source, call["message_id"], "message to forward")).body


@answers("forwardMessages")
def forward_messages(call: Call) -> list[Json]:
    """Several, in order; what is gone is passed over."""
    source = chat_for_reading(call, "from_chat_id")
    found = [source.messages[each] for each in checked_ids(call) if each in source.messages]
    if not found:
        raise bad_request("there are no messages to forward")
    return [{"message_id": _forward(call, each).id} for each in found]


def _content(message: Message) -> Json:
    content = {name: copy.deepcopy(message.body[name]) for name in _CONTENT if name in message.body}
    if not content:
        raise bad_request("message can't be copied")
    return content


def _forward(call: Call, message: Message) -> Message:
    chat = chat_for_writing(call)
    if message.body.get("has_protected_content"):
        raise bad_request("message can't be forwarded")
    origin = message.body.get("forward_origin") or _origin(message)
    silent = bool(call.get("disable_notification"))
    content = _content(message) | {"forward_origin": origin}
    return post(call.simulator, call.account, chat, call.account.body(), content, silent=silent)


def _origin(message: Message) -> Json:
    if "from" in message.body:
        return {"type": "user", "sender_user": message.body["from"], "date": message.body["date"]}
    sender = message.body["sender_chat"]
    return {"type": "channel", "chat": sender, "message_id": message.id, "date": message.body["date"]}
