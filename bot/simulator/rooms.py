"""Answers the calls that ask about chats and the people in them, or change a group."""

from bot.simulator.calls import Call, answers
from bot.simulator.chats import Chat, Json
from bot.simulator.destinations import chat_for_reading, chat_for_writing
from bot.simulator.errors import bad_request

_REFUSED = {"can_send_messages": False}


@answers("getChat")
def get_chat(call: Call) -> Json:
    """All about a chat."""
    chat = chat_for_reading(call)
    user = call.simulator.world.users.get(chat.id)
    full = chat.body | {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": _GIFTS}
    if user is not None:
        full |= {name: value for name, value in user.body().items() if name.endswith("name")}
        full |= {"type": "private"} | ({"active_usernames": [user.username]} if user.username else {})
    elif chat.kind != "channel":
        full["permissions"] = dict.fromkeys(_PERMISSIONS, True)
    pinned = [each for each in chat.messages.values() if each.pinned]
    return full | ({"pinned_message": pinned[-1].body} if pinned else {})


@answers("getChatMember")
def get_chat_member(call: Call) -> Json:
    """What somebody is in a chat."""
    return member(call, chat_for_reading(call), call["user_id"])


@answers("getChatAdministrators")
def get_chat_administrators(call: Call) -> list[Json]:
    """Who looks after a group."""
    chat = chat_for_reading(call)
    if chat.kind == "private":
        raise bad_request("there are no administrators in the private chat")
    found = [each for each, status in chat.members.items() if status in {"creator", "administrator"}]
    own = [call.account.id] if chat.bot_status == "administrator" else []
    return [member(call, chat, each) for each in found + own]


@answers("getChatMemberCount")
def get_chat_member_count(call: Call) -> int:
    """How many are in a chat, the bot included."""
    chat = chat_for_reading(call)
    if chat.kind == "private":
        return 2
    return sum(status not in {"left", "kicked"} for status in chat.members.values()) + 1


@answers("leaveChat")
def leave_chat(call: Call) -> bool:
    """The bot goes."""
    chat = chat_for_writing(call)
    if chat.kind == "private":
        raise bad_request("chat member status can't be changed in private chats")
    chat.bot_status = "left"
    return True


@answers("banChatMember", "unbanChatMember", "restrictChatMember", "promoteChatMember")
def change_member(call: Call) -> bool:
    """Somebody may do less, or more, in a group."""
    chat = chat_for_writing(call)
    if chat.kind == "private":
        raise bad_request("can't change status in private chats")
    if chat.bot_status != "administrator":
        raise bad_request("not enough rights")
    status = {"banChatMember": "kicked", "unbanChatMember": "left", "restrictChatMember": "restricted"}
    chat.members[call["user_id"]] = status.get(call.method, "administrator")
    return True


@answers("setChatTitle", "setChatDescription")
def set_chat_text(call: Call) -> bool:
    """A group's title or description."""
    chat = chat_for_writing(call)
    if chat.kind == "private":
        raise bad_request("can't change chat title or description in private chats")
    name = "title" if call.method == "setChatTitle" else "description"
    chat.body[name] = call.get(name, "")
    return True


@answers("getUserProfilePhotos")
def get_user_profile_photos(call: Call) -> Json:
    """Nobody here has a portrait."""
    if call["user_id"] not in call.simulator.world.users:
        raise bad_request("user not found")
    return {"total_count": 0, "photos": []}


def member(call: Call, chat: Chat, user_id: int) -> Json:
    """A ChatMember object.

    Raises:
        ApiError: 400 for somebody unknown.
    """
    world = call.simulator.world
    if user_id == call.account.id:
        return {"user": call.account.body()} | member_state(chat.bot_status)
    user = world.users.get(user_id)
    if user is None:
        raise bad_request("invalid user_id specified")
    status = "member" if chat.kind == "private" and user_id == chat.id else chat.members.get(user_id, "left")
    return {"user": user.body()} | member_state(status)


def member_state(status: str) -> Json:
    """The fields every ChatMember of this status must have."""
    match status:
        case "creator":
            return {"status": status, "is_anonymous": False}
        case "administrator":
            return (
                {"status": status, "can_be_edited": False}
                | dict.fromkeys(_ADMIN_RIGHTS, True)
                | {"is_anonymous": False}
            )
        case "kicked":
            return {"status": status, "until_date": 0}
        case "restricted":
            return {"status": status, "is_member": True, "until_date": 0} | dict.fromkeys(_PERMISSIONS, False)
        case _:
            return {"status": status}


_GIFTS = dict.fromkeys(
    ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
)
_PERMISSIONS = (
    "can_send_messages", "can_send_audios", "can_send_documents", "can_send_photos", "can_send_videos",
    "can_send_video_notes", "can_send_voice_notes", "can_send_polls", "can_send_other_messages",
    "can_add_web_page_previews", "can_change_info", "can_invite_users", "can_pin_messages", "can_manage_topics",
    "can_react_to_messages", "can_edit_tag",
)  # fmt: skip
_ADMIN_RIGHTS = (
    "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats", "can_restrict_members",
    "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories", "can_edit_stories",
    "can_delete_stories",
)  # fmt: skip
