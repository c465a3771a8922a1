"""Who may use the bot: everybody, whoever has an invitation, or whoever is on the host's list. Strangers leave no trace."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from bot.core.clock import Clock
from bot.core.events import Blocked, CommandGiven, Edited, Elapsed, Incoming, Pressed, Unblocked, Wrote
from bot.safety import policy
from bot.storage import invites, users
from bot.storage.database import Transaction

Mode = Literal["open", "invite", "list"]

LETTERS, LENGTH = "bcdfghjklmnpqrstvwxz", 40
"""An invitation's code: 172 random bits. Consonants spell no word, and no age, that the safety gate could stumble over."""

CODE = re.compile(f"[{LETTERS}]{{{LENGTH}}}")

TRIES, PAUSE = 5, 3600.0
"""How many codes a stranger may try within so many seconds of machine time, and how long one neutral line lasts them."""

_REMEMBERED = 10_000
_NOBODYS_NEWS = Elapsed | Pressed | Blocked | Unblocked


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a stranger is told: the phrases `words`."""

    incoming: Incoming
    words: tuple[str, ...]


@dataclass(slots=True)
class _Stranger:
    """All that is remembered of somebody who may not use the bot; in memory, for `PAUSE`."""

    since: float
    told: bool = False
    tries: int = 0


@dataclass(slots=True)
class Access:
    """
    The door before the first turn. People the bot knows already have passed it, and keep every right over what is theirs.

    `listed` gives the ids of the host's list; it is asked whenever somebody new comes.
    """

    mode: Mode
    clock: Clock
    listed: Callable[[], Collection[int]] = frozenset
    _strangers: dict[int, _Stranger] = field(default_factory=dict)

    async def admit(
        self, tx: Transaction, batch: Sequence[Incoming], now: datetime
    ) -> tuple[list[Incoming], list[Refusal]]:
        """
        Those events whose people may use the bot, and what to tell others. An invitation that is used is used up here.

        Asking for help is answered for everybody, and so is danger that was written plainly.
        """
        if self.mode == "open":
            return list(batch), []
        inside = await users.known(tx, {incoming.user_id for incoming in batch})
        admitted: list[Incoming] = []
        refused: list[Refusal] = []
        for incoming in batch:
            if incoming.user_id in inside or isinstance(incoming.event, _NOBODYS_NEWS):
                admitted.append(incoming)
            elif await self._lets_in(tx, incoming, now):
                inside.add(incoming.user_id)
                admitted.append(_welcomed(incoming))
            elif words := self._answer(incoming):
                refused.append(Refusal(incoming, words))
        return admitted, refused

    async def _lets_in(self, tx: Transaction, incoming: Incoming, now: datetime) -> bool:
        if self.mode == "list":
            return incoming.user_id in self.listed()
        code = _code(incoming)
        if not code:
            return False
        stranger = self._stranger(incoming.user_id)
        stranger.tries += 1
        return stranger.tries <= TRIES and await invites.redeem(tx, code, now)

    def _answer(self, incoming: Incoming) -> tuple[str, ...]:
        if policy.needs_people(incoming.verdict, incoming.event):
            return policy.CARD
        stranger = self._stranger(incoming.user_id)
        if stranger.told or isinstance(incoming.event, Edited):
            return ()
        stranger.told = True
        return (f"common.stranger.{self.mode}",)

    def _stranger(self, user_id: int) -> _Stranger:
        machine = self.clock.machine()
        found = self._strangers.get(user_id)
        if found is None or machine - found.since >= PAUSE:
            if len(self._strangers) >= _REMEMBERED:
                self._strangers = {who: each for who, each in self._strangers.items() if machine - each.since < PAUSE}
            found = self._strangers[user_id] = _Stranger(machine)
        return found


def _code(incoming: Incoming) -> str:
    """The code in `/start <code>` or in a text that is nothing else; else nothing."""
    match incoming.event:
        case CommandGiven("start", argument):
            said = argument
        case Wrote(text):
            said = text
        case _:
            return ""
    said = said.strip().lower()
    return said if CODE.fullmatch(said) else ""


def _welcomed(incoming: Incoming) -> Incoming:
    """A code that was written begins like a link that was opened."""
    event = incoming.event
    return replace(incoming, event=CommandGiven("start", message_id=event.message_id)) if _code(incoming) else incoming  # type: ignore[union-attr]  # only these two hold a code
