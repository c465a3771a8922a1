"""Keeps lexicons between starts as they were read: the TOML and the cues that people edit take a tenth of a second to read."""

import functools
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from bot.core import shelf
from bot.safety import cues, lexicon
from bot.safety.classes import Classes
from bot.safety.lexicon import KINDS, Contents, Lexicon, Pattern


def load(folders: Iterable[Path], locales: Iterable[str], cache: Path | None) -> tuple[Lexicon, ...]:
    """
    What `lexicon.load` gives, without the examples of patterns, which are for those who edit them.

    `cache` is the folder where it is kept, under a name that is a hash of all files. Raises ScriptError.
    """
    return tuple(_of(files, cache) for files in lexicon.contents(folders, locales))


def _of(files: Contents, cache: Path | None) -> Lexicon:
    asked = [_program(), files.locale, files.words, files.weights, files.alike, files.sure]
    name = f"words-{hashlib.sha256(orjson.dumps(asked)).hexdigest()[:32]}.json"
    with suppress(orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        if kept := shelf.recall(cache, name):
            return _unpacked(orjson.loads(kept))
    kept = orjson.dumps(_packed(files))
    shelf.keep(cache, name, kept)
    return _unpacked(orjson.loads(kept))


def _packed(files: Contents) -> dict[str, Any]:
    read = lexicon.parsed(replace(files, weights=()))  # the cues are packed without being made
    return {
        "locale": read.locale,
        "version": read.version,
        "author": read.author,
        "reviewer": read.reviewer,
        "reviewed_on": read.reviewed_on,
        "spelling": read.spelling,
        "sets": _sorted(read.sets),
        "unless": _sorted(read.unless),
        "lists": read.lists,
        "idioms": _rows(read.idioms),
        "kinds": {
            kind: {level: _rows(those) for level, those in levels.items()} for kind, levels in read.kinds.items()
        },
        "cues": cues.packed(files.weights, KINDS) if files.weights else None,
        "classes": read.classes.words,
    }


def _unpacked(kept: Mapping[str, Any]) -> Lexicon:
    alike: dict[tuple[str, ...], tuple[str, ...]] = {}
    words = {word: alike.setdefault(tuple(each), tuple(each)) for word, each in kept["classes"].items()}
    plain = {
        name: kept[name] for name in ("locale", "version", "author", "reviewer", "reviewed_on", "spelling", "lists")
    }
    return Lexicon(
        **plain,
        sets={name: frozenset(each) for name, each in kept["sets"].items()},
        unless={name: frozenset(each) for name, each in kept["unless"].items()},
        idioms=_patterns(kept["idioms"]),
        kinds={kind: {level: _patterns(rows) for level, rows in of.items()} for kind, of in kept["kinds"].items()},
        cues=cues.unpacked(kept["cues"]) if kept["cues"] else cues.NONE,
        classes=Classes(words),
    )


def _sorted(sets: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    return {name: sorted(words) for name, words in sets.items()}


def _rows(patterns: Iterable[Pattern]) -> list[tuple[str, str, str, bool]]:
    return [(each.find, each.who, each.place, each.sure) for each in patterns]


def _patterns(rows: Sequence[tuple[str, str, str, bool]]) -> tuple[Pattern, ...]:
    return tuple(Pattern(find, who, (), place, sure) for find, who, place, sure in rows)


@functools.cache
def _program() -> list[str]:
    """Changes whenever what reads is changed."""
    rooms = ("kept", "lexicon", "cues", "classes")
    return [hashlib.sha256(Path(__file__).with_name(f"{room}.py").read_bytes()).hexdigest() for room in rooms]
