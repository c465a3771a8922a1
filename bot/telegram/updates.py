"""Reads a Telegram update, as plain JSON of any shape, into the event it is; whatever is not for us is nothing."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bot.core.events import (
    Blocked,
    CommandGiven,
    Edited,
    Event,
    Incoming,
    Pressed,
    SentMedia,
    SharedPlace,
    Unblocked,
    Verdict,
    Wrote,
)
from bot.core.values import dataclass
from bot.safety.detector import gravest

Detect = Callable[[str], Verdict | None]

KINDS = ["message", "edited_message", "callback_query", "my_chat_member"]
"""The kinds of update the bot asks Telegram for."""

# Where one message has two of these, the first says what it is: an animation also has a document.
# fmt: off
MEDIA = (
    "animation", "audio", "live_photo", "paid_media", "photo", "sticker", "story", "video", "video_note", "voice",
    "document", "checklist", "contact", "dice", "game", "poll", "invoice", "location", "rich_message",
)
# fmt: on
"""Fields of a message that hold something a person sent and the bot cannot read."""


@dataclass(frozen=True, slots=True)
class GroupCall:
    """Somebody called the bot in a group, or added it to one. It works in private chats only."""

    chat_id: int


def read(update: object, bot_username: str, bot_id: int, detect: Detect) -> Incoming | GroupCall | None:
    """
    The event in `update`, with what the safety detector makes of the words in it.

    None for what is not ours: channels, other bots, kinds of update nobody asked for, anything malformed. Never raises.
    """
    given = _table(update)
    update_id = _number(given.get("update_id"), _UPDATE_IDS)
    if update_id is None:
        return None
    found: _Found | GroupCall | None = None
    for kind, reader in _READERS.items():
        if kind in given:
            found = reader(_table(given[kind]), bot_username.lower())
            break
    if not isinstance(found, _Found):
        return found
    verdict = gravest(verdict for words in found.words if words and (verdict := detect(words)) is not None)
    if found.event is None:
        if verdict is None:
            return None
        found.event = Edited(found.words[0])  # nothing to answer, but read by the gate all the same
    return Incoming(
        id=update_id,
        source=f"update:{bot_id}",
        user_id=found.user_id,
        chat_id=found.user_id,
        event=found.event,
        verdict=verdict,
        language=found.language,
    )


_UPDATE_IDS = range(1 << 59)  # an outbox id is eight times as large and has to fit 62 bits
_USER_IDS = range(1, 1 << 52)
_MESSAGE_IDS = range(1 << 52)
_GROUP_IDS = range(-(1 << 52), 0)
_GROUPS = ("group", "supergroup")
_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]{1,64}))?(?=\s|$)")
_UNSEEN = " \t\r\n\u200b\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069\ufeff"
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8}){0,4}")


@dataclass(slots=True)
class _Found:
    user_id: int
    language: str
    event: Event | None
    words: list[str]


def _message(message: Mapping[str, Any], username: str) -> _Found | GroupCall | None:
    chat = _table(message.get("chat"))
    if chat.get("type") in _GROUPS:
        return _group_message(message, username)
    text = message.get("text")
    if isinstance(text, str):
        text = _clean(text)
        message_id = _number(message.get("message_id"), _MESSAGE_IDS) or 0
        command = _command(text, message)
        if command is None:
            return _in_private(chat, message, Wrote(text, message_id), [text])
        name, address, argument = command
        words = [text, argument]  # what follows a command is read by itself too: patterns may ask for how a text begins
        if name == "start":
            words.append(argument.replace("_", " ").replace("-", " "))
        if address not in {"", username}:
            # Another bot's command is nothing to us, unless the gate has to see it.
            return _for_the_gate(_in_private(chat, message, Wrote(text), words))
        return _in_private(chat, message, CommandGiven(name, argument, message_id), words)
    words = list(_words(message))
    if place := _place(_table(message.get("location"))):
        return _in_private(chat, message, place, words)
    for kind in MEDIA:
        if kind in message:
            return _in_private(chat, message, SentMedia(kind), words)
    return _for_the_gate(_in_private(chat, message, Edited(""), words)) if words else None


def _edited(message: Mapping[str, Any], _: str) -> _Found | None:
    text = next((message[name] for name in ("text", "caption") if isinstance(message.get(name), str)), None)
    if text is None:
        return None
    text = _clean(text)
    return _in_private(_table(message.get("chat")), message, Edited(text), [text])


def _press(query: Mapping[str, Any], _: str) -> _Found | None:
    message = _table(query.get("message"))
    data, query_id = query.get("data"), query.get("id")
    if not isinstance(data, str) or not isinstance(query_id, str):
        return None
    message_id = _number(message.get("message_id"), _MESSAGE_IDS) or 0
    return _in_private(_table(message.get("chat")), query, Pressed(_clean(data), message_id, _clean(query_id)), [])


def _membership(change: Mapping[str, Any], _: str) -> _Found | GroupCall | None:
    chat = _table(change.get("chat"))
    before = _table(change.get("old_chat_member")).get("status")
    after = _table(change.get("new_chat_member")).get("status")
    if chat.get("type") in _GROUPS:
        came = before in ("left", "kicked") and after in ("member", "administrator", "restricted")
        return _group(chat) if came else None
    if after == "kicked":
        return _in_private(chat, change, Blocked(), [])
    return _in_private(chat, change, Unblocked(), []) if after == "member" else None


def _inline(query: Mapping[str, Any], _: str) -> _Found | None:
    words = query.get("query")
    sender = _table(query.get("from"))
    found = _in_private({"type": "private", "id": sender.get("id")}, query, Edited(""), [])
    if found is None or not isinstance(words, str):
        return None
    found.words.append(_clean(words))
    return _for_the_gate(found)


_READERS: Mapping[str, Callable[[Mapping[str, Any], str], _Found | GroupCall | None]] = {
    "message": _message,
    "callback_query": _press,
    "edited_message": _edited,
    "my_chat_member": _membership,
    "inline_query": _inline,
}


def _in_private(chat: Mapping[str, Any], envelope: Mapping[str, Any], event: Event, words: list[str]) -> _Found | None:
    sender = _table(envelope.get("from"))
    user_id = _number(sender.get("id"), _USER_IDS)
    if user_id is None or sender.get("is_bot") or chat.get("type") != "private" or chat.get("id") != user_id:
        return None
    language = sender.get("language_code")
    known = isinstance(language, str) and _LANGUAGE.fullmatch(language)
    return _Found(user_id, str(language) if known else "", event, words)


def _for_the_gate(found: _Found | None) -> _Found | None:
    if found is not None:
        found.event = None
    return found


def _group_message(message: Mapping[str, Any], username: str) -> GroupCall | None:
    text = message.get("text")
    if not isinstance(text, str) or (_table(message.get("from")).get("is_bot") and "sender_chat" not in message):
        return None
    name, address, _ = _command(_clean(text), message) or ("", "", "")
    # Without our name, only the two commands that every bot has may be meant for us.
    ours = address == username if address else name in {"start", "help"}
    return _group(_table(message.get("chat"))) if ours else None


def _group(chat: Mapping[str, Any]) -> GroupCall | None:
    chat_id = _number(chat.get("id"), _GROUP_IDS)
    return None if chat_id is None else GroupCall(chat_id)


def _command(text: str, message: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """Name, address and argument: as the entity at the very start marks them, or as the text itself reads."""
    entities = message.get("entities")
    for entity in entities if isinstance(entities, list) else []:
        length = _table(entity).get("length")
        if (
            _table(entity).get("type") == "bot_command"
            and _table(entity).get("offset") == 0
            and isinstance(length, int)
        ):
            marked = _COMMAND.fullmatch(text[:length])
            if marked:
                return marked[1].lower(), (marked[2] or "").lower(), text[length:].strip()
    plain = text.lstrip(_UNSEEN)
    read = _COMMAND.match(plain)
    return (read[1].lower(), (read[2] or "").lower(), plain[read.end() :].strip()) if read else None


def _words(message: Mapping[str, Any]) -> Iterator[str]:
    """Every text a person may have put into a message that is not text: captions, names, questions, places."""
    parts: list[object] = [message.get("caption")]
    contact, venue = _table(message.get("contact")), _table(message.get("venue"))
    parts += [" ".join(part for part in (contact.get("first_name"), contact.get("last_name")) if isinstance(part, str))]
    parts += [venue.get("title"), venue.get("address")]
    for kind in ("poll", "checklist", "rich_message"):
        parts.append(" ".join(_strings(message.get(kind), depth=0)))
    for part in parts:
        if isinstance(part, str) and part:
            yield _clean(part)


def _strings(value: object, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth < 20:  # noqa: PLR2004 - deeper than any message Telegram knows
        parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        for part in parts:
            yield from _strings(part, depth + 1)


def _place(location: Mapping[str, Any]) -> SharedPlace | None:
    degrees = location.get("latitude"), location.get("longitude")
    match degrees:
        case (int() | float() as latitude, int() | float() as longitude):
            sound = abs(latitude) <= 90 and abs(longitude) <= 180  # noqa: PLR2004 - degrees
            return SharedPlace(float(latitude), float(longitude)) if sound else None
    return None


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: object, allowed: range) -> int | None:
    return value if type(value) is int and value in allowed else None


def _clean(text: str) -> str:
    """Without NULs, which databases refuse, and with lone surrogates replaced, which no encoding can carry."""
    if not text.isascii():
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\0", "")
