"""What may reach a partner, and what linking and journals have to ask before they share anything. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.core.events import Verdict
from bot.core.facts import User
from bot.core.partner import POLICYS_OWN, Cleared, Outbound
from bot.safety import policy

LATE = "late"
"""The kind of the one line that says somebody is late."""

Detect = Callable[[str], Verdict | None]


@dataclass(frozen=True, slots=True)
class Withheld:
    """
    It does not go out, and the other side sees nothing of that.

    `returned`: its words go back to their writer, privately. Else it is dropped, and the writer too sees what they always see:
    a refusal would tell something about the other one.
    """

    returned: bool


def clear(outbound: Outbound, sender: User, receiver: User, now: datetime, detect: Detect) -> Cleared | Withheld:
    """
    Whether `outbound` may reach the receiver. The only way to a `Cleared`.

    The words are read by the gate here once more, whatever was made of them before. Raises ValueError if sender and receiver
    are not those of `outbound`.
    """
    if (sender.id, receiver.id) != (outbound.sender_id, outbound.receiver_id) or sender.id == receiver.id:
        raise ValueError("the two people are not those of the message")
    if policy.never_deliver(detect(outbound.text)) or not may_share_with_partner(sender, now):
        return Withheld(returned=True)
    if any(policy.never_tell(name) for name in outbound.tells):
        return Withheld(returned=False)
    if outbound.kind == LATE and not policy.may_tell_if_late(sender, now):
        return Withheld(returned=False)
    if not may_share_with_partner(receiver, now) or receiver.stopped:
        return Withheld(returned=False)
    return Cleared(outbound, POLICYS_OWN)


def may_share_with_partner(user: User, now: datetime) -> bool:
    """Whether this person takes part in anything for two: they agreed, are no minor, and have the couple tools on."""
    return user.consent > 0 and policy.may_use_couple_tools(user, now)


def may_link(user: User, now: datetime) -> bool:
    """Whether a link may be offered to this person, or accepted by them: not for 30 days after danger at home was told."""
    return may_share_with_partner(user, now) and policy.may_tell_if_late(user, now)


def may_offer(user: User, now: datetime) -> bool:
    """Whether something for two may be offered unasked (/repair, /map, /ritual …): not for 30 days after /safe or a flag."""
    return may_link(user, now)


def shareable(kind: str) -> bool:
    """Whether entries of this kind may be shared at all, after a preview and one by one: never the private corner, never a flag."""
    return not policy.never_tell(kind)
