"""What may reach a partner, and what linking and journals have to ask before they share anything. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.core.events import Verdict
from bot.core.facts import User
from bot.core.partner import POLICYS_OWN, Cleared, Outbound
from bot.safety import policy
from bot.safety.insults import Insulting

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


def clear(
    outbound: Outbound, sender: User, receiver: User, now: datetime, detect: Detect, insulting: Insulting
) -> Cleared | Withheld:
    """
    Whether `outbound` may reach the receiver. The only way to a `Cleared`.

    The words are read here once more by the gate, whatever was made of them before, and for insults and threats. What was
    written before danger was last told plainly stays with its writer. Raises ValueError if sender and receiver are not those of
    `outbound`.
    """
    if (sender.id, receiver.id) != (outbound.sender_id, outbound.receiver_id) or sender.id == receiver.id:
        raise ValueError("the two people are not those of the message")
    harms = policy.never_deliver(detect(outbound.text)) or insulting(outbound.text)
    if harms or not may_share_with_partner(sender, now):
        return Withheld(returned=True)
    if any(policy.never_tell(name) for name in outbound.tells):
        return Withheld(returned=False)
    if outbound.kind == LATE and not policy.may_tell_if_late(sender, now):
        return Withheld(returned=False)
    if sender.flagged_at is not None and outbound.written_at <= sender.flagged_at:
        return Withheld(returned=True)
    if not may_share_with_partner(receiver, now) or receiver.stopped:
        return Withheld(returned=False)
    return Cleared(outbound, POLICYS_OWN)


def may_share_with_partner(user: User, now: datetime) -> bool:
    """Whether this person takes part in anything for two: they agreed, are no minor, and have the couple tools on."""
    return user.consent > 0 and policy.may_use_couple_tools(user, now)


def may_link(user: User, now: datetime) -> bool:
    """Whether a link may be offered to this person, or accepted: not for 30 days after plain danger, whichever; no kind is kept."""
    return may_share_with_partner(user, now) and policy.may_tell_if_late(user, now)


def may_offer(user: User, now: datetime) -> bool:
    """
    Whether something for two may be offered unasked (/repair, /map, /ritual …).

    Not for 30 days after /safe or plain danger, unless the person turned the couple tools on since.
    """
    rested = policy.may_tell_if_late(user, now) or _turned_on_since(user, now)
    return may_share_with_partner(user, now) and rested


def shareable(kind: str) -> bool:
    """Whether entries of this kind may be shared at all, after a preview and one by one: never the private corner, never a flag."""
    return not policy.never_tell(kind)


def _turned_on_since(user: User, now: datetime) -> bool:
    """Whether the couple tools were turned on after the latest flag: `couple_tools_off_until` is then that moment."""
    on_since, flagged_at = user.couple_tools_off_until, user.flagged_at
    return on_since is not None and flagged_at is not None and flagged_at < on_since <= now
