"""How long what is kept about a person stays."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Self


@dataclass(frozen=True, slots=True)
class Retention:
    """
    The limits, each a length of time. Source: no. 16 of the safety notes.

    `drafts`: words meant for a partner, and a talk that was left half-way. `notes`: words about oneself. `flags`: that danger was
    written, and when. `everything`: the person, after their last message.
    """

    drafts: timedelta = timedelta(days=7)
    notes: timedelta = timedelta(days=90)
    flags: timedelta = timedelta(days=30)
    everything: timedelta = timedelta(days=365)

    @classmethod
    def at_most(cls, days: int) -> Self:
        """The usual limits, none longer than so many days: what a host may shorten them to."""
        longest = timedelta(days=days)
        usual = cls()
        return cls(
            drafts=min(usual.drafts, longest),
            notes=min(usual.notes, longest),
            flags=min(usual.flags, longest),
            everything=min(usual.everything, longest),
        )
