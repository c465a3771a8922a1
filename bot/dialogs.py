"""What this program can say and has to hear: the dialogs, every name they may use, and the safety gate, read and checked."""

import functools
from collections.abc import Container, Iterator
from dataclasses import replace
from pathlib import Path

from bot.core.errors import ScriptError
from bot.corner import vocabulary as corner
from bot.dialog import loader
from bot.dialog import vocabulary as general
from bot.dialog.library import Library
from bot.dialog.registry import Registry
from bot.hosting import linted
from bot.i18n.locales import DEFAULT, language_of
from bot.nudges import vocabulary as nudges
from bot.profile import vocabulary as profile
from bot.safety import detector, insults, kept, lexicon
from bot.safety import vocabulary as safety
from bot.soothing import vocabulary as soothing
from bot.spaces import vocabulary as spaces

CARRIED = next(
    path
    for path in (Path(__file__).parent / "_carried/dialogs", Path(__file__).parents[1] / "dialogs")
    if path.is_dir()
)
"""The dialogs that come with the program: inside an installed wheel, or beside the folder `bot` in a checkout."""

VITAL = ("crisis", "safe", "help", "minor")
"""The dialogs that a language has to know whole before anybody is talked to in it. Source: the locale gate of the safety notes."""


def registry() -> Registry:
    """Every name a script may use."""
    rooms = (profile, soothing, spaces, nudges, safety, corner)
    return Registry(general.registry, *(room.registry for room in rooms))


def source(folder: Path | None, cache: Path | None = None) -> loader.Source:
    """All that is written: what comes with the program, with the host's own `folder` on top. Raises ScriptError."""
    return loader.load(_folders(folder), cache=cache)


def read_dialogs(folder: Path | None, cache: Path | None = None, known: Container[str] | None = None) -> Library:
    """
    The dialogs carried along, with the host's own `folder` on top, in the languages that may be offered (see `withheld`).

    `known`: the locales that a running bot has; it takes up no other, for its gate would not listen in it. Raises ScriptError
    with every finding that keeps a bot from starting.
    """
    written = source(folder, cache)
    words = registry()
    if not linted.is_fine(cache, written.hash):
        _check(written, words)
        linted.keep(cache, written.hash)
    without = withheld(written, folder)
    offered = {
        locale: entries
        for locale, entries in written.words.items()
        if locale not in without and (known is None or locale in known)
    }
    return Library(replace(written, words=offered), words)


def withheld(written: loader.Source, folder: Path | None) -> dict[str, str]:
    """
    The locales that there are words for and that nobody is offered, each with a line that says what it lacks.

    People get English instead, which says of itself that nobody has reviewed it. Any other language needs a lexicon of danger
    of its own, every phrase of the `VITAL` dialogs, and, at the head of that lexicon, who reviewed all of this, and when.
    Raises ScriptError if a lexicon cannot be read.
    """
    others = [locale for locale in sorted(written.words) if language_of(locale) != DEFAULT]
    lacking = {locale: "; ".join(_lacks(locale, written, folder)) for locale in others}
    return {locale: f"{locale} is not offered to anybody: {what}" for locale, what in lacking.items() if what}


@functools.cache
def gate(folder: Path | None, locales: tuple[str, ...], cache: Path) -> detector.Detect:
    """
    The safety detector for these locales, with the host's own `folder` on top. It never changes while a program runs.

    It listens in every other language as well that somebody wrote a lexicon for, offered or not.
    """
    return detector.build(kept.load(_folders(folder), [*locales, *_heard(folder)], cache), cache)


@functools.cache
def insulting(folder: Path | None, cache: Path) -> insults.Insulting:
    """What keeps insults and threats from a partner, in every language that there are such words for."""
    return insults.build(lexicon.with_insults(_folders(folder), _heard(folder)), cache)


def fault_of_lexicons(folder: Path | None) -> str:
    """What is wrong with the words of danger, or of insult, in any language, by file and line; empty if nothing is."""
    folders, locales = _folders(folder), _heard(folder)
    try:
        detector.build(lexicon.load(folders, locales) if locales else ())
        insults.build(lexicon.with_insults(folders, locales))
    except ScriptError as fault:
        return str(fault)
    return ""


def _heard(own: Path | None) -> list[str]:
    """The languages that anybody wrote a lexicon for."""
    return sorted({path.name.partition(".")[0] for each in _folders(own) for path in (each / "lexicon").glob("*.t*")})


def _lacks(locale: str, written: loader.Source, folder: Path | None) -> Iterator[str]:
    """What keeps this locale from being offered, in plain words; nothing if it may be."""
    language = language_of(locale)
    own = lexicon.of_language(_folders(folder), language)
    if own is None:
        yield f"the words of danger, lexicon/{language}.toml, are missing"
    elif not own.signed:
        yield f"nobody has signed at the head of lexicon/{language}.toml (`reviewer` and `reviewed_on`)"
    vital = tuple(f"{name}." for name in VITAL)
    if missing := [key for key in written.words[DEFAULT] if key.startswith(vital) and key not in written.words[locale]]:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        yield f"words to say about danger are missing ({missing[0]}{more})"


def _folders(own: Path | None) -> list[Path]:
    """Where dialogs and lexicons lie: those carried along, and the host's own on top."""
    return [CARRIED, *([own] if own else [])]


def _check(source: loader.Source, words: Registry) -> None:
    from bot.dialog.linter import lint

    findings = [finding for finding in lint(source, words) if finding.stops]
    if findings:
        count = "a fault" if len(findings) == 1 else f"{len(findings)} faults"
        raise ScriptError("\n".join([f"The dialogs have {count}:", *map(str, findings)]))
