"""Reads text with parse_mode HTML the way Telegram does, down to the byte offsets in its complaints."""

import re
import sys
from dataclasses import dataclass
from typing import Any

from bot.simulator.errors import bad_request
from bot.simulator.links import checked_link, linked_user
from bot.simulator.moments import date_format

Parsed = tuple[str, list[dict[str, Any]]]


def parse_html(text: str) -> Parsed:
    """Plain text and entities.

    Raises:
        ApiError: 400 "can't parse entities: …".
    """
    return _HtmlReader(text).read()


_NAMES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
    "tg-time": "date_time",
}
_SPACE = " \t\r\n\0\x0b"
_REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]*)|#([0-9]*)|([A-Za-z]*));?")
_LITERALS = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_LONGEST_REFERENCE = 10


@dataclass(slots=True)
class _Open:
    tag: str
    attributes: dict[str, str]
    offset: int
    text_begin: int


class _HtmlReader:
    def __init__(self, raw: str) -> None:
        self.raw = raw
        self.at = 0
        self.out: list[str] = []
        self.offset = 0
        self.nested: list[_Open] = []
        self.entities: list[dict[str, Any]] = []

    def read(self) -> Parsed:
        while self.at < len(self.raw):
            character = self.raw[self.at]
            if character == "&":
                self._put(self._reference())
            elif character != "<":
                self._put(character)
                self.at += 1
            elif self.raw.startswith("</", self.at):
                self._end_tag()
            else:
                self._start_tag()
        if self.nested:
            raise _broken(f'Can\'t find end tag corresponding to start tag "{self.nested[-1].tag}"')
        for entity in self.entities:
            if entity["type"] == "code":
                entity.pop("language", None)
        return "".join(self.out), self.entities

    def _put(self, character: str) -> None:
        self.out.append(character)
        self.offset += 2 if character > "\uffff" else 1

    def _reference(self) -> str:
        """A character reference, or just the ampersand if it is none."""
        found = _REFERENCE.match(self.raw, self.at)
        character = None
        if found is not None:
            hexadecimal, decimal, name = found.groups()
            if name is not None:
                character = _LITERALS.get(name)
            else:
                code = int(hexadecimal, 16) if hexadecimal else int(decimal or 0)
                if 0 < code < sys.maxunicode and len(found[0]) <= _LONGEST_REFERENCE:
                    character = chr(code)
        if character is None or found is None:
            self.at += 1
            return "&"
        if "\ud800" <= character <= "\udfff":
            raise _broken("Text contains invalid Unicode characters after decoding HTML entities")
        self.at = found.end()
        return character

    def _peek(self) -> str:
        return self.raw[self.at : self.at + 1]

    def _byte(self, at: int) -> int:
        return len(self.raw[:at].encode())

    def _skip_space(self) -> None:
        while self._peek() and self._peek() in _SPACE:
            self.at += 1

    def _until(self, ends: str) -> str:
        begin = self.at
        while self._peek() and self._peek() not in ends:
            self.at += 1
        return self.raw[begin : self.at]

    def _start_tag(self) -> None:
        begin = self.at
        self.at += 1
        tag = self._until(_SPACE + ">").lower()
        if not self._peek():
            raise _broken(f"Unclosed start tag at byte offset {self._byte(begin)}")
        if tag not in _NAMES:
            raise _broken(f'Unsupported start tag "{tag}" at byte offset {self._byte(begin)}')
        attributes: dict[str, str] = {}
        while self._peek() != ">":
            self._skip_space()
            if self._peek() == ">":
                break
            self._attribute(tag, begin, attributes)
        self.at += 1
        if tag == "span" and attributes.get("class") != "tg-spoiler":
            raise _broken(f'Tag "span" must have class "tg-spoiler" at byte offset {self._byte(begin)}')
        self.nested.append(_Open(tag, attributes, self.offset, len(self.out)))

    def _attribute(self, tag: str, begin: int, attributes: dict[str, str]) -> None:
        name = self._until(_SPACE + "=>")
        if not name:
            raise _broken(f'Empty attribute name in the tag "{tag}" at byte offset {self._byte(begin)}')
        self._skip_space()
        if self._peek() != "=":
            if tag == "blockquote" and name == "expandable":
                attributes[name] = ""
                return
            raise _broken(
                f'Expected equal sign in declaration of an attribute of the tag "{tag}" at byte offset {self._byte(begin)}'
            )
        self.at += 1
        self._skip_space()
        if not self._peek():
            raise _broken(f'Unclosed start tag "{tag}" at byte offset {self._byte(begin)}')
        attributes[name] = self._attribute_value(begin)

    def _attribute_value(self, begin: int) -> str:
        quote = self._peek()
        if quote not in {"'", '"'}:
            token_begin = self.at
            token = self._until(_SPACE + ">")
            if not re.fullmatch(r"[A-Za-z0-9.-]*", token):
                raise _broken(f"Unexpected end of name token at byte offset {self._byte(token_begin)}")
            value = token.lower()
        else:
            self.at += 1
            collected: list[str] = []
            while self._peek() and self._peek() != quote:
                if self._peek() == "&":
                    collected.append(self._reference())
                else:
                    collected.append(self._peek())
                    self.at += 1
            value = "".join(collected)
            self.at += 1
        if not self._peek():
            raise _broken(f"Unclosed start tag at byte offset {self._byte(begin)}")
        return value

    def _end_tag(self) -> None:
        begin = self.at
        if not self.nested:
            raise _broken(f"Unexpected end tag at byte offset {self._byte(begin)}")
        self.at += 2
        tag = self._until(_SPACE + ">").lower()
        self._skip_space()
        if self._peek() != ">":
            raise _broken(f"Unclosed end tag at byte offset {self._byte(begin)}")
        self.at += 1
        opened = self.nested.pop()
        if tag and tag != opened.tag:
            raise _broken(
                f'Unmatched end tag at byte offset {self._byte(begin)}, expected "</{opened.tag}>", found "</{tag}>"'
            )
        if self.offset > opened.offset:
            self._add(opened)

    def _add(self, opened: _Open) -> None:
        length = self.offset - opened.offset
        entity: dict[str, Any] = {"type": _NAMES[opened.tag], "offset": opened.offset, "length": length}
        given = opened.attributes
        match opened.tag:
            case "a":
                _link(entity, given.get("href") or "".join(self.out[opened.text_begin :]))
            case "tg-emoji":
                entity["custom_emoji_id"] = _emoji_id(given.get("emoji-id", ""))
            case "tg-time":
                entity |= _moment(given)
            case "blockquote" if "expandable" in given:
                entity["type"] = "expandable_blockquote"
            case "pre" | "code":
                if self._merged_code(opened.tag, entity, given):
                    return
        if entity["type"] is not None:
            self.entities.append(entity)

    def _merged_code(self, tag: str, entity: dict[str, Any], given: dict[str, str]) -> bool:
        """<pre><code class="language-x"> and the reverse nesting are one entity."""
        language = given.get("class", "").removeprefix("language-") if "language-" in given.get("class", "") else ""
        last = self.entities[-1] if self.entities else {}
        same = last.get("offset") == entity["offset"] and last.get("length") == entity["length"]
        if tag == "pre" and same and last["type"] == "code" and last.get("language"):
            last["type"] = "pre"
            return True
        if tag == "code" and same and last["type"] == "pre" and language:
            last["language"] = language
            return True
        if tag == "code" and language:
            entity["language"] = language
        return False


def _link(entity: dict[str, Any], target: str) -> None:
    user = linked_user(target)
    if user is not None:
        entity |= {"type": "text_mention", "user": {"id": user}}
        return
    url = checked_link(target)
    entity |= {"type": "text_link" if url else None, "url": url}


def _emoji_id(text: str) -> str:
    if not re.fullmatch(r"-?\d{1,19}", text) or not 0 < int(text) < 2**63:
        raise _broken("Invalid custom emoji identifier specified")
    return text


def _moment(given: dict[str, str]) -> dict[str, Any]:
    unix = given.get("unix", "")
    if not re.fullmatch(r"\d{1,10}", unix) or int(unix) == 0:
        raise _broken("Invalid date specified")
    shape = date_format(given.get("format", ""), shorter=True)
    if shape is None:
        raise _broken("Invalid date format used")
    return {"unix_time": int(unix), "date_time_format": shape}


def _broken(reason: str) -> Exception:
    return bad_request(f"can't parse entities: {reason}")
