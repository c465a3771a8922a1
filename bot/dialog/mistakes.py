"""Say what is wrong with a shape in the words of those who write dialogs, not of the library that checked it."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from bot.dialog import script, written


def explained(data: Any, wrong: ValidationError) -> Iterator[tuple[int, str]]:
    """Each mistake once, with its line in `data` (as `written.read` gave it)."""
    told: set[tuple[int, str]] = set()
    for error in wrong.errors():
        mistake = written.line_of(data, error["loc"]), _sentence(error)
        if mistake not in told:
            told.add(mistake)
            yield mistake


def _sentence(error: Mapping[str, Any]) -> str:
    place, name = _place(error["loc"]), str(error["loc"][-1]) if error["loc"] else ""
    given, context = error.get("input"), error.get("ctx", {})
    match error["type"]:
        case "extra_forbidden":
            near = get_close_matches(name, sorted(_words()), 1)
            return f"{place}: `{name}` does not belong here" + (
                f"; did you mean `{near[0]}`?" if near and near[0] != name else ""
            )
        case "missing":
            return f"{place}: `{name}` is missing"
        case "string_type":
            return f"{place}: {_shown(given)} is no text; put it in quotation marks"
        case "bool_type" | "bool_parsing":
            return f"{place}: write `true` or `false`"
        case "int_type" | "int_parsing" | "int_from_float":
            return f"{place}: write a whole number"
        case "literal_error":
            return f"{place}: write {context.get('expected', '')}".replace("'", "`")
        case "tuple_type" if "buttons" in error["loc"]:
            return f"{place}: buttons stand in rows, so there are two dashes: `- - {{press: …}}`"
        case "tuple_type":
            return f"{place}: write a list"
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"{place}: {_shown(given)} stands where `name: value` is expected"
        case "value_error":
            return f"{place}: {context.get('error', error['msg'])}"
        case _:
            return f"{place}: {error['msg']}"


def _place(location: tuple[int | str, ...]) -> str:
    """`rate.scale` for the location of something within that scale; a list's numbers tell a writer nothing."""
    names = [str(part) for part in location if isinstance(part, str) and part != "states"]
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
    shapes = [item for item in vars(script).values() if isinstance(item, type) and issubclass(item, BaseModel)]
    hidden = {"line", "file", "hash", "purpose", "name", "arguments"}
    return frozenset(
        field.alias or name for item in shapes for name, field in item.model_fields.items() if name not in hidden
    )
