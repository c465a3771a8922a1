"""Hop 4: what a verdict does to a turn before any dialog sees the event, and what it means for everything meant for two."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.core.effects import ChangeSpace, ChangeUser, DropTimer, Effect, Record, Say
from bot.core.events import CommandGiven, Event, Pressed, Verdict, Wrote
from bot.core.facts import Space, User
from bot.dialog.session import NOWHERE, URGENT, Session
from bot.i18n.exit_word import plain

SELF_HARM, BY_SOMEONE, TO_SOMEONE = "self-harm", "harm by someone", "harm to someone"
MEDICAL, UNREAL, UNDER_AGE = "medical", "loss of reality", "under 18"
"""The kinds of danger. Source: 'The gate's kinds' in the safety notes."""

EXPLICIT, UNSURE = "explicit", "unsure"
"""How plainly it was said."""

NUDGES_REST = timedelta(hours=48)
"""After danger was written plainly the bot begins no talk for so long. Source: the safety notes."""

WATCH = timedelta(hours=24)
"""After "Not what I meant" the next unsure sentence brings help lines instead of a question. Source: the safety notes."""

STILL_TALKING = timedelta(hours=1)
"""For so long after its last word a talk about danger hears unsure sentences itself. A product choice."""

COUPLE_TOOLS_REST = timedelta(days=30)
"""How long nothing for two is offered once it was turned off. Source: the safety notes."""

FLAG_KEPT = timedelta(days=30)
"""How long a flag counts. Source: the retention limits in the safety notes."""

ASK_AGAIN = (timedelta(minutes=5), timedelta(minutes=20))
"""When somebody who may act is asked whether they are with someone: once each, then never again. Source: the safety notes."""

ASKED, ADULT, MINOR = "asked", "adult", "minor"
"""What is kept about a person's age after a hint at a young one. The hint is asked about once; only "No" has an effect."""

CHECK_IN_AFTER, DAY = timedelta(hours=24), (time(9), time(20))
"""When to ask again how it is, if the person agreed, and between which wall times. A product choice."""

OWED = frozenset({"resting", "due", "late"})
SPACE_TIMERS = ("check", "back", "second", "late", "missed", "theirs")
"""The states of a space in which a return is owed, and the timers that remind of one (`bot.spaces`, which a test compares)."""

REASSURED_OFTEN = 10
"""
After so many dialogs that reassure in a day the next one offers a person first (`reassured_today` in their scripts; for runs of
soothe: `bot.soothing.stops`). Never a lock, and never for help. Source: the safety notes.
"""

_ABOUT_SAFETY = {"flag", "flagged_at", "watch_until", "paused_until", "couple_tools_off_until", "age", "country"}
_ABOUT_HABITS = {"role", "zone", "nudges", "ignored", "nudge_at", "quiet_from", "quiet_to", "lock_screen", "exit_word"}
_ABOUT_PRESENCE = {"stopped", "blocked_at", "seen_at", "created_at"}

NEVER_TOLD = frozenset(_ABOUT_SAFETY | _ABOUT_HABITS | _ABOUT_PRESENCE)
"""Kinds of entries and fields of a user that nobody but this person may ever be told, nor see any effect of."""

PRIVATE = "private."
"""What the kind of every entry in the private corner begins with (`bot.storage.corners`, which a test compares)."""

DIALOGS = {
    SELF_HARM: "crisis",
    BY_SOMEONE: "safe",
    TO_SOMEONE: "crisis",
    MEDICAL: "crisis",
    UNREAL: "crisis",
    UNDER_AGE: "minor",
}
"""Which dialog speaks about which kind; an unknown kind is spoken about as the first."""

COUPLE_DIALOGS = frozenset({"space", "reach"})
"""The dialogs meant for two."""

DOOR = "tools_off"
"""The dialog that stands before them while they are turned off."""

CARD = ("help.card.danger", "help.card.talk", "help.card.near")
"""The phrases to say when a turn that had to bring help has failed."""

_ASK_AGE = (ChangeUser({"age": ASKED}),)
_SPEAK_OF_DANGER = frozenset(DIALOGS.values()) - {DIALOGS[UNDER_AGE]}

HELD = "held"
"""The slot in which words wait while it is asked how they were meant."""


@dataclass(frozen=True, slots=True)
class Response:
    """
    What a verdict does to a turn.

    `opens` names the dialog that takes it over, keeping the person's place; `then` one that waits behind it; `beside` the timer
    kind whose note is said while the event goes on to where it was meant for; `effects` happen in any case. All empty: nothing.
    """

    opens: str = ""
    then: str = ""
    beside: str = ""
    effects: tuple[Effect, ...] = ()


def respond(verdict: Verdict | None, event: Event, user: User, session: Session, now: datetime) -> Response:
    """
    What follows from the verdict on the text of `event`.

    Plain danger always takes over, whatever is open. An unsure sentence is asked about, in one line; after a denial it
    brings help lines beside the turn, once. A dialog about danger hears what it is about itself, and shows help lines beside
    it for what it is not about; behind a command, too, they stand beside what was asked for. An age is asked about once, after
    everything else.
    """
    if verdict is None:
        return Response()
    if verdict.kind == UNDER_AGE:
        return Response() if user.age else Response(DIALOGS[UNDER_AGE], effects=_ASK_AGE)
    response = _danger(verdict, event, user, session, now)
    if verdict.young and response.opens and not user.age:
        return replace(response, then=DIALOGS[UNDER_AGE], effects=(*response.effects, *_ASK_AGE))
    return response


def _danger(verdict: Verdict, event: Event, user: User, session: Session, now: datetime) -> Response:
    dialog = DIALOGS.get(verdict.kind, DIALOGS[SELF_HARM])
    if verdict.level == EXPLICIT:
        return Response(dialog, effects=_plain(verdict, user, now))
    effects = (_entry(verdict.level),)
    if user.watch_until is not None and now < user.watch_until:
        return Response(beside=f"{dialog}.watch", effects=(*effects, ChangeUser({"watch_until": None})))
    talking = session.at is not None and now - session.at < STILL_TALKING
    if talking and session.frame.dialog == dialog:
        return Response(effects=effects)
    if isinstance(event, CommandGiven) or (talking and session.frame.dialog in _SPEAK_OF_DANGER):
        return Response(beside=f"{dialog}.watch", effects=effects)
    return Response(dialog, effects=effects)


def needs_people(verdict: Verdict | None, event: Event) -> bool:
    """Whether an apology would be the wrong answer: danger was written plainly, or help was asked for."""
    is_plain = verdict is not None and verdict.level == EXPLICIT and verdict.kind != UNDER_AGE
    return is_plain or asks_for_help(event)


def asks_for_help(event: Event) -> bool:
    """Whether somebody asked for people: by a command, by a button that leads to them, or by a bare "help"."""
    match event:
        case CommandGiven(command):
            return command in {"help", "sos", "safe"}
        case Pressed(data):
            return data.endswith(URGENT)
        case Wrote(text):
            return plain(text) in _HELP
    return False


_HELP = frozenset(
    first + second + third
    for first in ("", "please ", "pls ")
    for second in ("help", "help me", "i need help", "i want help", "need help", "sos", "can you help me")
    for third in ("", " now", " please", " right now")
)
"""What is a cry for help and nothing else, in English, as `plain` writes it."""


def shut_out(before: Session, after: Session, user: User, now: datetime) -> Session | None:
    """
    Where to open `DOOR` from, if a turn would come from `before` to something meant for two while that is turned off.

    Whatever else was interrupted stays; what was for two is let go. None if the turn may be.
    """
    if after.frame.dialog not in COUPLE_DIALOGS or may_use_couple_tools(user, now):
        return None
    return replace(before, frame=NOWHERE, stack=tuple(f for f in after.stack if f.dialog not in COUPLE_DIALOGS))


def handed_on(before: Session, after: Session) -> str:
    """
    The words that were held while they were asked about, once the interrupted dialog is open again; else nothing.

    They are its to take now. What was held for a dialog that is gone is dropped; one about danger holds them itself.
    """
    if before.frame.dialog not in DIALOGS.values() or not before.stack or after.frame.dialog in DIALOGS.values():
        return ""
    resumed = after.stack == before.stack[:-1] and after.frame == before.stack[-1]
    return str(before.frame.slots.get(HELD, "")) if resumed else ""


_ABOUT_DANGER = frozenset(DIALOGS.values())


def own_words(effects: tuple[Effect, ...], dialogs: Collection[str] = _ABOUT_DANGER) -> tuple[Effect, ...]:
    """What a dialog (about danger) said at its end, without the prompt it went back to: that one is about to move on."""
    prefixes = tuple(f"{name}." for name in dialogs)
    return tuple(
        replace(
            effect, parts=tuple(part for part in effect.parts if part.key.startswith(prefixes)), rows=(), prompt=False
        )
        if isinstance(effect, Say)
        else effect
        for effect in effects
    )


def flag(user: User, level: str, now: datetime) -> tuple[Effect, ...]:
    """
    Danger was said plainly: keep level and time, nothing else, and begin no talk for two days. Reminders asked for stay.

    Tools for two that are off stay off, from now for as long as if they were turned off now.
    """
    rest = max(user.paused_until or now, now + NUDGES_REST)
    off = user.couple_tools_off_until
    longer = {"couple_tools_off_until": now + COUPLE_TOOLS_REST} if off and off > now else {}
    return _entry(level), ChangeUser({"flagged_at": now, "paused_until": rest, "watch_until": None, **longer})


def couple_tools_off(user: User, space: Space | None, now: datetime) -> tuple[Effect, ...]:
    """Offer nothing for two for a while, remind of no return, and send no daily line about the other one."""
    return _tools_off(user, now), *_let_go(space)


def couple_tools_on(user: User, now: datetime) -> tuple[Effect, ...]:
    """Offer everything again from `now` on; what a flag put to rest stays at rest."""
    rest = None if user.flagged_at is None else user.flagged_at + NUDGES_REST
    return (ChangeUser({"couple_tools_off_until": now, "paused_until": rest if rest and rest > now else None}),)


def grown_up() -> tuple[Effect, ...]:
    """The person is 18 or over: the hint is not asked about again."""
    return (ChangeUser({"age": ADULT}),)


def under_age(space: Space | None) -> tuple[Effect, ...]:
    """The person is younger: nothing for two, no daily line; the calm tools stay."""
    return ChangeUser({"age": MINOR, "nudges": "off"}), DropTimer("nudge.daily"), *_let_go(space)


def check_in_at(user: User, now: datetime) -> datetime:
    """A day from `now`; moved to between nine and eight in the evening where the person's clock is known."""
    later = now + CHECK_IN_AFTER
    if not user.zone:
        return later
    local = later.astimezone(ZoneInfo(user.zone))
    wall = min(max(local.time(), DAY[0]), DAY[1])
    return datetime.combine(local.date(), wall, local.tzinfo).astimezone(UTC)


# Everything meant for two -----------------------------------------------------------------------------------------------


def may_use_couple_tools(user: User, now: datetime) -> bool:
    """Whether anything meant for two may be offered or begun: never to somebody under age, nor while it is turned off."""
    off_until = user.couple_tools_off_until
    return user.age != MINOR and (off_until is None or off_until <= now)


def never_deliver(verdict: Verdict | None) -> bool:
    """Whether a text may not reach the partner, now or held back for later. It goes back to its writer, privately."""
    return verdict is not None


def never_tell(name: str) -> bool:
    """Whether a kind of entry, or a field of a user, may never reach the partner in any form: counts and refusals included."""
    return name in NEVER_TOLD or name.startswith(PRIVATE)


def may_tell_if_late(user: User, now: datetime) -> bool:
    """Whether a partner may get the late line of this person's space: not after any flag, nor with the couple tools off."""
    flagged = user.flagged_at is not None and now - user.flagged_at < FLAG_KEPT
    return may_use_couple_tools(user, now) and not flagged


def _let_go(space: Space | None) -> tuple[Effect, ...]:
    """Close the open space, if any, and drop whatever would remind of a return."""
    closed = () if space is None or space.state not in OWED else (ChangeSpace(space.id, {"state": "closed"}),)
    return *closed, *(DropTimer(f"space.{name}") for name in SPACE_TIMERS)


def _plain(verdict: Verdict, user: User, now: datetime) -> tuple[Effect, ...]:
    """What plain danger does by itself. Somebody who may hurt another gets nothing that leads to the two of them."""
    effects = flag(user, verdict.level, now)
    return (*effects, _tools_off(user, now)) if verdict.kind == TO_SOMEONE else effects


def _tools_off(user: User, now: datetime) -> Effect:
    until = now + COUPLE_TOOLS_REST
    return ChangeUser({"couple_tools_off_until": until, "paused_until": max(user.paused_until or until, until)})


def _entry(level: str) -> Effect:
    return Record("flag", technique=level)
