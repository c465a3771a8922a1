"""Puts messages into chats, changes and removes them, and tells the phones."""

import copy
from typing import TYPE_CHECKING, Any

from bot.simulator.chats import Account, Chat, Json, Message
from bot.simulator.detection import detect
from bot.simulator.entities import formatted
from bot.simulator.utf16 import part

if TYPE_CHECKING:
    from bot.simulator.simulator import Simulator


def post(
    simulator: "Simulator",
    account: Account,
    chat: Chat,
    sender: Json,
    content: Json,
    *,
    out: bool = False,
    silent: bool = False,
    keyboard: Json | None = None,
) -> Message:
    """A new message at the end of `chat`; `content` holds its fields, `keyboard` the whole reply_markup."""
    body: Json = {"message_id": account.next_message_id}
    account.next_message_id += 1
    body |= {"sender_chat": chat.body} if chat.kind == "channel" else {"from": sender}
    body |= {"chat": dict(chat.body), "date": simulator.now()} | content
    if keyboard is not None and "inline_keyboard" in keyboard:
        body["reply_markup"] = keyboard
    message = Message(body, out=out, silent=silent, keyboard=keyboard)
    chat.messages[message.id] = message
    if chat.kind == "private":
        simulator.changes.tell("message", user_id=chat.id, message=view(message))
    return message


def revise(simulator: "Simulator", chat: Chat, message: Message) -> None:
    """Tell the phone that a message looks different now."""
    if chat.kind == "private":
        simulator.changes.tell("edit", user_id=chat.id, message=view(message))


def remove(simulator: "Simulator", chat: Chat, ids: list[int]) -> list[int]:
    """Take messages away; those that are not there are passed over. Returns the ids that went."""
    gone = [each for each in ids if chat.messages.pop(each, None) is not None]
    if gone and chat.kind == "private":
        simulator.changes.tell("delete", user_id=chat.id, message_ids=gone)
    return gone


def view(message: Message) -> Json:
    """A message as a phone shows it."""
    shown: Json = copy.deepcopy(message.body)
    shown |= {"out": message.out, "silent": message.silent, "pinned": message.pinned, "reactions": reactions(message)}
    if message.keyboard is not None:
        shown["reply_markup"] = message.keyboard
    if message.inline_message_id is not None:
        shown["inline_message_id"] = message.inline_message_id
    return shown


def reactions(message: Message) -> list[Json]:
    """Who reacted how; ids below zero or of bots never occur, a bot's own reaction has the key 0."""
    return [
        {"emoji": emoji, "from": "bot" if user_id == 0 else "user"}
        for user_id, given in message.reactions.items()
        for emoji in given
    ]


def quoted(message: Message) -> Json:
    """A message as it stands in a reply to it: without what it replied to itself."""
    return {name: value for name, value in message.body.items() if name != "reply_to_message"}


def written(text: str, entities: list[Json] | None = None, *, caption: bool = False) -> Json:
    """The fields of a text (or caption) a person typed; commands, mentions and links are found in it."""
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # no phone sends half a character
    text, found = formatted(text, None, entities)
    if not text:
        return {}
    names = ("caption", "caption_entities") if caption else ("text", "entities")
    return {names[0]: text} | ({names[1]: found} if found else {})


def command_of(body: Json) -> str | None:
    """The command a message begins with, without its slash and bot name."""
    for entity in detect(body.get("text", ""), []):
        if entity["type"] == "bot_command" and entity["offset"] == 0:
            return part(body["text"], 1, entity["length"] - 1).partition("@")[0]
    return None


def same_content(one: Json, other: Json) -> bool:
    """Whether an edit would change nothing."""
    return all(_plain(one.get(name)) == _plain(other.get(name)) for name in _CONTENT)


_CONTENT = (
    "text",
    "entities",
    "caption",
    "caption_entities",
    "reply_markup",
    "photo",
    "animation",
    "document",
    "video",
    "audio",
    "show_caption_above_media",
    "location",
    "venue",
)


def _plain(value: Any) -> Any:
    return value or None
