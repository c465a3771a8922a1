"""Every phrase taken apart once, so that the linter can measure it: its texts, their lines, words and placeholders."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from bot.core.errors import ScriptError
from bot.dialog.findings import Finding
from bot.dialog.loader import Place, Source, texts
from bot.i18n.catalog import Catalog, Entry
from bot.i18n.locales import DEFAULT
from bot.i18n.markup import Slot, parse, utf16

VALUE = "x" * 30
"""What a placeholder is taken for where lengths count: longer than most names, times and words."""

NOWHERE = Place("dialogs", 1)


@dataclass(frozen=True, slots=True)
class Text:
    """One wording of a phrase: where it stands, and its words and placeholders without marks."""

    file: str
    line: int
    pieces: tuple[str | Slot, ...]

    def filled(self, value: str) -> str:
        """The words, with `value` for each placeholder."""
        return "".join(value if isinstance(piece, Slot) else piece for piece in self.pieces)

    @property
    def slots(self) -> frozenset[str]:
        """The names of the placeholders."""
        return frozenset(piece.name for piece in self.pieces if isinstance(piece, Slot))


class Wordings:
    """All phrases of a source; `findings` are those that cannot be used as they are."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.findings: list[Finding] = []
        self.texts: dict[str, dict[str, tuple[Text, ...]]] = {
            locale: {key: self._parsed(locale, key, entry) for key, entry in entries.items()}
            for locale, entries in source.words.items()
        }
        self._lengths: dict[tuple[str, str], int] = {}

    @cached_property
    def first(self) -> str:
        """The locale that the others are translated from."""
        return DEFAULT if DEFAULT in self.texts or not self.texts else min(self.texts)

    def of(self, locale: str, key: str) -> tuple[Text, ...]:
        """The wordings a reader of the locale meets: its own, or those of the first locale."""
        own = self.texts.get(locale, {}).get(key)
        return own if own is not None else self.texts.get(self.first, {}).get(key, ())

    def slots(self, locale: str, key: str) -> frozenset[str]:
        """The placeholders of all wordings."""
        return frozenset(name for text in self.of(locale, key) for name in text.slots)

    def longest(self, locale: str, key: str) -> int:
        """The length of the longest wording, as Telegram counts it."""
        if (locale, key) not in self._lengths:
            self._lengths[locale, key] = max((utf16(text.filled(VALUE)) for text in self.of(locale, key)), default=0)
        return self._lengths[locale, key]

    def place(self, locale: str, key: str) -> Place:
        """Where the phrase stands."""
        return self.source.places.get((locale, key)) or self.source.places.get((self.first, key)) or NOWHERE

    def file(self, locale: str, name: str) -> str:
        """The file that holds the words of the folder `name`."""
        places = self.source.places.items()
        return next(
            (at.file for (spoken, key), at in places if spoken == locale and key.startswith(f"{name}.")), NOWHERE.file
        )

    def each(self) -> Iterator[tuple[str, str, Text]]:
        """Every text with its locale and key."""
        for locale, phrases in self.texts.items():
            for key, wordings in phrases.items():
                yield from ((locale, key, text) for text in wordings)

    def _parsed(self, locale: str, key: str, entry: Entry) -> tuple[Text, ...]:
        place = self.source.places.get((locale, key), NOWHERE)
        lines = place.lines or (place.line,)
        try:
            parsed = [parse(text) for text in texts(entry)]
            if isinstance(entry, Mapping) or any(slot.spec for template in parsed for slot in template.slots):
                Catalog({locale: {key: entry}})  # it knows which plural forms and ways of showing there are
        except ScriptError as wrong:
            detail = str(wrong).removeprefix(f"{locale}: {key}: ")
            self.findings.append(Finding(place.file, place.line, "D304", f"{key}: {detail}"))
            return ()
        return tuple(
            Text(place.file, lines[min(n, len(lines) - 1)], template.pieces) for n, template in enumerate(parsed)
        )
