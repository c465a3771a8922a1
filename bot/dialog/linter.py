"""Everything that can be wrong with scripts and seen without running them. A pure function of the source and the registry."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date

from bot.dialog.arguments import misfit
from bot.dialog.findings import Finding
from bot.dialog.loader import Source
from bot.dialog.machine import walk
from bot.dialog.registry import Registry
from bot.dialog.script import END, About, Note, Press, Script, State, Step
from bot.dialog.session import URGENT, standing_data
from bot.dialog.slots import asked_slots, kept_slots
from bot.dialog.turn import spell
from bot.dialog.words_linter import lint_words

ENGINE_DIALOGS = ("lost", "pause", "help")
"""The dialogs that the engine opens by itself."""

ENGINE_COMMANDS = ("back", "cancel")
"""The commands that the engine answers by itself, whatever is open."""

_ROW = 8
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")


def lint(source: Source, registry: Registry) -> list[Finding]:
    """All findings, by file and line."""
    found = [Finding(problem.file, problem.line, "D001", problem.detail) for problem in source.problems]
    for script in source.scripts.values():
        found += _Shape(source, registry, script).findings()
    found += _commands(source)
    found += [
        Finding("dialogs", 1, "D205", name) for name in ENGINE_DIALOGS if source.scripts and name not in source.scripts
    ]
    found += lint_words(source, registry)
    return sorted(set(found))


def _commands(source: Source) -> Iterator[Finding]:
    taken = dict.fromkeys(ENGINE_COMMANDS, "the program itself")
    for script in source.scripts.values():
        for command in script.command:
            if command in taken:
                yield Finding(script.file, script.line or 1, "D208", f"/{command} (also in {taken[command]})")
            if not _COMMAND.fullmatch(command):
                yield Finding(script.file, script.line or 1, "D406", f"/{command}")
            taken.setdefault(command, script.dialog)


class _Shape:
    """The findings of one script's shape."""

    def __init__(self, source: Source, registry: Registry, script: Script) -> None:
        self.source = source
        self.registry = registry
        self.script = script
        self.kept = kept_slots(script, registry)
        self.parts = tuple(walk(script))
        self.noted = {step.note for _, step in self.parts if isinstance(step, Step)}

    def findings(self) -> Iterator[Finding]:
        folder = self.script.file.split("/")[-2:-1]
        if folder != [self.script.dialog]:
            yield self._found("D108", self.script.line, f"{self.script.dialog} in {''.join(folder)}/")
        if self.script.reassurance and not any(
            call.name == "reassured_today" for step in self.script.begin for call in step.when
        ):
            yield self._found("D113", self.script.line, self.script.dialog)
        if unsigned := ", ".join(_unsigned(self.script.about)):
            yield self._found("D601", self.script.about.line, unsigned)
        yield from self._targets()
        yield from self._calls()
        yield from self._slots()
        yield from self._choices()
        yield from self._hearing()
        yield from self._reach()
        yield from self._loops()
        for name, state in self.script.states.items():
            yield from self._state(name, state)
        for name, note in self.script.notes.items():
            yield from self._note(name, note)

    def _found(self, code: str, line: int, detail: str) -> Finding:
        return Finding(self.script.file, line or self.script.line or 1, code, detail)

    def _targets(self) -> Iterator[Finding]:
        for line, step in self.parts:
            if not isinstance(step, Step):
                continue
            if step.go and step.go != END and step.go not in self.script.states:
                yield self._found("D101", line, step.go)
            if step.note and step.note not in self.script.notes:
                yield self._found("D204", line, step.note)
        for old, new in self.script.renamed.items():
            if new not in self.script.states:
                yield self._found("D101", self.script.line, f"{old} → {new}")

    def _calls(self) -> Iterator[Finding]:
        for line, part in self.parts:
            for field, shelf, code in (
                ("when", self.registry.guards, "D201"),
                ("unless", self.registry.guards, "D201"),
                ("do", self.registry.actions, "D202"),
            ):
                for call in getattr(part, field, ()):
                    if call.name not in shelf:
                        yield self._found(code, line, call.name)
                    elif problem := misfit(shelf[call.name], call):
                        yield self._found("D206", line, f"`{problem}`")
                    elif call.name == "open" and call.arguments["value"] not in self.source.scripts:
                        yield self._found("D205", line, str(call.arguments["value"]))

    def _slots(self) -> Iterator[Finding]:
        for line, name in asked_slots(self.script):
            if name not in self.kept:
                yield self._found("D212", line, name)

    def _hearing(self) -> Iterator[Finding]:
        places: tuple[State | Note, ...] = (*self.script.states.values(), *self.script.notes.values())
        standing = {press.press for place in places for row in place.buttons for press in row if press.stand}
        for name, steps in self.script.on.items():
            kind, _, word = name.partition(".")
            line = steps[0].line if steps else self.script.line
            if kind not in {"time", "press"} or not word:
                yield self._found("D110", line, name)
            elif kind == "press" and word not in standing:
                yield self._found("D102", line, f"on {name}: no button of that name has `stand: true`")

    def _choices(self) -> Iterator[Finding]:
        script = self.script
        places: list[tuple[str, Iterable[Step]]] = [("begin", script.begin)]
        places += [(f"on {name}", steps) for name, steps in script.on.items()]
        for step in script.text:
            if not (step.when or step.unless):
                yield self._found("D114", step.line, "text")
        for name, state in script.states.items():
            places += [(f"{name}.go", state.go), (f"{name}.text", state.text), (f"{name}.place", state.place)]
            places += [(f"{name}.after {wait}", steps) for wait, steps in state.after.items()]
            places += [
                (f"{name}.{kind}", field.then)
                for kind, field in (("scale", state.scale), ("pick", state.pick))
                if field
            ]
        for place, steps in places:
            guarded = [bool(step.when or step.unless) for step in steps]
            if not guarded:
                continue
            lines = [step.line for step in steps]
            if guarded[-1] and not place.startswith("on "):
                yield self._found("D104", lines[-1], place)
            if not all(guarded[:-1]):
                yield self._found("D107", lines[guarded.index(False) + 1], place)

    def _reach(self) -> Iterator[Finding]:
        states = self.script.states
        reached: set[str] = set()
        ways = (self.script.begin, self.script.text, *self.script.on.values())
        ahead = [step.go for steps in ways for step in steps]
        while ahead:
            name = ahead.pop()
            if name is not None and name in states and name not in reached:
                reached.add(name)
                ahead += [step.go for step in _steps(states[name])]
        for name, state in states.items():
            if name not in reached:
                yield self._found("D102", state.line, name)
            # Cancel always leads out, yet nobody should need to know the command.
            if state.waits and not any(_leads(step, name) for step in _steps(state)) and not _heard(state, self.script):
                yield self._found("D103", state.line, name)

    def _loops(self) -> Iterator[Finding]:
        states = self.script.states
        onward = {name: [step.go for step in state.go if step.go in states] for name, state in states.items()}
        for name in states:
            seen: set[str] = set()
            ahead = list(onward[name])
            while ahead:
                other = ahead.pop()
                if other is not None and other not in seen:
                    seen.add(other)
                    ahead += onward[other]
            if name in seen:
                yield self._found("D105", states[name].line, name)

    def _state(self, name: str, state: State) -> Iterator[Finding]:
        if state.go and (state.buttons or state.scale or state.pick or state.text or state.place or state.after):
            yield self._found("D111", state.line, name)
        if state.waits and not state.say:
            yield self._found("D112", state.line, name)
        presses = Counter(press.press for row in state.buttons for press in row if not (press.when or press.unless))
        yield from (self._found("D106", state.line, f"{name}: {press}") for press, n in presses.items() if n > 1)
        yield from (self._found("D405", state.line, name) for row in state.buttons if len(row) > _ROW)
        if state.pick and not state.pick.source.startswith("/") and state.pick.source not in self.registry.lists:
            yield self._found("D203", state.pick.line or state.line, state.pick.source)
        if state.pick and state.pick.columns > _ROW:
            yield self._found("D405", state.pick.line, name)
        if state.media and state.media not in self.source.media:
            yield self._found("D209", state.line, state.media)
        for wait, steps in state.after.items():
            if not _is_length(wait) and wait not in self.kept:
                yield self._found("D207", steps[0].line if steps else state.line, wait)
        yield from self._standing(state.buttons)

    def _note(self, name: str, note: Note) -> Iterator[Finding]:
        if note.media and note.media not in self.source.media:
            yield self._found("D209", note.line, note.media)
        if name not in self.noted:
            yield self._found("D102", note.line, f"note {name}")
        for press in (press for row in note.buttons for press in row):
            if not (press.stand or press.copies or press.url):
                yield self._found("D109", press.line, f"{name}: {press.press}")
        yield from self._standing(note.buttons)

    def _standing(self, rows: tuple[tuple[Press, ...], ...]) -> Iterator[Finding]:
        for press in (press for row in rows for press in row if press.stand):
            if f"press.{press.press}" not in self.script.on:
                yield self._found("D211", press.line, press.press)
            # o.<dialog>.<reference of up to 19 digits>.<name>, and the mark of what leads to people, within 40 bytes
            data = standing_data(self.script.dialog, "", press.press) + (URGENT if press.urgent else "")
            if len(data.encode()) + 19 > 40:  # noqa: PLR2004 - explained above
                yield self._found("D403", press.line, press.press)


def _unsigned(about: About) -> Iterator[str]:
    """What a review lacks to count: who, when, whose words, and, where risk is high, what they rest on."""
    if not (about.reviewer or about.reviewed_on):
        return
    if not about.reviewer:
        yield "`reviewer` is missing"
    if not _is_day(about.reviewed_on):
        yield "`reviewed_on` has to be a day such as 2026-05-04"
    if not about.author:
        yield "`author` is missing"
    if about.risk == "high" and not about.evidence:
        yield "risk is high, so `evidence` has to name sources"


def _is_day(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def _steps(state: State) -> Iterator[Step]:
    """Every step that may lead out of the state."""
    yield from (*state.go, *state.text, *state.place)
    yield from (step for steps in state.after.values() for step in steps)
    yield from (press for row in state.buttons for press in row)
    for field in (state.scale, state.pick):
        if field is not None:
            yield from (field.then or (field,))


def _leads(step: Step, name: str) -> bool:
    """Whether the step leads out of the state `name`."""
    return (step.go not in {None, name}) or any(call.name == "open" for call in step.do)


def _heard(state: State, script: Script) -> bool:
    """Whether a standing button here is heard by a step that leads on."""
    names = {press.press for row in state.buttons for press in row if press.stand}
    return any(step.go or step.note for name in names for step in script.on.get(f"press.{name}", ()))


def _is_length(wait: str) -> bool:
    try:
        return bool(spell(wait))
    except ValueError:
        return False
