"""Files people and bots have sent: their bytes, their ids, and the media objects that describe them in messages."""

import hashlib
import mimetypes
import re
import struct
import zlib
from dataclasses import dataclass, field
from typing import Any

from bot.simulator.errors import ApiError, bad_request

MAX_UPLOAD = 50 * 1024 * 1024
MAX_PHOTO = 10 * 1024 * 1024
MAX_DOWNLOAD = 20 * 1024 * 1024
MAX_SIDES = 10_000
MAX_RATIO = 20
WEBP_SIZE = (512, 512)
NO_SIZE = (320, 320)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file part of a request."""

    name: str
    content: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file Telegram keeps; `kind` is photo, animation, document, sticker, voice, video, audio or video_note."""

    file_id: str
    unique_id: str
    kind: str
    name: str
    content_type: str
    content: bytes
    owner: int
    width: int
    height: int

    @property
    def path(self) -> str:
        """Where a bot downloads it, below /file/bot<token>/."""
        return f"{self.kind}s/{self.file_id}{mimetypes.guess_extension(self.content_type) or ''}"

    def as_file(self) -> dict[str, Any]:
        """The File object of getFile."""
        return {**self.short(), "file_path": self.path}

    def short(self) -> dict[str, Any]:
        """What every media object begins with."""
        return {"file_id": self.file_id, "file_unique_id": self.unique_id, "file_size": len(self.content)}


@dataclass(slots=True)
class Cabinet:
    """All files, by file_id."""

    files: dict[str, StoredFile] = field(default_factory=dict)
    count: int = 0

    def keep(self, kind: str, upload: Upload, owner: int) -> StoredFile:
        """Store an upload. `owner` is the account (bot or person) that sent it.

        Raises:
            ApiError: 413 too big; 400 a photo that is no picture.
        """
        if len(upload.content) > (MAX_PHOTO if kind == "photo" else MAX_UPLOAD):
            raise ApiError(413, "Request Entity Too Large")
        if not upload.content:
            raise bad_request("file must be non-empty")
        size = picture_size(upload.content)
        if kind == "photo" and size is None:
            raise bad_request("IMAGE_PROCESS_FAILED")
        width, height = size or NO_SIZE
        if kind == "photo" and (width + height > MAX_SIDES or max(width, height) > MAX_RATIO * min(width, height)):
            raise bad_request("PHOTO_INVALID_DIMENSIONS")
        self.count += 1
        stored = StoredFile(
            file_id=f"{_PREFIXES.get(kind, 'BQ')}ACAgIAAx{owner:x}Q{self.count:06d}",
            unique_id="AQAD" + hashlib.sha256(upload.content).hexdigest()[:12],
            kind=kind,
            name=upload.name,
            content_type=_content_type(upload),
            content=upload.content,
            owner=owner,
            width=width,
            height=height,
        )
        self.files[stored.file_id] = stored
        return stored

    def at_path(self, path: str) -> StoredFile | None:
        """The file a download path names."""
        found = self.files.get(path.rpartition("/")[2].split(".")[0])
        return found if found is not None and found.path == path else None


def media_fields(stored: StoredFile, extra: dict[str, Any]) -> dict[str, Any]:
    """The message fields that carry this file; `extra` holds what only the sender knows (duration, emoji, title)."""
    sized = {**stored.short(), "width": stored.width, "height": stored.height}
    named = {**stored.short(), "file_name": stored.name, "mime_type": stored.content_type}
    match stored.kind:
        case "photo":
            return {"photo": [sized]}
        case "animation":  # an animation also comes as a document, for older bots
            moving = {**sized, **named, "duration": extra.get("duration", 1)}
            return {"animation": moving, "document": named}
        case "sticker":
            flags = {"type": "regular", "is_animated": False, "is_video": False}
            return {"sticker": {**sized, **flags, **_given(extra, "emoji", "set_name")}}
        case "voice":
            return {"voice": {**stored.short(), "mime_type": stored.content_type, "duration": extra.get("duration", 1)}}
        case "video":
            return {"video": {**sized, **named, "duration": extra.get("duration", 1)}}
        case "audio":
            about = _given(extra, "performer", "title")
            return {"audio": {**named, "duration": extra.get("duration", 1), **about}}
        case "video_note":
            length = extra.get("length", 240)
            return {"video_note": {**stored.short(), "length": length, "duration": extra.get("duration", 1)}}
        case _:
            return {"document": named}


def picture_size(content: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG, GIF, JPEG or WebP; None for anything else."""
    try:
        match picture_type(content):
            case "image/png":
                width, height = struct.unpack(">II", content[16:24])
            case "image/gif":
                width, height = struct.unpack("<HH", content[6:10])
            case "image/jpeg":
                return _jpeg_size(content)
            case "image/webp":
                return WEBP_SIZE
            case _:
                return None
    except struct.error:
        return None
    return int(width), int(height)


def picture_type(content: bytes) -> str | None:
    """The content type of a picture or film, by its first bytes."""
    known = {b"\x89PNG\r\n\x1a\n": "image/png", b"GIF8": "image/gif", b"\xff\xd8": "image/jpeg"}
    for begin, kind in known.items():
        if content.startswith(begin):
            return kind
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    return "video/mp4" if content[4:8] == b"ftyp" else None


def sample_picture(width: int = 160, height: int = 120) -> bytes:
    """A small PNG (a soft gradient), for a person who has no picture at hand."""
    rows = b"".join(
        b"\x00" + bytes(channel for x in range(width) for channel in (90 + x, 130 + y // 2, 180)) for y in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in parts
    )


_PREFIXES = {"photo": "Ag", "sticker": "CA", "voice": "Aw", "animation": "CgX", "video": "BA", "audio": "CQ"}


def _content_type(upload: Upload) -> str:
    stated = upload.content_type.partition(";")[0].strip()
    if stated and stated != "application/octet-stream":
        return stated
    return mimetypes.guess_type(upload.name)[0] or picture_type(upload.content) or "application/octet-stream"


def _given(extra: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: extra[name] for name in names if extra.get(name) is not None}


def _jpeg_size(content: bytes) -> tuple[int, int]:
    """The size stands in the first start-of-frame segment."""
    for found in re.finditer(rb"\xff[\xc0-\xc3\xc5-\xc7\xc9-\xcb\xcd-\xcf]..\x08(..)(..)", content, re.DOTALL):
        return int.from_bytes(found[2]), int.from_bytes(found[1])
    return NO_SIZE
