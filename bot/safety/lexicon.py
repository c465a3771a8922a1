"""The words the detector listens for, read from the folder `lexicon`, where people who know danger can edit them."""

import re
import tomllib
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from bot.core.errors import ScriptError
from bot.safety import classes, cues
from bot.safety.classes import ALONE, Classes
from bot.safety.cues import NONE, Cues

UNDER_AGE = "under 18"

KINDS = ("medical", "self-harm", "harm by someone", "harm to someone", "loss of reality", UNDER_AGE)
"""
Which danger is answered first when a text holds several. A body already in danger has minutes, and a life in danger hours;
then somebody who is being hurt, and somebody who may be; then what needs a doctor soon; last what needs only a question.
"""

LEVELS = ("explicit", "unsure")
"""How plainly it was said. Something explicit always comes before something unsure."""

WHO = ("i", "they", "")
"""Whose doing a pattern tells: the writer's (or nobody is named), somebody else's (who has to be named), anybody's."""

READING = ("fillers", "clear", "ordinary")
CONTEXT = (
    "denials", "unbound", "openers", "clauses", "joining", "raising", "subjects", "speaker", "own", "others", "people", "things", "third",
    "quoting", "joking",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pattern:
    """
    One thing to listen for, as written, with sentences in which it must be found; `place` says where it stands.

    `sure`: the second ear may not doubt it, for it was not learnt with it.
    """

    find: str
    who: str
    examples: tuple[str, ...]
    place: str
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Lexicon:
    """
    All of one language. `kinds`: kind → level → patterns. `sets`: sets of words by name, see READING and CONTEXT.

    `reviewer` and `reviewed_on` (a day as in 2026-05-04) are empty until a clinician who speaks the language has read the file,
    and whatever the bot says about danger in it: they sign for the language. `cues` and `classes`: of the second ear. `insults`
    are what may not reach a partner; the gate never listens for them.
    """

    locale: str
    version: int
    author: str
    reviewer: str
    reviewed_on: str
    spelling: Mapping[str, str]
    sets: Mapping[str, frozenset[str]]
    unless: Mapping[str, frozenset[str]]
    lists: Mapping[str, str]
    idioms: tuple[Pattern, ...]
    kinds: Mapping[str, Mapping[str, tuple[Pattern, ...]]]
    cues: Cues = NONE
    classes: Classes = ALONE
    insults: tuple[Pattern, ...] = ()

    @property
    def signed(self) -> bool:
        """Whether somebody has reviewed the language, and said so with name and day."""
        return bool(self.reviewer and self.reviewed_on)


@dataclass(frozen=True, slots=True)
class Contents:
    """
    The files of one language, each with its name and its text: `words` (TOML), `weights` of cues, and words that are `alike`.

    `sure` are the places among `words` of those whose patterns no cues were learnt with: none beside them say "doubts below".
    """

    locale: str
    words: Sequence[tuple[str, str]]
    weights: Sequence[tuple[str, str]]
    alike: Sequence[tuple[str, str]]
    sure: Sequence[int] = ()


def load(folders: Iterable[Path], locales: Iterable[str] = ()) -> tuple[Lexicon, ...]:
    """
    English, and after it each of `locales` that has a lexicon: people mix languages, above all in distress.

    A later folder adds to what an earlier one says and takes nothing away. Raises ScriptError, with the file, if English is
    missing, a file is broken, or a kind of danger has no patterns.
    """
    return tuple(map(parsed, contents(folders, locales)))


def contents(folders: Iterable[Path], locales: Iterable[str] = ()) -> tuple[Contents, ...]:
    """What `load` reads. Raises ScriptError if English is missing or a file cannot be read."""
    folders = list(folders)
    names = dict.fromkeys(["en", *(_name(locale) for locale in locales)])
    found = [_of_locale(name, [folder / "lexicon" for folder in folders]) for name in names]
    if found[0] is None:
        raise ScriptError(f"The safety lexicon {folders[0].name if folders else ''}/lexicon/en.toml is missing.")
    return tuple(each for each in found if each is not None)


def parsed(files: Contents) -> Lexicon:
    """The lexicon in these files. Raises ScriptError."""
    weights = cues.read(files.weights, KINDS) if files.weights else NONE
    return replace(read(files.locale, files.words, files.sure), cues=weights, classes=classes.read(files.alike))


def of_language(folders: Iterable[Path], locale: str) -> Lexicon | None:
    """The words of danger in the language of `locale`, without its cues; None if there are none. Raises ScriptError."""
    files = _of_locale(_name(locale), [folder / "lexicon" for folder in folders])
    return None if files is None else read(files.locale, files.words)


def with_insults(folders: Iterable[Path], locales: Iterable[str] = ()) -> tuple[Lexicon, ...]:
    """
    English, and each of `locales`, as far as there is a file `<language>.insults.toml`, which adds `insults` to its lexicon.

    Raises ScriptError, with the file, if one is broken, or has no lexicon to add to.
    """
    places = [folder / "lexicon" for folder in folders]
    found = []
    for name in dict.fromkeys(["en", *map(_name, locales)]):
        words, own = (list(_contents(places, f"{name}{of}.toml").values()) for of in ("", ".insults"))
        if own and not words:
            raise ScriptError(f"{own[0][0]}: it adds to the lexicon {name}.toml, which is missing.")
        if own:
            found.append(read(name, [*words, *own]))
    return tuple(found)


def read(locale: str, contents: Sequence[tuple[str, str]], sure: Iterable[int] = ()) -> Lexicon:
    """The lexicon of `locale` from the names and texts of its files, in order; see `Contents.sure`. Raises ScriptError."""
    table: dict[str, Any] = {}
    places: dict[str, str] = {}
    certain: set[str] = set()
    for at, (name, text) in enumerate(contents):
        try:
            part = tomllib.loads(text)
        except tomllib.TOMLDecodeError as broken:
            raise ScriptError(f"{name}: this is not TOML: {broken}.") from None
        keys = {key: f"{name}:{number}" for number, line in enumerate(text.splitlines(), 1) for key in _keys(line)}
        places |= keys
        certain = certain | set(keys) if at in sure else certain - set(keys)
        _join(table, part, name)
    return _Reading(table, contents[-1][0], places, certain).lexicon(locale)


_TEXTS = ("author", "reviewer", "reviewed_on")
_TABLES = ("spelling", "reading", "context", "unless", "lists", "idioms", "insults", *KINDS)


def _name(locale: str) -> str:
    return re.sub(r"[^a-z]", "", locale.lower().partition("-")[0].partition("_")[0])


def _of_locale(name: str, folders: Sequence[Path]) -> Contents | None:
    words, weights, alike = (_contents(folders, f"{name}.{ending}") for ending in ("toml", "cues.tsv", "classes.toml"))
    if not words:
        for (file, _), *_ in filter(None, (list(weights.values()), list(alike.values()))):
            raise ScriptError(
                f"{file}: cues and classes are heard only beside the patterns of {name}.toml, which is missing."
            )
        return None
    doubting = {folder for folder, (_, text) in weights.items() if "\ndoubts below\t" in text}
    sure = [at for at, folder in enumerate(words) if folder not in doubting]
    return Contents(name, list(words.values()), list(weights.values()), list(alike.values()), sure)


def _contents(folders: Iterable[Path], file: str) -> dict[Path, tuple[str, str]]:
    """The name and the text of `file` in those folders that have it."""
    contents = {}
    for folder in folders:
        if (path := folder / file).is_file():
            shown = f"{folder.parent.name}/lexicon/{file}"
            try:
                contents[folder] = (shown, path.read_text("utf-8"))
            except (OSError, UnicodeDecodeError) as fault:
                raise ScriptError(f"{shown} cannot be read ({type(fault).__name__}).") from None
    return contents


def _keys(line: str) -> list[str]:
    key = re.match(r"""\s*(?:"([^"]*)"|'([^']*)')\s*=""", line)
    return [key[1] or key[2] or ""] if key else []


def _join(table: dict[str, Any], part: Mapping[str, Any], name: str) -> None:
    """Add `part` to `table`: tables grow, words are added to words, everything else is replaced."""
    for key, value in part.items():
        old = table.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            _join(old, value, name)
        elif isinstance(old, str) and isinstance(value, str) and key in {*READING, *CONTEXT, *KINDS}:
            table[key] = f"{old} {value}"
        elif old is not None and type(old) is not type(value):
            raise ScriptError(f'{name}: "{key}" is not what it is in the lexicon this one adds to.')
        else:
            table[key] = value


class _Reading:
    def __init__(self, table: Mapping[str, Any], file: str, places: Mapping[str, str], sure: Container[str]) -> None:
        self._table = table
        self._file = file
        self._places = places
        self._sure = sure

    def lexicon(self, locale: str) -> Lexicon:
        for key in self._table:
            if key not in {"version", *_TEXTS, *_TABLES}:
                raise self._wrong(key, "nothing is called this here")
        version = self._table.get("version")
        if not isinstance(version, int):
            raise self._wrong("version", "a number is missing")
        reviewer, reviewed_on = self._review()
        return Lexicon(
            locale=locale,
            version=version,
            author=self._text("author"),
            reviewer=reviewer,
            reviewed_on=reviewed_on,
            spelling=self._spelling(),
            sets=self._sets("reading", READING) | self._sets("context", CONTEXT),
            unless=self._sets("unless", KINDS),
            lists=self._texts("lists"),
            idioms=self._patterns("idioms", self._part("idioms")),
            kinds={kind: self._kind(kind) for kind in KINDS},
            insults=self._patterns("insults", self._part("insults")),
        )

    def _review(self) -> tuple[str, str]:
        """Who reviewed the language, and on which day; both empty if nobody did."""
        reviewer, day = self._text("reviewer"), self._text("reviewed_on")
        if bool(reviewer) != bool(day):
            raise self._wrong("reviewer", "a review needs both who made it and its day, `reviewed_on`")
        try:
            if day:
                date.fromisoformat(day)
        except ValueError:
            raise self._wrong("reviewed_on", "this is a day such as 2026-05-04") from None
        return reviewer, day

    def _spelling(self) -> Mapping[str, str]:
        return {
            word.lower(): meant.lower() for meant, words in self._texts("spelling").items() for word in words.split()
        }

    def _sets(self, table: str, names: Iterable[str]) -> dict[str, frozenset[str]]:
        given = self._texts(table)
        for name in given:
            if name not in names:
                raise self._wrong(name, f"no words of [{table}] are called this")
        return {name: frozenset(given.get(name, "").lower().split()) for name in names}

    def _kind(self, kind: str) -> Mapping[str, tuple[Pattern, ...]]:
        levels = self._part(kind)
        for level in levels:
            if level not in LEVELS:
                raise self._wrong(kind, f"a level is explicit or unsure, not {level}")
        for level in LEVELS:
            if not levels.get(level):
                raise self._wrong(kind, f"the patterns of level {level} are missing")
        return {level: self._patterns(f"{kind}.{level}", levels[level]) for level in LEVELS}

    def _patterns(self, table: str, given: object) -> tuple[Pattern, ...]:
        if not isinstance(given, dict):
            raise self._wrong(table, "a table of patterns belongs here")
        return tuple(self._pattern(find, examples) for find, examples in given.items())

    def _pattern(self, written: str, given: object) -> Pattern:
        examples = (given,) if isinstance(given, str) else tuple(given) if isinstance(given, list) else ()
        if not examples or not all(isinstance(example, str) and example for example in examples):
            raise self._wrong(written, "an example, or a list of examples, is missing")
        who, mark, find = written.rpartition(":")
        if who.strip() not in WHO or (mark and not who.strip()):
            raise self._wrong(written, 'before the colon stands "i" or "they"')
        place, sure = self._places.get(written, self._file), written in self._sure
        return Pattern(find.lower().strip(), who.strip(), examples, place, sure)

    def _part(self, name: str) -> Mapping[str, Any]:
        part = self._table.get(name, {})
        if not isinstance(part, dict):
            raise self._wrong(name, "this is a table")
        return part

    def _texts(self, name: str) -> dict[str, str]:
        part = self._part(name)
        for key, value in part.items():
            if not isinstance(value, str) or not value.strip():
                raise self._wrong(key, "words in quotes belong here")
        return dict(part)

    def _text(self, name: str) -> str:
        value = self._table.get(name, "")
        if not isinstance(value, str):
            raise self._wrong(name, "words in quotes belong here")
        return value

    def _wrong(self, key: str, detail: str) -> ScriptError:
        return ScriptError(f'{self._places.get(key, self._file)}: "{key}": {detail}.')
