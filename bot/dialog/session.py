"""Where one person stands: the open dialog, the way back, interrupted dialogs, and what was said how often."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any

from bot.core.effects import Phrase
from bot.core.ids import base36
from bot.core.values import dataclass

HISTORY = 20
"""How many steps Back can take."""

STACK = 3
"""How many interrupted dialogs are kept."""

WRITTEN = 50
"""How many of a person's own messages can be taken away with what was said to them."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A place in a dialog: enough to go on there. `since` numbers the turn in which the dialog began (`Facts.number`)."""

    dialog: str
    state: str
    script: str = ""
    slots: Mapping[str, Any] = field(default_factory=dict)
    history: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    since: int = 0


NOWHERE = Frame("", "")


@dataclass(frozen=True, slots=True)
class Session:
    """
    `frame` is the open dialog (`NOWHERE` if none), `stack` the interrupted ones, the last interrupted last.

    `prompt` names the buttons of the open prompt in the order of their numbers, `revision` counts prompts: a press
    carries both, so a stale one is known. `shown` is the outbox id of the message with its buttons. `fixed` says the open prompt must not be edited away; `keyboard` that a reply
    keyboard is showing. `memory` counts how often each phrase with variants was said, and steps through bags.

    `since` numbers the turn that began what is open, interrupted dialogs included, or what was open last; `written` are the
    messages of the person since then, each with the number of its turn and Telegram's id, so that they can be taken away.
    """

    frame: Frame = NOWHERE
    stack: tuple[Frame, ...] = ()
    prompt: tuple[str, ...] = ()
    revision: int = 0
    fixed: bool = False
    keyboard: bool = False
    memory: Mapping[str, int] = field(default_factory=dict)
    at: datetime | None = None
    shown: int = 0
    since: int = 0
    written: tuple[tuple[int, int], ...] = ()

    @property
    def open(self) -> bool:
        """Whether a dialog waits for this person."""
        return bool(self.frame.dialog)


URGENT = ".!"
"""Ends the callback data of a button that leads to people, so that anybody who reads a press can tell."""


def prompt_data(user_id: int, revision: int) -> str:
    """Callback data of a prompt's buttons, but for the button's number that ends it: at most 40 bytes with it."""
    return f"p.{base36(user_id)}.{base36(revision)}."


def standing_data(dialog: str, ref: str, verb: str) -> str:
    """Callback data of a standing button, whose own object decides: at most 40 bytes, checked by the linter."""
    return f"o.{dialog}.{ref}.{verb}"


def to_body(session: Session) -> dict[str, Any]:
    """The session as JSON values, for the vault."""
    body: dict[str, Any] = {"frame": _frame_out(session.frame), "memory": dict(session.memory)}
    if session.stack:
        body["stack"] = [_frame_out(frame) for frame in session.stack]
    if session.prompt:
        body["prompt"] = list(session.prompt)
    if session.fixed:
        body["fixed"] = True
    if session.keyboard:
        body["keyboard"] = True
    if session.shown:
        body["shown"] = session.shown
    if session.since:
        body["since"] = session.since
    if session.written:
        body["written"] = [list(pair) for pair in session.written]
    return body


def from_body(body: Mapping[str, Any], *, revision: int, at: datetime) -> Session:
    """The session that `to_body` wrote."""
    return Session(
        frame=_frame_in(body["frame"]),
        stack=tuple(_frame_in(frame) for frame in body.get("stack", ())),
        prompt=tuple(body.get("prompt", ())),
        revision=revision,
        fixed=body.get("fixed", False),
        keyboard=body.get("keyboard", False),
        shown=body.get("shown", 0),
        since=body.get("since", 0),
        written=tuple((number, message) for number, message in body.get("written", ())),
        memory=body["memory"],
        at=at,
    )


_PLAIN = {str, int, bool, float, type(None)}


def _frame_out(frame: Frame) -> list[Any]:
    return [
        frame.dialog,
        frame.state,
        frame.script,
        _slots_out(frame.slots),
        [[state, _slots_out(slots)] for state, slots in frame.history],
        frame.since,
    ]


def _frame_in(body: list[Any]) -> Frame:
    dialog, state, script, slots, history, *since = body  # sessions written by 0.1 have no `since`
    way_back = tuple((name, _slots_in(kept)) for name, kept in history)
    return Frame(dialog, state, script, _slots_in(slots), way_back, *since)


def _slots_out(slots: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value if type(value) in _PLAIN else _value_out(value) for name, value in slots.items()}


def _slots_in(slots: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value_in(value) if type(value) is dict else value for name, value in slots.items()}


def _value_out(value: Any) -> Any:
    match value:
        case datetime():
            return {"at": value.isoformat()}
        case timedelta():
            return {"for": value.total_seconds()}
        case Phrase():
            return {"say": value.key, "with": _slots_out(value.values), "variant": value.variant}
        case tuple():
            return list(value)
        case _:
            return value


def _value_in(value: Mapping[str, Any]) -> Any:
    match value:
        case {"at": at}:
            return datetime.fromisoformat(at)
        case {"for": seconds}:
            return timedelta(seconds=seconds)
        case {"say": key, "with": values, "variant": variant}:
            return Phrase(key, _slots_in(values), variant)
        case _:
            return value
