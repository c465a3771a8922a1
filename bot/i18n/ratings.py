"""Reading a rating from 0 to 10 where a number was typed instead of pressed."""

import re

from bot.i18n.locales import DEFAULT
from bot.i18n.symbols import symbols

HIGHEST = 10


def read_rating(text: str, locale: str = DEFAULT) -> int | None:
    """The whole number from 0 to 10 meant by "7", "7/10", "seven" or "about 6"; None for anything else."""
    match = _RATING.fullmatch(" ".join(symbols(text, locale)))
    if match is None or int(match["number"]) > HIGHEST:
        return None
    return int(match["number"])


_RATING = re.compile(r"(?P<number>\d{1,2})(?:\.0)?(?: / 10)?")
