"""Reads text with parse_mode MarkdownV2 (and the old Markdown) the way Telegram does, with its complaints."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bot.simulator.errors import bad_request
from bot.simulator.links import checked_link, linked_user
from bot.simulator.moments import date_format

Parsed = tuple[str, list[dict[str, Any]]]


def parse_markdown_v2(text: str) -> Parsed:
    """Plain text and entities.

    Raises:
        ApiError: 400 "can't parse entities: …".
    """
    return _Reader(text).read()


def parse_markdown(text: str) -> Parsed:
    """The old Markdown: bold, italic, code, pre and links, not nested.

    Raises:
        ApiError: 400 "can't parse entities: …".
    """
    out: list[str] = []
    entities: list[dict[str, Any]] = []
    at = 0
    while at < len(text):
        character = text[at]
        if character == "\\" and text[at + 1 : at + 2] in {"_", "*", "`", "["}:
            out.append(text[at + 1])
            at += 2
        elif character in "_*`[":
            at = _old_entity(text, at, out, entities)
        else:
            out.append(character)
            at += 1
    return "".join(out), entities


_TYPES = {
    "Bold": "bold",
    "Italic": "italic",
    "Underline": "underline",
    "Strikethrough": "strikethrough",
    "Spoiler": "spoiler",
    "Code": "code",
    "Pre": "pre",
    "PreCode": "pre",
    "TextUrl": "text_link",
    "CustomEmoji": "custom_emoji",
    "BlockQuote": "blockquote",
}
_MARKS = (
    ("**>", "BlockQuote"),  # opens a quote anew
    (">", "BlockQuote"),
    ("__", "Underline"),
    ("_", "Italic"),
    ("*", "Bold"),
    ("~", "Strikethrough"),
    ("||", "Spoiler"),
    ("```", "Pre"),
    ("`", "Code"),
    ("![", "CustomEmoji"),
    ("[", "TextUrl"),
)
_RESERVED = set("_*[]()~`>#+-=|{}.!\n")
_CODE = {"Code", "Pre", "PreCode"}


@dataclass(slots=True)
class _Open:
    kind: str
    language: str
    offset: int
    at: int
    text_begin: int


class _Reader:
    """One pass with a stack of open entities, as in the reference implementation."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.out: list[str] = []
        self.offset = 0
        self.nested: list[_Open] = []
        self.entities: list[dict[str, Any]] = []
        self.in_quote = False

    def read(self) -> Parsed:
        while self.at < len(self.text):
            character = self.text[self.at]
            following = self._peek(1)
            reserved = {"`"} if self.nested and self.nested[-1].kind in _CODE else _RESERVED
            if character == "\\" and following and ord(following) <= 126:  # noqa: PLR2004  ASCII may be escaped
                self._put(following)
                self.at += 2
            elif character not in reserved:
                self._put(character)
                self.at += 1
            elif self._ends_here(character):
                self._end(character)
            else:
                self._begin(character)
        if self.in_quote and self.nested and self.nested[-1].kind == "BlockQuote":
            self._close_quote("blockquote")
        if self.nested:
            raise self._no_end(self.nested[-1])
        return "".join(self.out), self.entities

    def _peek(self, ahead: int) -> str:
        return self.text[self.at + ahead : self.at + ahead + 1]

    def _put(self, character: str) -> None:
        self.out.append(character)
        self.offset += 2 if character > "\uffff" else 1

    def _byte(self, at: int) -> int:
        return len(self.text[:at].encode())

    def _no_end(self, opened: _Open) -> Exception:
        return _broken(f"Can't find end of {opened.kind} entity at byte offset {self._byte(opened.at)}")

    def _ends_here(self, character: str) -> bool:
        if not self.nested:
            return False
        following = self._peek(1)
        if self.in_quote and character == "\n" and following != ">":
            return True
        if self.in_quote and self.nested[-1].kind == "BlockQuote":
            return self.text[self.at : self.at + 2] == "||" and self._peek(2) in {"", "\n"}
        ends = {
            "Bold": character == "*",
            "Italic": character == "_" and following != "_",
            "Underline": character == "_" and following == "_",
            "Strikethrough": character == "~",
            "Spoiler": character == "|" and following == "|",
            "Code": character == "`",
            "Pre": self.text[self.at : self.at + 3] == "```",
            "PreCode": self.text[self.at : self.at + 3] == "```",
            "TextUrl": character == "]",
            "CustomEmoji": character == "]",
        }
        return ends.get(self.nested[-1].kind, False)

    def _begin(self, character: str) -> None:
        if character == "\n":
            self._new_line()
            return
        at, language = self.at, ""
        kind, width = self._opening(character)
        self.at += width
        if kind == "Pre":
            kind, language = self._pre_language(at)
        self.in_quote = self.in_quote or kind == "BlockQuote"
        self.nested.append(_Open(kind, language, self.offset, at, len(self.out)))

    def _opening(self, character: str) -> tuple[str, int]:
        """Which entity begins here and how many characters its mark has."""
        at_line_start = self.at == 0 or self.text[self.at - 1] == "\n"
        for mark, kind in _MARKS:
            if self.text.startswith(mark, self.at) and (kind != "BlockQuote" or at_line_start):
                return kind, len(mark)
        raise _broken(f"Character '{character}' is reserved and must be escaped with the preceding '\\'")

    def _new_line(self) -> None:
        self._put("\n")
        self.at += 1
        if self.text[self.at : self.at + 1] == ">":
            if not self.in_quote:
                self.in_quote = True
                self.nested.append(_Open("BlockQuote", "", self.offset, self.at, len(self.out)))
            self.at += 1

    def _pre_language(self, at: int) -> tuple[str, str]:
        self.at = at + 3
        found = re.compile(r"[^\s`]*").match(self.text, self.at)
        end = found.end() if found else self.at
        kind, language = "Pre", ""
        if end != self.at and end < len(self.text) and self.text[end] != "`":
            kind, language = "PreCode", self.text[self.at : end]
            self.at = end
        for break_ in ("\r\n", "\n\r", "\n", "\r"):
            if self.text.startswith(break_, self.at):
                self.at += len(break_)
                break
        return kind, language

    def _end(self, character: str) -> None:
        opened = self.nested[-1]
        if character == "\n" and opened.kind != "BlockQuote":
            raise self._no_end(opened)
        if opened.kind == "BlockQuote":
            if character == "\n":
                self._put("\n")
                self.at += 1
                self._close_quote("blockquote")
            else:
                self.at += 2
                self._close_quote("expandable_blockquote")
            return
        self.nested.pop()
        self.at += {"Underline": 2, "Spoiler": 2, "Pre": 3, "PreCode": 3}.get(opened.kind, 1)
        length = self.offset - opened.offset
        entity: dict[str, Any] = {"type": _TYPES[opened.kind], "offset": opened.offset, "length": length}
        if opened.language:
            entity["language"] = opened.language
        if opened.kind == "TextUrl":
            self._link(entity, opened)
        elif opened.kind == "CustomEmoji":
            self._emoji(entity)
        if length and entity["type"]:
            self.entities.append(entity)

    def _close_quote(self, kind: str) -> None:
        opened = self.nested.pop()
        self.in_quote = False
        if self.offset > opened.offset:
            self.entities.append({"type": kind, "offset": opened.offset, "length": self.offset - opened.offset})

    def _address(self, complaint: str) -> str:
        """The (…) after a ], with its escapes undone."""
        self.at += 1
        begin = self.at
        found: list[str] = []
        while self.at < len(self.text) and self.text[self.at] != ")":
            if self.text[self.at] == "\\" and self._peek(1):
                self.at += 1
            found.append(self.text[self.at])
            self.at += 1
        if self.at >= len(self.text):
            raise _broken(f"Can't find end of {complaint} at byte offset {self._byte(begin)}")
        self.at += 1
        return "".join(found)

    def _link(self, entity: dict[str, Any], opened: _Open) -> None:
        has_address = self.text[self.at : self.at + 1] == "("
        target = self._address("a URL") if has_address else "".join(self.out[opened.text_begin :])
        user = linked_user(target)
        if user is not None:
            entity |= {"type": "text_mention", "user": {"id": user}}
            return
        url = checked_link(target)
        entity |= {"type": "text_link" if url else None, "url": url}

    def _emoji(self, entity: dict[str, Any]) -> None:
        if self.text[self.at : self.at + 1] != "(":
            raise _broken("Custom emoji entity must contain a tg://emoji URL")
        address = urlsplit(self._address("a custom emoji URL"))
        given = {name: values[-1] for name, values in parse_qs(address.query).items()}
        if address.netloc == "emoji" and re.fullmatch(r"\d{1,19}", given.get("id", "")):
            entity["custom_emoji_id"] = given["id"]
            return
        unix = given.get("unix", "")
        if address.netloc != "time" or not re.fullmatch(r"\d{1,10}", unix) or int(unix) == 0:
            raise _broken("Invalid tg://emoji or tg://time URL specified")
        shape = date_format(given.get("format", ""), shorter=True)
        if shape is None:
            raise _broken("Invalid date format used")
        entity |= {"type": "date_time", "unix_time": int(unix), "date_time_format": shape}


def _old_entity(text: str, at: int, out: list[str], entities: list[dict[str, Any]]) -> int:
    character = text[at]
    mark = "```" if text.startswith("```", at) else "]" if character == "[" else character
    begin = at + (3 if mark == "```" else 1)
    end = text.find(mark, begin)
    if end < 0:
        raise _broken(f"Can't find end of the entity starting at byte offset {len(text[:at].encode())}")
    inner = text[begin:end]
    kind: str | None = {"*": "bold", "_": "italic", "`": "code", "```": "pre", "]": "text_link"}[mark]
    entity: dict[str, Any] = {"type": kind, "offset": _units(out), "length": _units([inner])}
    after = end + len(mark)
    if mark == "]":
        close = text.find(")", after) if text.startswith("(", after) else -1
        target = text[after + 1 : close] if close >= 0 else inner
        after = close + 1 if close >= 0 else after
        user, url = linked_user(target), checked_link(target)
        entity |= {"type": "text_mention", "user": {"id": user}} if user else {"type": "text_link", "url": url}
        kind = entity["type"] if user or url else None
    if inner and kind:
        entities.append(entity)
    out.append(inner)
    return after


def _units(parts: list[str]) -> int:
    return sum(2 if character > "\uffff" else 1 for each in parts for character in each)


def _broken(reason: str) -> Exception:
    return bad_request(f"can't parse entities: {reason}")
