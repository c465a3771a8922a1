"""Take what is due out of its lanes, most urgent first, as far as budget and pace allow: one claim, one transaction."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, case, func, null, select, update

from bot.core.errors import VaultError
from bot.storage import budget, doubts, lanes, settlement
from bot.storage.budget import SECOND
from bot.storage.database import Transaction, instant
from bot.storage.lanes import LEASE_MICROSECONDS, Lane
from bot.storage.messages import QUIET, RESENT, Claimed, Owner, Status, aimed, as_new, place
from bot.storage.statements import among, many
from bot.storage.tables import outbox, unsent, users
from bot.storage.vault import Vault, agree


@dataclass(frozen=True, slots=True)
class Claim:
    """
    What a sender got. `wait`: seconds until a lane is due or the budget has room (None: nothing waits).

    `crowded`: messages wait for the budget. `held`: lanes that others hold; should they die, their leases end. `closed`: what was
    given up, and how: too late, unreadable, or nobody can tell whether it arrived. `missed`: whose awaited words cannot be read.
    """

    messages: list[Claimed]
    wait: float | None
    crowded: bool = False
    held: int = 0
    closed: list[tuple[int, Status]] = field(default_factory=list)
    missed: list[int] = field(default_factory=list)

    @property
    def unknown(self) -> list[int]:
        """The ids of those of which nobody can tell whether they arrived."""
        return [message for message, status in self.closed if status == Status.UNKNOWN]


async def claim(
    tx: Transaction, vault: Vault, owner: Owner, now: datetime, *, want: int, busy: Collection[str] = frozenset()
) -> Claim:
    """
    Claim up to `want` messages for `owner`, several of one lane together, but none of the `busy` destinations.

    A lane whose lease ran out is taken over. Locks the budget, then lanes; never waits for a lane. Raises DatabaseUnavailable
    if this program lacks the master key.
    """
    machine = await tx.machine()
    ahead = await lanes.ahead(tx, machine, busy)
    if ahead.first_at is None or ahead.first_at > machine:
        return Claim([], None if ahead.free_at is None else (ahead.free_at - machine) / SECOND, held=ahead.held)
    allowance = owner.limits.budget
    tat = await budget.lock(tx) if allowance else 0
    machine = await tx.machine() if allowance else machine
    room = allowance.room(tat, machine, want) if allowance else want
    if allowance and not room:
        return Claim([], (allowance.ready(tat) - machine) / SECOND, crowded=True, held=ahead.held)
    due = await lanes.due(tx, machine, room, busy)
    choice = _choose(due, await _waiting(tx, due), vault, owner, now=instant(now), machine=machine, room=room)
    if any(status == Status.DEAD for _, status in choice.closed):
        await agree(tx, vault)  # rather stop than give up what others can read
    await _write(tx, choice, now)
    if allowance and choice.claimed:
        await budget.write(tx, allowance.spent(tat, machine, len(choice.claimed)))
    wait = 0 if due else _TAKEN
    crowded = len(choice.claimed) >= room
    return Claim(choice.claimed, wait, crowded, ahead.held, choice.closed, choice.missed)


_TAKEN = 0.05
"""Seconds to look away from lanes that somebody else has locked, and from one that gave nothing."""

_HEAD = 8
"""How many messages of a lane are looked at: more than its burst, so that some may have expired."""


@dataclass(frozen=True, slots=True)
class _Choice:
    """What one claim does to the rows."""

    claimed: list[Claimed] = field(default_factory=list)
    closed: list[tuple[int, Status]] = field(default_factory=list)
    missed: list[int] = field(default_factory=list)
    late: list[int] = field(default_factory=list)
    lanes: list[Lane] = field(default_factory=list)


def _choose(
    due: Sequence[Lane], rows: Iterable[Row[Any]], vault: Vault, owner: Owner, *, now: int, machine: int, room: int
) -> _Choice:
    """Decide lane by lane. `now` is story time, `machine` machine time, both in microseconds."""
    choice = _Choice()
    heads: dict[str, list[Row[Any]]] = {lane.destination: [] for lane in due}
    for row in rows:
        heads[row.destination].append(row)
    pace = owner.limits.lane
    for lane in due:
        left = room - len(choice.claimed)
        if not left:
            break  # the other lanes keep their place in the queue
        waiting = heads[lane.destination]
        sendable = _sift(waiting, choice, now)
        grants = pace.room(lane.tat, machine, min(len(sendable), left))
        taken = [_claimed(row, vault, owner, choice) for row in sendable[:grants]]
        ready = [message for message in taken if message is not None]
        choice.claimed.extend(ready)
        if ready:
            tat = pace.spent(lane.tat, machine, len(ready))
            choice.lanes.append(replace(lane, tat=tat, owner=owner.token, next_at=machine + LEASE_MICROSECONDS))
        else:
            again = max(machine + round(_TAKEN * SECOND), pace.ready(lane.tat)) if waiting else None
            choice.lanes.append(replace(lane, owner=None, next_at=again))
    return choice


def _sift(waiting: Sequence[Row[Any]], choice: _Choice, now: int) -> list[Row[Any]]:
    """Those that may be sent. The others are closed, or have to wait behind the message that they edit."""
    closed = choice.closed
    sendable = []
    for row in waiting:
        if row.expires_at is not None and row.expires_at <= now and row.if_unknown == "ask":
            closed.append((row.id, Status.UNKNOWN))  # what a person wrote is never dropped in silence
            choice.late.append(row.id)
        elif row.expires_at is not None and row.expires_at <= now:
            closed.append((row.id, Status.EXPIRED))
        elif row.status == Status.CLAIMED and row.if_unknown not in RESENT:
            closed.append((row.id, Status.UNKNOWN))  # its owner is gone, and may have sent it
        elif row.target_status is None or row.target_status >= Status.SENT:
            sendable.append(row)
    return sendable


def _claimed(row: Row[Any], vault: Vault, owner: Owner, choice: _Choice) -> Claimed | None:
    """The message with its body opened and, if it is an edit, aimed. None if there is nothing to send any more."""
    sealed = Claimed(row.id, row.user_id, row.destination, row.method, b"", row.if_unknown, row.attempts + 1, owner)
    try:
        method, body = _readable(row, vault)
    except (VaultError, ValueError, TypeError):
        choice.closed.append((row.id, Status.DEAD))
        if sealed.awaited:
            choice.missed.append(row.user_id)
        return None
    if not body:
        choice.closed.append((row.id, Status.EXPIRED))
        return None
    return replace(sealed, method=method, body=body)


def _readable(row: Row[Any], vault: Vault) -> tuple[str, bytes]:
    """
    Method and body of the call; no body if it would edit a message that never came and says nothing new.

    Raises VaultError or ValueError for a row that cannot be read.
    """
    body: bytes = row.payload or b""
    if not body.startswith(b"{"):
        body = vault.unwrap(row.user_id, row.wrapped_key or b"").open(place(row.id), body)
    if row.target is None:
        return row.method, body
    if row.target_message:
        return row.method, aimed(body, row.target_message)
    return (None if row.if_unknown == QUIET else as_new(row.method, body)) or ("", b"")


async def _waiting(tx: Transaction, due: Sequence[Lane]) -> Sequence[Row[Any]]:
    """The heads of the locked lanes, in the order in which they leave."""
    if not due:
        return []
    return (await tx.connection.execute(_HEADS, {"destinations": [lane.destination for lane in due]})).all()


async def _write(tx: Transaction, choice: _Choice, now: datetime) -> None:
    if choice.closed:
        why = {Status.DEAD: "cannot be read"}
        rows = [{"message": message, "how": status, "why": why.get(status)} for message, status in choice.closed]
        await many(tx, _CLOSE, rows)
        await settlement.forget_nobodys(tx)
        unknown = [message for message, status in choice.closed if status == Status.UNKNOWN]
        await doubts.ask(tx, [message for message in unknown if message not in choice.late], now)
        await doubts.ask(tx, choice.late, now, kind=doubts.LATE)
    if choice.claimed:
        await tx.connection.execute(_CLAIM, {"ids": [message.id for message in choice.claimed]})
    await lanes.write(tx, choice.lanes)


_ranked = (
    select(
        outbox,
        func.row_number()
        .over(partition_by=outbox.c.destination, order_by=(outbox.c.priority, outbox.c.created_at, outbox.c.id))
        .label("nth"),
    )
    .where(among(outbox.c.destination, "destinations"), unsent)
    .subquery("ranked")
)
_target = outbox.alias("target")
_HEADS = (
    select(
        _ranked,
        users.c.wrapped_key,
        _target.c.status.label("target_status"),
        _target.c.message_id.label("target_message"),
    )
    .outerjoin(users, users.c.id == _ranked.c.user_id)
    .outerjoin(_target, _target.c.id == _ranked.c.target)
    .where(_ranked.c.nth <= _HEAD)
    .order_by(_ranked.c.destination, _ranked.c.nth)
)
_CLAIM = update(outbox).where(among(outbox.c.id, "ids")).values(status=Status.CLAIMED, attempts=outbox.c.attempts + 1)
_how = bindparam("how", type_=outbox.c.status.type)
_CLOSE = (
    update(outbox)
    .where(outbox.c.id == bindparam("message"))
    .values(
        status=_how,
        payload=case((and_(_how == Status.UNKNOWN, outbox.c.if_unknown == "ask"), outbox.c.payload), else_=null()),
        error=bindparam("why"),
    )
)
