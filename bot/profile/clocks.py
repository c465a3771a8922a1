"""The words for finding out which clock a person lives by: from the time it is there, a city, or a place on the map."""

from bot.core.effects import ChangeUser, Phrase, Value
from bot.dialog.registry import Registry
from bot.dialog.turn import Turn
from bot.i18n.locales import language_of
from bot.i18n.places import CHOICES, zone_at, zone_from_clock, zone_of_city
from bot.profile.person import OFF, daily_timer, settled

registry = Registry()

OPTIONS = tuple(f"z{n}" for n in range(1, CHOICES + 1))
"""The options of the list `zones`. The slot `z1` holds the zone of the first, the slot `z1_place` what it is called."""

WORLDWIDE, ANYWHERE = frozenset({"en"}), "und"
"""Languages that people use wherever they live, and the IETF tag that stands for no language in particular."""

LABELS = tuple(f"{option}_place" for option in OPTIONS)


@registry.guard()
def is_my_clock(turn: Turn) -> bool:
    """Whether a time was written that it is now somewhere."""
    return bool(_clocks(turn))


@registry.guard()
def is_one_city(turn: Turn) -> bool:
    """Whether a place was written that has one clock only."""
    return len(_cities(turn)) == 1


@registry.guard()
def is_city(turn: Turn) -> bool:
    """Whether a place was written that is known, be it that several clocks go there."""
    return bool(_cities(turn))


@registry.guard()
def is_known_place(turn: Turn) -> bool:
    """Whether the clock of the place that was shared is known."""
    return bool(zone_at(*turn.value))


@registry.guard()
def knows_zone(turn: Turn) -> bool:
    """Whether the person's clock is known."""
    return bool(settled(turn).zone)


@registry.action(sets=(*OPTIONS, *LABELS))
def offer_my_clocks(turn: Turn) -> None:
    """Fill the list `zones` with those in which it is now the time that was written."""
    _offer(turn, [(_named(zone), zone) for zone in _clocks(turn)])


@registry.action(sets=(*OPTIONS, *LABELS))
def offer_cities(turn: Turn) -> None:
    """Fill the list `zones` with the places of the name that was written."""
    _offer(turn, _cities(turn))


@registry.options(*OPTIONS)
def zones(turn: Turn) -> list[str]:
    """The zones that were found, as many as there are."""
    return [option for option in OPTIONS if option in turn.slots]


@registry.action(sets=("place",))
def keep_zone(turn: Turn) -> None:
    """Go by the clock that was chosen from the list."""
    _keep(turn, turn.slots[f"{turn.value}_place"], turn.slots[turn.value])


@registry.action(sets=("place",))
def keep_city(turn: Turn) -> None:
    """Go by the clock of the place that was written."""
    _keep(turn, *_cities(turn)[0])


@registry.action(sets=("place",))
def keep_place(turn: Turn) -> None:
    """Go by the clock of the place that was shared. The place itself is kept nowhere."""
    zone = zone_at(*turn.value)
    _keep(turn, _named(zone), zone)


@registry.value()
def zone_shown(turn: Turn) -> Value:
    """The place whose clock the person goes by, or that it isn't told."""
    zone = settled(turn).zone
    return _named(zone) if zone else Phrase("common.shown.unset")


def _clocks(turn: Turn) -> list[str]:
    """The zones that fit, by how many people live there; a language that is at home in one region comes before that."""
    language = turn.user.locale
    return zone_from_clock(turn.text, turn.now, ANYWHERE if language_of(language) in WORLDWIDE else language)


def _cities(turn: Turn) -> list[tuple[str, str]]:
    return zone_of_city(turn.text, turn.user.locale)


def _offer(turn: Turn, found: list[tuple[str, str]]) -> None:
    for name in (*OPTIONS, *LABELS):
        turn.slots.pop(name, None)
    for option, label, (place, zone) in zip(OPTIONS, LABELS, found, strict=False):
        turn.slots[option], turn.slots[label] = zone, place


def _keep(turn: Turn, place: str, zone: str) -> None:
    """Keep the zone, and let the daily line come at the same wall time there."""
    turn.slots["place"] = place
    turn.add(ChangeUser({"zone": zone}))
    if settled(turn).nudges != OFF:
        turn.add(daily_timer(turn))


def _named(zone: str) -> str:
    return zone.rpartition("/")[2].replace("_", " ")
