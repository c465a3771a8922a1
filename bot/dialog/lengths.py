"""How long messages, buttons and copied words may get, measured over every way that leads to them."""

from collections.abc import Iterable, Iterator

from bot.dialog.findings import Finding
from bot.dialog.machine import walk
from bot.dialog.said import Saying
from bot.dialog.script import END, Line, Note, Script, State, Step, phrase_key
from bot.dialog.wordings import VALUE, Wordings
from bot.i18n.markup import utf16

MESSAGE, CAPTION, COPIED = 4096, 1024, 256
"""Telegram's limits in UTF-16 units. Source: Bot API, sendMessage, sendAnimation, CopyTextButton."""

LABEL = 24
"""Characters of a button that a small phone shows two to a row."""

PARAGRAPH, WHOLE = 280, 420
"""Characters of a paragraph that is read at a glance, and of a message that explains something in several."""

EXPANSION = 1.35
"""How much longer most languages are than English. Source: the rule of thumb of W3C's "Text size in translation"."""

_GAP = 2


def lint_lengths(script: Script, said: Iterable[Saying], wordings: Wordings) -> Iterator[Finding]:
    """Findings about everything in this script that is longer than Telegram or a reader takes."""
    said = tuple(said)
    for locale in wordings.texts:
        yield from _buttons(said, wordings, locale)
        yield from _Messages(script, wordings, locale).findings()


def _buttons(said: Iterable[Saying], wordings: Wordings, locale: str) -> Iterator[Finding]:
    for saying in said:
        for text in wordings.texts[locale].get(saying.key, ()):
            if saying.role == "label" and len(text.filled("")) > LABEL:
                words = text.filled("…")
                yield Finding(text.file, text.line, "D402", f"{saying.key}: “{words}” has {len(words)}")
            elif saying.role == "copy" and (length := utf16(text.filled(VALUE))) > COPIED:
                yield Finding(text.file, text.line, "D404", f"{saying.key}: up to {length}")


class _Messages:
    """The messages of one script in one locale."""

    def __init__(self, script: Script, wordings: Wordings, locale: str) -> None:
        self._script = script
        self._wordings = wordings
        self._locale = locale
        self._before: dict[str, list[tuple[Step, str]]] = {}
        for name, state in script.states.items():
            for _, step in walk(state):
                if isinstance(step, Step) and step.go:
                    self._before.setdefault(step.go, []).append((step, "" if state.waits else name))
        for steps in (script.begin, *script.on.values()):
            for step in steps:
                if step.go:
                    self._before.setdefault(step.go, []).append((step, ""))

    def findings(self) -> Iterator[Finding]:
        for name, state in self._script.states.items():
            yield from self._of(name, state, self._carried(name, frozenset()))
        for name, note in self._script.notes.items():
            yield from self._of(f"note {name}", note, 0)

    def _of(self, name: str, shown: State | Note, carried: int) -> Iterator[Finding]:
        length, limit = carried + self._all(shown.say), CAPTION if shown.media else MESSAGE
        if length > limit:
            yield self._found("D401", name, shown, f"up to {length} of {limit}")
        wider = 1 if self._locale == self._wordings.first else EXPANSION
        if (seen := self._seen(shown.say)) > WHOLE * wider:
            yield self._found("D504", name, shown, f"up to {seen} in all")
        elif (longest := max(map(self._length, shown.say), default=0)) > PARAGRAPH * wider:
            yield self._found("D504", name, shown, f"up to {longest} in one paragraph")

    def _found(self, code: str, name: str, shown: State | Note, detail: str) -> Finding:
        """At the phrase that takes most of the room."""
        keys = [phrase_key(self._script.dialog, line.say) for line in shown.say]
        if not keys:
            return Finding(self._script.file, shown.line, code, f"{name}: {detail}")
        place = self._wordings.place(self._locale, max(keys, key=self._longest))
        more = f" ({' + '.join(line.say for line in shown.say)})" if len(keys) > 1 else ""
        return Finding(place.file, place.line, code, f"{self._script.dialog}, {name}{more}: {detail}")

    def _carried(self, name: str, seen: frozenset[str]) -> int:
        """The most that steps and passages on the way to the state have said in the same message."""
        if name == END or name in seen:
            return 0
        return max(
            (
                self._all(step.say)
                + (self._all(self._script.states[via].say) + self._carried(via, seen | {name}) if via else 0)
                for step, via in self._before.get(name, ())
            ),
            default=0,
        )

    def _all(self, lines: tuple[Line, ...]) -> int:
        return sum(self._length(line) + _GAP for line in lines)

    def _seen(self, lines: tuple[Line, ...]) -> int:
        """Of lines with guards, one is seen at a time: the longest counts."""
        guarded = [self._length(line) for line in lines if line.when or line.unless]
        always = [self._length(line) for line in lines if not (line.when or line.unless)]
        return sum(always) + max(guarded, default=0) + _GAP * max(0, len(always) + bool(guarded) - 1)

    def _length(self, line: Line) -> int:
        return self._longest(phrase_key(self._script.dialog, line.say))

    def _longest(self, key: str) -> int:
        return self._wordings.longest(self._locale, key)
