"""What a turn may ask for: values only. `conversation/apply` carries them out inside the turn's transaction."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta

from bot.core.facts import Space
from bot.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Phrase:
    """
    The phrase `key` with its `values`; `variant` numbers how often this person has met it. A key with `=` in front is
    the words themselves.

    A value may be text, a number, a datetime (shown as a clock time in the reader's zone), a timedelta, or another Phrase.
    """

    key: str
    values: Mapping[str, "Value"] = field(default_factory=dict)
    variant: int = 0


Value = str | int | float | datetime | timedelta | Phrase | None


@dataclass(frozen=True, slots=True)
class Button:
    """
    One button. Exactly one of the following is set besides the label:
    `data` (callback data, at most 40 bytes), `copy` (words for the clipboard), `url`, or `place` (ask for the location).
    """

    label: Phrase
    data: str = ""
    copy: Phrase | None = None
    url: str = ""
    place: bool = False


Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Say:
    """
    Say `parts`, a paragraph each, with `rows` of buttons and perhaps a picture.

    `edits` is the Telegram message id to change in place (0: a new message). `kind` is `reply`, `promise` or `nudge` and
    decides priority, what happens when the outcome of sending is unknown, and how late it may still be sent.
    `closes_keyboard` takes a reply keyboard (a row with a `place` button) away. `prompt`: its buttons wait for an answer.
    `cover`: the neutral note that stands in for it until the person opens that.
    """

    parts: tuple[Phrase, ...]
    rows: Rows = ()
    media: str = ""
    edits: int = 0
    kind: str = "reply"
    silent: bool = False
    closes_keyboard: bool = False
    prompt: bool = False
    cover: Phrase | None = None


@dataclass(frozen=True, slots=True)
class ClearButtons:
    """
    Take the buttons off a message: what they asked has been answered elsewhere.

    The message is known by Telegram's `message_id`, or, before it was sent, by its outbox id (`target`).
    """

    message_id: int = 0
    target: int = 0


@dataclass(frozen=True, slots=True)
class Hide:
    """Put the neutral words `line` in place of the message with the outbox id `target`; without them it is taken away."""

    target: int
    line: Phrase | None = None


DELETED_AT_ONCE = 100
"""How many messages one call may name. Source: Bot API, deleteMessages."""


@dataclass(frozen=True, slots=True)
class TakeAway:
    """
    Delete these messages by Telegram's ids, the person's own or the bot's, up to DELETED_AT_ONCE of them.

    What is older than 48 h stays, what is gone already is passed over. Source: Bot API, deleteMessages.
    """

    message_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Uncover:
    """Show what the neutral note `note` (its outbox id) stands in for, in its place: Telegram's message `message_id`."""

    note: int
    message_id: int


@dataclass(frozen=True, slots=True)
class Record:
    """Keep an entry: what was done, the ratings before and after (0–10), the technique, and words (sealed)."""

    kind: str
    before: int | None = None
    after: int | None = None
    technique: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class SetTimer:
    """
    Raise `Elapsed(kind, ref)` at `due_at`; an earlier timer with this kind and ref is moved.

    `rule` is a local wall time `HH:MM` for a timer that comes back every day; `fence` drops it when the session's revision
    has moved on.
    """

    kind: str
    ref: str
    due_at: datetime
    rule: str = ""
    fence: int | None = None


@dataclass(frozen=True, slots=True)
class DropTimer:
    """Forget the timer `kind`/`ref`; with `ref` empty, every timer of that kind."""

    kind: str
    ref: str = ""


@dataclass(frozen=True, slots=True)
class ChangeUser:
    """Set these fields of the user (`bot.core.facts.User`)."""

    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class OpenSpace:
    """Promise to be back: the new `space`, whose id is the turn's `facts.number`."""

    space: Space


@dataclass(frozen=True, slots=True)
class ChangeSpace:
    """Set these fields of the user's space `id` (`bot.core.facts.Space`)."""

    id: int
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class SetPin:
    """Lock the person's private corner with this PIN, of which only a salted slow hash is kept."""

    pin: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CountWrongPins:
    """Remember how many wrong PINs were typed in a row, and until when (story time) none is looked at."""

    wrong: int
    wait_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class EmptyCorner:
    """Forget the PIN of the private corner, and every entry whose kind begins with `private.`."""


@dataclass(frozen=True, slots=True)
class Erase:
    """Delete everything kept about this user. The last effect of a turn; the goodbye carries no user text."""


@dataclass(frozen=True, slots=True)
class ClearChat:
    """Delete the bot's own messages in this chat, as far back as Telegram lets it. A reply that still waits is not sent."""


@dataclass(frozen=True, slots=True)
class SendExport:
    """
    Send all that is kept about this user as two documents, one to read and one for programs.

    `fuller`: with what has to do with danger; `corner`: with the private corner. Both are left out otherwise.
    """

    fuller: bool = False
    corner: bool = False


@dataclass(frozen=True, slots=True)
class Decide:
    """
    What becomes of the person's own message (by its outbox id) of which nobody can tell whether it arrived: send it `again`,
    or forget its words.
    """

    message: int
    again: bool


Lasting = Record | OpenSpace | Erase | ClearChat | SendExport
"""What Back cannot undo: the way back ends there."""

Effect = (
    Say
    | ClearButtons
    | Hide
    | TakeAway
    | Uncover
    | Record
    | SetTimer
    | DropTimer
    | ChangeUser
    | OpenSpace
    | ChangeSpace
    | SetPin
    | CountWrongPins
    | EmptyCorner
    | Erase
    | ClearChat
    | SendExport
    | Decide
)
