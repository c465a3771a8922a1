"""The writers' marks: parsed once into a template, filled often into text with Telegram's entities."""

import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

from bot.core.errors import ScriptError
from bot.core.values import dataclass

Entity = dict[str, Any]
"""A Bot API MessageEntity; `offset` and `length` count UTF-16 code units."""


@dataclass(frozen=True, slots=True)
class Rich:
    """Text with its formatting. The entities are shared between renderings: never change one in place."""

    text: str
    entities: tuple[Entity, ...] = ()


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for the value `name`, shown as `spec` asks (empty: the way its type is usually shown)."""

    name: str
    spec: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """Pieces `first` up to but not including `last` carry the entity `kind`."""

    kind: str
    first: int
    last: int
    url: tuple["str | Slot", ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """A phrase taken apart. `ready` is the finished text if there is nothing to fill in."""

    pieces: tuple[str | Slot, ...]
    marks: tuple[Mark, ...]
    slots: tuple[Slot, ...]
    ready: Rich | None


def parse(source: str) -> Template:
    r"""
    Take a writer's phrase apart.

    Marks are `**bold**`, `_italic_`, `` `code` ``, `> quote` at the start of a line and `[text](url)`; `{name}` and
    `{name:spec}` are filled in. A mark without its partner stays as it is, and so does an underscore inside a word; a
    backslash takes any mark's meaning away. Raises ScriptError for a brace that belongs to no placeholder.
    """
    builder = _Builder()
    lines = source.strip("\n").split("\n")
    start = 0
    while start < len(lines):
        quoted = _QUOTED.match(lines[start]) is not None
        end = start + 1
        while end < len(lines) and (_QUOTED.match(lines[end]) is not None) == quoted:
            end += 1
        if start:
            builder.text("\n")
        if quoted:
            opened = builder.open("blockquote", "")
            builder.inline("\n".join(_QUOTED.sub("", line) for line in lines[start:end]))
            builder.close(opened)
        else:
            builder.inline("\n".join(lines[start:end]))
        start = end
    return builder.template()


def fill(template: Template, show: Callable[[Slot], Rich]) -> Rich:
    """The template's text, with each slot as `show` gives it."""
    if template.ready is not None:
        return template.ready
    texts: list[str] = []
    starts: list[int] = []
    inner: list[Entity] = []
    position = 0
    for piece in template.pieces:
        starts.append(position)
        if isinstance(piece, str):
            text = piece
        else:
            rich = show(piece)
            text = rich.text
            inner += [{**entity, "offset": entity["offset"] + position} for entity in rich.entities]
        texts.append(text)
        position += utf16(text)
    starts.append(position)
    if not template.marks and not inner:
        return Rich("".join(texts))
    outer = [
        _entity(mark.kind, starts[mark.first], starts[mark.last] - starts[mark.first], mark.url, show)
        for mark in template.marks
    ]
    return Rich("".join(texts), _settled(outer, inner))


def join(parts: Sequence[Rich], gap: str = "\n\n") -> Rich:
    """The parts one below the other, a paragraph each; empty ones are left out."""
    kept = [part for part in parts if part.text]
    if len(kept) == 1:
        return kept[0]
    entities: list[Entity] = []
    position = 0
    for part in kept:
        entities += [{**entity, "offset": entity["offset"] + position} for entity in part.entities]
        position += utf16(part.text) + len(gap)
    return Rich(gap.join(part.text for part in kept), tuple(entities))


def plain(rich: Rich) -> str:
    """The words alone, for a clipboard or a pop-up: a link's address follows its text in brackets."""
    links = [entity for entity in rich.entities if entity["type"] == "text_link"]
    if not links:
        return rich.text
    raw = rich.text.encode("utf-16-le")
    for link in reversed(links):
        end = 2 * (link["offset"] + link["length"])
        raw = raw[:end] + f" ({link['url']})".encode("utf-16-le") + raw[end:]
    return raw.decode("utf-16-le")


def utf16(text: str) -> int:
    """The length of `text` in UTF-16 code units, as Telegram counts."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


_QUOTED = re.compile(r">(?: |$)")
_TOKEN = re.compile(
    r"\\(?P<escaped>[\\*_`>\[\](){}])"
    r"|\{(?P<name>[a-z][a-z0-9_]*)(?::(?P<spec>[a-z]+))?\}"
    r"|(?P<brace>[{}])"
    r"|`(?P<code>[^`\n]+)`"
    r"|\[(?P<label>(?:\\.|[^\[\]\\])+)\]\((?P<url>[^()\s]+)\)"
    r"|(?P<mark>\*\*|_+)",
)
_NESTING = {"blockquote": 0, "bold": 1, "italic": 2}
"""Kinds that may hold others, outermost first when they cover the same text."""


@dataclass(eq=False, slots=True)
class _Open:
    kind: str
    literal: str
    matched: bool = False


@dataclass(frozen=True, slots=True)
class _Close:
    opened: _Open
    url: tuple[str | Slot, ...] = ()


class _Builder:
    """Collects text, slots and marks; only when all is read is it known which marks have a partner."""

    def __init__(self) -> None:
        self._items: list[str | Slot | _Open | _Close] = []

    def text(self, text: str) -> None:
        self._items.append(text)

    def open(self, kind: str, literal: str) -> _Open:
        opened = _Open(kind, literal)
        self._items.append(opened)
        return opened

    def close(self, opened: _Open, url: tuple[str | Slot, ...] = ()) -> None:
        opened.matched = True
        self._items.append(_Close(opened, url))

    def inline(self, source: str) -> None:
        """Read one block: marks end with it."""
        waiting: list[_Open] = []
        position = 0
        for token in _TOKEN.finditer(source):
            self.text(source[position : token.start()])
            position = token.end()
            kind = token.lastgroup
            if kind == "brace":
                raise ScriptError(
                    f"'{token.group()}' belongs to no {{placeholder}}; write \\{token.group()} to show it"
                )
            if kind == "escaped":
                self.text(token["escaped"])
            elif kind in {"name", "spec"}:
                self._items.append(Slot(token["name"], token["spec"] or ""))
            elif kind == "code":
                opened = self.open("code", "`")
                self._verbatim(token["code"])
                self.close(opened)
            elif kind == "url":
                opened = self.open("text_link", "")
                self.inline(token["label"])
                self.close(opened, _pieces(token["url"]))
            else:
                self._mark(token, source, waiting)
        self.text(source[position:])

    def template(self) -> Template:
        pieces: list[str | Slot] = []
        marks: list[Mark] = []
        firsts: dict[_Open, int] = {}
        glue = False  # may the next text join the last piece?
        for item in self._items:
            text = item.literal if isinstance(item, _Open) and not item.matched else item
            if isinstance(text, str):
                if text and glue:
                    pieces[-1] = f"{pieces[-1]}{text}"
                elif text:
                    pieces.append(text)
                    glue = True
                continue
            glue = False
            if isinstance(text, Slot):
                pieces.append(text)
            elif isinstance(text, _Open):
                firsts[text] = len(pieces)
            elif firsts[text.opened] < len(pieces):
                marks.append(Mark(text.opened.kind, firsts[text.opened], len(pieces), text.url))
        return _template(tuple(pieces), tuple(marks))

    def _verbatim(self, source: str) -> None:
        for piece in _pieces(source):
            self._items.append(piece)

    def _mark(self, token: re.Match[str], source: str, waiting: list[_Open]) -> None:
        literal = token["mark"]
        kind = {"**": "bold", "_": "italic"}.get(literal)
        if kind is None:  # a row of underscores is a gap to fill in by hand
            self.text(literal)
            return
        before, after = source[: token.start()][-1:], source[token.end() :][:1]
        inside_word = literal == "_"
        closes = before.strip() and not (inside_word and after.isalnum())
        opens = after.strip() and not (inside_word and before.isalnum())
        partner = next((opened for opened in reversed(waiting) if opened.kind == kind), None)
        if partner is not None and closes:
            del waiting[waiting.index(partner) :]
            self.close(partner)
        elif partner is None and opens:
            waiting.append(self.open(kind, literal))
        else:
            self.text(literal)


def _pieces(source: str) -> tuple[str | Slot, ...]:
    """Text in which placeholders count and nothing else."""
    pieces: list[str | Slot] = []
    position = 0
    for token in _TOKEN.finditer(source):
        if token["name"]:
            if source[position : token.start()]:
                pieces.append(source[position : token.start()])
            pieces.append(Slot(token["name"], token["spec"] or ""))
            position = token.end()
    if source[position:]:
        pieces.append(source[position:])
    return tuple(pieces)


def _template(pieces: tuple[str | Slot, ...], marks: tuple[Mark, ...]) -> Template:
    everything = [*pieces, *(piece for mark in marks for piece in mark.url)]
    slots = tuple(piece for piece in everything if isinstance(piece, Slot))
    template = Template(pieces, marks, slots, None)
    return template if slots else Template(pieces, marks, slots, fill(template, _nothing))


def _nothing(slot: Slot) -> Rich:
    raise AssertionError(f"{slot} has no business in a finished template")


def _entity(kind: str, offset: int, length: int, url: tuple[str | Slot, ...], show: Callable[[Slot], Rich]) -> Entity:
    if kind != "text_link":
        return {"type": kind, "offset": offset, "length": length}
    # A value that is the whole address is one; within an address it can be no more than a part of it.
    parts = [show(piece).text if isinstance(piece, Slot) else piece for piece in url]
    if len(url) > 1:
        parts = [
            quote(part, safe="") if isinstance(piece, Slot) else part for piece, part in zip(url, parts, strict=True)
        ]
    return {"type": kind, "offset": offset, "length": length, "url": "".join(parts)}


def _settled(outer: list[Entity], inner: list[Entity]) -> tuple[Entity, ...]:
    """All entities in Telegram's order, without empty ones and without those that may not stand inside another."""
    kept = [
        entity
        for entity in outer + inner
        if entity["length"] and not any(_forbids(other, entity) for other in outer if other is not entity)
    ]
    kept.sort(key=lambda entity: (entity["offset"], -entity["length"], _NESTING.get(entity["type"], 3)))
    return tuple(kept)


def _forbids(outside: Entity, entity: Entity) -> bool:
    """Telegram: nothing stands in code, no quote in a quote, and in a link only bold and italic."""
    kind = outside["type"]
    if kind in {"bold", "italic"} or (kind == "blockquote" != entity["type"]):
        return False
    if kind == "text_link" and entity["type"] in {"bold", "italic"}:
        return False
    start, end = entity["offset"], entity["offset"] + entity["length"]
    return bool(outside["offset"] <= start and end <= outside["offset"] + outside["length"])
