"""Read a text for signs of danger. Pure; the words it looks for are data."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence

from bot.core.events import Verdict

Detect = Callable[[str], Verdict | None]


def build(lexicon: Mapping[str, Mapping[str, Sequence[str]]]) -> Detect:
    """
    A detector for `lexicon`: kind of danger → level (`explicit`, `unsure`) → patterns.

    Patterns are regular expressions over the text as `_plain` leaves it: lower case, straight apostrophes, single
    spaces. The first kind that is explicit wins, else the first that is unsure.
    """
    rows = [
        (kind, level, re.compile("|".join(f"(?:{pattern})" for pattern in patterns)))
        for level in ("explicit", "unsure")
        for kind, levels in lexicon.items()
        if (patterns := levels.get(level))
    ]

    def detect(text: str) -> Verdict | None:
        plain = _plain(text)
        return next((Verdict(kind, level) for kind, level, pattern in rows if pattern.search(plain)), None)

    return detect


def _plain(text: str) -> str:
    """The text as people mean it: compatibility forms folded, marks dropped, case and spacing evened out."""
    folded = unicodedata.normalize("NFKD", text[:4096]).casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    letters = "".join(letter for letter in folded if not unicodedata.combining(letter))
    return re.sub(r"[^\w' ]+", " ", re.sub(r"\s+", " ", letters)).strip()
