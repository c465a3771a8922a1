"""Which slots a script fills, and which its guards ask about."""

from collections.abc import Iterator

from bot.dialog.machine import walk
from bot.dialog.registry import Registry
from bot.dialog.script import Call, Script

_BY_NAME = {"has"}
"""Guards whose argument is a slot's name, or several."""

_BY_KEY = {"is", "at_least", "at_most"}
"""Guards whose arguments are named like slots."""


def kept_slots(script: Script, registry: Registry) -> frozenset[str]:
    """Every slot that some part of the script sets."""
    kept: set[str] = {"ref"}
    for _, part in walk(script):
        keep = getattr(part, "keep", None)
        if isinstance(keep, str):
            kept |= {keep, f"{keep}_word"}
        if isinstance(part, Call) and part.name in registry.actions:
            kept |= registry.actions[part.name].sets
            kept |= set(part.arguments) if part.name == "keep" else set()
            kept |= {str(part.arguments.get("value"))} if part.name == "keep_text" else set()
    return frozenset(kept)


def asked_slots(script: Script) -> Iterator[tuple[int, str]]:
    """Every slot that a guard asks about, with its line."""
    for line, part in walk(script):
        for call in (*getattr(part, "when", ()), *getattr(part, "unless", ())):
            if call.name in _BY_KEY:
                yield from ((line, name) for name in call.arguments)
            elif call.name in _BY_NAME:
                value = call.arguments.get("value")
                yield from ((line, str(name)) for name in (value if isinstance(value, list) else [value]))
