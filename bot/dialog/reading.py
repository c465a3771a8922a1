"""A whole dialog as a script to read aloud or to print: what is said, what may come back, and where that leads."""

from collections.abc import Iterable, Iterator
from textwrap import wrap

from bot.dialog.guards_in_words import condition, deed
from bot.dialog.library import Library
from bot.dialog.loader import texts
from bot.dialog.prompt import SCALE
from bot.dialog.said import options
from bot.dialog.script import END, Line, Note, Press, Script, State, Step, label_key, phrase_key
from bot.i18n.markup import Slot, parse

WIDTH = 84
"""Characters of a line: a printed page in a fixed font."""

_INDENT = "    "
_HANG = "          "


def read_aloud(library: Library, name: str, locale: str) -> str:
    """The dialog `name` in the words of `locale`, or of the default locale where a phrase has none."""
    return "\n".join(_Reading(library, library.dialogs[name].script, locale).lines()) + "\n"


class _Reading:
    def __init__(self, library: Library, script: Script, locale: str) -> None:
        self._library = library
        self._script = script
        self._words = [library.source.words.get(locale, {}), library.source.words[library.catalog.default]]
        self._numbers = {state: n for n, state in enumerate(script.states, 1)}

    def lines(self) -> Iterator[str]:
        script = self._script
        yield from _head(script)
        yield from self._ways("How it begins", script.begin)
        for name, state in script.states.items():
            yield from self._title(f"{self._numbers[name]} · {name}")
            yield from self._state(name, state)
        if script.on:
            yield from self._title("At any time")
            for word, steps in script.on.items():
                yield from self._ways(_heard(word), steps)
        for name, note in script.notes.items():
            yield from self._title(f"Note · {name}")
            yield from self._said(note.say)
            yield ""
            yield from self._rows(name, note)

    def _state(self, name: str, state: State) -> Iterator[str]:
        for call in state.do:
            yield from _wrapped(f"({deed(call, self._library.registry)})", _INDENT, f"{_INDENT} ")
        if state.media:
            yield f"{_INDENT}(picture: {state.media})"
        yield from self._said(state.say)
        yield ""
        if state.scale is not None:
            yield from self._answers(f"[{SCALE[0]}] … [{SCALE[-1]}]", state.scale.then or (state.scale,))
        if state.pick is not None:
            labels = state.pick.labels or name
            offered = options(state.pick.source, self._library.source, self._library.registry)
            keys = [phrase_key(self._script.dialog, f"{labels}.{option}") for option in offered]
            yield from _side_by_side([f"[{self._phrase(key)[0]}]" for key in keys])
            yield from self._answers("(one of these)", state.pick.then or (state.pick,))
        yield from self._rows(name, state)
        yield from self._answers("(writes something)", state.text)
        yield from self._answers("(shares a location)", state.place)
        for wait, steps in state.after.items():
            yield from self._answers(f"(nothing for {wait})", steps)
        yield from self._answers("(goes on by itself)", state.go)

    def _rows(self, place: str, shown: State | Note) -> Iterator[str]:
        for press in (press for row in shown.buttons for press in row):
            label = f"[{self._phrase(label_key(self._script.dialog, place, press.press))[0]}]"
            yield from self._answer(label, press, self._button(press))

    def _button(self, press: Press) -> str:
        if press.copies:
            return f"copies: “{self._phrase(phrase_key(self._script.dialog, press.copies))[0]}”"
        if press.url:
            return f"opens {press.url}"
        if press.place:
            return "asks for the location"
        if press.press == "$back":
            return "→ one step back"
        return "works at any time" if press.stand else ""

    def _said(self, lines: Iterable[Line]) -> Iterator[str]:
        for line in lines:
            yield ""
            if guards := condition(line, self._library.registry):
                yield from _wrapped(f"({guards})", _INDENT, f"{_INDENT} ")
            for n, text in enumerate(self._phrase(phrase_key(self._script.dialog, line.say))):
                yield from _wrapped(text, f"{_INDENT}{'  or  ' if n else 'Bot   '}", _HANG)

    def _ways(self, title: str, steps: Iterable[Step]) -> Iterator[str]:
        yield ""
        yield title
        for n, step in enumerate(steps):
            yield from self._answer("otherwise" if n and not (step.when or step.unless) else "", step)

    def _answers(self, what: str, steps: Iterable[Step]) -> Iterator[str]:
        for n, step in enumerate(steps):
            otherwise = n > 0 and not (step.when or step.unless)
            yield from self._answer(what if n == 0 else " " * 6 + ("otherwise" if otherwise else ""), step)

    def _answer(self, what: str, step: Step, more: str = "") -> Iterator[str]:
        """One line: what comes back, under which guards, what is done, and where it leads."""
        registry = self._library.registry
        parts = [what, condition(step, registry), *(deed(call, registry) for call in step.do), more]
        words = (
            ", ".join(part for part in parts if part.strip()) if what.strip() else ", ".join(filter(None, parts[1:]))
        )
        indent = _INDENT + (what[: len(what) - len(what.lstrip())])
        where = self._where(step)
        shown = wrap(words.strip(), WIDTH - len(indent), subsequent_indent="  ") or [""]
        if where and len(indent) + len(shown[-1]) + len(where) + 2 <= WIDTH:
            shown[-1] = f"{shown[-1]}  {where.rjust(WIDTH - len(indent) - len(shown[-1]) - 2, ' ')}"
        elif where:
            shown.append(where.rjust(WIDTH - len(indent)))
        yield from (indent + line for line in shown)
        for line in step.say:
            for text in self._phrase(phrase_key(self._script.dialog, line.say)):
                yield from _wrapped(text, f"{_HANG}Bot   ", f"{_HANG}      ")

    def _where(self, step: Step) -> str:
        if step.note:
            return f"→ note {step.note}"
        if step.go is None:
            return ""
        return "→ the end" if step.go == END else f"→ {self._numbers.get(step.go, '')} {step.go}"

    def _phrase(self, key: str) -> list[str]:
        entry = next((words[key] for words in self._words if key in words), key)
        return [_plain(text) for text in texts(entry)]

    def _title(self, title: str) -> Iterator[str]:
        yield ""
        yield ""
        yield f"{title} {'─' * (WIDTH - len(title) - 1)}"


def _wrapped(text: str, first: str, then: str) -> list[str]:
    return wrap(text, WIDTH, initial_indent=first, subsequent_indent=then)


def _plain(text: str) -> str:
    """The words without marks, on one line; ⟨name⟩ for what is filled in."""
    pieces = (f"⟨{piece.name}⟩" if isinstance(piece, Slot) else piece for piece in parse(text).pieces)
    return " ".join("".join(pieces).split())


def _side_by_side(buttons: Iterable[str]) -> Iterator[str]:
    row = ""
    for button in buttons:
        if row and len(_INDENT) + len(row) + 2 + len(button) > WIDTH:
            yield _INDENT + row
            row = ""
        row = f"{row}  {button}" if row else button
    if row:
        yield _INDENT + row


def _head(script: Script) -> Iterator[str]:
    commands = " ".join(f"/{command}" for command in script.command)
    yield f"{script.dialog.upper()}{commands.rjust(WIDTH - len(script.dialog))}"
    if script.purpose:
        yield from wrap(script.purpose, WIDTH)
    about = script.about
    review = f"reviewed by {about.reviewer} {about.reviewed_on}".strip() if about.reviewer else "not reviewed"
    yield " · ".join(filter(None, [f"version {about.version}", about.author, review, f"risk {about.risk}"]))
    if about.evidence:
        yield f"rests on {', '.join(about.evidence)}"
    if about.notes:
        yield from wrap(about.notes, WIDTH)


def _heard(word: str) -> str:
    kind, _, name = word.partition(".")
    return f"When the timer “{name}” runs out" if kind == "time" else f"When the standing button “{name}” is pressed"
