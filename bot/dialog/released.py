"""What was released last: the states that conversations may still stand in, and what the words were."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from bot.core.errors import ScriptError
from bot.dialog.loader import Source
from bot.dialog.script import Script

FILE = "published.json"
"""Its name in a dialogs folder."""

Released = Mapping[str, Any]
"""By dialog: `states` that wait for an answer, a digest of the `shape`, and one of the `words` in each locale."""


def released(source: Source) -> dict[str, Any]:
    """The source as it would be released now."""
    return {
        name: {
            "states": sorted(state for state, part in script.states.items() if part.waits),
            "shape": script.hash,
            "words": {
                locale: _digest({key: entry for key, entry in words.items() if key.startswith(f"{name}.")})
                for locale, words in sorted(source.words.items())
            },
        }
        for name, script in sorted(source.scripts.items())
    }


def read(folder: Path) -> Released:
    """What the file in `folder` says; nothing if it was never written. Raises ScriptError if it cannot be read."""
    try:
        kept = orjson.loads((folder / FILE).read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, orjson.JSONDecodeError):
        raise ScriptError(f"{folder / FILE} cannot be read; take it back from the last release.") from None
    return kept if isinstance(kept, dict) else {}


def write(folder: Path, source: Source) -> None:
    """Keep the source as the released one."""
    body = orjson.dumps(released(source), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
    (folder / FILE).write_bytes(body + b"\n")


def vanished(before: Released, source: Source) -> Iterator[str]:
    """A sentence for each released state that is neither there nor renamed: who stands in it has to begin again."""
    for name, kept in before.items():
        script = source.scripts.get(name)
        if script is None:
            yield f"the dialog {name} is gone"
            continue
        for state in kept["states"]:
            if not _leads_on(script, state):
                yield f"{script.file}: the state `{state}` is gone; write `renamed: {{{state}: <its new name>}}`"


def changes(before: Released, source: Source) -> Iterator[str]:
    """What is different from the released dialogs, a line each."""
    for name, now in released(source).items():
        was = before.get(name)
        if was is None:
            yield f"{name}: new"
            continue
        added = sorted(set(now["states"]) - set(was["states"]))
        gone = sorted(set(was["states"]) - set(now["states"]))
        words = [locale for locale, digest in now["words"].items() if was["words"].get(locale) != digest]
        told = [
            f"new states {', '.join(added)}" if added else "",
            f"without {', '.join(gone)}" if gone else "",
            "other shape" if was["shape"] != now["shape"] and not (added or gone) else "",
            f"other words in {', '.join(words)}" if words else "",
        ]
        if any(told):
            yield f"{name}: {'; '.join(filter(None, told))}"


def _leads_on(script: Script, state: str) -> bool:
    found = script.states.get(script.renamed.get(state, state))
    return found is not None and found.waits


def _digest(words: Mapping[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(words, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]
