"""Words on their way from one of two to the other: as written, and as let through. Only the safety policy lets through."""

from dataclasses import InitVar, dataclass, field
from datetime import datetime
from typing import Final

POLICYS_OWN: Final = object()
"""Shown when a `Cleared` is made. Used by `bot.safety.partner` alone; a test looks for it everywhere else."""


@dataclass(frozen=True, slots=True)
class Outbound:
    """
    Something for a partner, as its sender or a script wants it. Nobody may deliver this.

    `kind` says what it is (`opening`, `answer`, `late` …), `text` holds every word of it, `written_at` is when they were written
    (story time), and `tells` names what it gives away about the sender: kinds of entries and fields of `User`.
    """

    sender_id: int
    receiver_id: int
    kind: str
    text: str = field(repr=False)
    written_at: datetime
    tells: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Cleared:
    """
    The same, let through by `bot.safety.partner.clear`: what an effect that reaches a partner takes.

    Nothing else can make one, and none can be changed into another. Raises TypeError for whoever tries.
    """

    outbound: Outbound
    shown: InitVar[object]

    def __post_init__(self, shown: object) -> None:
        """Let nobody but the policy in."""
        if shown is not POLICYS_OWN:
            raise TypeError("Only bot.safety.partner.clear lets something through to a partner.")
