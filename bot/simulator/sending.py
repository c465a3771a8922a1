"""Answers the calls that send a message: texts, places, contacts, dice, polls."""

from typing import Any

from bot.simulator.calls import Call, answers
from bot.simulator.chats import Chat, Json, Message
from bot.simulator.destinations import chat_for_writing
from bot.simulator.entities import formatted, shows_nothing
from bot.simulator.errors import bad_request
from bot.simulator.keyboards import checked_markup
from bot.simulator.posting import post, quoted
from bot.simulator.utf16 import part, units

MAX_TEXT = 4096
MAX_CAPTION = 1024
CHAT_ACTIONS = {
    "typing", "cancel", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "record_audio",
    "upload_audio", "upload_document", "choose_sticker", "find_location", "record_video_note", "upload_video_note",
}  # fmt: skip
ACTION_LASTS = 5


def deliver(call: Call, content: Json, chat: Chat | None = None) -> Message:
    """Send a message with these fields to the call's chat, with its reply, keyboard, sound and protection.

    Raises:
        ApiError: 400, 403.
    """
    chat = chat or chat_for_writing(call)
    content = reply_fields(call, chat) | content
    if call.get("protect_content"):
        content["has_protected_content"] = True
    if call.get("message_effect_id"):
        content["effect_id"] = call["message_effect_id"]
    if call.get("business_connection_id"):
        raise bad_request("business connection not found")
    return post(
        call.simulator,
        call.account,
        chat,
        call.account.body(),
        content,
        silent=bool(call.get("disable_notification")),
        keyboard=checked_markup(call.get("reply_markup")),
    )


def text_fields(call: Call, too_long: str = "message is too long") -> Json:
    """The text and entities of a call, measured after parsing.

    Raises:
        ApiError: 400.
    """
    text, entities = formatted(call["text"], call.get("parse_mode"), call.get("entities"))
    if shows_nothing(text):
        raise bad_request("text must be non-empty")
    if len(text) > MAX_TEXT:
        raise bad_request(too_long)
    return {"text": text} | ({"entities": _named(call, entities)} if entities else {}) | _preview(call, text, entities)


def caption_fields(call: Call, given: Json | None = None, too_long: str = "message caption is too long") -> Json:
    """The caption and caption_entities of a call (or of an item of an album).

    Raises:
        ApiError: 400.
    """
    given = call.parameters if given is None else given
    if not given.get("caption"):
        return {}
    text, entities = formatted(given["caption"], given.get("parse_mode"), given.get("caption_entities"))
    if len(text) > MAX_CAPTION:
        raise bad_request(too_long)
    if not text:
        return {}
    above = {"show_caption_above_media": True} if given.get("show_caption_above_media") else {}
    return {"caption": text} | ({"caption_entities": _named(call, entities)} if entities else {}) | above


def reply_fields(call: Call, chat: Chat) -> Json:
    """The fields reply_to_message and quote, from reply_parameters.

    Raises:
        ApiError: 400 message to be replied not found; QUOTE_TEXT_INVALID.
    """
    wanted = call.get("reply_parameters")
    if not wanted or not wanted.get("message_id"):
        if wanted and "message_id" not in wanted and "ephemeral_message_id" not in wanted:
            raise bad_request('Can\'t find field "message_id"')
        return {}
    source = chat
    if wanted.get("chat_id") not in {None, chat.id}:
        found = call.account.chats.get(wanted["chat_id"])
        if found is None:
            raise bad_request("chat not found")
        source = found
    message = source.messages.get(wanted["message_id"])
    if message is None:
        if wanted.get("allow_sending_without_reply"):
            return {}
        raise bad_request("message to be replied not found")
    if source is not chat:
        origin = {"type": "user", "sender_user": message.body["from"], "date": message.body["date"]}
        return {"external_reply": {"origin": origin, "chat": source.body, "message_id": message.id}}
    return {"reply_to_message": quoted(message)} | _quote(wanted, message)


@answers("sendMessage")
def send_message(call: Call) -> Json:
    """A text."""
    chat = chat_for_writing(call)
    reply_fields(call, chat)
    return deliver(call, text_fields(call), chat).body


@answers("sendChatAction")
def send_chat_action(call: Call) -> bool:
    """What the bot is busy with: the phone shows it for five seconds."""
    chat = chat_for_writing(call)
    if call["action"].lower() not in CHAT_ACTIONS:
        raise bad_request("wrong parameter action in request")
    if chat.kind == "private":
        call.simulator.changes.tell("typing", user_id=chat.id, action=call["action"], until=call.now + ACTION_LASTS)
    return True


@answers("sendLocation", "sendVenue")
def send_location(call: Call) -> Json:
    """A place, with or without a name."""
    if not (-90 <= call["latitude"] <= 90 and -180 <= call["longitude"] <= 180):  # noqa: PLR2004  degrees
        raise bad_request("Wrong location specified")
    extra = ("horizontal_accuracy", "live_period", "heading", "proximity_alert_radius")
    place = {"latitude": call["latitude"], "longitude": call["longitude"]} | _copied(call, extra)
    if call.method == "sendLocation":
        return deliver(call, {"location": place}).body
    about = ("title", "address", "foursquare_id", "foursquare_type", "google_place_id", "google_place_type")
    return deliver(call, {"venue": {"location": place} | _copied(call, about), "location": place}).body


@answers("sendContact")
def send_contact(call: Call) -> Json:
    """A business card."""
    return deliver(call, {"contact": _copied(call, ("phone_number", "first_name", "last_name", "vcard"))}).body


@answers("sendDice")
def send_dice(call: Call) -> Json:
    """A die; its values follow each other, for nothing here is left to chance."""
    emoji = call.get("emoji", "🎲")
    sides = {"🎲": 6, "🎯": 6, "🎳": 6, "🏀": 5, "⚽": 5, "🎰": 64}.get(emoji)
    if sides is None:
        raise bad_request("wrong dice emoji specified")
    return deliver(call, {"dice": {"emoji": emoji, "value": call.account.next_message_id % sides + 1}}).body


@answers("sendPoll")
def send_poll(call: Call) -> Json:
    """A poll nobody has voted in yet."""
    question, entities = formatted(call["question"], call.get("question_parse_mode"), call.get("question_entities"))
    if not question:
        raise bad_request("poll question must be non-empty")
    if not 1 <= len(call["options"]) <= 12:  # noqa: PLR2004  as many as Telegram takes
        raise bad_request("poll must have at least 1 option" if not call["options"] else "poll can't have more options")
    options = [
        {"persistent_id": str(number), "text": each["text"], "voter_count": 0}
        for number, each in enumerate(call["options"])
    ]
    poll: Json = {
        "id": str(call.simulator.next_number()),
        "question": question,
        "options": options,
        "total_voter_count": 0,
        "is_closed": bool(call.get("is_closed")),
        "is_anonymous": bool(call.get("is_anonymous", True)),
        "type": call.get("type", "regular"),
        "allows_multiple_answers": bool(call.get("allows_multiple_answers")),
        "allows_revoting": bool(call.get("allows_revoting", True)),
        "members_only": bool(call.get("members_only")),
    }
    if entities:
        poll["question_entities"] = entities
    return deliver(call, {"poll": poll}).body


def _named(call: Call, entities: list[Json]) -> list[Json]:
    """Mentions of people by id show the whole person."""
    for entity in entities:
        if entity["type"] == "text_mention":
            user = call.simulator.world.users.get(entity["user"]["id"])
            nobody = {"id": entity["user"]["id"], "is_bot": False, "first_name": ""}
            entity["user"] = user.body() if user is not None else nobody
    return entities


def _preview(call: Call, text: str, entities: list[Json]) -> Json:
    options = call.get("link_preview_options") or {}
    url = options.get("url")
    has_link = bool(url) or any(each["type"] in {"url", "text_link"} for each in entities)
    kept = {name: value for name, value in options.items() if value and name in {"is_disabled", "url", *_PREVIEW}}
    if not text or not has_link or not (kept.get("is_disabled") or kept.get("url") or kept.get("show_above_text")):
        return {}
    return {"link_preview_options": {"is_disabled": True} if kept.get("is_disabled") else kept}


_PREVIEW = {"prefer_small_media", "prefer_large_media", "show_above_text"}


def _quote(wanted: Json, message: Message) -> Json:
    if not wanted.get("quote"):
        return {}
    text, entities = formatted(wanted["quote"], wanted.get("quote_parse_mode"), wanted.get("quote_entities"))
    whole = message.body.get("text") or message.body.get("caption") or ""
    place = max(0, wanted.get("quote_position", 0))
    if part(whole, place, units(text)) != text:
        found = whole.find(text)
        if found < 0:
            raise bad_request("QUOTE_TEXT_INVALID")
        place = units(whole[:found])
    quote: Json = {"text": text, "position": place, "is_manual": True}
    return {"quote": quote | ({"entities": entities} if entities else {})}


def _copied(call: Call, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: call[name] for name in names if call.get(name) is not None}
