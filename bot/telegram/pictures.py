"""The pictures a message may name as `media:<name>`: where the file lies, what it hashes to, and which file id Telegram gave it."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bot.conversation.channel import Rejected, Unreachable
from bot.core.errors import DatabaseUnavailable, StatementRefused

_TURN, _RECALL = 3.0, 2.0
"""Seconds to wait while another call uploads the same picture, and to be told the file id it got in an earlier run."""

_LAST_MOMENT = 0.5  # seconds to keep file ids when the bot stops

_KINDS = ("", ".mp4", ".gif", ".png", ".jpg", ".jpeg", ".webp")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class FileIds(Protocol):
    """Remembers across restarts which file id Telegram gave a picture. Both may raise DatabaseUnavailable."""

    async def recall(self, name: str, digest: str) -> str:
        """The file id of the picture `name` with this digest, or an empty string."""

    async def remember(self, name: str, digest: str, file_id: str) -> None:
        """Telegram gave this picture a file id."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One file; `digest` is the SHA-256 of its bytes, in hex."""

    name: str
    path: Path
    digest: str
    changed: tuple[int, int] = field(repr=False, default=(0, 0))


class Pictures:
    """The media folder, and the file ids known so far. `uploading` makes two first sends one upload. `close()` at the end."""

    def __init__(self, folder: Path | None, file_ids: FileIds | None = None) -> None:
        self._folder = folder
        self._file_ids = file_ids
        self._found: dict[str, Picture] = {}
        self._known: dict[tuple[str, str], str] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._aside: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Give up file ids that are not kept within a moment."""
        if tasks := list(self._aside):
            await asyncio.wait(tasks, timeout=_LAST_MOMENT)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def find(self, name: str) -> Picture:
        """The picture `name` (with or without the file's ending). Raises Rejected if there is none."""
        path = self._path(name)
        if path is None:
            raise Rejected("no such picture")
        status = path.stat()
        changed = (status.st_mtime_ns, status.st_size)
        found = self._found.get(name)
        if found is None or found.changed != changed:
            found = Picture(name, path, hashlib.sha256(path.read_bytes()).hexdigest(), changed)
            self._found[name] = found
        return found

    async def file_id(self, picture: Picture) -> str:
        """The file id Telegram gave this very file, or an empty string."""
        key = (picture.name, picture.digest)
        if key not in self._known and self._file_ids is not None:
            with suppress(DatabaseUnavailable, TimeoutError):  # one upload more is no harm
                async with asyncio.timeout(_RECALL):
                    self._known[key] = await self._file_ids.recall(*key)
        return self._known.get(key, "")

    def learn(self, picture: Picture, file_id: str) -> None:
        """
        Keep the file id; an empty one is forgotten by this process.

        It is kept across restarts, too, but alongside: the picture has arrived, whatever the database says.
        """
        self._known[picture.name, picture.digest] = file_id
        if file_id and self._file_ids is not None:
            task = asyncio.create_task(self._remember(self._file_ids, picture, file_id))
            self._aside.add(task)
            task.add_done_callback(self._aside.discard)

    @asynccontextmanager
    async def uploading(self, picture: Picture) -> AsyncIterator[None]:
        """Hold this while uploading the picture. Raises Unreachable if another call holds it for long: then nothing left."""
        lock = self._locks.setdefault(picture.name, asyncio.Lock())
        try:
            async with asyncio.timeout(_TURN):
                await lock.acquire()
        except TimeoutError:
            raise Unreachable("the picture is being uploaded", left=False) from None
        try:
            yield
        finally:
            lock.release()

    async def _remember(self, file_ids: FileIds, picture: Picture, file_id: str) -> None:
        with suppress(DatabaseUnavailable, StatementRefused):  # one upload more after a restart
            await file_ids.remember(picture.name, picture.digest, file_id)

    def _path(self, name: str) -> Path | None:
        if self._folder is None or not _NAME.fullmatch(name):
            return None
        paths = (self._folder / f"{name}{kind}" for kind in _KINDS)
        return next((path for path in paths if path.is_file()), None)
