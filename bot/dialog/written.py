"""YAML as a person wrote it: read by the rules of YAML 1.2, each shape with the line it stands on."""

import re
from collections.abc import Iterable
from typing import Any

from bot.core.errors import ScriptError


class Unreadable(ScriptError):  # noqa: N818 - reads as a sentence where it is raised
    """A file is no YAML; `line` is where its writer has to look."""

    def __init__(self, line: int, detail: str) -> None:
        super().__init__(detail)
        self.line = line
        self.detail = detail


def read(content: bytes) -> Any:
    """The content as ruamel's values, which know their lines. Raises Unreadable."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        # YAML 1.2 on purpose: `no` stays a word and `22:30` a time, and a key written twice is an error.
        return YAML().load(content)
    except MarkedYAMLError as broken:
        # What is never closed is noticed far below; the place to mend is where it was opened.
        unclosed = "quoted" in (broken.context or "") or "flow" in (broken.context or "")
        mark = broken.context_mark if unclosed else broken.problem_mark
        raise Unreadable(mark.line + 1 if mark else 1, _in_plain_words(broken)) from None
    except (YAMLError, UnicodeDecodeError):
        raise Unreadable(1, "a character that does not belong into a text file; save it as UTF-8") from None


def shape(value: Any, *, line: int = 0, named: bool = False) -> Any:
    """
    The value as plain Python, every shape and every phrase said with the `line` it stands on.

    `line` is known where the shape has a name above it. `named`: a mapping from names the writer chose to shapes, no shape
    itself.
    """
    if isinstance(value, dict):
        plain: dict[str, Any] = {}
        for key, item in value.items():
            at = line_of_key(value, key)
            if named:
                plain[str(key)] = shape(item, line=at)
            elif key in _ARGUMENTS:
                plain[str(key)] = plainly(item)
            elif key == "say":
                plain["say"] = _said(item, at)
            else:
                plain[str(key)] = shape(item, line=at, named=key in _NAMED)
        return plain if named else {**plain, "line": line or _begins(value)}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return plainly(value)


def plainly(value: Any) -> Any:
    """The value without what ruamel adds to it."""
    match value:
        case dict():
            return {str(key): plainly(item) for key, item in value.items()}
        case list():
            return [plainly(item) for item in value]
        case bool() | None:
            return value
        case int():
            return int(value)
        case float():
            return float(value)
        case _:
            return str(value)


def line_of_key(data: Any, key: Any) -> int:
    """The line on which `key` of the mapping stands."""
    return int(data.lc.key(key)[0]) + 1


def line_of_item(data: Any, n: int) -> int:
    """The line on which the `n`th item of the list begins."""
    return int(data.lc.item(n)[0]) + 1


def line_of(data: Any, location: Iterable[int | str]) -> int:
    """The line of the innermost part of `location` that was written at all."""
    line = 1
    for part in location:
        if part == 0 and not isinstance(data, list):  # a list of one may be written without its dash
            continue
        if isinstance(data, dict) and part in data:
            line = line_of_key(data, part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            line = line_of_item(data, part)
        else:
            break
        data = data[part]
    return line


def purpose(content: bytes) -> str:
    """The comment on the first line, without its mark."""
    first = content.decode("utf-8", "replace").partition("\n")[0].strip()
    return first.lstrip("# ").strip() if first.startswith("#") else ""


_NAMED = {"states", "notes", "on", "after", "renamed"}
_ARGUMENTS = {"when", "unless", "do", "keep", "command"}


def _said(value: Any, line: int) -> Any:
    match value:
        case str():
            return {"say": str(value), "line": line}
        case dict():
            return {**plainly(value), "line": _begins(value)}
        case list():
            return [_said(item, line_of_item(value, n)) for n, item in enumerate(value)]
        case _:
            return plainly(value)


def _begins(mapping: Any) -> int:
    return int(mapping.lc.line) + 1


def _in_plain_words(broken: Any) -> str:
    """What ruamel found, for somebody who does not know how YAML is parsed."""
    context, problem = broken.context or "", broken.problem or "it cannot be read"
    if key := re.match(r'found duplicate key "(.+?)" with', problem):
        return f"`{key[1]}` is written twice"
    for sign, words in _PLAIN_WORDS:
        if re.search(sign, f"{context}: {problem}"):
            return words
    return str(problem)


_PLAIN_WORDS = (
    (r"quoted scalar", "this quotation mark is never closed"),
    (r"flow (mapping|sequence).*stream end", "this bracket is never closed"),
    (r"flow (mapping|sequence)", "a bracket is not closed, or a comma is missing between two parts"),
    (r"mapping values are not allowed", "a colon within a text; put the whole text in quotation marks"),
    (r"sequence entries are not allowed", "a dash within a line; a list begins on a line of its own"),
    (r"found character '\\t'|found character '\t'", "a tab; indent with spaces"),
    (r"found character '(.)'", "a text may not begin with this sign; put the whole text in quotation marks"),
    (r"<scalar>", "words after a closing quotation mark or bracket; put the whole text in quotation marks"),
    (r"expected <block end>", "this line is not indented like its neighbours"),
    (r"could not find expected ':'", "a line without a colon; a text over several lines begins with `>-`"),
    (r"undefined alias", "a text may not begin with a star; put the whole text in quotation marks"),
)
