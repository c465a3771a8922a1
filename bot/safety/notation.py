"""The notation in which people write what to listen for, read into trees of words."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

GAPS: Mapping[str, int] = {"..": 2, "...": 5}
"""How many words may stand in a gap, at most."""


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


def read(pattern: str, lists: Mapping[str, str], plain: Callable[[str], Sequence[str]]) -> Node:
    """
    The tree of `pattern`: words in a row, `(a | b)` one of them, `[a]` perhaps, `..` up to two words, `...` up to five,
    `<name>` whatever the list of that name says.

    `plain` gives the words a reader of texts makes of a written word ("can't" is "can", "not"). Raises Misspelt.
    """
    return _Reading(lists, plain).pattern(pattern, ())


_SIGN = re.compile(r"<[^<>\s]*>|\.{2,}|[()\[\]|]|[^\s()\[\]|<>.]+|\S")


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
        if not sign[0].isalnum():
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
    flat = [part for option in options for part in (option.options if _is_plain_choice(option) else (option,))]
    words = frozenset(word for option in flat if isinstance(option, Word) for word in option.words)
    others = [option for option in flat if not isinstance(option, Word)]
    together = ([Word(words)] if words else []) + others
    return together[0] if len(together) == 1 else Choice(tuple(together))


def _is_plain_choice(node: Node) -> bool:
    return isinstance(node, Choice) and not node.may_be_empty
