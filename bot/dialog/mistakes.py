"""Say what is wrong with a shape in the words of those who write dialogs, not of the library that checked it."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

from pydantic import ValidationError
from pydantic.dataclasses import is_pydantic_dataclass

from bot.dialog import script, written


def explained(data: Any, wrong: ValidationError) -> Iterator[tuple[int, str]]:
    """Each mistake once, with its line in `data` (as `written.read` gave it), from the first line to the last."""
    told = dict.fromkeys((written.line_of(data, error["loc"]), _sentence(error)) for error in wrong.errors())
    yield from sorted(told, key=lambda mistake: mistake[0])


def _sentence(error: Mapping[str, Any]) -> str:
    place, around, name = _place(error["loc"]), _place(error["loc"][:-1]), str(error["loc"][-1]) if error["loc"] else ""
    if error["type"] == "missing":
        return f"{around}: `{name}` is missing"
    if error["type"] == "unexpected_keyword_argument":
        near = [word for word in get_close_matches(name, sorted(_words()), 1) if word != name]
        return f"{around}: `{name}` does not belong here" + (f"; did you mean `{near[0]}`?" if near else "")
    if error["type"] == "tuple_type" and "buttons" in error["loc"]:
        return f"{place}: buttons stand in rows, so there are two dashes: `- - {{press: …}}`"
    context = error.get("ctx", {})
    words: str = _SENTENCES.get(error["type"]) or error["msg"].replace("{", "{{").replace("}", "}}")
    return f"{place}: " + words.format(
        given=_shown(error.get("input")),
        expected=str(context.get("expected", "")).replace("'", "`"),
        error=context.get("error", ""),
    )


_MAPPING = "{given} stands where `name: value` is expected"
_SENTENCES = {
    "string_type": "{given} is no text; put it in quotation marks",
    "string_pattern_mismatch": "{given} is no name; use small letters, digits and _",
    "bool_type": "write `true` or `false`",
    "bool_parsing": "write `true` or `false`",
    "int_type": "write a whole number",
    "int_parsing": "write a whole number",
    "int_from_float": "write a whole number",
    "literal_error": "write {expected}",
    "tuple_type": "write a list",
    "dataclass_type": _MAPPING,
    "dict_type": _MAPPING,
    "value_error": "{error}",
}


def _place(location: tuple[int | str, ...]) -> str:
    """`rate.scale` for the location of something within that scale; a list's numbers tell a writer nothing."""
    names = [str(part) for part in location if isinstance(part, str) and part not in {"states", "[key]"}]
    return ".".join(names) or "the dialog"


def _shown(given: Any) -> str:
    match given:
        case None:
            return "nothing"
        case bool():
            return f"`{str(given).lower()}`"
        case str() | int() | float():
            return f"`{given}`"
        case _:
            return "this"


@cache
def _words() -> frozenset[str]:
    """Every word that the shapes know, as it is written in YAML."""
    shapes: list[Any] = [
        item for item in vars(script).values() if isinstance(item, type) and is_pydantic_dataclass(item)
    ]
    hidden = {"line", "file", "hash", "purpose", "name", "arguments"}
    return frozenset(
        field.alias or name for item in shapes for name, field in item.__pydantic_fields__.items() if name not in hidden
    )
