"""What this program can say and has to hear: the dialogs, every name they may use, and the safety gate, read and checked."""

import functools
from pathlib import Path

from bot.core.errors import ScriptError
from bot.corner import vocabulary as corner
from bot.dialog import loader
from bot.dialog import vocabulary as general
from bot.dialog.library import Library
from bot.dialog.registry import Registry
from bot.hosting import linted
from bot.nudges import vocabulary as nudges
from bot.profile import vocabulary as profile
from bot.safety import detector, kept, lexicon
from bot.safety import vocabulary as safety
from bot.soothing import vocabulary as soothing
from bot.spaces import vocabulary as spaces

CARRIED = next(
    path
    for path in (Path(__file__).parent / "_carried/dialogs", Path(__file__).parents[1] / "dialogs")
    if path.is_dir()
)
"""The dialogs that come with the program: inside an installed wheel, or beside the folder `bot` in a checkout."""


def registry() -> Registry:
    """Every name a script may use."""
    rooms = (profile, soothing, spaces, nudges, safety, corner)
    return Registry(general.registry, *(room.registry for room in rooms))


def read_dialogs(folder: Path | None, cache: Path | None = None) -> Library:
    """
    The dialogs carried along, with the host's own `folder` on top.

    Raises ScriptError with every finding that keeps a bot from starting.
    """
    source = loader.load(_folders(folder), cache=cache)
    words = registry()
    if not linted.is_fine(cache, source.hash):
        _check(source, words)
        linted.keep(cache, source.hash)
    return Library(source, words)


@functools.cache
def gate(folder: Path | None, locales: tuple[str, ...], cache: Path) -> detector.Detect:
    """The safety detector for these locales, with the host's own `folder` on top. It never changes while a program runs."""
    return detector.build(kept.load(_folders(folder), locales, cache), cache)


def fault_of_lexicons(folder: Path | None) -> str:
    """What is wrong with the words of danger in any language, by file and line; empty if nothing is."""
    folders = _folders(folder)
    locales = sorted({path.name.partition(".")[0] for each in folders for path in (each / "lexicon").glob("*.t*")})
    try:
        detector.build(lexicon.load(folders, locales) if locales else ())
    except ScriptError as fault:
        return str(fault)
    return ""


def _folders(own: Path | None) -> list[Path]:
    """Where dialogs and lexicons lie: those carried along, and the host's own on top."""
    return [CARRIED, *([own] if own else [])]


def _check(source: loader.Source, words: Registry) -> None:
    from bot.dialog.linter import lint

    findings = [finding for finding in lint(source, words) if finding.stops]
    if findings:
        count = "a fault" if len(findings) == 1 else f"{len(findings)} faults"
        raise ScriptError("\n".join([f"The dialogs have {count}:", *map(str, findings)]))
