"""One step of one conversation: what guards may look at, and what actions may write to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.core.effects import Effect, Phrase, Record, SetTimer
from bot.core.events import Event, Wrote
from bot.core.facts import Facts, User

REASSURED = "reassured"
"""What is counted whenever a dialog marked `reassurance: true` is opened."""


@dataclass(slots=True, eq=False)
class Turn:
    """
    A throw-away model for the dialog's shared machine; `state` is the machine's.

    `slots`, `memory` and `effects` may be written by actions. `value` is the number, option or place that came with
    the event; `ref` names the standing object or timer that spoke; `banks` lists the lines of each bank. `note` and `opens` are set where a step shows a note or
    opens another dialog, `restarts` where the interrupted dialog is to begin again.

    `since` numbers the turn in which this dialog began, `sitting` the one that began all that is open; `written` are the
    person's own messages since then (see `Session`).
    """

    state: str
    dialog: str
    slots: dict[str, Any]
    facts: Facts
    event: Event | None = None
    value: Any = None
    ref: str = ""
    memory: dict[str, int] = field(default_factory=dict)
    effects: list[Effect] = field(default_factory=list)
    parts: list[Phrase] = field(default_factory=list)
    banks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    note: str = ""
    opens: str = ""
    restarts: bool = False
    since: int = 0
    sitting: int = 0
    written: tuple[tuple[int, int], ...] = ()

    @property
    def user(self) -> User:
        """Who this turn is about."""
        return self.facts.user

    @property
    def now(self) -> datetime:
        """Story time, aware UTC."""
        return self.facts.now

    @property
    def zone(self) -> str:
        """The person's time zone, UTC until told."""
        return self.facts.user.zone or "UTC"

    @property
    def local(self) -> datetime:
        """Now, on the person's own clock."""
        return self.facts.now.astimezone(ZoneInfo(self.zone))

    @property
    def text(self) -> str:
        """What the person just wrote, or nothing."""
        return self.event.text if isinstance(self.event, Wrote) else ""

    def add(self, effect: Effect) -> None:
        """Ask for `effect` when the turn is carried out."""
        self.effects.append(effect)

    def remind(self, kind: str, ref: str, due_at: datetime) -> None:
        """Raise `on: time.<name>` (of `kind` `<dialog>.<name>`) at `due_at`."""
        self.effects.append(SetTimer(kind, ref, due_at))

    def record(self, kind: str, **fields: Any) -> None:
        """Keep an entry of this kind."""
        self.effects.append(Record(kind, **fields))

    def counted_today(self, key: str) -> int:
        """How often `key` was counted since local midnight, by `count_today`."""
        return self.memory.get(f"{key}.times", 0) if self.memory.get(f"{key}.day") == self.local.toordinal() else 0

    def count_today(self, key: str) -> None:
        """Count `key` once more for the present local day. Kept with the session, so also before consent."""
        times = self.counted_today(key) + 1
        self.memory |= {f"{key}.day": self.local.toordinal(), f"{key}.times": times}

    def due(self, wait: str) -> datetime:
        """When a wait runs out: after a length of time such as `5m`, or at the time (or after the length) in a slot."""
        value = self.slots[wait] if wait in self.slots else spell(wait)
        return value if isinstance(value, datetime) else self.now + value

    def count(self, key: str) -> int:
        """How often `key` was counted for this person before, and count it now."""
        met = self.memory.get(key, 0)
        self.memory[key] = met + 1
        return met


def spell(duration: str) -> timedelta:
    """`20m`, `3h`, `2d`: how scripts write lengths of time. Raises ValueError for anything else."""
    number, unit = duration[:-1], duration[-1:]
    if not number.isdigit() or unit not in "smhd":
        raise ValueError(f"{duration!r} is not a length of time such as 20m, 3h or 2d")
    return timedelta(seconds=int(number) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit])
