"""What the scripts `soothe` and `reach` may ask for and do beyond the general words."""

from bot.core.effects import Phrase, Value
from bot.dialog.registry import Registry
from bot.dialog.turn import Turn
from bot.i18n.locales import language_of
from bot.soothing import stops, techniques

registry = Registry()

# Slots of `soothe`: before, after (ratings), technique, tried (techniques of this sitting), runs (how many), others (the second
# page of tools), dizzy, kept_word (a line picked or written). Of `reach`: before, need, size, when, own (one's own words).


@registry.options(*techniques.TECHNIQUES, needs=("drops",))
def suggestions(turn: Turn) -> list[str]:
    """Three tools that fit the rating, the role and what has helped; the others after "Something else"."""
    return list(techniques.page(_order(turn), others=bool(turn.slots.get("others"))))


@registry.guard(needs=("drops",))
def has_others(turn: Turn) -> bool:
    """Whether there are more tools than are shown at once."""
    return len(_order(turn)) > techniques.SHOWN


@registry.guard(needs=("drops",))
def has_favourite(turn: Turn) -> bool:
    """Whether the first tool shown is first because it has helped this person most."""
    return bool(_favourite(turn))


@registry.value(needs=("drops",))
def favourite(turn: Turn) -> Value:
    """The name of that tool, as it stands in a sentence."""
    return Phrase(f"soothe.named.{_favourite(turn)}") if _favourite(turn) else None


@registry.action()
def show_others(turn: Turn) -> None:
    """Turn to the other tools, or back to the first."""
    turn.slots["others"] = not turn.slots.get("others", False)


@registry.action()
def leave_breathing(turn: Turn) -> None:
    """Offer no breathing for the rest of this sitting."""
    turn.slots["dizzy"] = True


@registry.action()
def set_aside(turn: Turn) -> None:
    """Put the tool just begun last in this sitting: it was not what the person wanted now."""
    turn.slots["tried"] = [*turn.slots.get("tried", []), turn.slots.get("technique", "")]
    turn.slots["others"] = False


@registry.guard()
def made_worse(turn: Turn) -> bool:
    """Whether the rating rose by two or more."""
    return stops.made_worse(turn.slots.get("before"), turn.slots["after"])


@registry.guard()
def stays_high(turn: Turn) -> bool:
    """Whether the rating is 8 or more after two exercises in this sitting."""
    return stops.stays_high(turn.slots["after"], turn.slots.get("runs", 0) + 1)


@registry.guard()
def has_fallen(turn: Turn) -> bool:
    """Whether the rating is lower than before the exercise."""
    return bool(turn.slots["after"] < turn.slots["before"])


@registry.guard()
def is_unchanged(turn: Turn) -> bool:
    """Whether the rating is as before the exercise."""
    return bool(turn.slots["after"] == turn.slots["before"])


@registry.guard()
def says_stop(turn: Turn) -> bool:
    """Whether it was written that it is to stop, and nothing else."""
    return stops.says_stop(turn.text, language_of(turn.user.locale))


@registry.guard()
def reports_body(turn: Turn) -> bool:
    """Whether dizziness, numbness or feeling unreal was written."""
    return stops.reports_body(turn.text, language_of(turn.user.locale))


@registry.guard()
def tells_of_drink(turn: Turn) -> bool:
    """Whether much alcohol or drugs were written of."""
    return stops.tells_of_drink(turn.text, language_of(turn.user.locale))


@registry.guard(needs=("counts",))
def soothed_often(turn: Turn) -> bool:
    """Whether the next run is the seventh of the day, or later."""
    return stops.is_often(turn.facts.counts.get("soothe", 0), turn.slots.get("runs", 0))


@registry.action()
def finish_run(turn: Turn) -> None:
    """Keep this run as an entry: the ratings there are, the tool, and a line only if the person wrote it."""
    slots = turn.slots
    line = slots.pop("kept_word", "")
    slots["runs"] = slots.get("runs", 0) + 1
    slots["tried"] = [*slots.get("tried", []), slots.get("technique", "")]
    turn.record(
        "soothe",
        before=slots.get("before"),
        after=slots.get("after"),
        technique=slots.get("technique", ""),
        text=line if isinstance(line, str) else "",
    )


@registry.action()
def begin_next(turn: Turn) -> None:
    """Where the last run ended is where the next begins."""
    slots = turn.slots
    if "after" in slots:
        slots["before"] = slots.pop("after")
    slots["others"] = False


@registry.value()
def opener(turn: Turn) -> Value:
    """The line to say to one's partner: the person's own words, or a sentence made of the need, its size and the time."""
    slots = turn.slots
    if slots.get("own"):
        return str(slots["own"])
    if not {"need", "size", "when"} <= slots.keys():
        return None
    values = {"size": Phrase(f"banks.needs.size.{slots['size']}"), "when": Phrase(f"banks.needs.when.{slots['when']}")}
    return Phrase(f"banks.needs.line.{slots['need']}", values)


@registry.action()
def finish_reach(turn: Turn) -> None:
    """Keep that a line was found: the rating before, and the words only if they are the person's own."""
    turn.record("reach", before=turn.slots.get("before"), text=turn.slots.get("own", ""))


def _order(turn: Turn) -> tuple[str, ...]:
    slots = turn.slots
    return techniques.suggested(
        slots.get("before", techniques.STRONG),
        turn.user.role,
        turn.facts.drops,
        tried=slots.get("tried", ()),
        breathing=not slots.get("dizzy"),
    )


def _favourite(turn: Turn) -> str:
    return "" if turn.slots.get("others") else techniques.favourite(_order(turn), turn.facts.drops)
