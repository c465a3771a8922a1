"""What can be wrong with the words: missing, never said, unfillable, too long, or against the style guide."""

from collections import defaultdict
from collections.abc import Iterator

from bot.dialog.findings import Finding
from bot.dialog.lengths import lint_lengths
from bot.dialog.loader import Source
from bot.dialog.plain_words import (
    HARDEST,
    LONG_PHRASE,
    LONGEST_SENTENCE,
    banned,
    grade,
    kept_out,
    sentences,
    word_count,
)
from bot.dialog.registry import Registry
from bot.dialog.said import ENGINE_PHRASES, OUTSIDE, Saying, built, names, sayings
from bot.dialog.script import Script
from bot.dialog.slots import kept_slots
from bot.dialog.wordings import Text, Wordings
from bot.i18n.locales import language_of

BANKS = "banks."
"""Long lists to draw from: no dialog names their phrases one by one, and another language may have others."""

_GRADED = "en"
"""The language the reading grade is made for."""


def lint_words(source: Source, registry: Registry) -> Iterator[Finding]:
    """All findings about phrases."""
    wordings = Wordings(source)
    said = {name: tuple(sayings(script, source, registry)) for name, script in source.scripts.items()}
    yield from wordings.findings
    yield from _missing(source, registry, wordings, said)
    yield from _never_said(source, registry, said)
    yield from _differing(wordings)
    for name, script in source.scripts.items():
        yield from _unfilled(script, registry, wordings, said[name])
        yield from lint_lengths(script, said[name], wordings)
    yield from _style(wordings, {saying.key for says in said.values() for saying in says if saying.role == "label"})


def _missing(
    source: Source, registry: Registry, wordings: Wordings, said: dict[str, tuple[Saying, ...]]
) -> Iterator[Finding]:
    """Of the first locale, what is said; of any other, what the first has."""
    first = wordings.first
    own = source.words.get(first, {})
    for name, says in said.items():
        file = source.scripts[name].file
        yield from (
            Finding(file, saying.line, "D301", f"{saying.key} in {first}.yaml")
            for saying in says
            if saying.key not in own
        )
    if source.scripts:
        by_program = {f"common.{key}" for key in ENGINE_PHRASES} | {key for key in built(registry) if "*" not in key}
        for key in sorted(by_program - own.keys()):
            dialog = source.scripts.get(key.partition(".")[0])
            if dialog is not None:
                yield Finding(dialog.file.replace("dialog.yaml", f"{first}.yaml"), 1, "D301", key)
            elif key.startswith("common."):
                yield Finding(wordings.file(first, "common"), 1, "D301", key)
    named = {saying.key for says in said.values() for saying in says}
    wanted = [key for key in own if not key.startswith(BANKS) or key in named]
    for locale in source.words.keys() - {first}:
        for key in wanted:
            if key not in source.words[locale]:
                place = wordings.place(first, key)
                yield Finding(place.file, place.line, "D301", f"{key} in {locale}.yaml")


def _never_said(source: Source, registry: Registry, said: dict[str, tuple[Saying, ...]]) -> Iterator[Finding]:
    named = {saying.key for says in said.values() for saying in says} | {f"common.{key}" for key in ENGINE_PHRASES}
    program = names(built(registry) | frozenset(OUTSIDE))
    for (_, key), place in source.places.items():
        if not (key in named or key.startswith(BANKS) or program.fullmatch(key)):
            yield Finding(place.file, place.line, "D302", key)


def _differing(wordings: Wordings) -> Iterator[Finding]:
    for locale in wordings.texts.keys() - {wordings.first}:
        for key in wordings.texts[locale].keys() & wordings.texts[wordings.first].keys():
            here, there = wordings.slots(locale, key), wordings.slots(wordings.first, key)
            if here != there and wordings.texts[locale][key] and wordings.texts[wordings.first][key]:
                place = wordings.place(locale, key)
                lacks = [f"{{{name}}} is missing" for name in sorted(there - here)]
                adds = [f"{{{name}}} is new" for name in sorted(here - there)]
                yield Finding(place.file, place.line, "D303", f"{key}: {', '.join(lacks + adds)}")


def _unfilled(script: Script, registry: Registry, wordings: Wordings, said: tuple[Saying, ...]) -> Iterator[Finding]:
    fillable = kept_slots(script, registry) | registry.values.keys()
    keys = {saying.key: fillable for saying in said}
    keys |= {f"common.{key}": frozenset(registry.values) for key in ENGINE_PHRASES}
    for key, known in keys.items():
        by = _chooses(wordings, key)
        if by and (by not in known or by not in wordings.slots(wordings.first, key)):
            place = wordings.place(wordings.first, key)
            yield Finding(
                place.file, place.line, "D210", f"{key}: {{{by}}}, which chooses the form and has to be shown"
            )
        for text in wordings.of(wordings.first, key):
            for name in sorted(text.slots - known):
                yield Finding(text.file, text.line, "D210", f"{key}: {{{name}}}")


def _chooses(wordings: Wordings, key: str) -> str:
    """The placeholder whose number decides on the plural form; nothing if the phrase has none."""
    entry = wordings.source.words.get(wordings.first, {}).get(key)
    return str(entry.get("plural", "count")) if isinstance(entry, dict) else ""


def _style(wordings: Wordings, labels: set[str]) -> Iterator[Finding]:
    """Banned words everywhere; sentences and reading grade in whatever is not a button alone."""
    style = wordings.source.style
    patterns = {locale: banned(style.get(language_of(locale), {})) for locale in wordings.texts}
    read: dict[tuple[str, str], list[Text]] = defaultdict(list)
    for locale, key, text in wordings.each():
        words = text.filled("it")
        for word, instead in kept_out(patterns[locale], style.get(language_of(locale), {}), words):
            yield Finding(text.file, text.line, "D502", f"{key}: “{word}” – {instead}")
        if key in labels:
            continue
        for sentence in sentences(words):
            if (count := word_count(sentence)) > LONGEST_SENTENCE:
                yield Finding(text.file, text.line, "D503", f"{key}: {count} words")
        if language_of(locale) == _GRADED:
            read[text.file, key.partition(".")[0]].append(text)
            if word_count(words) >= LONG_PHRASE and (hard := grade(words)) > HARDEST:
                yield Finding(text.file, text.line, "D501", f"{key}: grade {hard:.1f}")
    for (file, name), text_list in read.items():
        whole = "\n".join(text.filled("it") for text in text_list)
        if word_count(whole) >= LONG_PHRASE and (hard := grade(whole)) > HARDEST:
            yield Finding(file, 1, "D501", f"all of {name}: grade {hard:.1f}")
