"""Checks the keyboards a bot sends: what Telegram refuses in a button, with its words."""

from typing import Any

from bot.simulator.chats import Json
from bot.simulator.errors import bad_request
from bot.simulator.links import link_fault

MAX_BUTTONS = 100
MAX_DATA = 64
MAX_COPY = 256
_DEEDS = {
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
    "disabled",
}


def checked_markup(markup: Json | None, *, inline_only: bool = False) -> Json | None:
    """The markup as it is kept; None where there is none or an empty keyboard.

    Raises:
        ApiError: 400.
    """
    if not markup:
        return None
    if "inline_keyboard" in markup:
        rows = [row for row in markup["inline_keyboard"] if row]
        _check_count(rows)
        kept = [[_inline_button(button) for button in row] for row in rows]
        return {"inline_keyboard": kept} if kept else None
    if inline_only:
        raise bad_request("inline keyboard expected")
    if "keyboard" in markup:
        rows = [row for row in markup["keyboard"] if row]
        _check_count(rows)
        for row in rows:
            for button in row:
                _check_reply_button(button)
        return {**markup, "keyboard": rows} if rows else None
    if markup.get("remove_keyboard") or markup.get("force_reply"):
        return markup
    return None


def _check_count(rows: list[list[Any]]) -> None:
    if sum(len(row) for row in rows) > MAX_BUTTONS:
        raise bad_request("reply markup is too long")


def _inline_button(button: Json) -> Json:
    if not button["text"].strip():
        raise bad_request("can't parse inline keyboard button: Text must be non-empty")
    deeds = [name for name in _DEEDS if button.get(name) or name in _MAY_BE_EMPTY & set(button)]
    if not deeds:
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if len(deeds) > 1:
        raise bad_request("can't parse inline keyboard button: exactly one type of the button must be specified")
    if {"callback_game", "pay"} & set(deeds):
        raise bad_request("BUTTON_TYPE_INVALID")
    if len(str(button.get("callback_data", "")).encode()) > MAX_DATA:
        raise bad_request("BUTTON_DATA_INVALID")
    if "copy_text" in button and not 1 <= len(button["copy_text"]["text"]) <= MAX_COPY:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")
    _check_addresses(button, "inline keyboard button")
    return button


_MAY_BE_EMPTY = {
    "callback_game",
    "disabled",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
}


def _check_reply_button(button: Json) -> None:
    if not button["text"].strip():
        raise bad_request("can't parse keyboard button: Text must be non-empty")
    _check_addresses(button, "keyboard button")


def _check_addresses(button: Json, name: str) -> None:
    if button.get("url") is not None:
        fault = link_fault(button["url"])
        if fault is not None:
            raise bad_request(f"{name} URL '{button['url']}' is invalid: {fault}")
    app = button.get("web_app")
    if app is not None and not app["url"].lower().startswith("https://"):
        raise bad_request(f"{name} Web App URL '{app['url']}' is invalid: Only HTTPS links are allowed")
