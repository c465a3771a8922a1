"""What a turn may look at besides its script, session and event: values read once for the whole batch."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, time, timedelta

from bot.core.events import Verdict
from bot.core.retention import Retention
from bot.core.values import dataclass


@dataclass(frozen=True, slots=True)
class User:
    """
    One person. Times of day are local wall times in `zone` (IANA name; UTC until told).

    `consent` is the version agreed to (0: not yet); `nudges` is `daily`, `alternate` or `off`; `ignored` counts nudges in a
    row without an answer; `stopped` is the person's own /stop; `seed` orders variants and bags for this person alone.

    For safety: `country` is the code of the one whose help lines to show (`other` if it has none, empty until told); `age` is
    `asked`, `adult` or `minor` after a hint at a young age; `flagged_at` is when danger was last written plainly; until
    `watch_until` an unsure sentence brings help lines instead of a question; until `couple_tools_off_until` nothing that is
    meant for two is offered.

    For discretion: `lock_screen` is `shown` or `neutral`, what may show there of notes that come by themselves (empty: all but
    the most private); `exit_word` ends whatever is open and hides it.
    """

    id: int
    chat_id: int
    locale: str = "en"
    role: str = ""
    nickname: str = ""
    zone: str = ""
    quiet_from: time | None = None
    quiet_to: time | None = None
    nudge_at: time | None = None
    nudges: str = "off"
    ignored: int = 0
    consent: int = 0
    stopped: bool = False
    paused_until: datetime | None = None
    blocked_at: datetime | None = None
    seed: int = 0
    country: str = ""
    age: str = ""
    flagged_at: datetime | None = None
    watch_until: datetime | None = None
    couple_tools_off_until: datetime | None = None
    lock_screen: str = ""
    exit_word: str = field(default="", repr=False)
    created_at: datetime | None = None
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Space:
    """
    A promise to come back. `state` is `resting`, `due`, `late`, `returned`, `closed` or `missed`.

    `first` is the length promised at the start: no extension is longer, and all of it stays within 24 hours.
    """

    id: int
    user_id: int
    asked_at: datetime
    back_at: datetime
    first: timedelta
    extensions: int = 0
    tell_if_late: bool = False
    state: str = "resting"
    warm: str = ""
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Drop:
    """How much one technique has helped this person: how often run, and the mean fall of the rating."""

    runs: int
    mean: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line that somebody wrote into their private corner."""

    at: datetime
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Corner:
    """
    A private corner: the salted slow hash of its PIN, wrong tries in a row, and until when none is looked at.

    `lines` are the newest ones, oldest first.
    """

    pin: bytes = field(repr=False)
    wrong: int = 0
    wait_until: datetime | None = None
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """A message of the bot in the chat: its outbox id, Telegram's id (0: not known yet), and whether it is a picture."""

    id: int
    message_id: int
    picture: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """
    Everything a guard may ask about. `now` is story time.

    `counts` holds how often each kind of entry happened since local midnight; `drops` is keyed by technique; `number` is
    one that no other turn has, for naming what this turn makes, and lower than the outbox ids of what it says; `verdict` is
    what the detector read in this turn's text. `shown` is what the bot said within 48 hours, each edit apart, oldest first.
    `kept` is how long this host keeps things; `doubts` are the person's own messages (outbox ids) of which nobody can tell
    whether they arrived.
    """

    now: datetime
    user: User
    space: Space | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    drops: Mapping[str, Drop] = field(default_factory=dict)
    number: int = 0
    verdict: Verdict | None = None
    kept: Retention = field(default_factory=Retention)
    doubts: frozenset[int] = frozenset()
    shown: tuple[Shown, ...] = ()
    corner: Corner | None = None
