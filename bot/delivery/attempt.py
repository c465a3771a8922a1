"""One call to Telegram for one message, and what its answer means for that message."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from bot.conversation.channel import Blocked, Channel, Rejected, Throttled, Unreachable
from bot.delivery.patience import Patience
from bot.storage.messages import QUIET, RESENT, Claimed, Outcome, Status, as_new, outcome

SETTLING = 5.0
"""Seconds to write an outcome down. What is sent has to be so young that its lease outlasts both."""

_QUOTED = re.compile(r'"[^"]*"')  # Telegram may quote from the message: words of a person
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 60.0
_SOON_AGAIN, _LONGEST_DOUBT = (0.5, 2.0, 8.0), 3600.0


async def attempt(channel: Channel, row: Claimed, doubts: Counter[int], patience: Patience) -> Outcome:
    """
    Send the message, while `patience` lasts. Never raises a ChannelError: each is an outcome.

    `doubts`: of how many calls for each message nobody can tell whether they took effect; counted on here.
    """
    try:
        return await patience.bear(_sent(channel, row, doubts))
    except TimeoutError:
        return uncertain(row, doubts)


def backoff(attempts: int) -> float:
    """Seconds to wait after so many attempts: half a second, doubling up to a minute."""
    return float(min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(attempts - 1, 10)))


def doubtful(calls: int) -> float:
    """
    Seconds to wait after so many calls of which nobody can tell whether they took effect: each may have been one copy more.

    Half a second, two, eight; then a minute, doubling up to an hour.
    """
    if calls <= len(_SOON_AGAIN):
        return _SOON_AGAIN[calls - 1]
    return float(min(_LONGEST_DOUBT, 60 * 2 ** min(calls - len(_SOON_AGAIN) - 1, 10)))


def uncertain(row: Claimed, doubts: Counter[int]) -> Outcome:
    """It left, and no answer came: the message itself says what to do. An edit done twice is done once; it soon comes again."""
    if row.if_unknown not in RESENT:
        return outcome(row, Status.UNKNOWN, error="nobody knows whether it arrived")
    if not row.method.startswith("send"):
        return outcome(row, Status.PENDING, wait=backoff(row.attempts))
    doubts[row.id] += 1
    return outcome(row, Status.PENDING, wait=doubtful(doubts[row.id]))


def given_back(rows: Sequence[Claimed], status: Status, wait: float) -> list[Outcome]:
    """Outcomes of messages that were not tried; the last frees the lane."""
    untried = [replace(outcome(row, status, wait=wait), tried=False, last=False) for row in rows]
    return [*untried[:-1], replace(untried[-1], last=True)]


def with_earlier(outcomes: Sequence[Outcome], travelling: Sequence[Sequence[Outcome]]) -> list[Outcome]:
    """
    `outcomes`, after those of other groups whose claim ends with them.

    Turns may still be writing those, or fail to; and whatever frees a lane writes all of its claim.
    """
    ending = {each.token for each in outcomes if each.last}
    others = [each for group in travelling if group is not outcomes for each in group]
    return [*(each for each in others if each.token in ending), *outcomes]


async def _sent(channel: Channel, row: Claimed, doubts: Counter[int]) -> Outcome:
    try:
        sent = await channel.call(row.method, row.body)
    except Blocked:
        return replace(outcome(row, Status.EXPIRED, error="blocked by the person"), blocked=True)
    except Throttled as asked:
        return replace(outcome(row, Status.PENDING, wait=asked.seconds), throttled=True, everywhere=asked.everywhere)
    except Rejected as refusal:
        return await _refused(channel, row, refusal, doubts)
    except Unreachable as fault:
        return uncertain(row, doubts) if fault.left else outcome(row, Status.PENDING, wait=backoff(row.attempts))
    return outcome(row, Status.SENT, message_id=sent.message_id)


async def _refused(channel: Channel, row: Claimed, refusal: Rejected, doubts: Counter[int]) -> Outcome:
    """Dead, unless it would change a message that is gone: then its words are said anew."""
    if refusal.gone and row.if_unknown == QUIET:
        return outcome(row, Status.SENT)  # what was to be hidden is gone
    if not (refusal.gone and row.method.startswith("edit")):
        return outcome(row, Status.DEAD, error=_QUOTED.sub('"…"', refusal.reason))
    again = as_new(row.method, row.body)
    if again is None:
        return outcome(row, Status.SENT)  # buttons to clear on a message that is gone are cleared
    return await _sent(channel, replace(row, method=again[0], body=again[1]), doubts)
