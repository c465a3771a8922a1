"""Answers the calls that change what a bot has sent: edits, deletions, pins, reactions, stopped polls."""

from typing import Any

from bot.simulator.calls import Call, answers
from bot.simulator.cards import revise_card
from bot.simulator.chats import Chat, Json, Message
from bot.simulator.destinations import chat_for_reading, chat_for_writing, message_in
from bot.simulator.errors import bad_request
from bot.simulator.keyboards import checked_markup
from bot.simulator.media import input_media
from bot.simulator.posting import post, quoted, reactions, remove, revise, same_content
from bot.simulator.sending import caption_fields, text_fields

DELETABLE_FOR = 48 * 3600
MAX_IDS = 100
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)
_FILES = ("photo", "animation", "document", "video", "audio")
_TEXT = ("text", "entities", "link_preview_options")
_CAPTION = ("caption", "caption_entities", "show_caption_above_media")


@answers("editMessageText")
def edit_text(call: Call) -> Any:
    """New words (and, as always with an edit, the new keyboard or none)."""
    if not call.get("text"):
        raise bad_request("message text is empty")

    def change(body: Json) -> Json:
        if "text" not in body:
            raise bad_request("there is no text in the message to edit")
        return _without(body, *_TEXT) | text_fields(call, "MESSAGE_TOO_LONG")

    return _edit(call, change)


@answers("editMessageCaption")
def edit_caption(call: Call) -> Any:
    """New words under a file."""

    def change(body: Json) -> Json:
        if not any(name in body for name in (*_FILES, "voice")):
            raise bad_request("there is no caption in the message to edit")
        return _without(body, *_CAPTION) | caption_fields(call, too_long="MEDIA_CAPTION_TOO_LONG")

    return _edit(call, change)


@answers("editMessageMedia")
def edit_media(call: Call) -> Any:
    """Another file; a text message may become a file with a caption."""

    def change(body: Json) -> Json:
        if not any(name in body for name in (*_FILES, "text")):
            raise bad_request("message can't be edited")
        plain = _without(body, *_FILES, *_CAPTION, *_TEXT, "has_media_spoiler")
        return plain | input_media(call, call["media"])

    return _edit(call, change)


@answers("editMessageReplyMarkup")
def edit_markup(call: Call) -> Any:
    """Another keyboard, or none."""
    return _edit(call, dict)


@answers("editMessageLiveLocation", "stopMessageLiveLocation")
def edit_live_location(call: Call) -> Any:
    """A place that moves, until it is stopped."""

    def change(body: Json) -> Json:
        if "live_period" not in body.get("location", {}):
            raise bad_request("message can't be edited")
        if call.method == "stopMessageLiveLocation":
            return body | {"location": _without(body["location"], "live_period")}
        return body | {"location": body["location"] | {name: call[name] for name in ("latitude", "longitude")}}

    return _edit(call, change)


@answers("stopPoll")
def stop_poll(call: Call) -> Json:
    """No more votes."""
    chat = chat_for_reading(call)
    message = message_in(chat, call.get("message_id"), "message with poll to stop")
    poll = message.body.get("poll")
    if poll is None:
        raise bad_request("message with poll to stop not found")
    if poll["is_closed"]:
        raise bad_request("poll has already been closed")
    poll["is_closed"] = True
    _replace_keyboard(message, checked_markup(call.get("reply_markup"), inline_only=True))
    revise(call.simulator, chat, message)
    return dict(poll)


@answers("deleteMessage")
def delete_message(call: Call) -> bool:
    """One message less."""
    chat = chat_for_writing(call)
    message = message_in(chat, call["message_id"], "message to delete")
    _check_deletable(call, chat, message)
    remove(call.simulator, chat, [message.id])
    return True


@answers("deleteMessages")
def delete_messages(call: Call) -> bool:
    """Several at once; those that are gone already are passed over."""
    chat = chat_for_writing(call)
    ids = checked_ids(call)
    for each in ids:
        if each in chat.messages:
            _check_deletable(call, chat, chat.messages[each])
    remove(call.simulator, chat, ids)
    return True


@answers("pinChatMessage", "unpinChatMessage")
def pin_message(call: Call) -> bool:
    """A message kept on top; without a number, the last pinned one is unpinned."""
    chat = chat_for_writing(call)
    pin = call.method == "pinChatMessage"
    if not pin and call.get("message_id") is None:
        pinned = [each for each in chat.messages.values() if each.pinned]
        if not pinned:
            raise bad_request("message to unpin not found")
        message = pinned[-1]
    else:
        message = message_in(chat, call.get("message_id"), "message to pin" if pin else "message to unpin")
    if message.pinned != pin:
        message.pinned = pin
        revise(call.simulator, chat, message)
        if pin:
            post(call.simulator, call.account, chat, call.account.body(), {"pinned_message": quoted(message)})
    return True


@answers("unpinAllChatMessages", "unpinAllGeneralForumTopicMessages", "unpinAllForumTopicMessages")
def unpin_all(call: Call) -> bool:
    """Nothing stays on top."""
    chat = chat_for_writing(call)
    for message in chat.messages.values():
        if message.pinned:
            message.pinned = False
            revise(call.simulator, chat, message)
    return True


@answers("setMessageReaction")
def set_reaction(call: Call) -> bool:
    """The bot's own reaction to a message; an empty list takes it away."""
    chat = chat_for_reading(call)
    message = message_in(chat, call["message_id"], "message to react")
    wanted = call.get("reaction") or []
    if len(wanted) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    if any(each["type"] != "emoji" or not each.get("emoji") for each in wanted):
        raise bad_request("REACTION_INVALID")
    if wanted:
        message.reactions[0] = [each["emoji"] for each in wanted]
    else:
        message.reactions.pop(0, None)
    if chat.kind == "private":
        call.simulator.changes.tell("reaction", user_id=chat.id, message_id=message.id, reactions=reactions(message))
    return True


def checked_ids(call: Call) -> list[int]:
    """message_ids: 1 to 100 numbers.

    Raises:
        ApiError: 400.
    """
    ids: list[int] = call["message_ids"]
    if not ids:
        raise bad_request("message identifiers are not specified")
    if len(ids) > MAX_IDS:
        raise bad_request("too many message identifiers specified")
    return ids


def _edit(call: Call, change: Any) -> Any:
    """Find the message, change a copy of its body, refuse an edit that changes nothing; a card's edit answers True."""
    if call.get("chat_id") is None and call.get("message_id") is None:
        return _edit_card(call, change)
    chat = chat_for_reading(call)
    message = message_in(chat, call.get("message_id"), "message to edit")
    if message.body.get("from", {}).get("id") != call.account.id and chat.kind != "channel":
        raise bad_request("message can't be edited")
    if chat.kind == "private" and chat.blocked:
        chat_for_writing(call)
    keyboard = checked_markup(call.get("reply_markup"), inline_only=True)
    _apply(call, message, change(dict(message.body)), keyboard)
    revise(call.simulator, chat, message)
    return message.body


def _edit_card(call: Call, change: Any) -> bool:
    wanted = call.get("inline_message_id")
    if not wanted:
        raise bad_request("inline message identifier is not specified")
    card = call.account.inline_messages.get(wanted)
    copies = [] if card is None else call.simulator.card_copies(card)
    if card is None or not copies:
        raise bad_request("MESSAGE_ID_INVALID")
    keyboard = checked_markup(call.get("reply_markup"), inline_only=True)
    for _, message in copies:
        _apply(call, message, change(dict(message.body)), keyboard)
    revise_card(call.simulator, copies)
    return True


def _apply(call: Call, message: Message, body: Json, keyboard: Json | None) -> None:
    body = _without(body, "reply_markup") | ({"reply_markup": keyboard} if keyboard else {})
    if same_content(body, message.body):
        raise bad_request(NOT_MODIFIED)
    if any(body.get(name) != message.body.get(name) for name in body if name != "reply_markup") or "text" in body:
        body["edit_date"] = call.now
    message.body = body
    _replace_keyboard(message, keyboard)


def _replace_keyboard(message: Message, keyboard: Json | None) -> None:
    message.keyboard = keyboard
    message.body.pop("reply_markup", None)
    if keyboard is not None:
        message.body["reply_markup"] = keyboard


def _check_deletable(call: Call, chat: Chat, message: Message) -> None:
    if call.now - message.body["date"] >= DELETABLE_FOR:
        raise bad_request("message can't be deleted for everyone")
    own = message.body.get("from", {}).get("id") == call.account.id
    if chat.kind != "private" and not own and chat.bot_status != "administrator":
        raise bad_request("message can't be deleted")


def _without(body: Json, *names: str) -> Json:
    return {name: value for name, value in body.items() if name not in names}
