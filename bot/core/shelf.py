"""Keeps what is slow to make in a folder between starts; it can always be made again, so no fault of the folder matters."""

import os
from contextlib import suppress
from pathlib import Path

_KEPT = 4
"""So many of a kind stay: a host may run several programs, and a writer tries several folders of dialogs."""


def recall(folder: Path | None, name: str) -> bytes | None:
    """What was kept as `name`, or None. `folder` None: nothing is ever kept."""
    if folder is None:
        return None
    try:
        return (folder / name).read_bytes()
    except OSError:
        return None


def can_keep(folder: Path | None) -> bool:
    """Whether anything can be kept there."""
    if folder is None:
        return False
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        return os.access(folder, os.W_OK)
    return False


def keep(folder: Path | None, name: str, content: bytes) -> None:
    """
    Keep `content` as `name`, a kind and a hash with a `-` between; the oldest of the kind go.

    Whoever reads meanwhile finds all of it or nothing. A folder that cannot be written costs the next start its time again.
    """
    if folder is None:
        return
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / f"{name}.{os.getpid()}.tmp"
        fresh.write_bytes(content)
        fresh.replace(folder / name)
        kind = name.partition("-")[0]
        alike = sorted(folder.glob(f"{kind}-*"), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in alike[_KEPT:]:
            old.unlink(missing_ok=True)
