"""From what a turn wants said to finished Bot API requests: words in the reader's language, and the bytes to send."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from bot.core.effects import Button, ClearButtons, Hide, Phrase, Rows, Say, TakeAway
from bot.core.facts import User
from bot.core.ids import base36
from bot.core.values import dataclass
from bot.i18n.catalog import Catalog
from bot.i18n.markup import Rich, join

MESSAGE_LIMIT = 4096
CAPTION_LIMIT = 1024
COPY_LIMIT = 256
"""Telegram's limits, in characters after entities are parsed. Source: Bot API, sendMessage, sendAnimation, CopyTextButton."""


@dataclass(frozen=True, slots=True)
class Request:
    """One Bot API call, ready: its method and its JSON body. A picture is named `media:<file>`."""

    method: str
    body: bytes


class Renderer:
    """Renders for one reader at one moment."""

    def __init__(self, catalog: Catalog, user: User, now: datetime) -> None:
        self._catalog = catalog
        self._user = user
        self._now = now

    def say(self, said: Say) -> Request:
        """A new message, a picture with a caption, or a message changed in place."""
        words = join([self._rich(part) for part in said.parts])
        body: dict[str, Any] = {"chat_id": self._user.chat_id}
        if said.media:
            text, entities = _fit(words, CAPTION_LIMIT)
            method, kind = (
                ("sendAnimation", "animation") if said.media.endswith((".gif", ".mp4")) else ("sendPhoto", "photo")
            )
            body |= {kind: f"media:{said.media}", "caption": text, "caption_entities": entities}
        else:
            text, entities = _fit(words, MESSAGE_LIMIT)
            method = "editMessageText" if said.edits else "sendMessage"
            body |= {"text": text, "entities": entities, "link_preview_options": {"is_disabled": True}}
        if said.edits:
            body["message_id"] = said.edits
        elif said.silent:
            body["disable_notification"] = True
        markup = {"remove_keyboard": True} if said.closes_keyboard else self._markup(said.rows)
        if markup is not None:
            body["reply_markup"] = markup
        return Request(method, orjson.dumps(body))

    def clear(self, cleared: ClearButtons) -> Request:
        """Take the buttons off a message."""
        body = {"chat_id": self._user.chat_id}
        if cleared.message_id:  # else the outbox finds it out
            body["message_id"] = cleared.message_id
        return Request("editMessageReplyMarkup", orjson.dumps(body))

    def hide(self, hidden: Hide) -> Request:
        """Neutral words in place of a message, or the message taken away; the outbox finds out which one."""
        if hidden.line is None:
            return Request("deleteMessage", orjson.dumps({"chat_id": self._user.chat_id}))
        words = self._rich(hidden.line)
        body = {"chat_id": self._user.chat_id, "text": words.text, "entities": list(words.entities)}
        return Request("editMessageText", orjson.dumps(body))

    def take_away(self, taken: TakeAway) -> Request:
        """Delete messages."""
        body = {"chat_id": self._user.chat_id, "message_ids": list(taken.message_ids)}
        return Request("deleteMessages", orjson.dumps(body))

    def note(self, number: int, line: Phrase, *, silent: bool) -> Request:
        """The neutral note with the outbox id `number`, whose button opens what it stands in for."""
        words = self._rich(line)
        key = {"text": self._rich(Phrase("common.note.open")).text, "callback_data": f"o.note.{base36(number)}.open"}
        body = {
            "chat_id": self._user.chat_id,
            "text": words.text,
            "entities": list(words.entities),
            "reply_markup": {"inline_keyboard": [[key]]},
        } | ({"disable_notification": True} if silent else {})
        return Request("sendMessage", orjson.dumps(body))

    def uncovered(self, message_id: int, cover: Request | None) -> Request:
        """What a note stood in for, in its place; a picture comes as a message of its own. None: it is too old."""
        if cover is None:
            words = self._rich(Phrase("common.note.gone"))
            body = {"chat_id": self._user.chat_id, "text": words.text, "entities": list(words.entities)}
            return Request("editMessageText", orjson.dumps(body | {"message_id": message_id}))
        if cover.method != "sendMessage":
            return cover
        body = {name: value for name, value in orjson.loads(cover.body).items() if name != "disable_notification"}
        return Request("editMessageText", orjson.dumps(body | {"message_id": message_id}))

    def plain(self, phrase: Phrase, limit: int) -> str:
        """The phrase without formatting, for a clipboard or a pop-up."""
        return self._catalog.render_plain(
            phrase, self._user.locale, self._user.zone, self._user.seed, self._now, limit=limit
        )

    def _rich(self, phrase: Phrase) -> Rich:
        return self._catalog.render(phrase, self._user.locale, self._user.zone, self._user.seed, self._now)

    def _markup(self, rows: Rows) -> Mapping[str, Any] | None:
        if rows and any(button.place for row in rows for button in row):
            keyboard = [[self._place_key(button) for button in row] for row in rows]
            return {"keyboard": keyboard, "resize_keyboard": True, "one_time_keyboard": True}
        return {"inline_keyboard": [[self._key(button) for button in row] for row in rows]} if rows else None

    def _key(self, button: Button) -> dict[str, Any]:
        label = self._label(button)
        if button.copy is not None:
            return {"text": label, "copy_text": {"text": self.plain(button.copy, COPY_LIMIT)}}
        if button.url:
            return {"text": label, "url": button.url}
        return {"text": label, "callback_data": button.data}

    def _place_key(self, button: Button) -> dict[str, Any]:
        return (
            {"text": self._label(button), "request_location": True} if button.place else {"text": self._label(button)}
        )

    def _label(self, button: Button) -> str:
        key = button.label.key
        return key[1:] if key.startswith("=") else self._rich(button.label).text


def _fit(words: Rich, limit: int) -> tuple[str, list[dict[str, Any]]]:
    """The words within Telegram's limit (UTF-16 units, the stricter count); what a person wrote may be long."""
    if 2 * len(words.text) <= limit:  # the usual case: no character is more than two units
        return words.text, list(words.entities)
    units = words.text.encode("utf-16-le")
    if len(units) <= 2 * limit:
        return words.text, list(words.entities)
    text = units[: 2 * (limit - 1)].decode("utf-16-le", "ignore") + "…"
    return text, [entity for entity in words.entities if entity["offset"] + entity["length"] < limit]
