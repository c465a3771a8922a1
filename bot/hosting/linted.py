"""Remembers which dialogs this very program found fine, so that a start need not look through them once more."""

import hashlib
from functools import cache
from pathlib import Path

from bot.core import shelf

_PROGRAM = Path(__file__).parents[1]


def is_fine(folder: Path | None, dialogs: str) -> bool:
    """Whether the dialogs with this hash were linted without a finding by a program whose files were the same as now."""
    return shelf.recall(folder, _name(dialogs)) is not None


def has_been_here(folder: Path | None) -> bool:
    """Whether this very program has found any dialogs fine, and kept what it compiled in this folder."""
    return folder is not None and any(folder.glob(f"fine-{_program()}-*"))


def keep(folder: Path | None, dialogs: str) -> None:
    """They are fine."""
    shelf.keep(folder, _name(dialogs), b"")


def _name(dialogs: str) -> str:
    return f"fine-{_program()}-{dialogs}"


@cache
def _program() -> str:
    """Changes whenever a file of the program does."""
    files = sorted((path, path.stat()) for path in _PROGRAM.rglob("*.py"))
    signs = (f"{path.relative_to(_PROGRAM)} {found.st_size} {found.st_mtime_ns}" for path, found in files)
    return hashlib.sha256("\n".join(signs).encode()).hexdigest()[:32]
