"""Answers calls whose subject the simulator does not have, where a plausible answer can be given: yes, nothing, none.

What has no entry here or elsewhere answers 400 "method is not simulated".
"""

from typing import Any

from bot.simulator.calls import Call, answers
from bot.simulator.chats import Json
from bot.simulator.destinations import chat_for_reading
from bot.simulator.errors import bad_request


@answers("logOut", "close", "setMyProfilePhoto", "removeMyProfilePhoto", "setPassportDataErrors")
def accept(_call: Call) -> bool:
    """Done; nothing in the simulator depends on it."""
    return True


@answers(
    "approveChatJoinRequest", "banChatSenderChat", "closeForumTopic", "closeGeneralForumTopic",
    "declineChatJoinRequest", "deleteChatPhoto", "deleteChatStickerSet", "deleteForumTopic", "editForumTopic",
    "editGeneralForumTopic", "hideGeneralForumTopic", "reopenForumTopic", "reopenGeneralForumTopic",
    "setChatAdministratorCustomTitle", "setChatMemberTag", "setChatPermissions", "setChatPhoto", "setChatStickerSet",
    "unbanChatSenderChat", "unhideGeneralForumTopic",
)  # fmt: skip
def accept_in_chat(call: Call) -> bool:
    """Done, if the chat is a group; nothing in the simulator depends on it."""
    if chat_for_reading(call).kind == "private":
        raise bad_request("method is available only for supergroups and channels")
    return True


@answers("exportChatInviteLink")
def export_link(call: Call) -> str:
    """A link into a group."""
    return f"https://t.me/+simulated{abs(chat_for_reading(call).id)}"


@answers("createChatInviteLink", "editChatInviteLink", "revokeChatInviteLink")
def invite_link(call: Call) -> Json:
    """A link into a group, with its terms."""
    chat = chat_for_reading(call)
    return {
        "invite_link": call.get("invite_link", f"https://t.me/+simulated{abs(chat.id)}x{call.simulator.next_number()}"),
        "creator": call.account.body(),
        "creates_join_request": bool(call.get("creates_join_request")),
        "is_primary": False,
        "is_revoked": call.method == "revokeChatInviteLink",
    } | {name: call[name] for name in ("name", "expire_date", "member_limit") if call.get(name)}


@answers("createForumTopic")
def create_topic(call: Call) -> Json:
    """A topic nobody writes in."""
    chat_for_reading(call)
    number = call.account.next_message_id
    call.account.next_message_id += 1
    return {"message_thread_id": number, "name": call["name"], "icon_color": 7322096}


@answers("getForumTopicIconStickers", "getCustomEmojiStickers")
def no_stickers(_call: Call) -> list[Json]:
    """None."""
    return []


@answers("getStickerSet")
def sticker_set(_call: Call) -> Json:
    """There are no sticker sets."""
    raise bad_request("STICKERSET_INVALID")


_NOTHING: dict[str, Any] = {
    "getMyStarBalance": {"amount": 0},
    "getStarTransactions": {"transactions": []},
    "getAvailableGifts": {"gifts": []},
    "getUserChatBoosts": {"boosts": []},
    "getUserProfileAudios": {"total_count": 0, "audios": []},
    "getUserGifts": {"total_count": 0, "gifts": []},
    "getChatGifts": {"total_count": 0, "gifts": []},
}


@answers(*_NOTHING)
def nothing(call: Call) -> Any:
    """Empty, as for a bot that has no money and no presents."""
    return _NOTHING[call.method]


@answers("getBusinessConnection", "readBusinessMessage", "deleteBusinessMessages")
def no_business(_call: Call) -> Any:
    """No bot here is connected to a business."""
    raise bad_request("business connection not found")


@answers("answerShippingQuery", "answerPreCheckoutQuery", "answerWebAppQuery", "answerGuestQuery")
def no_query(_call: Call) -> Any:
    """Nobody asks this here."""
    raise bad_request("query is too old and response timeout expired or query ID is invalid")


@answers("sendMessageDraft")
def draft(call: Call) -> bool:
    """A text that grows while it is written; the phones here show finished ones only."""
    chat_for_reading(call)
    return True
