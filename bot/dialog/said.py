"""Which phrases are said at all: those a script names, those the engine says by itself, and those that Python builds."""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from bot.dialog.loader import Source
from bot.dialog.machine import walk
from bot.dialog.registry import Registry
from bot.dialog.script import Line, Note, Press, Script, State, label_key, phrase_key
from bot.i18n.locales import DEFAULT

ENGINE_PHRASES = (
    "media", "use_buttons", "edited", "stale", "back_to", "no_back", "went_back", "nothing_to_cancel", "cancelled",
    "script_changed", "noted", "went_wrong", "back",
)  # fmt: skip
"""The shared phrases that the engine says by itself."""

OUTSIDE = (
    "common.command.*", "common.bot.*", "common.time.*", "common.export.*", "common.note.*", "common.stranger.*",
)  # fmt: skip
"""What is told to Telegram, shown within a time, stands in a document, or is said in place of a dialog: said by none."""


@dataclass(frozen=True, slots=True)
class Saying:
    """A script says the phrase `key`, in a message, on a button or for the clipboard; `line` is the script's."""

    key: str
    line: int
    role: Literal["message", "label", "copy"]


def sayings(script: Script, source: Source, registry: Registry) -> Iterator[Saying]:
    """Every phrase that the script may say."""
    for line, part in walk(script):
        if isinstance(part, Line):
            yield Saying(phrase_key(script.dialog, part.say), line, "message")
    places: tuple[tuple[str, State | Note], ...] = (*script.states.items(), *script.notes.items())
    for place, shown in places:
        for press in (press for row in shown.buttons for press in row):
            yield from _of_button(script, place, press)
    for place, state in script.states.items():
        if state.pick is not None:
            labels = state.pick.labels or place
            for option in options(state.pick.source, source, registry):
                yield Saying(phrase_key(script.dialog, f"{labels}.{option}"), state.pick.line or state.line, "label")


def options(name: str, source: Source, registry: Registry) -> tuple[str, ...]:
    """Every option that the list `name` may offer: a registered one, or with `/` in front the keys of a bank."""
    if name.startswith("/"):
        prefix = f"{name[1:]}."
        locales = sorted(source.words, key=lambda locale: (locale != DEFAULT, locale))
        keys = (key for locale in locales for key in source.words[locale] if key.startswith(prefix))
        return tuple(dict.fromkeys(key.removeprefix(prefix) for key in keys))
    return registry.lists[name].options if name in registry.lists else ()


def built(registry: Registry) -> frozenset[str]:
    """
    The keys of phrases that vocabularies build; `*` stands for what is only known in a conversation.

    Read from the source of every module that registers a word: `Phrase("common.shown.off")` says that phrase, and
    `Phrase(f"common.shown.{role}")` may say any that begin so. So a key that Python says is written where it is said.
    """
    modules = {word.function.__module__ for shelf in registry.shelves() for word in shelf.values()}
    return frozenset(key for module in modules for key in _built_in(module))


def names(keys: frozenset[str]) -> re.Pattern[str]:
    """A pattern that matches any of the keys, whose `*` stands for anything."""
    return re.compile("|".join(re.escape(key).replace(r"\*", ".*") for key in sorted(keys)) or r"(?!)")


def _of_button(script: Script, place: str, press: Press) -> Iterator[Saying]:
    yield Saying(label_key(script.dialog, place, press.press), press.line, "label")
    if press.copies:
        yield Saying(phrase_key(script.dialog, press.copies), press.line, "copy")


@cache
def _built_in(module: str) -> frozenset[str]:
    file = getattr(sys.modules.get(module), "__file__", None)
    if not file or Path(file).suffix != ".py":
        return frozenset()
    calls = (node for node in ast.walk(ast.parse(Path(file).read_bytes())) if isinstance(node, ast.Call) and node.args)
    named = (call.args[0] for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Phrase")
    return frozenset(key for argument in named if (key := _key(argument)))


def _key(argument: ast.expr) -> str:
    match argument:
        case ast.Constant(value=str(key)):
            return key
        case ast.JoinedStr(values=parts):
            return "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in parts)
        case _:
            return ""
