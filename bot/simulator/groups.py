"""Groups and channels a bot is in, for tests of what it does (or rather does not do) there."""

from typing import TYPE_CHECKING

from bot.simulator.chats import Account, Chat, Json
from bot.simulator.errors import MisuseError
from bot.simulator.people import Person
from bot.simulator.posting import post, view, written
from bot.simulator.rooms import member_state

if TYPE_CHECKING:
    from bot.simulator.simulator import Simulator


class Group:
    """A group, supergroup or channel with one bot in it."""

    def __init__(self, simulator: "Simulator", account: Account, chat: Chat) -> None:
        self._simulator = simulator
        self._account = account
        self.chat = chat

    @property
    def id(self) -> int:
        """The chat's number, below zero."""
        return self.chat.id

    def messages(self) -> list[Json]:
        """What is in the chat now."""
        return [view(each) for each in self.chat.messages.values()]

    def says(self, person: Person, text: str) -> Json:
        """A member writes; with privacy mode, as here, the bot is told of commands, replies to it and mentions only."""
        if person.id not in self.chat.members:
            raise MisuseError(f"{person.user.first_name} is not in this chat.")
        message = post(self._simulator, self._account, self.chat, person.user.body(), written(text), out=True)
        self._account.known.add(person.id)
        if self._concerns_bot(message.body) or self.chat.bot_status == "administrator":
            self._simulator.tell_bot(self._account, "message", message.body)
        return view(message)

    def posts(self, text: str) -> Json:
        """A post appears in the channel."""
        message = post(self._simulator, self._account, self.chat, {}, written(text), out=True)
        self._simulator.tell_bot(self._account, "channel_post", message.body)
        return view(message)

    def adds_bot(self, by: Person) -> None:
        """Somebody takes the bot in (again)."""
        self._change_bot(by, "member")

    def removes_bot(self, by: Person) -> None:
        """Somebody throws the bot out."""
        self._change_bot(by, "kicked")

    def promotes_bot(self, by: Person) -> None:
        """The bot becomes an administrator and sees every message."""
        self._change_bot(by, "administrator")

    def _concerns_bot(self, body: Json) -> bool:
        text = body.get("text", "")
        return text.startswith("/") or f"@{self._account.username}".lower() in text.lower()

    def _change_bot(self, by: Person, status: str) -> None:
        old, self.chat.bot_status = self.chat.bot_status, status
        body = {"chat": self.chat.body, "from": by.user.body(), "date": self._simulator.now()}
        members = ({"user": self._account.body()} | member_state(each) for each in (old, status))
        body |= dict(zip(("old_chat_member", "new_chat_member"), members, strict=True))
        self._simulator.tell_bot(self._account, "my_chat_member", body)
