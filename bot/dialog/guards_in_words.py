"""Say a step's guards as a person would: "if they agreed, and it is 8 or more"."""

from typing import Any

from bot.dialog.registry import Registry
from bot.dialog.script import Call, Line, Step


def condition(step: Step | Line, registry: Registry) -> str:
    """When the step is taken: "if …, and …"; nothing if it has no guards."""
    holds = [_said(call, registry) for call in step.when]
    fails = [f"not: {_said(call, registry)}" for call in step.unless]
    return f"if {', and '.join(holds + fails)}" if holds or fails else ""


def deed(call: Call, registry: Registry) -> str:
    """What an action does, in the first words of its description."""
    if call.name == "keep":
        return "keeps " + ", ".join(f"{name} = {_value(value)}" for name, value in call.arguments.items())
    if call.name == "open":
        return f"opens /{call.arguments.get('value')}"
    word = registry.actions.get(call.name)
    told = _first_sentence(word.function.__doc__) if word else call.name
    return f"{told[:1].lower()}{told[1:]}{_with(call)}"


def meaning(call: Call, registry: Registry) -> str:
    """What a guard or an action is described as."""
    word = registry.guards.get(call.name) or registry.actions.get(call.name)
    return _first_sentence(word.function.__doc__) if word else call.name


_BY_VALUE = {
    "has": "{0} is known",
    "is_role": "their role is {0}",
    "longer_than": "it is longer than {0} characters",
    "asked_with": "they came by /{0}",
}
_BY_SLOT = {
    "is": "{0} is {1}",
    "at_least": "{0} is {1} or more",
    "at_most": "{0} is {1} or less",
    "done_today": "{0} was done {1} times or more today",
}


def _said(call: Call, registry: Registry) -> str:
    if call.name in _BY_VALUE and "value" in call.arguments:
        return _BY_VALUE[call.name].format(_value(call.arguments["value"]))
    if call.name in _BY_SLOT:
        return ", and ".join(_BY_SLOT[call.name].format(slot, _value(to)) for slot, to in call.arguments.items())
    told = meaning(call, registry)
    return told.removeprefix("Whether ").strip() + _with(call)


def _with(call: Call) -> str:
    shown = [_value(value) if name == "value" else f"{name} {_value(value)}" for name, value in call.arguments.items()]
    return f" ({', '.join(shown)})" if shown else ""


def _value(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return " or ".join(map(_value, value))
        case _:
            return str(value)


def _first_sentence(text: str | None) -> str:
    words = " ".join((text or "").split("\n\n")[0].split())
    return words.partition(". ")[0].partition(": `")[0].removesuffix(".")
