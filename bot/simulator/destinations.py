"""Finds the chat a call is about and says, as Telegram does, why a bot may not write there."""

from bot.simulator.calls import Call
from bot.simulator.chats import Chat, Message
from bot.simulator.errors import bad_request, forbidden


def chat_for_writing(call: Call, name: str = "chat_id") -> Chat:
    """The chat a message goes to.

    Raises:
        ApiError: 400 chat not found; 403 blocked, never started, kicked.
    """
    chat = chat_for_reading(call, name)
    if chat.kind == "private":
        if chat.blocked:
            raise forbidden("bot was blocked by the user")
        if not chat.started:
            raise forbidden("bot can't initiate conversation with a user")
        return chat
    if chat.bot_status == "kicked":
        raise forbidden(f"bot was kicked from the {chat.kind} chat")
    if chat.bot_status == "left":
        raise forbidden(f"bot is not a member of the {chat.kind} chat")
    if chat.kind == "channel" and chat.bot_status != "administrator":
        raise bad_request("need administrator rights in the channel chat")
    return chat


def chat_for_reading(call: Call, name: str = "chat_id") -> Chat:
    """A chat the bot knows; a person it has only met elsewhere (a group, a card) is a chat that was never started.

    Raises:
        ApiError: 400.
    """
    wanted = call.get(name)
    if wanted is None:
        raise bad_request("chat_id is empty")
    if isinstance(wanted, str):
        for chat in call.account.chats.values():
            if chat.kind != "private" and f"@{chat.body.get('username', '')}".lower() == wanted.lower():
                return chat
        raise bad_request("chat not found")
    chat_known = call.account.chats.get(wanted)
    if chat_known is not None:
        return chat_known
    if wanted in call.simulator.world.accounts and wanted != call.account.id:
        raise forbidden("bots can't send messages to bots")
    if wanted in call.account.known:
        return Chat(wanted, {"id": wanted, "type": "private"})
    raise bad_request("chat not found")


def message_in(chat: Chat, message_id: int | None, what: str) -> Message:
    """A message by its number.

    Raises:
        ApiError: 400 "<what> not found".
    """
    found = chat.messages.get(message_id or 0)
    if found is None:
        raise bad_request(f"{what} not found")
    return found
