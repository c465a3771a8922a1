"""The cues of the second ear and what each weighs, read from `lexicon/<locale>.cues.tsv`. Nothing but numbers to add up."""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.core.errors import ScriptError

ALWAYS = "(always)"
"""The cue that every text has: how far from danger a text is before a word of it is read."""

GAP = ".."
"""Stands in a cue for one or two words, whichever they are."""

HEAVIEST = 127
"""No weight is heavier, either way."""

MOST = 40_000
"""Cues of one language. More would cost the start its time, and nobody could read them."""


@dataclass(frozen=True, slots=True)
class Cues:
    """
    `weights[rows[cue] * len(KINDS) + kind]` is what a cue adds, in tenths, to a kind, in the order of KINDS.

    A kind is asked about from the sum `threshold` on. `endings` are cut off a word to find its stem.
    """

    threshold: int = 0
    endings: tuple[str, ...] = ()
    rows: Mapping[str, int] = field(default_factory=dict)
    weights: Sequence[int] = ()


NONE = Cues()
"""A language without cues: its second ear hears nothing."""


def read(contents: Sequence[tuple[str, str]], kinds: Sequence[str]) -> Cues:
    """
    The cues from the names and texts of their files, in order; a cue in a later file replaces that of an earlier one.

    Raises ScriptError with file and line.
    """
    reading = _Reading(kinds)
    for name, text in contents:
        reading.file(name, text)
    return reading.cues()


class _Reading:
    def __init__(self, kinds: Sequence[str]) -> None:
        self._kinds = kinds
        self._threshold = 0
        self._endings: tuple[str, ...] = ()
        self._rows: dict[str, int] = {}
        self._weights = array("b")
        self._name = ""

    def file(self, name: str, text: str) -> None:
        self._name = name
        lines = enumerate(text.split("\n"), 1)
        for number, line in lines:
            if line.startswith("cue\t"):
                break
            if line and not line.startswith("#"):
                self._setting(number, line)
        else:
            raise ScriptError(f'{name}: the line "cue", with the kinds of danger after it, is missing.')
        if tuple(line.rstrip().split("\t")[1:]) != tuple(self._kinds):
            raise self._wrong(number, f"after cue come, with tabs between: {', '.join(self._kinds)}")
        self._lines(lines)

    def cues(self) -> Cues:
        if not self._threshold:
            raise ScriptError(f'{self._name}: the line "asks from", with a sum, is missing.')
        return Cues(self._threshold, self._endings, self._rows, self._weights)

    def _setting(self, number: int, line: str) -> None:
        key, _, value = line.partition("\t")
        match key:
            case "asks from":
                if not value.strip().isdecimal() or not int(value):
                    raise self._wrong(number, "asks from what sum on? A whole number above nothing belongs here")
                self._threshold = int(value)
            case "endings":
                self._endings = tuple(value.split())
            case _:
                raise self._wrong(number, f'nothing is called "{key}" here; before the cues stand asks from and endings')

    def _lines(self, lines: Iterable[tuple[int, str]]) -> None:
        rows, weights, size = self._rows, self._weights, len(self._kinds)
        here: set[str] = set()
        for number, line in lines:
            if not line or line[0] == "#":
                continue
            cue, *numbers = line.split("\t")
            if cue in here:
                raise self._wrong(number, f'"{cue}" stands here twice')
            here.add(cue)
            try:
                added = array("b", map(int, numbers))
            except (ValueError, OverflowError):
                raise self._wrong(number, f"a weight is a whole number from -{HEAVIEST} to {HEAVIEST}") from None
            if len(added) != size:
                raise self._wrong(number, f"a weight for each of {size} kinds belongs here, with tabs between")
            if cue != cue.strip().lower() or not cue or cue.count(" ") > 2:  # noqa: PLR2004 - two words and a gap
                raise self._wrong(number, "a cue is a word, or two with or without a gap, in small letters")
            at = rows.setdefault(cue, len(rows)) * size
            weights[at : at + size] = added
        if len(rows) > MOST:
            raise ScriptError(f"{self._name}: more than {MOST} cues.")

    def _wrong(self, number: int, detail: str) -> ScriptError:
        return ScriptError(f"{self._name}:{number}: {detail}.")
