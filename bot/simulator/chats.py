"""The state of the simulated Telegram: people, bots, their chats and the messages in them. Plain data, no behaviour."""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

FIRST_USER_ID = 1001
FIRST_GROUP_ID = -1001


@dataclass(slots=True)
class User:
    """A person. The time zone is the phone's own affair: no bot is told of it."""

    id: int
    first_name: str
    last_name: str = ""
    username: str = ""
    language_code: str = "en"
    time_zone: str = "UTC"
    phone_number: str = ""

    def body(self) -> Json:
        """The User object a bot sees."""
        named = {"last_name": self.last_name, "username": self.username, "language_code": self.language_code}
        return {"id": self.id, "is_bot": False, "first_name": self.first_name} | {k: v for k, v in named.items() if v}


@dataclass(slots=True)
class Message:
    """A message as it lies in a chat: what the bot sees (`body`), and what only phones show."""

    body: Json
    out: bool = False
    silent: bool = False
    keyboard: Json | None = None
    reactions: dict[int, list[str]] = field(default_factory=dict)
    pinned: bool = False
    inline_message_id: str | None = None

    @property
    def id(self) -> int:
        """The message's number; bots' private chats and groups share one count per bot."""
        return int(self.body["message_id"])


@dataclass(slots=True)
class Chat:
    """A chat one bot is in. `members` maps user ids to statuses (groups and channels only)."""

    id: int
    body: Json
    messages: dict[int, Message] = field(default_factory=dict)
    started: bool = False
    blocked: bool = False
    members: dict[int, str] = field(default_factory=dict)
    bot_status: str = "member"
    menu_button: Json | None = None

    @property
    def kind(self) -> str:
        """private, group, supergroup or channel."""
        return str(self.body["type"])


@dataclass(slots=True)
class Profile:
    """What a bot says of itself; texts by language code ("" for everyone else), commands by scope and language."""

    names: dict[str, str] = field(default_factory=dict)
    descriptions: dict[str, str] = field(default_factory=dict)
    short_descriptions: dict[str, str] = field(default_factory=dict)
    commands: dict[str, dict[str, list[Json]]] = field(default_factory=dict)
    menu_button: Json = field(default_factory=lambda: {"type": "commands"})
    rights: dict[str, Json] = field(default_factory=dict)


@dataclass(slots=True)
class Press:
    """A button press that waits for its answer."""

    id: str
    user_id: int
    at: float
    answered: bool = False


@dataclass(slots=True)
class InlineQuery:
    """What somebody asks a bot from any chat, and what the bot offers; times are unix seconds of story time."""

    id: str
    user_id: int
    query: str
    at: float
    results: list[Json] | None = None


@dataclass(slots=True)
class InlineMessage:
    """A message sent through inline mode; its copies lie on both phones (thread keys), under one id for the bot."""

    id: str
    sender: int
    copies: list[tuple[str, int]]


@dataclass(slots=True)
class Account:
    """A bot as Telegram keeps it."""

    token: str
    id: int
    username: str
    first_name: str
    chats: dict[int, Chat] = field(default_factory=dict)
    known: set[int] = field(default_factory=set)
    profile: Profile = field(default_factory=Profile)
    next_message_id: int = 1
    presses: dict[str, Press] = field(default_factory=dict)
    inline_queries: dict[str, InlineQuery] = field(default_factory=dict)
    inline_messages: dict[str, InlineMessage] = field(default_factory=dict)

    def body(self) -> Json:
        """The User object of this bot in messages."""
        name = self.profile.names.get("") or self.first_name
        return {"id": self.id, "is_bot": True, "first_name": name, "username": self.username}


@dataclass(slots=True)
class World:
    """Everything there is; `threads` are chats between two people, as each phone shows them ("1001:1002")."""

    users: dict[int, User] = field(default_factory=dict)
    accounts: dict[int, Account] = field(default_factory=dict)
    threads: dict[str, dict[int, Message]] = field(default_factory=dict)
    next_thread_message: int = 1
    next_query: int = 1
    next_chat: int = 1


def thread_key(owner: int, other: int) -> str:
    """The conversation of two people on `owner`'s phone."""
    return f"{owner}:{other}"
