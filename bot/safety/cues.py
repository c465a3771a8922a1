"""The cues of the second ear and what each weighs, read from `lexicon/<locale>.cues.tsv`. Nothing but numbers to add up."""

import re
from array import array
from base64 import b64decode, b64encode
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.errors import ScriptError

ALWAYS = "(always)"
"""The cue that every text has: how far from danger a text is before a word of it is read."""

GAP = ".."
"""Stands in a cue for one or two words, whichever they are."""

HEAVIEST = 127
"""No weight is heavier, either way."""

NEVER = -1_000_000
"""A sum that no text falls below."""

MOST = 40_000
"""Cues of one language. More would cost the start its time, and nobody could read them."""


@dataclass(frozen=True, slots=True)
class Cues:
    """
    What each cue adds, in tenths, to each kind of danger. A kind is asked about from the sum `threshold` on; below `doubts`
    even what a pattern found is doubted.

    `endings` are cut off a word to find its stem. Of a cue only its hash is kept, in order: the cues themselves would cost
    the bot megabytes, and that another sign has the same 64 bits is not to be expected. `places`, in the same
    order, says where in the weights of each kind its own stands.
    """

    threshold: int = 0
    doubts: int = NEVER
    endings: tuple[str, ...] = ()
    hashes: Sequence[int] = ()
    places: Sequence[int] = ()
    weights: Sequence[Sequence[int]] = ()

    def find(self, sign: str) -> int:
        """Where in the weights of each kind this cue's stands; -1 if it is none."""
        at = bisect_left(self.hashes, hashed := hash(sign))
        return self.places[at] if at < len(self.hashes) and self.hashes[at] == hashed else -1

    def of(self, at: int) -> tuple[int, ...]:
        """What the cue there adds to each kind."""
        return tuple(kind[at] for kind in self.weights)


def made(threshold: int, doubts: int, endings: tuple[str, ...], cues: Iterable[str], weights: Sequence[int]) -> Cues:
    """Cues, each once, and the weights of each, in the same order one after the other."""
    hashed = array("q", map(hash, cues))
    order = sorted(range(len(hashed)), key=hashed.__getitem__)
    hashes, size = array("q", map(hashed.__getitem__, order)), len(weights) // max(1, len(hashed))
    return Cues(
        threshold, doubts, endings, hashes, array("i", order), tuple(weights[kind::size] for kind in range(size))
    )


NONE = Cues()
"""A language without cues: its second ear hears nothing."""


def read(contents: Sequence[tuple[str, str]], kinds: Sequence[str]) -> Cues:
    """
    The cues from the names and texts of their files, in order; a cue in a later file replaces that of an earlier one.

    Raises ScriptError with file and line.
    """
    return unpacked(packed(contents, kinds))


def packed(contents: Sequence[tuple[str, str]], kinds: Sequence[str]) -> dict[str, Any]:
    """The same as JSON that is read in no time. Raises ScriptError with file and line."""
    reading = _Reading(kinds)
    for name, text in contents:
        reading.file(name, text)
    return reading.packed()


def unpacked(kept: Mapping[str, Any]) -> Cues:
    """The cues that were `packed`."""
    weights = array("b", b64decode(kept["weights"]))
    return made(kept["threshold"], kept["doubts"], tuple(kept["endings"]), kept["cues"].split("\n"), weights)


class _Reading:
    def __init__(self, kinds: Sequence[str]) -> None:
        self._kinds = kinds
        self._threshold, self._doubts = 0, NEVER
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

    def packed(self) -> dict[str, Any]:
        if not self._threshold:
            raise ScriptError(f'{self._name}: the line "asks from", with a sum, is missing.')
        weights = b64encode(self._weights).decode()
        return {
            "threshold": self._threshold,
            "doubts": self._doubts,
            "endings": self._endings,
            "cues": "\n".join(self._rows),
            "weights": weights,
        }

    def _setting(self, number: int, line: str) -> None:
        key, _, value = line.partition("\t")
        match key:
            case "asks from":
                if not value.strip().isdecimal() or not int(value):
                    raise self._wrong(number, "asks from what sum on? A whole number above nothing belongs here")
                self._threshold = int(value)
            case "doubts below":
                if not _SUM.fullmatch(value.strip()) or int(value) > 0:
                    raise self._wrong(number, "doubts below what sum? A whole number not above nothing belongs here")
                self._doubts = int(value)
            case "endings":
                self._endings = tuple(value.split())
            case _:
                raise self._wrong(
                    number, f'nothing is called "{key}" here; before the cues stand asks from, doubts below and endings'
                )

    def _lines(self, lines: Iterable[tuple[int, str]]) -> None:
        """Take all cues at once, for the start's sake; where something is wrong, look for the first line that is."""
        size = len(self._kinds)
        numbered = [(number, line) for number, line in lines if line and line[0] != "#"]
        try:
            weights = array("b", map(int, "\t".join([line.partition("\t")[2] for _, line in numbered]).split("\t")))
        except (ValueError, OverflowError):
            weights = array("b")
        cues = [line.partition("\t")[0] for _, line in numbered]
        whole = {line.count("\t") for _, line in numbered} == {size} and len(weights) == size * len(cues)
        if not whole or len(set(cues)) < len(cues) or not all(cues) or _NO_CUE.search("\n".join(cues)):
            raise self._first_wrong(numbered)
        rows = self._rows
        if not rows:
            self._rows, self._weights = {cue: at for at, cue in enumerate(cues)}, weights
        else:
            for at, cue in enumerate(cues):
                row = rows.setdefault(cue, len(rows)) * size
                self._weights[row : row + size] = weights[at * size : (at + 1) * size]
        if len(self._rows) > MOST:
            raise ScriptError(f"{self._name}: more than {MOST} cues.")

    def _first_wrong(self, lines: Iterable[tuple[int, str]]) -> ScriptError:
        seen: set[str] = set()
        for number, line in lines:
            cue, *weights = line.split("\t")
            if not _CUE.fullmatch(cue):
                return self._wrong(number, "a cue is a word, or two with or without a gap, in small letters")
            if cue in seen:
                return self._wrong(number, f'"{cue}" stands here twice')
            seen.add(cue)
            if len(weights) != len(self._kinds):
                return self._wrong(
                    number, f"a weight for each of {len(self._kinds)} kinds belongs here, with tabs between"
                )
            if not all(_WEIGHT.fullmatch(weight) and abs(int(weight)) <= HEAVIEST for weight in weights):
                return self._wrong(number, f"a weight is a whole number from -{HEAVIEST} to {HEAVIEST}")
        return ScriptError(f"{self._name}: no cue stands here.")

    def _wrong(self, number: int, detail: str) -> ScriptError:
        return ScriptError(f"{self._name}:{number}: {detail}.")


_CUE = re.compile(r"[^\sA-Z]+(?: [^\sA-Z]+){0,2}")
_NO_CUE = re.compile(r"[A-Z]|\A\s|\s\Z|\s\s|[^\S\n ]| [^ \n]* [^ \n]* ")
_SUM = re.compile(r"-?[0-9]{1,6}")
_WEIGHT = re.compile(r"-?[0-9]{1,3}")
