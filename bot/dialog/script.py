"""
A dialog as its author wrote it, checked for shape: plain frozen values, no behaviour.

The JSON schema for editors is generated from these models; the words for people stand in `dialogs/README.md`.
"""

from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, model_validator
from pydantic.dataclasses import dataclass

BEGIN = "@begin"
"""Where a machine stands before the dialog has begun."""

END = "end"
"""The word for going out of a dialog."""


Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*$")]
"""What dialogs, states and buttons are called: it goes into callback data and file names."""


_STRICT = ConfigDict(extra="forbid", populate_by_name=True)


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class Shape:
    """What all parts of a script share: no unknown words, nothing changes after reading."""

    line: int = Field(default=0, exclude=False, description="Filled in by the loader; never written by hand.")


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class Call:
    """A guard or an action by name, with its arguments: `longer_than: 200` or `{keep: {length: 20m}}`."""

    name: str
    arguments: dict[str, Any] = Field(default_factory=dict)


def _calls(value: Any) -> Any:
    """A name, a mapping from name to arguments, or a list of either."""
    if value is None:
        return ()
    if isinstance(value, str):
        return ({"name": value},)
    if isinstance(value, dict) and "name" in value and set(value) <= {"name", "arguments"}:
        return (value,)
    if isinstance(value, dict):
        return tuple(
            {"name": name, "arguments": a if isinstance(a, dict) else {} if a is None else {"value": a}}
            for name, a in value.items()
            if name != "line"
        )
    if isinstance(value, list | tuple):
        return tuple(call for item in value for call in (_calls(item) if not isinstance(item, Call) else (item,)))
    return value


def _listed(value: Any) -> Any:
    return () if value is None else value if isinstance(value, list | tuple) else (value,)


# The second argument is what an editor is told (`dialogs/schema.json`): the ways in which it may be written.
_Written = str | dict[str, Any]
Calls = Annotated[tuple[Call, ...], BeforeValidator(_calls, _Written | list[_Written])]


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class Line(Shape):
    """A phrase that is said if its guards hold."""

    say: str
    when: Calls = ()
    unless: Calls = ()


def _lines(value: Any) -> Any:
    return tuple({"say": item} if isinstance(item, str) else item for item in _listed(value))


Lines = Annotated[tuple[Line, ...], BeforeValidator(_lines, str | Line | list[str | Line])]


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class Step(Shape):
    """If the guards hold: do the actions, say the lines, show the note, go to the state. Without `go` the dialog stays."""

    when: Calls = ()
    unless: Calls = ()
    do: Calls = ()
    say: Lines = ()
    note: str | None = None
    go: str | None = None


Steps = Annotated[tuple[Step, ...], BeforeValidator(_listed, Step | list[Step])]


def _ways(value: Any) -> Any:
    return ({"go": value},) if isinstance(value, str) else _listed(value)


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class Press(Step):
    """A button of a prompt. Its label is the phrase `<state>.<press>`, or a shared one where the name begins with `$`."""

    press: Annotated[str, Field(pattern=r"^\$?[a-z0-9][a-z0-9_]*$")]
    copies: str | None = Field(default=None, alias="copy", description="A phrase for the clipboard; no step follows.")
    url: str | None = Field(default=None, description="An address to open; no step follows.")
    place: bool = Field(default=False, description="Asks for the person's location.")
    stand: bool = Field(
        default=False, description="Keeps working later: pressed, it is `on: press.<name>` that decides."
    )
    urgent: bool = Field(
        default=False,
        description="Leads to people: the static card comes if nothing else answers, and pressed late it opens /help.",
    )


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class Scale(Step):
    """A row of numbers 0–10; a typed number works too. `then` chooses the way by guards."""

    keep: str
    then: Steps = ()


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class Pick(Step):
    """A button for each option of a list named in the registry or a bank; the choice is kept in a slot."""

    source: str = Field(alias="from")
    keep: str
    labels: str | None = Field(
        default=None, description="The phrases are `<labels>.<option>`; default: the state's name."
    )
    columns: int = 1
    then: Steps = ()


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class Note(Shape):
    """A message that stands on its own: it does not move the dialog, and its buttons never go stale."""

    say: Lines
    buttons: tuple[tuple[Press, ...], ...] = ()
    media: str | None = None
    kind: Literal["reply", "promise", "nudge"] = "reply"
    neutral: bool = Field(
        default=False, description="Tells nothing by itself, so no neutral note ever stands in for it."
    )


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class State(Shape):
    """One prompt, or, with `go`, a passage that is not waited in."""

    do: Calls = ()
    say: Lines = ()
    media: str | None = None
    scale: Scale | None = None
    pick: Pick | None = None
    buttons: tuple[tuple[Press, ...], ...] = ()
    text: Steps = ()
    place: Steps = ()
    after: dict[str, Steps] = Field(default_factory=dict)
    go: Annotated[tuple[Step, ...], BeforeValidator(_ways, str | Step | list[Step])] = ()
    stays: bool = Field(default=False, description="This message stays in the chat; what follows comes below it.")
    back: bool = Field(default=True, description="False: Back never leads out of here.")
    kind: Literal["reply", "promise", "nudge"] = "reply"

    @property
    def waits(self) -> bool:
        """Whether a person's next move is waited for here."""
        return not self.go


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class About(Shape):
    """Who wrote and reviewed the script, and what it rests on. An empty reviewer means: not reviewed, and said so."""

    version: int = 1
    author: str = ""
    reviewer: str = ""
    reviewed_on: str = ""
    risk: Literal["low", "medium", "high"] = "low"
    evidence: tuple[str, ...] = ()
    notes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class Script(Shape):
    """One dialog: how it begins, what it hears while another is open, and its states."""

    dialog: Name
    about: About = About()
    command: Annotated[tuple[str, ...], BeforeValidator(_listed, str | list[str])] = ()
    returns: bool = Field(default=False, description="At its end, go back to the dialog it interrupted.")
    reassurance: bool = Field(
        default=False, description="Reassures: opened often in a day, it offers a person first (see `reassured_today`)."
    )
    discreet: bool = Field(
        default=False, description="What comes from it by itself arrives as a neutral note with a button to open it."
    )
    begin: Steps = ()
    on: dict[str, Steps] = Field(default_factory=dict)
    notes: dict[Name, Note] = Field(default_factory=dict)
    text: Steps = Field(default=(), description="What is heard in every state before its own text; each has a guard.")
    states: dict[Name, State] = Field(default_factory=dict)
    renamed: dict[str, str] = Field(default_factory=dict)
    file: str = Field(default="", description="Filled in by the loader; never written by hand.")
    hash: str = Field(default="", description="Filled in by the loader; never written by hand.")
    purpose: str = Field(default="", description="The comment on the first line; filled in by the loader.")

    @model_validator(mode="after")
    def _named(self) -> "Script":
        for name in (END, BEGIN):
            if name in self.states:
                raise ValueError(f"a state may not be called {name!r}")
        return self


WRITTEN = TypeAdapter(Script)
"""Reads a script from plain values, and writes it as such; raises pydantic's ValidationError."""


@lru_cache(maxsize=8192)
def phrase_key(dialog: str, key: str) -> str:
    """The full key of a phrase: `$key` is shared (`common.key`), a key with a known dialog in front (`/soothe.x`) is that one's."""
    if key.startswith("$"):
        return f"common.{key[1:]}"
    if key.startswith("/"):
        return key[1:]
    return f"{dialog}.{key}"


@lru_cache(maxsize=8192)
def label_key(dialog: str, place: str, press: str) -> str:
    """The key of a button's label."""
    return phrase_key(dialog, press if press.startswith("$") else f"{place}.{press}")
