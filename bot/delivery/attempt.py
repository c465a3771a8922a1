"""One call to Telegram for one message, and what its answer means for that message."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace

from bot.conversation.channel import Blocked, Channel, Rejected, Throttled, Unreachable
from bot.storage.messages import QUIET, RESENT, Claimed, Outcome, Status, as_new, outcome

PATIENCE = 10.0
"""Seconds a call may take. Together with the wait before it this stays below the lease."""

_QUOTED = re.compile(r'"[^"]*"')  # Telegram may quote from the message: words of a person
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 60.0


async def attempt(channel: Channel, row: Claimed) -> Outcome:
    """Send the message. Never raises a ChannelError: each is an outcome."""
    try:
        return await _call(channel, row)
    except Blocked:
        return replace(outcome(row, Status.EXPIRED, error="blocked by the person"), blocked=True)
    except Throttled as asked:
        return replace(outcome(row, Status.PENDING, wait=asked.seconds), throttled=True, everywhere=asked.everywhere)
    except Rejected as refusal:
        return await _refused(channel, row, refusal)
    except Unreachable as fault:
        return uncertain(row) if fault.left else outcome(row, Status.PENDING, wait=backoff(row.attempts))
    except TimeoutError:
        return uncertain(row)


def backoff(attempts: int) -> float:
    """Seconds to wait after so many attempts: half a second, doubling up to a minute."""
    return float(min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(attempts - 1, 10)))


def uncertain(row: Claimed) -> Outcome:
    """It left, and no answer came: the message itself says what to do."""
    if row.if_unknown in RESENT:
        return outcome(row, Status.PENDING, wait=backoff(row.attempts))
    return outcome(row, Status.UNKNOWN, error="nobody knows whether it arrived")


def given_back(rows: Sequence[Claimed], status: Status, wait: float) -> list[Outcome]:
    """Outcomes of messages that were not tried; the last frees the lane."""
    untried = [replace(outcome(row, status, wait=wait), tried=False, last=False) for row in rows]
    return [*untried[:-1], replace(untried[-1], last=True)]


def ending_with(outcomes: Sequence[Outcome], others: Sequence[Outcome]) -> list[Outcome]:
    """
    Those of `others` whose claim ends with `outcomes`.

    A turn may still be writing them, and whatever frees a lane writes all of its claim.
    """
    ending = {each.token for each in outcomes if each.last}
    return [each for each in others if each.token in ending]


async def _call(channel: Channel, row: Claimed) -> Outcome:
    async with asyncio.timeout(PATIENCE):
        sent = await channel.call(row.method, row.body)
    return outcome(row, Status.SENT, message_id=sent.message_id)


async def _refused(channel: Channel, row: Claimed, refusal: Rejected) -> Outcome:
    """Dead, unless it would change a message that is gone: then its words are said anew."""
    if refusal.gone and row.if_unknown == QUIET:
        return outcome(row, Status.SENT)  # what was to be hidden is gone
    if not (refusal.gone and row.method.startswith("edit")):
        return outcome(row, Status.DEAD, error=_QUOTED.sub('"…"', refusal.reason))
    again = as_new(row.method, row.body)
    if again is None:
        return outcome(row, Status.SENT)  # buttons to clear on a message that is gone are cleared
    return await attempt(channel, replace(row, method=again[0], body=again[1]))
