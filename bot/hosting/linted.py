"""Remembers which dialogs this very program found fine, so that a start need not look through them once more."""

import hashlib
from contextlib import suppress
from functools import cache
from pathlib import Path

_PROGRAM = Path(__file__).parents[1]


def is_fine(folder: Path | None, dialogs: str) -> bool:
    """Whether the dialogs with this hash were linted without a finding by a program whose files were the same as now."""
    try:
        return folder is not None and _place(folder).read_text() == dialogs
    except OSError:
        return False


def keep(folder: Path | None, dialogs: str) -> None:
    """They are fine. A folder that cannot be written costs the next start a tenth of a second."""
    if folder is None:
        return
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("fine-*"):
            old.unlink(missing_ok=True)
        fresh = _place(folder).with_suffix(".tmp")
        fresh.write_text(dialogs)
        fresh.replace(_place(folder))


def _place(folder: Path) -> Path:
    return folder / f"fine-{_program()}"


@cache
def _program() -> str:
    """Changes whenever a file of the program does."""
    files = sorted((path, path.stat()) for path in _PROGRAM.rglob("*.py"))
    signs = (f"{path.relative_to(_PROGRAM)} {found.st_size} {found.st_mtime_ns}" for path, found in files)
    return hashlib.sha256("\n".join(signs).encode()).hexdigest()[:32]
