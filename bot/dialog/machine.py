"""A script made runnable: one shared `transitions` machine a dialog, built once and moved by throw-away turns."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from typing import Any

from transitions import Machine, Transition

from bot.core.errors import ScriptError
from bot.dialog.registry import Registry
from bot.dialog.script import BEGIN, END, Call, Line, Note, Script, Shape, State, Step
from bot.dialog.turn import Turn

PASSAGES = 32
"""How many passages may follow each other in one turn: more is a loop without a wait."""


class _Move(Transition):
    """A transition without those hooks and log lines that no script can ask for: they cost more than all that scripts do."""

    def execute(self, event_data: Any) -> bool:
        """Make the move if its guards hold."""
        if not self._eval_conditions(event_data):
            return False
        deeds: list[Any] = self.before  # functions: names never reach the machine
        for deed in deeds:
            deed(event_data)
        if self.dest:
            event_data.model.state = self.dest
        for arrive in event_data.machine.after_state_change:
            arrive(event_data)
        return True


class _Machine(Machine):
    transition_cls = _Move


class Dialog:
    """
    A dialog's states, steps and notes, ready to be moved.

    `say(turn, key)` is called for every phrase on the way; it is the engine that knows variants and values.
    """

    def __init__(self, script: Script, registry: Registry, say: Callable[[Turn, Script, str], None]) -> None:
        self.script = script
        self.name = script.dialog
        self._registry = registry
        self._say = say
        self._arrivals = {name: self._arrival(state) for name, state in script.states.items()}
        self._machine = _Machine(
            model=None,
            states=[BEGIN, END, *script.states],
            initial=BEGIN,
            transitions=list(self._rows()),
            after_state_change=self._arrive,
            send_event=True,
            auto_transitions=False,
            ignore_invalid_triggers=True,
        )
        parts = [part for _, part in walk(script)]  # once: it takes a millisecond, and a start waits for all dialogs
        calls = [part for part in parts if isinstance(part, Call)]
        self.needs = frozenset(self._needs(calls))
        self.opens = frozenset(call.arguments["value"] for call in calls if call.name == "open")
        self.says = frozenset(part.say for part in parts if isinstance(part, Line))

    def move(self, turn: Turn, trigger: str) -> bool:
        """
        Take the first step of `trigger` whose guards hold, and every passage after it; False if there is none.

        The turn is left at a state that waits, or at END. Raises ScriptError for passages that never end.
        """
        event = self._machine.events.get(trigger)
        if event is None or not event.trigger(turn):
            return False
        for _ in range(PASSAGES):
            if turn.state in (END, BEGIN) or self.script.states[turn.state].waits or turn.opens:
                return True
            if not self._machine.events["flow"].trigger(turn):
                raise ScriptError(f"{self.script.file}: no way out of the passage {turn.state!r} has its guard hold.")
        raise ScriptError(f"{self.script.file}: the passages after {trigger!r} never come to a prompt.")

    def state(self, name: str) -> State | None:
        """The state of this name, also by an older one that was renamed."""
        return self.script.states.get(self.script.renamed.get(name, name))

    def note(self, turn: Turn, name: str) -> Note:
        """The note `name`, its lines said into the turn."""
        note = self.script.notes[name]
        self.speak(turn, note.say)
        return note

    def speak(self, turn: Turn, lines: tuple[Line, ...]) -> None:
        """Say each line whose guards hold."""
        for line in lines:
            if self.holds(turn, line.when, line.unless):
                self._say(turn, self.script, line.say)

    def holds(self, turn: Turn, when: tuple[Call, ...], unless: tuple[Call, ...]) -> bool:
        """Whether all of `when` hold and none of `unless`."""
        guards = self._registry.guards
        return all(self._registry.call(guards, call)(turn) for call in when) and not any(
            self._registry.call(guards, call)(turn) for call in unless
        )

    def _rows(self) -> Iterator[dict[str, Any]]:
        script = self.script
        yield from (self._row("begin", BEGIN, step) for step in script.begin)
        for name, steps in script.on.items():
            yield from (self._row(f"on:{name}", BEGIN, step) for step in steps)
        for name, state in script.states.items():
            yield from (self._row("flow", name, step) for step in state.go)
            yield from (self._row("text", name, step) for step in (*script.text, *state.text) if state.waits)
            yield from (self._row("place", name, step) for step in state.place)
            for wait, steps in state.after.items():
                yield from (self._row(f"after:{wait}", name, step) for step in steps)
            for kind, field in (("scale", state.scale), ("pick", state.pick)):
                if field is not None:
                    yield from (self._row(kind, name, step) for step in (field.then or (field,)))
            for button in (button for row in state.buttons for button in row):
                if not (button.copies or button.url or button.place or button.stand or button.press == "$back"):
                    yield self._row(f"press:{button.press}", name, button)

    def _row(self, trigger: str, source: str, step: Step) -> dict[str, Any]:
        return {
            "trigger": trigger,
            "source": source,
            "dest": step.go,  # None: the state stays
            "conditions": [_on_model(self._registry.call(self._registry.guards, call)) for call in step.when],
            "unless": [_on_model(self._registry.call(self._registry.guards, call)) for call in step.unless],
            "before": [*map(_on_model, self._deeds(step.do)), *self._lines(step)],
        }

    def _lines(self, step: Step) -> Iterator[Callable[[Any], None]]:
        if step.say:
            yield lambda event: self.speak(event.model, step.say)
        if step.note:
            yield lambda event: setattr(event.model, "note", step.note)

    def _deeds(self, calls: tuple[Call, ...]) -> list[Callable[[Turn], Any]]:
        return [self._registry.call(self._registry.actions, call) for call in calls]

    def _arrival(self, state: State) -> Callable[[Turn], None]:
        deeds = self._deeds(state.do)

        def arrive(turn: Turn) -> None:
            for deed in deeds:
                deed(turn)
            self.speak(turn, state.say)

        return arrive

    def _arrive(self, event: Any) -> None:
        if event.transition.dest is not None and event.model.state != END:
            self._arrivals[event.model.state](event.model)

    def _needs(self, calls: Iterable[Call]) -> Iterator[str]:
        registry = self._registry
        for call in calls:
            for shelf in (registry.guards, registry.actions):
                if call.name in shelf:
                    yield from shelf[call.name].needs
        for state in self.script.states.values():
            if state.pick is not None and state.pick.source in registry.lists:
                yield from registry.lists[state.pick.source].needs


def walk(part: Any, line: int = 0) -> Iterator[tuple[int, Any]]:
    """Every part of a script, inner parts included, with the line of the nearest part that knows its own."""
    if isinstance(part, Shape | Call):
        line = getattr(part, "line", 0) or line
        yield line, part
        for field in fields(part):
            yield from walk(getattr(part, field.name), line)
    elif isinstance(part, dict):
        for item in part.values():
            yield from walk(item, line)
    elif isinstance(part, tuple):
        for item in part:
            yield from walk(item, line)


def _on_model(function: Callable[[Turn], Any]) -> Callable[[Any], Any]:
    """A callable for `transitions`. Names never reach it: it would import them."""
    return lambda event: function(event.model)
