"""What can happen to a conversation: the only things that may be handed in at hop 2."""

from dataclasses import field
from datetime import datetime

from bot.core.values import dataclass


@dataclass(frozen=True, slots=True)
class CommandGiven:
    """
    `/soothe` or `/start <argument>`; `command` is lower case, without slash and bot name.

    `message_id` is Telegram's, for taking the message away again; 0 if there is none.
    """

    command: str
    argument: str = ""
    message_id: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Pressed:
    """An inline button with this callback data was pressed on the message `message_id`."""

    data: str
    message_id: int = 0
    query_id: str = ""


@dataclass(frozen=True, slots=True)
class Wrote:
    """A line of text arrived, as Telegram's message `message_id` (0: none)."""

    text: str
    message_id: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Edited:
    """A message that was already read has been changed; the new text is read by the safety gate alone."""

    text: str


@dataclass(frozen=True, slots=True)
class SharedPlace:
    """A location pin, in degrees. Used once for the time zone, never stored."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class SentMedia:
    """Something the bot cannot read: `kind` is Telegram's field name (sticker, photo, voice, poll …)."""

    kind: str


@dataclass(frozen=True, slots=True)
class Blocked:
    """The person stopped the bot in Telegram; nothing can be delivered."""


@dataclass(frozen=True, slots=True)
class Unblocked:
    """The person let the bot back in."""


@dataclass(frozen=True, slots=True)
class Elapsed:
    """The timer `kind`/`ref`, due at `due_at` (story time), came due."""

    kind: str
    ref: str
    due_at: datetime
    fence: int | None = None


Event = CommandGiven | Pressed | Wrote | Edited | SharedPlace | SentMedia | Blocked | Unblocked | Elapsed


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    What the safety detector read in a text: a kind of danger and how plainly it was said (`explicit`, `unsure`).

    `young`: besides, the text says that its writer may be under age.
    """

    kind: str
    level: str
    young: bool = False


@dataclass(frozen=True, slots=True)
class Incoming:
    """
    One event with its envelope, private chats only.

    `id` is the update's id, or the timer's for `Elapsed`; together with `source` (`update:<bot id>`, `timer`) it is
    the dedupe key. `language` is the sender's IETF tag as Telegram tells it, or empty.
    """

    id: int
    source: str
    user_id: int
    chat_id: int
    event: Event
    verdict: Verdict | None = None
    language: str = ""
