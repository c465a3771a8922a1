"""The notation in which people write what to listen for, read into trees of words."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

GAPS: Mapping[str, int] = {"..": 2, "...": 5}
"""How many words may stand in a gap, at most."""

EDGES = ("^", ".")
"""Where a sentence, or a part of it between pauses, begins and ends."""


@dataclass(frozen=True, slots=True)
class Word:
    """Any one of these words."""

    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Gap:
    """Up to `longest` words, whichever they are."""

    longest: int


@dataclass(frozen=True, slots=True)
class Row:
    """These, one after the other."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of these; nothing at all where `may_be_empty`."""

    options: tuple["Node", ...]
    may_be_empty: bool = False


Node = Word | Gap | Row | Choice


class Misspelt(ValueError):  # noqa: N818 - reads as a sentence where it is raised
    """A pattern does not follow the notation. Says how."""


class Notation:
    """
    Reads patterns. `lists` are those that `<name>` stands for.

    `plain` gives the words a reader of texts makes of a written word ("can't" is "can", "not").
    """

    def __init__(self, lists: Mapping[str, str], plain: Callable[[str], Sequence[str]]) -> None:
        self._reading = _Reading(lists, plain)

    def parts(self, pattern: str) -> tuple[Node, ...]:
        """The parts of `pattern`, which `&` holds together: they stand near each other, in any order. Raises Misspelt."""
        return tuple(self._part(written) for written in pattern.split("&"))

    def _part(self, pattern: str) -> Node:
        """
        The tree of one part: words in a row, `(a | b)` one of them, `[a]` perhaps, `..` up to two words, `...` up to five,
        `^` and `.` the sentence's edges, `<name>` whatever the list of that name says.
        """
        node = self._reading.pattern(pattern, ())
        for backwards in (False, True):
            if not _opens_with_a_word(node, backwards=backwards):
                raise Misspelt("a pattern begins and ends with words that may not be left out, never with a gap")
        return node


def most(node: Node, words: Collection[str]) -> int:
    """How many of `words` the pattern asks for, at most, on one way through it."""
    match node:
        case Word(asked):
            return int(not asked.isdisjoint(words))
        case Row(parts):
            return sum(most(part, words) for part in parts)
        case Choice(options):
            return max(most(option, words) for option in options)
        case Gap():
            return 0


_SIGN = re.compile(r"<[^<>\s]*>|\.+|[()\[\]|^]|[^\s()\[\]|<>.^]+|\S")


@dataclass(slots=True)
class _Reading:
    lists: Mapping[str, str]
    plain: Callable[[str], Sequence[str]]
    known: dict[str, Node] = field(default_factory=dict)

    def pattern(self, pattern: str, inside: tuple[str, ...]) -> Node:
        signs = _SIGN.findall(pattern)
        node, rest = self._choice(signs, 0, inside)
        if rest < len(signs):
            raise Misspelt(f'"{signs[rest]}" closes nothing')
        return node

    def _choice(self, signs: Sequence[str], at: int, inside: tuple[str, ...]) -> tuple[Node, int]:
        options = []
        while True:
            option, at = self._row(signs, at, inside)
            options.append(option)
            if at == len(signs) or signs[at] != "|":
                return _one_of(options), at
            at += 1

    def _row(self, signs: Sequence[str], at: int, inside: tuple[str, ...]) -> tuple[Node, int]:
        parts: list[Node] = []
        while at < len(signs) and signs[at] not in {"|", ")", "]"}:
            part, at = self._part(signs, at, inside)
            parts.append(part)
        if not parts:
            raise Misspelt("a place where words belong is empty")
        return parts[0] if len(parts) == 1 else Row(tuple(parts)), at

    def _part(self, signs: Sequence[str], at: int, inside: tuple[str, ...]) -> tuple[Node, int]:
        sign = signs[at]
        if sign in {"(", "["}:
            node, at = self._choice(signs, at + 1, inside)
            if at == len(signs) or signs[at] != {"(": ")", "[": "]"}[sign]:
                raise Misspelt(f'a "{sign}" is never closed')
            return (Choice((node,), may_be_empty=True) if sign == "[" else node), at + 1
        if sign in GAPS:
            return Gap(GAPS[sign]), at + 1
        if sign.startswith("<") and len(sign) > 2:  # noqa: PLR2004 - something stands between the signs
            return self._list(sign[1:-1], inside), at + 1
        if not sign[0].isalnum() and sign not in EDGES:
            raise Misspelt(f'"{sign}" means nothing here')
        words = [Word(frozenset((word,))) for word in self.plain(sign)]
        return words[0] if len(words) == 1 else Row(tuple(words)), at + 1

    def _list(self, name: str, inside: tuple[str, ...]) -> Node:
        if name in inside:
            raise Misspelt(f"the list <{name}> contains itself")
        if name not in self.lists:
            raise Misspelt(f"there is no list <{name}>")
        if name not in self.known:
            self.known[name] = self.pattern(self.lists[name], (*inside, name))
        return self.known[name]


def _one_of(options: Sequence[Node]) -> Node:
    """The choice of `options`, with all single words in one place."""
    flat = [part for option in options for part in _alternatives(option)]
    words = frozenset(word for option in flat if isinstance(option, Word) for word in option.words)
    others = [option for option in flat if not isinstance(option, Word)]
    together = ([Word(words)] if words else []) + others
    return together[0] if len(together) == 1 else Choice(tuple(together))


def _alternatives(node: Node) -> tuple[Node, ...]:
    return node.options if isinstance(node, Choice) and not node.may_be_empty else (node,)


def _opens_with_a_word(node: Node, *, backwards: bool) -> bool:
    """Whether something always stands first (last, if `backwards`), and is not just any word."""
    match node:
        case Word():
            return True
        case Gap():
            return False
        case Row(parts):
            for part in reversed(parts) if backwards else parts:
                if isinstance(part, Choice) and part.may_be_empty:
                    if not all(_opens_with_a_word(option, backwards=backwards) for option in part.options):
                        return False
                    continue
                return _opens_with_a_word(part, backwards=backwards)
            return False
        case Choice(options, may_be_empty):
            return not may_be_empty and all(_opens_with_a_word(option, backwards=backwards) for option in options)
