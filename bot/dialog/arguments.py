"""What a guard or an action takes: as a line to show to writers, and as a check of what they wrote."""

import inspect
from types import UnionType
from typing import Any, get_args, get_origin

from bot.dialog.registry import Word
from bot.dialog.script import Call

_WORD_OF = {int: "number", str: "text", bool: "true or false", list: "list"}


def usage(name: str, word: Word) -> str:
    """How the word is written in a script: `has: <text>`, `set_quiet: {start: <text>, end: <text>}`."""
    takes = _parameters(word)
    if not takes:
        return name
    if set(takes) == {"value"}:
        return f"{name}: <{_kind(takes['value'])}>"
    shown = (
        f"<name>: <{_kind(parameter)}>, …"
        if parameter.kind is parameter.VAR_KEYWORD
        else f"{parameter.name}: <{_kind(parameter)}>"
        for parameter in takes.values()
    )
    return f"{name}: {{{', '.join(shown)}}}"


def misfit(word: Word, call: Call) -> str:
    """How the word is to be written, if the arguments of `call` do not fit it; else nothing."""
    given: dict[str, Any] = dict(call.arguments)
    value = [given.pop("value")] if set(given) == {"value"} else []
    try:
        bound = inspect.signature(word.function).bind(None, *value, **given).arguments
    except TypeError:
        return usage(call.name, word)
    takes = _parameters(word)
    fits = all(
        all(map(_fits(takes[name]), item.values()))
        if takes[name].kind is inspect.Parameter.VAR_KEYWORD
        else _fits(takes[name])(item)
        for name, item in bound.items()
        if name in takes
    )
    return "" if fits else usage(call.name, word)


def _parameters(word: Word) -> dict[str, inspect.Parameter]:
    """All but the turn."""
    return dict(list(inspect.signature(word.function).parameters.items())[1:])


def _types(parameter: inspect.Parameter) -> tuple[type, ...]:
    """The types a value may have; none if any will do."""
    annotation = parameter.annotation
    options = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
    return tuple(kind for kind in (get_origin(option) or option for option in options) if kind in _WORD_OF)


def _kind(parameter: inspect.Parameter) -> str:
    return " or ".join(_WORD_OF[kind] for kind in _types(parameter)) or "anything"


def _fits(parameter: inspect.Parameter) -> Any:
    types = _types(parameter)
    return lambda value: not types or isinstance(value, types)
