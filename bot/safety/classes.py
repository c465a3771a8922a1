"""Classes of words that play the same part near danger, read from `lexicon/<locale>.classes.toml`: the ear hears them alike."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bot.core.errors import ScriptError

MARK = "@"
"""Before the name of a class, where it stands for a word."""


@dataclass(frozen=True, slots=True)
class Classes:
    """`words`: the classes of each word, as they stand in cues ("@weapon"). Of regular words only the short form is here."""

    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, word: str) -> tuple[str, ...]:
        """The classes of a word: its own, or else those of the word it is a form of."""
        if found := self.words.get(word):
            return found
        if len(word) > _SHORT and word[-1] in _LAST:
            for base in _bases(word):
                if found := self.words.get(base):
                    return found
        return ()


ALONE = Classes()
"""A language without classes: each word counts for itself."""


def read(contents: Sequence[tuple[str, str]]) -> Classes:
    """
    The classes from the names and texts of their files; a later file adds words to what an earlier one says.

    Raises ScriptError with file and line.
    """
    classes: dict[str, dict[str, None]] = {}
    for file, text in contents:
        for name, words in _File(file, text).classes():
            classes.setdefault(name, {}).update(dict.fromkeys(words))
    found: dict[str, tuple[str, ...]] = {}
    alike: dict[tuple[str, ...], tuple[str, ...]] = {}
    for name, members in classes.items():
        for word in members:
            each = (*found.get(word, ()), MARK + name)
            found[word] = alike.setdefault(each, each)
    return Classes(found)


class _File:
    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._text = text

    def classes(self) -> Iterator[tuple[str, list[str]]]:
        """Each class and its words. Raises ScriptError."""
        try:
            table = tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as broken:
            raise ScriptError(f"{self._file}: this is not TOML: {broken}.") from None
        for name, written in table.items():
            if not _NAME.fullmatch(name):
                raise self._wrong(name, "", f'"{name}": a class has a name of small letters, with hyphens')
            if not isinstance(written, str) or not written.strip():
                raise self._wrong(name, "", f'"{name}": words in quotes belong here')
            words = written.split()
            if not _WORDS.fullmatch(" ".join(words)) or len(set(words)) < len(words):
                raise self._first_wrong(name, words)
            yield name, words

    def _first_wrong(self, name: str, words: Sequence[str]) -> ScriptError:
        seen: set[str] = set()
        for word in words:
            if not _WORDS.fullmatch(word):
                return self._wrong(name, word, f'"{word}": a word of a class has only small letters and digits')
            if word in seen:
                break
            seen.add(word)
        return self._wrong(name, word, f'"{word}" stands twice in "{name}"')

    def _wrong(self, name: str, word: str, detail: str) -> ScriptError:
        """The fault with the line of the word; of a word that stands twice, the second one."""
        place, times = 0, 0
        for number, line in enumerate(self._text.splitlines(), 1):
            if begun := re.match(rf"""\s*["']?{re.escape(name)}["']?\s*=""", line):
                place = number
            found = re.split(r"""[\s"']+""", line[begun.end() if begun else 0 :]).count(word) if place and word else 0
            times += found
            if found:
                place = number
            if times > 1 or (found and "twice" not in detail):
                break
        return ScriptError(f"{self._file}:{place or 1}: {detail}.")


def _bases(word: str) -> Iterator[str]:
    """The words that `word` may be a form of: "strangling", "stabbed", "injuries"."""
    for ending, others in _ENDINGS:
        stem = word.removesuffix(ending)
        if _SHORT <= len(stem) < len(word):
            yield from (stem + other for other in others)
            if len(stem) > _SHORT and stem[-1] == stem[-2]:
                yield stem[:-1]


_SHORT = 3
_LAST = frozenset("sdg")
_ENDINGS = (("s", ("",)), ("es", ("",)), ("ed", ("", "e")), ("ing", ("", "e")), ("ies", ("y",)), ("ied", ("y",)))
_NAME = re.compile(r"[a-z]+(?:-[a-z]+)*")
_WORDS = re.compile(r"[a-z0-9]+(?: [a-z0-9]+)*")
