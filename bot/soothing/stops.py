"""When exercises stop and a person is offered instead. Source: the safety rules, "When to stop an exercise"."""

import re
from collections.abc import Mapping

WORSE_BY = 2
"""A rating (0–10) that rose by so much: this was not the right thing."""

STILL_HIGH = 8
"""A rating from here on, after `ENOUGH` exercises in one sitting, calls for more than another exercise."""

ENOUGH = 2

OFTEN = 6
"""After so many runs in a day a person is offered before the next, so that the bot never is the only place to turn to."""


def made_worse(before: int | None, after: int) -> bool:
    """Whether the rating rose so much that exercises stop. Without a first rating nothing is known to have risen."""
    return before is not None and after >= before + WORSE_BY


def stays_high(after: int, runs: int) -> bool:
    """Whether the rating is still very high after two exercises or more; `runs` counts this sitting, the one just rated too."""
    return after >= STILL_HIGH and runs >= ENOUGH


def is_often(today: int, sitting: int) -> bool:
    """
    Whether the next run is the seventh of the local day, or later.

    `today` counts entries. Before consent there are none: then `sitting`, the runs of this one sitting, is all there is.
    """
    return max(today, sitting) >= OFTEN


def says_stop(text: str, language: str) -> bool:
    """Whether nothing else was written than that it is to stop."""
    return _matches(_STOP, text, language)


def reports_body(text: str, language: str) -> bool:
    """Whether dizziness, numbness or feeling unreal was written: the breath is left alone then. Chest pain is the gate's."""
    return _matches(_BODY, text, language)


def tells_of_drink(text: str, language: str) -> bool:
    """Whether much alcohol or drugs were written of: an exercise is not what helps then."""
    return _matches(_DRINK, text, language)


def _matches(patterns: Mapping[str, re.Pattern[str]], text: str, language: str) -> bool:
    plain = text.casefold().replace("\u2019", "'")
    return language in patterns and patterns[language].search(plain) is not None


_STOP = {
    "en": re.compile(
        r"^\W*(please )?(stop( it| this| now| here)?|enough|no more|i('d)? (want|like) to stop|let's stop|quit)( please)?\W*$"
    )
}
_BODY = {
    "en": re.compile(
        r"\b(dizzy|dizziness|light-?headed|faint(ing)?|going to pass out|numb|tingl(y|ing|es?)|pins and needles|"
        r"(not|nothing|doesn't|don't) feels? real|feels? unreal|out of my body|can't feel my (hands?|face|feet|arms?|legs?))\b"
    )
}
_DRINK = {
    "en": re.compile(
        r"\bi('m| am|'ve| have)? ?(been |got |am )?(so |very |really |pretty |quite |a bit )?"
        r"(drunk|wasted|hammered|stoned|tripping|high as|high right now|high on)\b|"
        r"\bhad (way |far )?too much to drink\b|\bdrank (way |far )?too much\b(?! (water|tea|coffee))|\bdrank (a|the) (whole )?bottle\b|"
        r"\b(drinking|using|smoking weed) (all|since|for) |"
        r"\b(took|taken|on) (some |a lot of |too (much|many) )?(coke|cocaine|ketamine|speed|mdma|ecstasy|molly|acid|lsd|mushrooms|meth|xanax)\b"
    )
}
"""By language; elsewhere the buttons are the way. What a body in danger says is the safety gate's, which reads before."""
