"""People with phones: what they do in their chats, and what the bot is told of it."""

import math
from typing import TYPE_CHECKING, Any

from bot.simulator.cards import add_to_thread, place_card
from bot.simulator.chats import Account, Chat, InlineQuery, Json, Message, Press, User, thread_key
from bot.simulator.errors import MisuseError
from bot.simulator.files import Upload, media_fields, sample_picture
from bot.simulator.posting import post, quoted, reactions, revise, view, written
from bot.simulator.rooms import member_state

if TYPE_CHECKING:
    from bot.simulator.simulator import Simulator

GREETING = "/start"
LONGEST = 4096
BERLIN = (52.52, 13.405)
_VOICE = b"OggS\x00\x02" + bytes(22) + b"OpusHead"


class Person:
    """A user with one phone and one bot; every method is one tap or one message."""

    def __init__(self, simulator: "Simulator", account: Account, user: User) -> None:
        self._simulator = simulator
        self._account = account
        self.user = user

    @property
    def id(self) -> int:
        """The user's and the private chat's number."""
        return self.user.id

    @property
    def chat(self) -> Chat:
        """The private chat with the bot; it comes into being with the first look."""
        chats = self._account.chats
        if self.id not in chats:
            named = {name: value for name, value in self.user.body().items() if name.endswith("name")}
            chats[self.id] = Chat(self.id, {"id": self.id, "type": "private"} | named)
        return chats[self.id]

    def other(self, user_id: int) -> "Person":
        """Somebody else with the same bot."""
        return self._simulator.person(user_id, self._account)

    def messages(self) -> list[Json]:
        """The chat with the bot as it is now, oldest first; deleted messages are gone."""
        return [view(each) for each in self.chat.messages.values()] if self.id in self._account.chats else []

    def last(self) -> Json:
        """The newest message of the chat."""
        return self.messages()[-1]

    def thread(self, other: "Person") -> list[Json]:
        """The conversation with another person, as this phone shows it."""
        kept = self._simulator.world.threads.get(thread_key(self.id, other.id), {})
        return [view(each) for each in kept.values()]

    def says(
        self, text: str, *, reply_to: int | None = None, entities: list[Json] | None = None, via_bot: bool = False
    ) -> Json:
        """Write a text; the command, mention and link entities are found in it."""
        content = written(text, entities)
        if not content:
            raise MisuseError("There is nothing to send.")
        if len(content["text"]) > LONGEST:
            raise MisuseError("That is too long for one message.")
        return self._send(content | ({"via_bot": self._account.body()} if via_bot else {}), reply_to)

    def starts(self, payload: str = "") -> Json:
        """Tap Start, or a deep link with a payload; that also ends a block."""
        if self.chat.blocked:
            self.unblocks()
        return self.says(f"{GREETING} {payload}".strip())

    def edits(self, message_id: int, text: str) -> Json:
        """Change an own text."""
        message = self._own(message_id)
        name = "text" if "text" in message.body else "caption"
        content = written(text, caption=name == "caption")
        if not content:
            raise MisuseError("There is nothing to send.")
        message.body = {each: value for each, value in message.body.items() if each not in {name, _ENTITIES[name]}}
        message.body |= content | {"edit_date": self._simulator.now()}
        revise(self._simulator, self.chat, message)
        self._tell("edited_message", message.body)
        return view(message)

    def presses(self, message_id: int, data: str) -> str:
        """Tap a button under a message of the bot's (one that is gone may still be on a phone). Returns the press's id."""
        message = self.chat.messages.get(message_id)
        seen = message.body if message is not None else {"chat": self.chat.body, "message_id": message_id, "date": 0}
        return self._press({"message": seen, "data": data}, f"{self.id}")

    def presses_card(self, inline_message_id: str, data: str) -> str:
        """Tap a button of a card that came through inline mode. Returns the press's id."""
        if inline_message_id not in self._account.inline_messages:
            raise MisuseError("That card is not there.")
        self._account.known.add(self.id)
        return self._press({"inline_message_id": inline_message_id, "data": data}, inline_message_id)

    def taps(self, label: str) -> Any:
        """Tap the newest button with this label: an inline button presses, a keyboard button says or shares.

        Raises:
            MisuseError: there is no such button.
        """
        for message in reversed(list(self.chat.messages.values())):
            shown = message.keyboard or {}
            rows: list[list[Json]] = shown.get("inline_keyboard") or shown.get("keyboard") or []
            for button in (each for row in rows for each in row):
                if button["text"] == label:
                    return self._tap(message, button)
        raise MisuseError(f"There is no button {label!r}.")

    def sends_photo(self, content: bytes | None = None, caption: str = "") -> Json:
        """Send a picture, or the sample."""
        upload = Upload("photo.png", content or sample_picture(), "image/png")
        return self._send_file("photo", upload, written(caption, caption=True))

    def sends_document(self, name: str, content: bytes, caption: str = "") -> Json:
        """Send a file."""
        return self._send_file("document", Upload(name, content, ""), written(caption, caption=True))

    def sends_sticker(self, emoji: str) -> Json:
        """Send a sticker."""
        upload = Upload("sticker.webp", sample_picture(64, 64) + emoji.encode(), "image/webp")
        return self._send_file("sticker", upload, {}, emoji=emoji)

    def sends_voice(self, duration: int = 3) -> Json:
        """Send a voice message of so many seconds."""
        return self._send_file("voice", Upload("voice.ogg", _VOICE, "audio/ogg"), {}, duration=duration)

    def sends(self, content: Json) -> Json:
        """Send any message fields, as they are (dice, poll, game, what is new at Telegram)."""
        return self._send(content)

    def shares_location(self, latitude: float, longitude: float) -> Json:
        """Send a place."""
        if not (math.isfinite(latitude) and math.isfinite(longitude)):
            raise MisuseError("That is no place on earth.")
        return self._send({"location": {"latitude": latitude, "longitude": longitude}})

    def shares_contact(self, phone_number: str | None = None, first_name: str | None = None) -> Json:
        """Send a contact; without arguments one's own."""
        own = phone_number is None
        number = phone_number or self.user.phone_number or f"+49151{self.id:07d}"
        contact: Json = {"phone_number": number, "first_name": first_name or self.user.first_name}
        return self._send({"contact": contact | ({"user_id": self.id} if own else {})})

    def reacts(self, message_id: int, emoji: str | None) -> None:
        """Put a reaction on a message, or take it away."""
        message = self.chat.messages.get(message_id)
        if message is None:
            raise MisuseError("That message is not there.")
        old = message.reactions.pop(self.id, [])
        new = [emoji] if emoji else []
        if new:
            message.reactions[self.id] = new
        self._simulator.changes.tell("reaction", user_id=self.id, message_id=message_id, reactions=reactions(message))
        body = {"chat": self.chat.body, "message_id": message_id, "user": self.user.body()}
        body |= {"date": self._simulator.now(), "old_reaction": _types(old), "new_reaction": _types(new)}
        self._tell("message_reaction", body)

    def blocks(self) -> None:
        """Block the bot: it can write nothing any more."""
        self._change_block(blocked=True)

    def unblocks(self) -> None:
        """Let the bot write again."""
        self._change_block(blocked=False)

    def asks_inline(self, query: str = "", offset: str = "") -> str:
        """Type @bot and a query in some other chat. Returns the query's id."""
        self._account.known.add(self.id)
        number = str(self._simulator.next_number())
        asked = InlineQuery(number, self.id, query, float(self._simulator.now()))
        self._account.inline_queries[number] = asked
        body = {"id": number, "from": self.user.body(), "query": query, "offset": offset, "chat_type": "private"}
        self._tell("inline_query", body)
        return number

    def chooses(self, inline_query_id: str, result_id: str, to: "Person | None" = None) -> Json:
        """Send an offered result to another person (or into the bot's own chat). Returns the sent message."""
        asked = self._account.inline_queries.get(inline_query_id)
        if asked is None or asked.user_id != self.id:
            raise MisuseError("That was not asked.")
        if to is None:
            return self._choose_here(asked, result_id)
        message, inline_id = place_card(self._simulator, self._account, asked, result_id, self.user, to.user)
        self._tell_chosen(asked, result_id, inline_id)
        return view(message)

    def writes_to(self, other: "Person", text: str) -> Json:
        """Write to another person; the bot hears nothing of it."""
        content = written(text)
        add_to_thread(self._simulator, other.user, self.user, self.user, dict(content))
        return view(add_to_thread(self._simulator, self.user, other.user, self.user, content))

    def _tap(self, message: Message, button: Json) -> Any:
        if "callback_data" in button:
            return self.presses(message.id, button["callback_data"])
        if button.get("request_contact"):
            return self.shares_contact()
        if button.get("request_location"):
            return self.shares_location(*BERLIN)
        if "inline_keyboard" in (message.keyboard or {}):
            raise MisuseError("That button leads away from the chat.")
        return self.says(button["text"])

    def _send(self, content: Json, reply_to: int | None = None) -> Json:
        if self.chat.blocked:
            raise MisuseError(f"{self.user.first_name} has blocked the bot.")
        if reply_to is not None:
            replied = self.chat.messages.get(reply_to)
            if replied is None:
                raise MisuseError("The message to reply to is not there.")
            content = {"reply_to_message": quoted(replied)} | content
        was_started, self.chat.started = self.chat.started, True
        self._account.known.add(self.id)
        message = post(self._simulator, self._account, self.chat, self.user.body(), content, out=True)
        if not was_started:
            self._simulator.tell_user_changed(self.user)
        self._tell("message", message.body)
        return view(message)

    def _send_file(self, kind: str, upload: Upload, content: Json, **extra: Any) -> Json:
        stored = self._simulator.cabinet.keep(kind, upload, self.id)
        return self._send(media_fields(stored, extra) | content)

    def _own(self, message_id: int) -> Message:
        message = self.chat.messages.get(message_id)
        if message is None or not message.out:
            raise MisuseError("Only an own message can be edited.")
        return message

    def _press(self, where: Json, instance: str) -> str:
        number = str(self._simulator.next_number())
        self._account.presses[number] = Press(number, self.id, float(self._simulator.now()))
        body = {"id": number, "from": self.user.body(), "chat_instance": f"-{instance}"} | where
        self._tell("callback_query", body)
        return number

    def _change_block(self, *, blocked: bool) -> None:
        if self.chat.blocked == blocked:
            return
        self.chat.blocked = blocked
        states = ("kicked", "member") if blocked else ("member", "kicked")
        new, old = ({"user": self._account.body()} | member_state(each) for each in states)
        body = {"chat": self.chat.body, "from": self.user.body(), "date": self._simulator.now()}
        self._simulator.tell_user_changed(self.user)
        self._tell("my_chat_member", body | {"old_chat_member": old, "new_chat_member": new})

    def _choose_here(self, asked: InlineQuery, result_id: str) -> Json:
        message, inline_id = place_card(
            self._simulator, self._account, asked, result_id, self.user, User(self.id, self.user.first_name)
        )
        sent = self._send({name: message.body[name] for name in _CARD if name in message.body})
        self._simulator.world.threads.pop(thread_key(self.id, self.id), None)
        self._tell_chosen(asked, result_id, inline_id)
        return sent

    def _tell_chosen(self, asked: InlineQuery, result_id: str, inline_id: str | None) -> None:
        body: Json = {"result_id": result_id, "from": self.user.body(), "query": asked.query}
        self._tell("chosen_inline_result", body | ({"inline_message_id": inline_id} if inline_id else {}))

    def _tell(self, kind: str, body: Json) -> None:
        self._simulator.tell_bot(self._account, kind, body)


_ENTITIES = {"text": "entities", "caption": "caption_entities"}
_CARD = ("text", "entities", "contact", "location", "via_bot", "reply_markup")


def _types(emojis: list[str]) -> list[Json]:
    return [{"type": "emoji", "emoji": each} for each in emojis]
