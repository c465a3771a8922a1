"""Write what became of messages, so that what the database refuses of one holds up nobody else."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from bot.core.errors import StatementRefused
from bot.storage import settlement
from bot.storage.budget import Limits
from bot.storage.database import Database
from bot.storage.messages import Outcome, Status

_log = structlog.get_logger()


async def settle(database: Database, outcomes: Sequence[Outcome], now: datetime, limits: Limits) -> None:
    """
    Write outcomes, in one transaction if the database takes it, else one by one: then what it refuses is a dead letter.

    If it refuses that as well, the claim is left to end by itself. Raises DatabaseUnavailable; writing them again does no harm.
    """
    try:
        await _write(database, outcomes, now, limits)
    except StatementRefused:
        left = set[str]()
        for each in outcomes:
            last = each.last and each.destination not in left
            if not await _written(database, replace(each, last=last), now, limits):
                left.add(each.destination)


async def _write(database: Database, outcomes: Sequence[Outcome], now: datetime, limits: Limits) -> None:
    async with database.transaction(brief=True) as tx:
        await settlement.settle(tx, outcomes, now, limits)


async def _written(database: Database, outcome: Outcome, now: datetime, limits: Limits) -> bool:
    """Whether this one is written down, as it is or as a dead letter."""
    try:
        await _write(database, [outcome], now, limits)
    except StatementRefused as fault:
        _log.error("outbox.refused", message=outcome.id, fault=str(fault))
    else:
        return True
    try:
        await _write(database, [_dead(outcome)], now, limits)
    except StatementRefused:
        return False
    return True


def _dead(outcome: Outcome) -> Outcome:
    """What can be said in any case."""
    plain = Outcome(outcome.id, outcome.user_id, outcome.destination, outcome.token, Status.DEAD, last=outcome.last)
    return replace(plain, error="what became of it cannot be written")
