"""What scripts may ask and do about danger: what was noticed, whom to call, asking again, and turning the couple tools off."""

from bot.core.effects import ChangeUser, DropTimer, Effect, Phrase, Value
from bot.core.events import Elapsed
from bot.dialog.registry import Registry
from bot.dialog.turn import Turn, spell
from bot.i18n.locales import language_of
from bot.safety import helplines, policy
from bot.safety.helplines import Helpline

registry = Registry()

OTHER = "other"
"""The country of somebody who lives in none of those with lines to show."""

_AGAIN, _SOFTLY, _TOMORROW = ("crisis.again", "crisis.last"), "crisis.softly", "crisis.tomorrow"


# What was noticed -----------------------------------------------------------------------------------------------------


@registry.guard()
def noticed(turn: Turn, value: str) -> bool:
    """Whether this kind of danger was noticed in what was just written."""
    return turn.facts.verdict is not None and turn.facts.verdict.kind == value


@registry.guard()
def is_unsure(turn: Turn) -> bool:
    """Whether what was noticed may have been meant otherwise."""
    return turn.facts.verdict is not None and turn.facts.verdict.level == policy.UNSURE


@registry.guard()
def is_unnoticed(turn: Turn) -> bool:
    """Whether nothing was noticed: somebody came by a button or a command."""
    return turn.facts.verdict is None


@registry.guard()
def says_yes(turn: Turn) -> bool:
    """Whether a plain yes was written."""
    return _said(turn) in _YES.get(language_of(turn.user.locale), ())


@registry.guard()
def says_no(turn: Turn) -> bool:
    """Whether a plain no was written."""
    return _said(turn) in _NO.get(language_of(turn.user.locale), ())


@registry.action()
def flag(turn: Turn) -> None:
    """Keep that danger was said plainly: the time and how plainly, never what. No daily line comes for two days."""
    _add(turn, policy.flag(turn.user, policy.EXPLICIT, turn.now))


@registry.action()
def watch(turn: Turn) -> None:
    """For a day, let the next unsure sentence bring help lines instead of a question."""
    turn.add(ChangeUser({"watch_until": turn.now + policy.WATCH}))


@registry.action(sets=("held",))
def hold_words(turn: Turn) -> None:
    """Hold the text just written until it is clear how it was meant. Before consent no text is held."""
    # policy.handed_on lets the interrupted prompt have it when this dialog ends; `forget: held` gives it up.
    if turn.text and turn.user.consent:
        turn.slots[policy.HELD] = turn.text


# Whom to call ---------------------------------------------------------------------------------------------------------


@registry.guard()
def knows_lines(turn: Turn) -> bool:
    """Whether there are help lines to show for the person's country."""
    return _line(turn) is not None


@registry.guard()
def knows_country(turn: Turn) -> bool:
    """Whether the person told their country, or that it isn't in the list."""
    return bool(_country(turn))


@registry.guard()
def is_unconfirmed(turn: Turn) -> bool:
    """Whether nobody has called the lines to be shown yet."""
    line = _line(turn)
    return line is not None and line.checked_on is None


@registry.guard()
def is_country(turn: Turn) -> bool:
    """Whether a country with help lines was written."""
    return bool(helplines.named(turn.text))


@registry.options(*helplines.carried(), OTHER)
def countries(turn: Turn) -> list[str]:
    """The countries with help lines to show."""
    del turn
    return [*helplines.carried(), OTHER]


@registry.action(sets=("country",))
def keep_named_country(turn: Turn) -> None:
    """Take the country that was written."""
    turn.slots["country"] = helplines.named(turn.text)


@registry.action()
def keep_country(turn: Turn) -> None:
    """Remember the country in the slot `country`, so that it is asked once. Before consent only this talk remembers it."""
    if turn.user.consent:
        turn.add(ChangeUser({"country": turn.slots["country"]}))


@registry.value()
def emergency(turn: Turn) -> Value:
    """The emergency number of the person's country, or both if there are two."""
    line = _line(turn)
    if line is None:
        return None
    first, *more = line.emergency
    return Phrase("crisis.number.two", {"first": first, "second": more[0]}) if more else first


@registry.value()
def crisis_line(turn: Turn) -> Value:
    """The crisis line of the person's country, by name and number."""
    line = _line(turn)
    return line.crisis_line if line else None


@registry.value()
def crisis_number(turn: Turn) -> Value:
    """The number of that line alone."""
    line = _line(turn)
    return line.number if line else None


@registry.value()
def violence_line(turn: Turn) -> Value:
    """Whom people in the person's country call when somebody at home scares or hurts them."""
    line = _line(turn)
    return line.violence_line if line else None


# Asking again ---------------------------------------------------------------------------------------------------------


@registry.action(sets=("asked_on",))
def ask_again(turn: Turn) -> None:
    """Ask twice more whether the person is with someone, a little later: once in each talk, however often it comes by here."""
    if "asked_on" not in turn.slots:
        turn.slots["asked_on"] = True
        for kind, wait in zip(_AGAIN, policy.ASK_AGAIN, strict=True):
            turn.remind(kind, "0", turn.now + wait)


@registry.action()
def stop_asking(turn: Turn) -> None:
    """Ask no more whether the person is with someone."""
    for kind in (*_AGAIN, _SOFTLY):
        turn.add(DropTimer(kind))


@registry.action()
def leave_in_silence(turn: Turn) -> None:
    """Ask no more about danger, and not tomorrow either: silence was asked for. Danger written later is asked about anew."""
    for kind in (*_AGAIN, _SOFTLY, _TOMORROW):
        turn.add(DropTimer(kind))


@registry.action()
def ask_softly(turn: Turn) -> None:
    """Somebody may be looking: ask once more only, in words that tell nothing."""
    if "asked_on" in turn.slots:
        for kind in _AGAIN:
            turn.add(DropTimer(kind))
        turn.remind(_SOFTLY, "0", turn.now + policy.ASK_AGAIN[-1])


@registry.action()
def check_in(turn: Turn) -> None:
    """Ask tomorrow how it is."""
    turn.remind(_TOMORROW, "0", policy.check_in_at(turn.user, turn.now))


@registry.guard()
def overdue(turn: Turn, value: str) -> bool:
    """Whether this timer speaks so much too late: `overdue: 2h`."""
    return isinstance(turn.event, Elapsed) and turn.now - turn.event.due_at >= spell(value)


# The couple tools, and age ---------------------------------------------------------------------------------------------


@registry.guard()
def couple_tools_on(turn: Turn) -> bool:
    """Whether tools for two may be offered."""
    return policy.may_use_couple_tools(turn.user, turn.now)


@registry.guard()
def is_minor(turn: Turn) -> bool:
    """Whether the person told that they are under 18."""
    return turn.user.age == policy.MINOR


@registry.action(needs=("space",), sets=("tools_until",))
def stop_couple_tools(turn: Turn) -> None:
    """Offer no tool for two for 30 days, and remind of no return."""
    turn.slots["tools_until"] = turn.now + policy.COUPLE_TOOLS_REST
    _add(turn, policy.couple_tools_off(turn.user, turn.facts.space, turn.now))


@registry.action()
def allow_couple_tools(turn: Turn) -> None:
    """Offer the tools for two again."""
    _add(turn, policy.couple_tools_on(turn.user, turn.now))


@registry.action(needs=("space",))
def keep_age(turn: Turn, value: str) -> None:
    """Keep that the person is an `adult` or a `minor`; for a minor everything but the calm tools ends."""
    _add(turn, policy.grown_up() if value == policy.ADULT else policy.under_age(turn.facts.space))


@registry.value()
def tools_until(turn: Turn) -> Value:
    """The day until which the tools for two are off."""
    return turn.user.couple_tools_off_until


def _add(turn: Turn, effects: tuple[Effect, ...]) -> None:
    for effect in effects:
        turn.add(effect)


def _country(turn: Turn) -> str:
    return str(turn.slots.get("country") or turn.user.country)


def _line(turn: Turn) -> Helpline | None:
    return helplines.carried().get(_country(turn))


def _said(turn: Turn) -> str:
    return turn.text.strip(" .!").casefold()


_YES = {"en": frozenset({"yes", "y", "yeah", "yep", "yes i am", "i am", "i do", "i might"})}
_NO = {"en": frozenset({"no", "n", "nope", "no i'm not", "no im not", "not really", "i'm not", "im not"})}
"""By language; elsewhere the buttons are the way."""
