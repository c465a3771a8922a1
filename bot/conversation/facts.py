"""Hop 3: everything the turns of a batch may look at, read with one query a kind."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from zoneinfo import ZoneInfo

from bot.conversation.announcing import leave_to_others
from bot.core.effects import (
    ChangeSpace,
    ChangeUser,
    CountWrongPins,
    Decide,
    Effect,
    EmptyCorner,
    OpenSpace,
    Record,
    SetPin,
)
from bot.core.errors import Undecodable
from bot.core.events import Blocked, CommandGiven, Elapsed, Incoming, Pressed, Unblocked, Verdict, Wrote
from bot.core.facts import Corner, Drop, Facts, Shown, Space, User
from bot.core.retention import Retention
from bot.corner import pins
from bot.dialog.library import Library
from bot.dialog.session import Session, from_body
from bot.profile import consent
from bot.safety import discretion, policy
from bot.storage import corners, doubts, entries, outbox, sessions, spaces, users
from bot.storage.database import Transaction
from bot.storage.users import Person
from bot.storage.vault import Vault

NEEDS = ("space", "counts", "drops", "doubts", "shown", "corner")
"""What a guard, an action or a value may ask to have looked up (`registry.guard(needs=…)`)."""

_SEED = 0x9E3779B97F4A7C15


@dataclass(slots=True)
class Standing:
    """One person of the batch as the turns see them: it changes from turn to turn, and is written at the end."""

    person: Person
    session: Session
    space: Space | None = None
    counts: dict[str, int] = field(default_factory=dict)
    drops: Mapping[str, Drop] = field(default_factory=dict)
    doubts: frozenset[int] = frozenset()
    shown: tuple[Shown, ...] = ()
    corner: Corner | None = None

    def facts(self, now: datetime, number: int, verdict: Verdict | None, kept: Retention) -> Facts:
        """What a guard may ask about, at the turn `number`."""
        return Facts(
            now,
            self.person.user,
            self.space,
            self.counts,
            self.drops,
            number,
            verdict,
            kept=kept,
            doubts=self.doubts,
            shown=self.shown,
            corner=self.corner,
        )

    def take(self, effect: Effect) -> None:
        """Let the later turns of the batch see what `effect` changed."""
        match effect:
            case ChangeUser(values):
                self.person = replace(self.person, user=replace(self.person.user, **values))  # type: ignore[arg-type]  # names of User's fields
            case OpenSpace(space):
                self.space = space
            case ChangeSpace(space_id, values) if self.space is not None and self.space.id == space_id:
                self.space = replace(self.space, **values)  # type: ignore[arg-type]  # names of Space's fields
            case Decide(message):
                self.doubts -= {message}
            case SetPin(pin):
                lines = self.corner.lines if self.corner else ()
                self.corner = Corner(pins.hashed(pin, secrets.token_bytes(pins.SALT_BYTES)), lines=lines)
            case CountWrongPins(wrong, wait_until) if self.corner is not None:
                self.corner = replace(self.corner, wrong=wrong, wait_until=wait_until)
            case EmptyCorner():
                self.corner = None
            case Record(kind):
                self.counts = {**self.counts, kind: self.counts.get(kind, 0) + 1}


async def load(
    tx: Transaction, vault: Vault, library: Library, batch: Sequence[Incoming], now: datetime
) -> dict[int, Standing]:
    """
    The people of the batch, locked in id order and newcomers created, with all that their turns may need.

    A press, a block or a timer of somebody unknown creates nobody. Raises Undecodable for a broken row, BehindOthers for
    a turn that another replica has to take.
    """
    people = await users.lock(tx, vault, {incoming.user_id for incoming in batch})
    people |= await users.create(tx, vault, _newcomers(library, batch, people, now))
    rows = await sessions.load(tx, people)
    await leave_to_others(tx, library, batch, rows)
    standings = {
        user_id: Standing(person, _session(rows[user_id]) if user_id in rows else Session())
        for user_id, person in people.items()
    }
    await _look_up(tx, standings, _needs(library, batch, standings), now)
    return standings


async def _look_up(
    tx: Transaction, standings: Mapping[int, Standing], needs: Mapping[str, list[int]], now: datetime
) -> None:
    """Read what the dialogs need, with one query a kind."""
    who = {need: {user_id: standings[user_id].person for user_id in ids} for need, ids in needs.items() if ids}
    if people := who.get("space"):
        for user_id, space in (await spaces.open_of(tx, people, now)).items():
            standings[user_id].space = space
    if people := who.get("counts"):
        since = {user_id: _midnight(person.user, now) for user_id, person in people.items()}
        for user_id, counts in (await entries.counts(tx, since)).items():
            standings[user_id].counts = dict(counts)
    if people := who.get("drops"):
        for user_id, drops in (await entries.drops(tx, people)).items():
            standings[user_id].drops = drops
    await _look_closer(tx, standings, who)


async def _look_closer(
    tx: Transaction, standings: Mapping[int, Standing], who: Mapping[str, Mapping[int, Person]]
) -> None:
    """What only a few turns need: to hide what was said, and the private corner."""
    if people := who.get("shown"):
        for user_id, shown in (await outbox.shown(tx, people)).items():
            standings[user_id].shown = shown
    if people := who.get("doubts"):
        for user_id, messages in (await doubts.open_of(tx, people)).items():
            standings[user_id].doubts = messages
    if people := who.get("corner"):
        for user_id, corner in (await corners.of(tx, people)).items():
            standings[user_id].corner = corner


def _newcomers(library: Library, batch: Sequence[Incoming], known: Collection[int], now: datetime) -> list[User]:
    silent = Pressed | Blocked | Unblocked | Elapsed
    strangers = {i.user_id: i for i in batch if i.user_id not in known and not isinstance(i.event, silent)}
    return [
        User(
            id=incoming.user_id,
            chat_id=incoming.chat_id,
            locale=library.catalog.suiting(incoming.language),
            seed=(incoming.user_id * _SEED) & (2**62 - 1),
            created_at=now,
            seen_at=now,
        )
        for incoming in strangers.values()
    ]


def _session(row: sessions.Row) -> Session:
    try:
        return from_body(row.body, revision=row.revision, at=row.at)
    except (KeyError, TypeError, ValueError):
        raise Undecodable("A session does not have the shape it was written in.", user_id=row.user_id) from None


def _needs(library: Library, batch: Sequence[Incoming], standings: Mapping[int, Standing]) -> dict[str, list[int]]:
    """Which facts the dialogs that this batch may touch ask for, and for whom."""
    wanted: dict[str, list[int]] = {need: [] for need in NEEDS}
    touched: dict[int, set[str]] = {}
    for incoming in batch:
        if incoming.user_id in standings:
            names = touched.setdefault(incoming.user_id, set())
            names |= _touched(library, incoming, standings[incoming.user_id])
    for user_id, names in touched.items():
        for need in frozenset().union(*map(library.needs, names)):
            wanted[need].append(user_id)
    return wanted


def _touched(library: Library, incoming: Incoming, standing: Standing) -> set[str]:
    """The dialogs that may have a say in this turn."""
    user, session = standing.person.user, standing.session
    names = {session.frame.dialog, *(frame.dialog for frame in session.stack)}
    if not isinstance(incoming.event, Pressed):
        names |= {"lost", "help"}
    if session.frame.dialog == consent.DIALOG:  # what waits there may have its turn in this one
        names.add(library.commands.get(str(session.frame.slots.get(consent.WANTED)), "lost"))
    if incoming.verdict is not None:
        names |= set(policy.DIALOGS.values())
    match incoming.event:
        case Wrote(text) if discretion.leaves(user, text):
            names.add(discretion.EXIT)
        case CommandGiven(command):
            names.add(library.commands.get(command, "lost"))
        case Pressed(data) if data.startswith("o."):
            names.add(data.split(".")[1])
        case Elapsed(kind):
            names.add(kind.partition(".")[0])
    return names


def _midnight(user: User, now: datetime) -> datetime:
    """The last midnight on the person's own clock."""
    zone = ZoneInfo(user.zone or "UTC")
    return datetime.combine(now.astimezone(zone).date(), time(), zone)
