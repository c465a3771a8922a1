"""Read a folder of dialogs: shapes from `dialog.yaml`, words from `<locale>.yaml`, each with the line it came from."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from bot.core.errors import ScriptError
from bot.dialog.script import Script

FORMAT = 4
"""Counted up when the compiled form changes, so that an old cache is not read."""

Entry = str | list[str] | dict[str, str]


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that cannot be read as what it claims to be."""

    file: str
    line: int
    detail: str


@dataclass(frozen=True, slots=True)
class Source:
    """
    Everything the folders say: scripts by name, words by locale and full key, and where each word stands.

    `hash` changes whenever any of it does. `problems` holds what could not be read; the linter turns them into findings.
    """

    scripts: Mapping[str, Script]
    words: Mapping[str, Mapping[str, Entry]]
    places: Mapping[tuple[str, str], tuple[str, int]]
    hash: str
    media: Mapping[str, Path] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


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
    digest = hashlib.sha256(str(FORMAT).encode())
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
        scripts={s["dialog"]: Script.model_validate(s) for s in kept["scripts"]},
        words=kept["words"],
        places={(locale, key): (file, line) for locale, key, file, line in kept["places"]},
        hash=name,
        media=media,
        problems=tuple(Problem(*problem) for problem in kept["problems"]),
    )


_PICTURES = {".gif", ".png", ".jpg", ".mp4"}


def _read(files: list[tuple[Path, Path]], contents: Mapping[Path, bytes]) -> dict[str, Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    scripts: dict[str, dict[str, Any]] = {}
    words: dict[str, dict[str, Entry]] = {}
    places: dict[tuple[str, str], tuple[str, int]] = {}
    problems: list[tuple[str, int, str]] = []
    for root, path in files:
        shown = f"{root.name}/{path.relative_to(root)}"
        try:
            # YAML 1.2 on purpose: `no` stays a word and `22:30` a time, and a key written twice is an error.
            data = YAML().load(contents[path])
        except YAMLError as broken:
            mark = broken.problem_mark if isinstance(broken, MarkedYAMLError) else None
            detail = (broken.problem or "cannot be read") if isinstance(broken, MarkedYAMLError) else "cannot be read"
            problems.append((shown, mark.line + 1 if mark else 1, detail))
            continue
        if path.name == "dialog.yaml":
            _read_script(shown, data, hashlib.sha256(contents[path]).hexdigest()[:16], scripts, problems)
        else:
            _read_words(shown, path.relative_to(root), data, words, places, problems)
    return {
        "scripts": list(scripts.values()),
        "words": words,
        "places": [[locale, key, file, line] for (locale, key), (file, line) in places.items()],
        "problems": problems,
    }


def _read_script(
    shown: str, data: Any, digest: str, scripts: dict[str, dict[str, Any]], problems: list[tuple[str, int, str]]
) -> None:
    if not isinstance(data, dict):
        problems.append((shown, 1, "a dialog is a mapping that begins with `dialog: <name>`"))
        return
    plain = {**_with_lines(data), "file": shown, "hash": digest}
    try:
        scripts[str(plain.get("dialog"))] = Script.model_validate(plain).model_dump(mode="json", by_alias=True)
    except ValidationError as wrong:
        for error in wrong.errors():
            where = ".".join(str(part) for part in error["loc"])
            problems.append((shown, _line_of(data, error["loc"]), f"{where}: {error['msg']}"))


def _read_words(
    shown: str,
    path: Path,
    data: Any,
    words: dict[str, dict[str, Entry]],
    places: dict[tuple[str, str], tuple[str, int]],
    problems: list[tuple[str, int, str]],
) -> None:
    locale, prefix = path.stem, ".".join(path.parts[:-1])
    if data is None:
        return
    if not isinstance(data, dict) or not prefix:
        problems.append((shown, 1, "words are a mapping from keys to phrases, in a dialog's folder"))
        return
    for key, value in data.items():
        line = data.lc.key(key)[0] + 1 if hasattr(data, "lc") else 1
        if not _is_entry(value):
            problems.append((shown, line, f"{key}: a phrase is a text, a list of texts, or plural forms"))
            continue
        words.setdefault(locale, {})[f"{prefix}.{key}"] = _plain(value)
        places[locale, f"{prefix}.{key}"] = (shown, line)


def _is_entry(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(item, str) for item in value)
    if isinstance(value, dict):
        return "other" in value and all(isinstance(item, str) for item in value.values())
    return isinstance(value, str)


def _with_lines(value: Any, *, named: bool = False) -> Any:
    """
    The value as plain Python, every shape with the `line` it stands on.

    `named`: a mapping from names the writer chose to shapes, no shape itself.
    """
    if isinstance(value, dict):
        plain = {
            str(key): _plain(item) if key in _ARGUMENTS and not named else _with_lines(item, named=key in _NAMED and not named)
            for key, item in value.items()
        }
        return plain if named or not hasattr(value, "lc") else {**plain, "line": value.lc.line + 1}
    if isinstance(value, list):
        return [_with_lines(item) for item in value]
    return _plain(value)


_NAMED = {"states", "notes", "on", "after", "renamed"}
_ARGUMENTS = {"when", "unless", "do", "keep", "command"}


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case bool() | None:
            return value
        case int():
            return int(value)
        case float():
            return float(value)
        case _:
            return str(value)


def _line_of(data: Any, location: Iterable[int | str]) -> int:
    """The line of the innermost part of `location` that was written at all."""
    line = 1
    for part in _steps(location):
        try:
            line = (data.lc.key(part)[0] if isinstance(part, str) else data.lc.item(part)[0]) + 1
            data = data[part]
        except (KeyError, IndexError, TypeError, AttributeError):
            if isinstance(data, dict) and part == 0:  # a list of one may be written without its dash
                continue
            break
    return line


def _steps(location: Iterable[int | str]) -> Iterator[int | str]:
    yield from location


def _recall(cache: Path | None, name: str) -> dict[str, Any] | None:
    if cache is None:
        return None
    try:
        kept = orjson.loads((cache / f"dialogs-{name}.json").read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return None
    return kept if isinstance(kept, dict) and kept.get("format") == FORMAT else None


def _keep(cache: Path | None, name: str, kept: Mapping[str, Any]) -> None:
    if cache is None:
        return
    try:
        cache.mkdir(parents=True, exist_ok=True)
        for old in cache.glob("dialogs-*.json"):
            old.unlink(missing_ok=True)
        fresh = cache / f"dialogs-{name}.tmp"
        fresh.write_bytes(orjson.dumps({**kept, "format": FORMAT}))
        fresh.replace(cache / f"dialogs-{name}.json")
    except OSError:
        return  # a read-only folder: the next start reads the YAML again
