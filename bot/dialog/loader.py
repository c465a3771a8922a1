"""Read a folder of dialogs: shapes from `dialog.yaml`, words from `<locale>.yaml`, each with the line it came from."""

import functools
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from bot.core import shelf
from bot.core.errors import ScriptError
from bot.dialog import written
from bot.dialog.mistakes import explained
from bot.dialog.script import WRITTEN, Script
from bot.i18n.catalog import Entry


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that cannot be read as what it claims to be."""

    file: str
    line: int
    detail: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a phrase stands: its file, the line of its key, and the line of each of its `texts`."""

    file: str
    line: int
    lines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """
    Everything the folders say: scripts by name, words by locale and full key, and `placed`, where each word stands, as JSON:
    only who looks for faults ever asks.

    `style` holds the words that the style guide keeps out, by locale, each with what to say instead. `hash` changes
    whenever any of it does. `problems` holds what could not be read; the linter turns them into findings.
    """

    scripts: Mapping[str, Script]
    words: Mapping[str, Mapping[str, Entry]]
    placed: str
    hash: str
    style: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    media: Mapping[str, Path] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @property
    def places(self) -> Mapping[tuple[str, str], Place]:
        """Where each word stands, by locale and full key."""
        return _places(self.placed)


def texts(entry: Entry) -> list[str]:
    """Every wording of a phrase: its variants, in each of its plural forms."""
    if isinstance(entry, str):
        return [entry]
    if isinstance(entry, list):
        return entry
    return [text for form, wording in entry.items() if form != "plural" for text in texts(wording)]


def load(folders: Iterable[Path], *, cache: Path | None = None) -> Source:
    """
    Read the dialogs in `folders`; a dialog or phrase in a later folder replaces the one in an earlier.

    Reading YAML is slow, so the result is kept in the folder `cache`, under a name that is the hash of all files; a cache
    that is missing or unreadable is simply made again. Raises ScriptError if a folder is not there.
    """
    roots = [Path(folder) for folder in folders]
    for root in roots:
        if not root.is_dir():
            raise ScriptError(f"The dialogs folder {root} is not there. Set STILLHERE_DIALOGS to a folder that is.")
    files = [(root, path) for root in roots for path in sorted(root.rglob("*.yaml"))]
    contents = {path: path.read_bytes() for _, path in files}
    digest = hashlib.sha256(_program())
    for root, path in files:
        digest.update(str(path.relative_to(root)).encode() + b"\0" + contents[path])
    name = digest.hexdigest()[:32]
    media = {
        path.name: path for root in roots for path in sorted((root / "media").glob("*.*")) if path.suffix in _PICTURES
    }
    kept = _recall(cache, name)
    if kept is None:
        kept = _read(files, contents)
        _keep(cache, name, kept)
    return Source(
        scripts={s["dialog"]: WRITTEN.validate_python(s) for s in kept["scripts"]},
        words=kept["words"],
        placed=kept["places"],
        hash=name,
        style=kept["style"],
        media=media,
        problems=tuple(Problem(*problem) for problem in kept["problems"]),
    )


_PICTURES = {".gif", ".png", ".jpg", ".mp4"}


def _read(files: list[tuple[Path, Path]], contents: Mapping[Path, bytes]) -> dict[str, Any]:
    reading = _Reading()
    for root, path in files:
        inside = path.relative_to(root)
        shown = f"{root.name}/{inside}"
        try:
            data = written.read(contents[path])
        except written.Unreadable as broken:
            reading.problems.append((shown, broken.line, broken.detail))
            continue
        if path.name == "dialog.yaml":
            reading.script(shown, data, contents[path])
        elif inside.parts[0] == "style":
            reading.style(shown, inside.stem, data)
        else:
            reading.words(shown, inside, data)
    return reading.read()


class _Reading:
    """What the files say, file after file; a later one replaces what an earlier one said under the same name."""

    def __init__(self) -> None:
        self.problems: list[tuple[str, int, str]] = []
        self._scripts: dict[str, dict[str, Any]] = {}
        self._words: dict[str, dict[str, Entry]] = {}
        self._places: dict[tuple[str, str], list[Any]] = {}
        self._style: dict[str, dict[str, str]] = {}

    def read(self) -> dict[str, Any]:
        return {
            "scripts": list(self._scripts.values()),
            "words": self._words,
            "places": orjson.dumps([[*key, *place] for key, place in self._places.items()]).decode(),
            "style": self._style,
            "problems": self.problems,
        }

    def script(self, shown: str, data: Any, content: bytes) -> None:
        if not isinstance(data, dict):
            self.problems.append((shown, 1, "a dialog begins with `dialog: <name>`"))
            return
        digest = hashlib.sha256(content).hexdigest()[:16]
        plain = {**written.shape(data), "file": shown, "hash": digest, "purpose": written.purpose(content)}
        try:
            script = WRITTEN.validate_python(plain)
        except ValidationError as wrong:
            self.problems += ((shown, *mistake) for mistake in explained(data, wrong))
        else:
            self._scripts[script.dialog] = WRITTEN.dump_python(script, mode="json", by_alias=True)

    def style(self, shown: str, locale: str, data: Any) -> None:
        if not isinstance(data, dict) or not all(isinstance(item, str) for item in data.values()):
            self.problems.append((shown, 1, "write `word: what to say instead`, one a line"))
            return
        self._style.setdefault(locale, {}).update(written.plainly(data))

    def words(self, shown: str, path: Path, data: Any) -> None:
        locale, prefix = path.stem, ".".join(path.parts[:-1])
        if data is None:
            return
        if not isinstance(data, dict) or not prefix:
            self.problems.append((shown, 1, "words are written as `key: phrase`, in the folder of their dialog"))
            return
        for key, value in data.items():
            line = written.line_of_key(data, key)
            if not _is_entry(value):
                self.problems.append((shown, line, f"{key}: {_NO_PHRASE}"))
                continue
            self._words.setdefault(locale, {})[f"{prefix}.{key}"] = written.plainly(value)
            self._places[locale, f"{prefix}.{key}"] = [shown, line, _lines(value, line)]


_NO_PHRASE = (
    "a phrase is a text, a list of texts, or plural forms with `other`; a number or yes/no goes in quotation marks"
)


def _is_entry(value: Any) -> bool:
    if isinstance(value, dict):
        return "other" in value and all(isinstance(form, str) or _is_list(form) for form in value.values())
    return isinstance(value, str) or _is_list(value)


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)


def _lines(value: Any, line: int) -> list[int]:
    """The line of each text of a phrase, in the order of `texts`."""
    if isinstance(value, list):
        return [written.line_of_item(value, n) for n in range(len(value))]
    if isinstance(value, dict):
        return [
            line
            for form, text in value.items()
            if form != "plural"
            for line in (_lines(text, 0) if isinstance(text, list) else [written.line_of_key(value, form)])
        ]
    return [line]


@functools.lru_cache(maxsize=4)
def _places(placed: str) -> Mapping[tuple[str, str], Place]:
    return {(locale, key): Place(file, line, tuple(lines)) for locale, key, file, line, lines in orjson.loads(placed)}


def _recall(cache: Path | None, name: str) -> dict[str, Any] | None:
    try:
        kept = orjson.loads(shelf.recall(cache, f"dialogs-{name}.json") or b"null")
    except orjson.JSONDecodeError:
        return None
    return kept if isinstance(kept, dict) else None


def _keep(cache: Path | None, name: str, kept: Mapping[str, Any]) -> None:
    shelf.keep(cache, f"dialogs-{name}.json", orjson.dumps(kept))


@functools.cache
def _program() -> bytes:
    """Changes whenever the compiled form may change, so that an old one is not read."""
    return b"".join(Path(__file__).with_name(f"{room}.py").read_bytes() for room in ("loader", "script", "written"))
