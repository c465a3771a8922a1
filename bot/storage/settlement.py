"""What became of claimed messages, written in groups: bodies are wiped, lanes freed, the blocked left in peace, the forgotten forgotten."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import and_, bindparam, case, delete, func, null, or_, update

from bot.storage import budget, doubts, lanes
from bot.storage.budget import SECOND, Limits
from bot.storage.database import Transaction, instant
from bot.storage.lanes import Lane
from bot.storage.messages import NOBODY, Outcome, Status, reader
from bot.storage.statements import among, many
from bot.storage.tables import outbox, unsent, users


async def settle(tx: Transaction, outcomes: Sequence[Outcome], now: datetime, limits: Limits) -> None:
    """
    Write outcomes. Writing one twice changes nothing.

    Whoever lost the lease may still report that a message arrived, and nothing else: it is in other hands by then.
    Locks users, then the budget, then lanes.
    """
    outcomes = await _block(tx, outcomes, now)
    pause = max((outcome.wait for outcome in outcomes if outcome.everywhere), default=0.0)
    tat = await budget.lock(tx) if pause and limits.budget else 0
    machine = await tx.machine()
    if pause and limits.budget:
        await budget.write(tx, max(tat, limits.budget.held(machine + round(pause * SECOND))))
    held = await lanes.lock(tx, {outcome.destination for outcome in outcomes})
    freed = await record(tx, outcomes, held, machine)
    await lanes.write(tx, list(freed.values()))
    await forget(tx, outcomes)
    await doubts.ask(tx, [outcome.id for outcome in outcomes if outcome.status == Status.UNKNOWN], now)


async def record(
    tx: Transaction, outcomes: Sequence[Outcome], held: Mapping[str, Lane], machine: int
) -> dict[str, Lane]:
    """Write outcomes of messages whose lanes are locked (`held`). The lanes whose claim is over come back free, to be written."""
    valid = [outcome for outcome in outcomes if outcome.status == Status.SENT or _owns(held, outcome)]
    await many(tx, _SETTLE, [_row(outcome) for outcome in sorted(valid, key=lambda each: each.id)])
    closed = sorted({outcome.destination for outcome in outcomes if outcome.blocked})
    if closed:
        await tx.connection.execute(_EXPIRE, {"destinations": closed})
    ended = {
        outcome.destination: machine + round(outcome.wait * SECOND)
        for outcome in outcomes
        if outcome.last and _owns(held, outcome)
    }
    waiting = await lanes.waiting(tx, ended)
    return {
        destination: held[destination].freed(waiting.get(destination), rest_until)
        for destination, rest_until in ended.items()
    }


async def forget(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
    """Keep nothing of those among `outcomes` that went to people of whom nothing is kept; for when their lanes are written."""
    if nobodys := {outcome.destination for outcome in outcomes if outcome.user_id == NOBODY}:
        await forget_nobodys(tx)
        await lanes.forget(tx, nobodys)


async def forget_nobodys(tx: Transaction) -> None:
    """Keep nothing of what was said to people of whom nothing is kept."""
    await tx.connection.execute(_FORGET, {"nobody": NOBODY})


async def _block(tx: Transaction, outcomes: Sequence[Outcome], now: datetime) -> Sequence[Outcome]:
    """Mark who lets nothing through; whoever was heard of since that was found out is back, and not blocked any more."""
    blocked = {
        (user_id := reader(outcome.destination)): {
            "user": user_id,
            "now": instant(now),
            "asked": instant(outcome.asked_at or now),
        }
        for outcome in outcomes
        if outcome.blocked
    }
    if not blocked:
        return outcomes
    away = {
        user_id
        for user_id, found in sorted(blocked.items())
        if (await tx.connection.execute(_BLOCK, found)).scalar_one_or_none() is not None
    }
    return [replace(outcome, blocked=outcome.blocked and reader(outcome.destination) in away) for outcome in outcomes]


def _owns(held: Mapping[str, Lane], outcome: Outcome) -> bool:
    return outcome.destination in held and held[outcome.destination].owner == outcome.token


def _row(outcome: Outcome) -> dict[str, object]:
    return {
        "message": outcome.id,
        "new_status": outcome.status,
        "telegram": outcome.message_id or None,
        "why": _written(outcome.error) or None,
        "untried": int(not outcome.tried),
    }


def _written(error: str) -> str:
    """What Telegram said, without the few characters that a database does not take."""
    return error.replace("\0", "?").encode(errors="replace").decode()[:200]


_BLOCK = (
    update(users)
    .where(
        users.c.id == bindparam("user"),
        or_(users.c.blocked_at.is_not(None), users.c.seen_at <= bindparam("asked", type_=users.c.seen_at.type)),
    )
    .values(blocked_at=func.coalesce(users.c.blocked_at, bindparam("now", type_=users.c.blocked_at.type)))
    .returning(users.c.id)
)
_FORGET = delete(outbox).where(outbox.c.user_id == bindparam("nobody"), outbox.c.status >= Status.SENT)
_new_status = bindparam("new_status", type_=outbox.c.status.type)
_asks = and_(_new_status == Status.UNKNOWN, outbox.c.if_unknown == "ask")
_SETTLE = (
    update(outbox)
    .where(
        outbox.c.id == bindparam("message"),
        or_(
            outbox.c.status == Status.CLAIMED,
            and_(_new_status == Status.SENT, or_(outbox.c.status == Status.PENDING, outbox.c.status == Status.UNKNOWN)),
        ),
    )
    .values(
        status=_new_status,
        payload=case((or_(_new_status == Status.PENDING, _asks), outbox.c.payload), else_=null()),
        message_id=bindparam("telegram"),
        error=bindparam("why"),
        attempts=outbox.c.attempts - bindparam("untried"),
    )
)
_EXPIRE = (
    update(outbox)
    .where(among(outbox.c.destination, "destinations"), unsent, outbox.c.status == Status.PENDING)
    .values(status=Status.EXPIRED, payload=None)
)
