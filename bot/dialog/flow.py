"""A dialog as cards and answers: what a picture of it has to show, without saying where."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.dialog.guards_in_words import condition, deed
from bot.dialog.library import Library
from bot.dialog.loader import texts
from bot.dialog.script import END, Press, Script, State, Step, label_key, phrase_key
from bot.i18n.markup import Slot, parse


@dataclass(frozen=True, slots=True)
class Answer:
    """What may come back, under which guard, and the card it leads to; empty: it leads nowhere else."""

    label: str
    guard: str = ""
    leads_to: str = ""
    kind: str = "button"


@dataclass(frozen=True, slots=True)
class Card:
    """One state, note or beginning. `kind` is `begin`, `prompt`, `passage` or `note`."""

    id: str
    title: str
    kind: str
    words: str = ""
    answers: tuple[Answer, ...] = ()
    picture: bool = False


def flow(library: Library, name: str, locale: str) -> tuple[Card, ...]:
    """The cards of the dialog `name`, what begins it first, then its states and notes as they are written."""
    return tuple(_Flow(library, library.dialogs[name].script, locale).cards())


OUT = "end"
"""Where an answer leads that ends the dialog."""


class _Flow:
    def __init__(self, library: Library, script: Script, locale: str) -> None:
        self._library = library
        self._script = script
        self._words = [library.source.words.get(locale, {}), library.source.words[library.catalog.default]]

    def cards(self) -> Iterator[Card]:
        script = self._script
        commands = " ".join(f"/{command}" for command in script.command)
        yield Card("begin", commands or "begins", "begin", answers=tuple(self._ways("", script.begin, "begin")))
        for word, steps in script.on.items():
            kind, _, name = word.partition(".")
            title = f"timer: {name}" if kind == "time" else f"any time: {self._standing(name)}"
            yield Card(f"on {word}", title, "begin", answers=tuple(self._ways("", steps, "begin")))
        for name, state in script.states.items():
            kind = "prompt" if state.waits else "passage"
            words = " ".join(self._phrase(phrase_key(script.dialog, line.say)) for line in state.say)
            yield Card(name, name, kind, words, tuple(self._answers(name, state)), bool(state.media))
        for name, note in script.notes.items():
            words = " ".join(self._phrase(phrase_key(script.dialog, line.say)) for line in note.say)
            yield Card(f"note {name}", name, "note", words, tuple(self._buttons(name, note.buttons)), bool(note.media))

    def _answers(self, name: str, state: State) -> Iterator[Answer]:
        if state.scale is not None:
            yield from self._ways("0 … 10", state.scale.then or (state.scale,), "button")
        if state.pick is not None:
            yield from self._ways("one of a list", state.pick.then or (state.pick,), "button")
        yield from self._buttons(name, state.buttons)
        yield from self._ways("writes", state.text, "typed")
        yield from self._ways("shares a place", state.place, "typed")
        for wait, steps in state.after.items():
            yield from self._ways(f"after {wait}", steps, "wait")
        yield from self._ways("", state.go, "flow")

    def _buttons(self, place: str, rows: Iterable[Iterable[Press]]) -> Iterator[Answer]:
        for press in (press for row in rows for press in row):
            label = self._phrase(label_key(self._script.dialog, place, press.press))
            guard = condition(press, self._library.registry)
            if press.copies or press.url or press.place:
                yield Answer(label, guard, kind="away")
            elif press.press == "$back":
                yield Answer(label, guard, kind="back")
            else:
                yield Answer(label, guard, self._target(press, f"on press.{press.press}" if press.stand else ""))

    def _ways(self, label: str, steps: Iterable[Step], kind: str) -> Iterator[Answer]:
        for n, step in enumerate(steps):
            guard = condition(step, self._library.registry) or ("otherwise" if n else "")
            yield Answer(label, guard, self._target(step, ""), kind)

    def _target(self, step: Step, otherwise: str) -> str:
        if step.note:
            return f"note {step.note}"
        opened = next((deed(call, self._library.registry) for call in step.do if call.name == "open"), "")
        if opened:
            return opened.removeprefix("opens ")
        return OUT if step.go == END else step.go or otherwise

    def _standing(self, name: str) -> str:
        for place, note in self._script.notes.items():
            if any(press.press == name for row in note.buttons for press in row):
                return self._phrase(label_key(self._script.dialog, place, name))
        return name

    def _phrase(self, key: str) -> str:
        entry: Mapping[str, str] | str | list[str] | object = next(
            (words[key] for words in self._words if key in words), key
        )
        first = texts(entry)[0]  # type: ignore[arg-type]  # words hold entries only
        pieces = ("…" if isinstance(piece, Slot) else piece for piece in parse(first).pieces)
        return " ".join("".join(pieces).split())
