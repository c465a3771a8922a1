"""All dialogs of one script set, made runnable once and shared by every person."""

from collections.abc import Mapping

from bot.core.effects import Phrase
from bot.core.errors import ScriptError
from bot.dialog.loader import Source
from bot.dialog.machine import Dialog
from bot.dialog.registry import Registry
from bot.dialog.script import Script, phrase_key
from bot.dialog.turn import Turn
from bot.i18n.catalog import Catalog


class Library:
    """
    The dialogs, commands and words that a running bot goes by. Built whole or not at all; a reload builds a new one.

    Findings of the linter are looked for before (`linter.lint`): here a missing word raises ScriptError.
    """

    def __init__(self, source: Source, registry: Registry) -> None:
        if source.problems:
            first = source.problems[0]
            raise ScriptError(f"{first.file}:{first.line}: {first.detail}")
        self.hash = source.hash
        self.source = source
        self.registry = registry
        self.catalog = Catalog(source.words)
        self.banks = _banks(source.words[self.catalog.default])
        self._shapes: dict[str, tuple[tuple[str, ...], bool]] = {}
        self._constants: dict[str, Phrase] = {}  # phrases that are the same for everybody
        self._options: dict[str, tuple[str, ...]] = {}
        self._needs: dict[str, frozenset[str]] = {}
        self._read: dict[tuple[str, str], str] = {}
        self.dialogs: Mapping[str, Dialog] = {
            name: Dialog(script, registry, self._speak) for name, script in source.scripts.items()
        }
        self.commands: Mapping[str, str] = {
            command: name for name, script in source.scripts.items() for command in script.command
        }

    def options(self, name: str, turn: Turn) -> list[str]:
        """The options of the list `name`: a registered one, or `/banks.<name>` for every line of a bank (or part of one)."""
        if not name.startswith("/"):
            return list(self.registry.lists[name].function(turn))
        if name not in self._options:
            prefix = name[1:] + "."
            keys = self.source.words[self.catalog.default]
            self._options[name] = tuple(key.removeprefix(prefix) for key in keys if key.startswith(prefix))
        return list(self._options[name])

    def needs(self, name: str) -> frozenset[str]:
        """The facts that the dialog `name` asks for, with those of every dialog it may open."""
        if name not in self._needs:
            found: set[str] = set()
            names, ahead = {name}, [name]
            while ahead:
                dialog = self.dialogs.get(ahead.pop())
                if dialog is not None:
                    found |= dialog.needs | self._needs_of_words(dialog)
                    ahead += dialog.opens - names
                    names |= dialog.opens
            self._needs[name] = frozenset(found)
        return self._needs[name]

    def pressed_by_text(self, locale: str, labels: Mapping[str, str], text: str) -> str | None:
        """The button among `labels` (name → phrase key) whose label is what was typed, letter case aside."""
        typed = text.strip().casefold()
        return next((name for name, key in labels.items() if self._label(locale, key) == typed), None)

    def phrase(self, turn: Turn, key: str) -> Phrase:
        """The phrase `key` with its values filled in and the next of its variants."""
        if (constant := self._constants.get(key)) is not None:
            return constant
        names, varied = self._shapes.get(key) or self._shape(key)
        values = {name: self.registry.fill(turn, name) for name in names}
        return Phrase(key, values, turn.count(key) if varied else 0)

    def _shape(self, key: str) -> tuple[tuple[str, ...], bool]:
        """The placeholders of a phrase, and whether it has more than one wording, in any locale."""
        names = {slot.name for locale in self.catalog.locales for slot in self.catalog.slots(key, locale)}
        varied = any(self.catalog.variants(key, locale) > 1 for locale in self.catalog.locales)
        self._shapes[key] = tuple(sorted(names)), varied
        if not (names or varied):
            self._constants[key] = Phrase(key)
        return self._shapes[key]

    def _needs_of_words(self, dialog: Dialog) -> set[str]:
        """The facts behind the placeholders of what a dialog says."""
        keys = {phrase_key(dialog.name, said) for said in dialog.says}
        names = {name for key in keys for name in self._shape(key)[0]}
        return {need for name in names if name in self.registry.values for need in self.registry.values[name].needs}

    def _speak(self, turn: Turn, script: Script, key: str) -> None:
        turn.parts.append(self.phrase(turn, phrase_key(script.dialog, key)))

    def _label(self, locale: str, key: str) -> str:
        if (locale, key) not in self._read:
            names, varied = self._shape(key)
            label = "" if names or varied else self.catalog.render_plain(Phrase(key), locale, "")
            self._read[locale, key] = label.strip().casefold()
        return self._read[locale, key]


def _banks(words: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    """The keys of every bank's lines, in the writer's order."""
    banks: dict[str, list[str]] = {}
    for key in words:
        if key.startswith("banks."):
            _, name, line = key.split(".", 2)
            banks.setdefault(name, []).append(line)
    return {name: tuple(lines) for name, lines in banks.items()}
