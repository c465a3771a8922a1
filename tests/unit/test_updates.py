"""Every update becomes the event it is, and nothing anybody sends can break the reader."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from telegram import Message, Update

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
from bot.telegram.transport import loads
from bot.telegram.updates import MEDIA, GroupCall, read

ANN: dict[str, Any] = {"id": 42, "is_bot": False, "first_name": "Ann", "language_code": "de"}
CHAT: dict[str, Any] = {"id": 42, "type": "private", "first_name": "Ann"}
GROUP: dict[str, Any] = {"id": -1001, "type": "supergroup", "title": "Us"}


def detect(text: str) -> Verdict | None:
    """A detector of two words, enough to see what is shown to it."""
    if "DANGER" in text:
        return Verdict("self-harm", "explicit")
    return Verdict("self-harm", "unsure") if "HEAVY" in text else None


def reading(update: object) -> Incoming | GroupCall | None:
    return read(update, "still_bot", 7, detect)


def message(**fields: Any) -> dict[str, Any]:
    return {"update_id": 5, "message": {"message_id": 9, "date": 1, "chat": CHAT, "from": ANN} | fields}


def edited(**fields: Any) -> dict[str, Any]:
    return {"update_id": 5, "edited_message": message(**fields)["message"]}


def press(**fields: Any) -> dict[str, Any]:
    shown = {"message_id": 9, "date": 1, "chat": CHAT}
    query = {"id": "q1", "from": ANN, "chat_instance": "c", "data": "p.1.2.3", "message": shown}
    return {"update_id": 5, "callback_query": query | fields}


def member(before: str, after: str, chat: dict[str, Any] = CHAT, sender: dict[str, Any] = ANN) -> dict[str, Any]:
    us: Any = {"id": 7, "is_bot": True, "first_name": "S"}
    old, new = {"status": before, "user": us}, {"status": after, "user": us}
    if after == "kicked":
        new["until_date"] = 0
    change = {"chat": chat, "from": sender, "date": 1, "old_chat_member": old, "new_chat_member": new}
    return {"update_id": 5, "my_chat_member": change}


def command_entity(length: int, offset: int = 0) -> list[dict[str, Any]]:
    return [{"type": "bot_command", "offset": offset, "length": length}]


FAMILY = "👩‍👩‍👧‍👦"
PIN = {"latitude": 52.5, "longitude": 13.4}

EVENTS: list[tuple[str, dict[str, Any], Event]] = [
    ("text", message(text="hello"), Wrote("hello")),
    ("a forwarded text", message(text="hi", forward_origin={"type": "hidden_user"}), Wrote("hi")),
    ("a reply", message(text="yes", reply_to_message={"message_id": 1, "text": "DANGER"}), Wrote("yes")),
    ("4096 emoji", message(text="😮‍💨" * 4096), Wrote("😮‍💨" * 4096)),
    ("half an emoji", message(text="a\ud83d"), Wrote("a\ufffd")),
    ("two halves are one", message(text="\ud83d\ude2e"), Wrote("😮")),
    ("a NUL", message(text="a\0b"), Wrote("ab")),
    ("right to left", message(text="\u202eשלום\u202c"), Wrote("\u202eשלום\u202c")),
    ("a fraction, no command", message(text="7/10"), Wrote("7/10")),
    ("a path, no command", message(text="/etc/hosts"), Wrote("/etc/hosts")),
    ("a lone slash", message(text="/"), Wrote("/")),
    ("a command inside", message(text="try /soothe", entities=command_entity(7, 4)), Wrote("try /soothe")),
    ("a command", message(text="/soothe", entities=command_entity(7)), CommandGiven("soothe")),
    ("in capitals", message(text="/SOOTHE@Still_Bot", entities=command_entity(17)), CommandGiven("soothe")),
    ("with words", message(text="/space  20 min ", entities=command_entity(6)), CommandGiven("space", "20 min")),
    ("glued to a comma", message(text="/help,please", entities=command_entity(5)), CommandGiven("help", ",please")),
    ("without entity", message(text="/help me"), CommandGiven("help", "me")),
    ("behind a mark", message(text="\u200f/help"), CommandGiven("help")),
    ("on two lines", message(text="/start\nabc"), CommandGiven("start", "abc")),
    ("a payload", message(text="/start join_x-1", entities=command_entity(6)), CommandGiven("start", "join_x-1")),
    ("broken entities", message(text="/help", entities=[None, 3, {"type": "bot_command"}]), CommandGiven("help")),
    ("an entity too long", message(text="/help", entities=command_entity(10**9)), CommandGiven("help")),
    ("a photo", message(photo=[{"file_id": "x"}], caption="us"), SentMedia("photo")),
    ("a gif is no document", message(document={}, animation={}), SentMedia("animation")),
    ("a sticker", message(sticker={"emoji": "😢"}), SentMedia("sticker")),
    ("a voice message", message(voice={"duration": 3}), SentMedia("voice")),
    ("a contact", message(contact={"phone_number": "1", "first_name": "Ben"}), SentMedia("contact")),
    ("a location", message(location=PIN), SharedPlace(52.5, 13.4)),
    ("a venue", message(location=PIN, venue={"title": "Café", "location": PIN}), SharedPlace(52.5, 13.4)),
    ("the north pole", message(location={"latitude": 90, "longitude": 0}), SharedPlace(90.0, 0.0)),
    ("off the earth", message(location={"latitude": 91.0, "longitude": 0.0}), SentMedia("location")),
    ("nowhere", message(location={"latitude": float("nan"), "longitude": 10**400}), SentMedia("location")),
    ("an edit", edited(text="changed"), Edited("changed")),
    ("an edited command", edited(text="/help", entities=command_entity(5)), Edited("/help")),
    ("an edited caption", edited(photo=[], caption="new"), Edited("new")),
    ("a press", press(), Pressed("p.1.2.3", 9, "q1")),
    ("an old press", press(message={"message_id": 9, "date": 0, "chat": CHAT}), Pressed("p.1.2.3", 9, "q1")),
    ("stopped", member("member", "kicked"), Blocked()),
    ("let in again", member("kicked", "member"), Unblocked()),
    ("a sender without is_bot", message(text="x", **{"from": {"id": 42}}), Wrote("x")),
]

NOTHING: list[tuple[str, object]] = [
    ("no object", [1, 2]),
    ("empty", {}),
    ("no id", {"message": message(text="x")["message"]}),
    ("a boolean id", message(text="x") | {"update_id": True}),
    ("an id too large", message(text="x") | {"update_id": 1 << 60}),
    ("a negative id", message(text="x") | {"update_id": -1}),
    ("an unknown kind", {"update_id": 5, "telepathy": {"text": "x"}}),
    ("a message that is none", {"update_id": 5, "message": "x"}),
    ("a channel post", {"update_id": 5, "channel_post": message(text="/help")["message"]}),
    ("a business message", {"update_id": 5, "business_message": message(text="x")["message"]}),
    ("a bot", message(text="x", **{"from": ANN | {"is_bot": True}})),
    ("nobody", message(text="x", **{"from": None})),
    ("a sender with a text id", message(text="x", **{"from": ANN | {"id": "42"}})),
    ("somebody else's chat", message(text="x", chat=CHAT | {"id": 43})),
    ("a chat of no type", message(text="x", chat={"id": 42})),
    ("a type that is a list", message(text="x", chat={"id": 42, "type": []})),
    ("another bot's command", message(text="/help@other_bot", entities=command_entity(15))),
    ("a pinned message", message(pinned_message={"message_id": 1})),
    ("a self-destruct timer", message(message_auto_delete_timer_changed={"message_auto_delete_time": 60})),
    ("a number for a text", message(text=5)),
    ("a moved live location", edited(location=PIN)),
    ("a press in a group", press(message={"message_id": 9, "date": 1, "chat": GROUP})),
    ("a press in somebody else's chat", press(message={"message_id": 9, "date": 1, "chat": CHAT | {"id": 43}})),
    ("a press on an inline message", press(message=None, inline_message_id="i")),
    ("a press on a game", press(data=None, game_short_name="g")),
    ("talk in a group", message(text="hello", chat=GROUP)),
    ("another bot's command in a group", message(text="/help@other_bot", chat=GROUP)),
    ("somebody's command in a group", message(text="/ban", chat=GROUP)),
    ("a bot's command in a group", message(text="/help", chat=GROUP, **{"from": ANN | {"is_bot": True}})),
    ("removed from a group", member("member", "left", GROUP)),
    ("made admin in a group", member("member", "administrator", GROUP)),
    ("statuses that are lists", {"update_id": 5, "my_chat_member": {"chat": GROUP, "old_chat_member": {"status": []}}}),
    ("added to a channel", member("left", "administrator", {"id": -5, "type": "channel"})),
    ("an inline query", {"update_id": 5, "inline_query": {"id": "1", "from": ANN, "query": "hello"}}),
]


@pytest.mark.parametrize(("update", "event"), [row[1:] for row in EVENTS], ids=[row[0] for row in EVENTS])
def test_an_update_becomes_its_event(update: dict[str, Any], event: Event) -> None:
    found = reading(update)
    assert isinstance(found, Incoming)
    assert (found.id, found.source, found.user_id, found.chat_id, found.verdict) == (5, "update:7", 42, 42, None)
    assert found.event == event


@pytest.mark.parametrize("update", [row[1] for row in NOTHING], ids=[row[0] for row in NOTHING])
def test_what_is_not_for_us_is_nothing(update: object) -> None:
    assert reading(update) is None


@pytest.mark.parametrize(
    "update",
    [
        message(text="/soothe@still_bot", entities=command_entity(17), chat=GROUP),
        message(text="/start", chat=GROUP | {"type": "group"}),
        message(text="/help", chat=GROUP, sender_chat=GROUP, **{"from": ANN | {"is_bot": True}}),
        member("left", "member", GROUP),
        member("kicked", "administrator", GROUP),
    ],
)
def test_a_call_in_a_group_names_the_group(update: dict[str, Any]) -> None:
    assert reading(update) == GroupCall(-1001)


@pytest.mark.parametrize(
    "update",
    [
        message(text="DANGER"),
        message(text="/reach DANGER"),
        message(text="/start so_DANGER-x"),
        message(text="/help@other_bot DANGER"),
        message(photo=[], caption="DANGER"),
        message(contact={"first_name": "Ben", "last_name": "DANGER"}),
        message(location=PIN, venue={"title": "x", "address": "DANGER road"}),
        message(poll={"question": "what?", "options": [{"text": "HEAVY"}, {"text": "DANGER"}]}),
        message(checklist={"title": "x", "tasks": [{"text": "DANGER"}]}),
        message(rich_message={"blocks": [{"type": "paragraph", "text": [{"type": "bold", "text": "DANGER"}]}]}),
        edited(text="DANGER"),
        edited(photo=[], caption="DANGER"),
        {"update_id": 5, "inline_query": {"id": "1", "from": ANN, "query": "DANGER", "offset": ""}},
    ],
)
def test_the_detector_reads_every_text_a_person_can_send(update: dict[str, Any]) -> None:
    found = reading(update)
    assert isinstance(found, Incoming)
    assert found.verdict == Verdict("self-harm", "explicit")


def test_the_payload_of_start_is_read_as_words() -> None:
    seen: list[str] = []

    def watch(text: str) -> None:
        seen.append(text)

    read(message(text="/start i_want-out"), "still_bot", 7, watch)
    assert "i want out" in seen


@pytest.mark.parametrize(
    ("tag", "language"), [("pt-BR", "pt-BR"), ("zh-hans", "zh-hans"), ("", ""), (3, ""), ("x; DROP", ""), (None, "")]
)
def test_a_language_is_a_tag_or_nothing(tag: object, language: str) -> None:
    found = reading(message(text="x", **{"from": ANN | {"language_code": tag}}))
    assert isinstance(found, Incoming)
    assert found.language == language


def test_every_field_of_a_message_was_thought_of() -> None:
    """A newer library brings new fields: decide for each whether a person sends it (`MEDIA`) or it can be passed over."""
    fields = {"from" if name == "from_user" else name for name in Message.__slots__ if not name.startswith("_")}
    assert fields - set(ENVELOPE.split()) - set(SERVICE.split()) - set(MEDIA) == set()


ENVELOPE = """
    message_id message_thread_id from sender_chat sender_boost_count sender_business_bot sender_tag date chat
    business_connection_id forward_origin is_topic_message is_automatic_forward reply_to_message external_reply quote
    reply_to_story reply_to_checklist_task_id reply_to_poll_option_id via_bot edit_date has_protected_content
    is_from_offline is_paid_post media_group_id author_signature paid_star_count text entities link_preview_options
    suggested_post_info effect_id caption caption_entities show_caption_above_media has_media_spoiler reply_markup
    direct_messages_topic guest_query_id guest_bot_caller_chat guest_bot_caller_user ephemeral_message_id
    receiver_user venue
"""
SERVICE = """
    new_chat_members left_chat_member new_chat_title new_chat_photo delete_chat_photo group_chat_created
    supergroup_chat_created channel_chat_created message_auto_delete_timer_changed migrate_to_chat_id
    migrate_from_chat_id pinned_message successful_payment refunded_payment users_shared chat_shared gift unique_gift
    gift_upgrade_sent connected_website write_access_allowed passport_data proximity_alert_triggered boost_added
    chat_background_set checklist_tasks_done checklist_tasks_added direct_message_price_changed forum_topic_created
    forum_topic_edited forum_topic_closed forum_topic_reopened general_forum_topic_hidden general_forum_topic_unhidden
    giveaway_created giveaway giveaway_winners giveaway_completed paid_message_price_changed suggested_post_approved
    suggested_post_approval_failed suggested_post_declined suggested_post_paid suggested_post_refunded
    video_chat_scheduled video_chat_started video_chat_ended video_chat_participants_invited web_app_data
    chat_owner_changed chat_owner_left community_chat_added community_chat_joined community_chat_removed
    managed_bot_created poll_option_added poll_option_deleted
"""

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)
FIELDS = ["text", "caption", "chat", "from", "entities", "location", "venue", "poll", "contact", "photo", "data", "id"]
FIELDS += ["message", "message_id", "query", "new_chat_member", "old_chat_member", "status", "type", "language_code"]
likely_values = st.recursive(
    json_values
    | st.sampled_from([42, -1001, "private", "supergroup", "member", "kicked", "/help", "bot_command", CHAT, ANN]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=5),
    max_leaves=12,
)
USUAL = settings().max_examples
KINDS = ["message", "edited_message", "callback_query", "my_chat_member", "inline_query", "channel_post", "x"]


@settings(max_examples=2 * USUAL, deadline=None)
@given(json_values)
def test_any_json_is_read_without_a_fault(value: Any) -> None:
    reading(value)


@settings(max_examples=5 * USUAL, deadline=None)
@given(
    st.sampled_from(KINDS),
    likely_values,
    st.dictionaries(st.sampled_from(FIELDS), likely_values),
    st.sampled_from([5, 0, None, "5"]),
)
@example("message", {"text": "/help", "from": ANN, "chat": CHAT}, {}, 5)
def test_an_update_with_anything_in_it_is_read_without_a_fault(
    kind: str, value: Any, more: Any, update_id: Any
) -> None:
    base = {"from": ANN, "chat": CHAT}
    found = reading({"update_id": update_id, kind: base | more if value is None else value})
    if isinstance(found, Incoming) and isinstance(found.event, Wrote | Edited):
        found.event.text.encode()  # fit for a database and for the wire


@settings(max_examples=3 * USUAL, deadline=None)
@given(
    kind=st.sampled_from(["message", "edited_message", "callback_query", "my_chat_member"]),
    text=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20),
    command=st.none() | st.sampled_from(["/soothe", "/Start@still_bot", "/space@STILL_BOT"]),
    media=st.none() | st.sampled_from(["photo", "sticker", "location", "voice", "dice", "contact"]),
    language=st.none() | st.sampled_from(["en", "pt-BR"]),
    bot=st.booleans(),
)
def test_a_well_formed_update_reads_as_telegrams_own_library_reads_it(
    kind: str, text: str, command: str | None, media: str | None, language: str | None, bot: bool
) -> None:
    sender = {"id": 42, "is_bot": bot, "first_name": "A"} | ({"language_code": language} if language else {})
    fields: dict[str, Any] = {"text": text}
    if command:
        fields = {"text": f"{command} {text}", "entities": command_entity(len(command))}
    elif media:
        fields = {media: SAMPLES[media], "caption": text}
    if kind in {"message", "edited_message"}:
        update = {"update_id": 5, kind: {"message_id": 9, "date": 1, "chat": CHAT, "from": sender} | fields}
    elif kind == "callback_query":
        update = press(data=text, **{"from": sender})
    else:
        update = member("member", "kicked", sender=sender)
    assert reading(json.loads(json.dumps(update))) == _as_the_library_reads(update)


SAMPLES: dict[str, Any] = {
    "photo": [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}],
    "sticker": {"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1, "type": "regular"}
    | {"is_animated": False, "is_video": False},
    "location": PIN,
    "voice": {"file_id": "f", "file_unique_id": "u", "duration": 1},
    "dice": {"value": 1, "emoji": "🎲"},
    "contact": {"phone_number": "1", "first_name": "B"},
}


def _as_the_library_reads(raw: dict[str, Any]) -> Incoming | None:
    update = Update.de_json(raw, None)
    user = update.effective_user
    if user is None or user.is_bot:
        return None
    event: Event | None = None
    if query := update.callback_query:
        assert query.message is not None
        event = Pressed(query.data or "", query.message.message_id, query.id)
    elif update.my_chat_member:
        event = Blocked()
    elif update.edited_message:
        words = update.edited_message.text or update.edited_message.caption
        event = Edited(words) if words else None
    elif update.message:
        event = _message_event(update.message)
    return Incoming(5, "update:7", user.id, user.id, event, None, user.language_code or "") if event else None


def _message_event(sent: Message) -> Event:
    commands = sent.parse_entities(["bot_command"])
    if commands and sent.text:
        name = next(iter(commands.values()))
        return CommandGiven(name[1:].partition("@")[0].lower(), sent.text[len(name) :].strip())
    if sent.text is not None:
        return Wrote(sent.text)
    if sent.location:
        return SharedPlace(sent.location.latitude, sent.location.longitude)
    return SentMedia(next(kind for kind in SAMPLES if getattr(sent, kind)))


def test_json_that_a_strict_parser_refuses_is_still_read() -> None:
    assert loads(b'{"text": "a\\ud83d"}') == {"text": "a\ud83d"}
    assert loads(b'{"text": "\xff"}') == {"text": "\ufffd"}
    assert loads(b"[" * 100_000) is None
    assert loads(b"<html>") is None
