"""Answers the calls about what a bot says of itself: commands, names, descriptions, menu button, rights."""

import re
from typing import Any

from bot.simulator.calls import Call, answers
from bot.simulator.chats import Account, Json
from bot.simulator.destinations import chat_for_reading
from bot.simulator.errors import bad_request

MAX_COMMANDS = 100
RIGHTS = (
    "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats", "can_restrict_members",
    "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories", "can_edit_stories",
    "can_delete_stories",
)  # fmt: skip


@answers("getMe")
def get_me(call: Call) -> Json:
    """The bot itself."""
    flags = {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": True,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": False,
        "allows_users_to_create_topics": False,
        "can_manage_bots": False,
        "supports_guest_queries": False,
        "supports_join_request_queries": False,
    }
    return call.account.body() | flags


@answers("setMyCommands")
def set_my_commands(call: Call) -> bool:
    """The list behind the menu button, for a scope and a language."""
    commands = call["commands"]
    if len(commands) > MAX_COMMANDS:
        raise bad_request("too many bot commands specified")
    kept = []
    for each in commands:
        name = each["command"].removeprefix("/").lower()
        if not re.fullmatch(r"[a-z0-9_]{1,32}", name):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(each["description"].strip()) <= 256:  # noqa: PLR2004  characters
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        kept.append({"command": name, "description": each["description"].strip()})
    scopes = call.account.profile.commands.setdefault(_scope(call), {})
    scopes[_language(call)] = kept
    if not kept:
        del scopes[_language(call)]
    call.simulator.tell_bot_changed(call.account)
    return True


@answers("deleteMyCommands")
def delete_my_commands(call: Call) -> bool:
    """No list for this scope and language."""
    call.account.profile.commands.get(_scope(call), {}).pop(_language(call), None)
    call.simulator.tell_bot_changed(call.account)
    return True


@answers("getMyCommands")
def get_my_commands(call: Call) -> list[Json]:
    """Exactly what was set for this scope and language."""
    return call.account.profile.commands.get(_scope(call), {}).get(_language(call), [])


@answers("setMyName", "setMyDescription", "setMyShortDescription")
def set_my_text(call: Call) -> bool:
    """A text about the bot, for a language or for everybody; an empty one takes it away."""
    texts, name = _texts(call)
    if call.get(name):
        texts[_language(call)] = call[name]
    else:
        texts.pop(_language(call), None)
    call.simulator.tell_bot_changed(call.account)
    return True


@answers("getMyName", "getMyDescription", "getMyShortDescription")
def get_my_text(call: Call) -> Json:
    """The text for a language, or the one for everybody."""
    texts, name = _texts(call)
    default = call.account.first_name if name == "name" else ""
    return {name: texts.get(_language(call)) or texts.get("") or default}


@answers("setChatMenuButton")
def set_chat_menu_button(call: Call) -> bool:
    """The button beside the text field, in one chat or in all."""
    button = call.get("menu_button") or {"type": "default"}
    if call.get("chat_id") is not None:
        chat = chat_for_reading(call)
        if chat.kind != "private":
            raise bad_request("chat not found")
        chat.menu_button = button
    else:
        call.account.profile.menu_button = {"type": "commands"} if button["type"] == "default" else button
    call.simulator.tell_bot_changed(call.account)
    return True


@answers("getChatMenuButton")
def get_chat_menu_button(call: Call) -> Json:
    """The button as it is."""
    if call.get("chat_id") is not None:
        return chat_for_reading(call).menu_button or {"type": "default"}
    return call.account.profile.menu_button


@answers("setMyDefaultAdministratorRights")
def set_my_rights(call: Call) -> bool:
    """What the bot asks for when it is made an administrator."""
    call.account.profile.rights[_where(call)] = call.get("rights") or {}
    return True


@answers("getMyDefaultAdministratorRights")
def get_my_rights(call: Call) -> Json:
    """All rights, true or false."""
    return dict.fromkeys(RIGHTS, False) | call.account.profile.rights.get(_where(call), {})


def commands_for(account: Account, user_id: int, language: str) -> list[Json]:
    """The commands a person sees in the private chat: the narrowest scope wins, and in it the person's language."""
    for scope in (f"chat:{user_id}", "all_private_chats", "default"):
        lists = account.profile.commands.get(scope, {})
        found = lists.get(language) or lists.get("")
        if found:
            return found
    return []


def text_for(texts: dict[str, str], language: str = "") -> str:
    """A text in a language, or the one for everybody, or nothing."""
    return texts.get(language) or texts.get("") or ""


def _scope(call: Call) -> str:
    scope: Json = call.get("scope") or {"type": "default"}
    if "chat_id" not in scope:
        return str(scope["type"])
    where = f"{scope['type']}:{scope['chat_id']}"
    return f"{where}:{scope['user_id']}" if "user_id" in scope else where


def _language(call: Call) -> str:
    language = str(call.get("language_code", ""))
    if language and not re.fullmatch(r"[a-z]{2}", language):
        raise bad_request("invalid language code specified")
    return language


def _texts(call: Call) -> tuple[dict[str, str], Any]:
    profile = call.account.profile
    if call.method.endswith("Name"):
        return profile.names, "name"
    if call.method.endswith("ShortDescription"):
        return profile.short_descriptions, "short_description"
    return profile.descriptions, "description"


def _where(call: Call) -> str:
    return "channels" if call.get("for_channels") else "groups"
