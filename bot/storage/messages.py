"""A message's way through the outbox, as values: drafted by a turn, claimed by a sender, settled with an outcome."""

from datetime import datetime
from enum import IntEnum

import orjson

from bot.core.values import dataclass
from bot.storage.budget import Limits

LEASE = 40.0
"""
Seconds of machine time for which a claim belongs to its owner. Afterwards others may take the messages over.

Longer than sending one, a picture even, and writing down what became of it (`bot/delivery/attempt.py`).
"""


QUIET = "quiet"
"""Of a message nobody waits for, which tidies up: sent again if its fate is unknown, and nothing is said if it cannot be."""

RESENT = frozenset({"resend", QUIET})
"""What is sent again when nobody can tell whether it arrived."""

NOBODY = 0
"""The user id of a message to somebody whose rows are gone or cannot be read. Nothing of it is kept once it is settled."""


_TIDYING = {"editMessageReplyMarkup", "deleteMessages"}


class Status(IntEnum):
    """Where a message is. From SENT on nothing is left of it but its id."""

    PENDING = 0
    CLAIMED = 1
    SENT = 2
    DEAD = 3  # refused for ever
    EXPIRED = 4  # too late to be of use
    UNKNOWN = 5  # nobody can tell whether it arrived, and it must not be sent twice


@dataclass(frozen=True, slots=True)
class Draft:
    """
    A message as a turn writes it.

    `destination` is `chat:<id>`; `priority` 0 reply, 1 promise, 2 nudge; `body` the JSON of the Bot API call `method`.
    `if_unknown` says what to do when nobody can tell whether it arrived: `resend`, `drop`, `QUIET`, or `ask` the writer, who is
    then `user_id` (of all others it is the reader); also what is too late is asked about. `target` is the id of
    the earlier message that an edit changes (unless its body names Telegram's message id). `expires_at` is story time;
    without it the message is kept for a day.
    """

    id: int
    user_id: int
    destination: str
    priority: int
    method: str
    body: bytes
    if_unknown: str = "resend"
    target: int | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Owner:
    """
    Who claims: a token used for one claim only, and the limits to keep.

    `since` is the owner's own machine time, read before the claim, so that it never believes in a lease that is over.
    """

    token: str
    since: float
    limits: Limits


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that its owner, and nobody else, may send now. `attempts` counts this one."""

    id: int
    user_id: int
    destination: str
    method: str
    body: bytes
    if_unknown: str
    attempts: int
    owner: Owner

    @property
    def awaited(self) -> bool:
        """Whether a person waits for these words: a reply or a promise, and not the tidying of an earlier message."""
        return self.user_id != NOBODY and self.if_unknown not in {"drop", QUIET} and self.method not in _TIDYING


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What became of a claimed message.

    `PENDING` puts it back, first in its lane, which then rests for `wait` seconds. `throttled`: because Telegram asked
    for it (of all lanes, if `everywhere`). `tried` is False if it was never sent. `blocked`: the person lets nothing
    through, since `asked_at` (story time) at the latest. `last`: its claim is over, the lane is free. `error` never holds
    words that people wrote.
    """

    id: int
    user_id: int
    destination: str
    token: str
    status: Status
    message_id: int = 0
    error: str = ""
    wait: float = 0.0
    throttled: bool = False
    everywhere: bool = False
    tried: bool = True
    blocked: bool = False
    last: bool = True
    asked_at: datetime | None = None


def outcome(row: Claimed, status: Status, *, message_id: int = 0, error: str = "", wait: float = 0.0) -> Outcome:
    """The outcome of this very message."""
    return Outcome(row.id, row.user_id, row.destination, row.owner.token, status, message_id, error, wait)


def reader(destination: str) -> int:
    """Whose phone it is: a private chat has its person's number. Nobody's for other destinations."""
    kind, _, number = destination.partition(":")
    return int(number) if kind == "chat" else NOBODY


def place(message: int) -> str:
    """Where the body of this message lies, for the vault."""
    return f"outbox.payload.{message}"


def aimed(body: bytes, message_id: int) -> bytes:
    """The edit `body`, changing Telegram's message `message_id`."""
    return orjson.dumps(orjson.loads(body) | {"message_id": message_id})


def as_new(method: str, body: bytes) -> tuple[str, bytes] | None:
    """The edit as a message of its own, for when the one it would change is gone. None if it says nothing new."""
    words = orjson.loads(body)
    for field in ("message_id", "inline_message_id"):
        words.pop(field, None)
    if "caption" in words:
        words["text"] = words.pop("caption")
        words["entities"] = words.pop("caption_entities", [])
    if not method.startswith("edit") or not words.get("text"):
        return None
    return "sendMessage", orjson.dumps(words)
