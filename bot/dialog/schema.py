"""The JSON schema by which editors help with `dialog.yaml`: made from the shapes, so that it says the same."""

from typing import Any

import orjson

from bot.dialog.script import WRITTEN

FILE = "schema.json"
"""Its name in a dialogs folder."""

_HIDDEN = {"line", "file", "hash", "purpose"}
_NOISE = {"title"}


def schema() -> bytes:
    """The schema as it stands in the file."""
    body = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A dialog of Stillhere",
        **_clean(WRITTEN.json_schema(by_alias=True)),
    }
    return orjson.dumps(body, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


def _clean(part: Any, *, named: bool = False) -> Any:
    """Without what only the loader fills in, and without titles that repeat a name."""
    if isinstance(part, dict):
        left_out = _HIDDEN if named else _NOISE
        return {key: _clean(item, named=key == "properties") for key, item in part.items() if key not in left_out}
    if isinstance(part, list):
        return [_clean(item) for item in part]
    return part
