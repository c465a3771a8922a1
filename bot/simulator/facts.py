"""The facts of the Bot API: every call is checked against them, so a bot cannot pass here and fail at Telegram."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bot.simulator.errors import ApiError, bad_request
from bot.simulator.files import Upload

Fields = dict[str, "Field"]


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter or field: its type in the reference's words, and its limit if it has one."""

    name: str
    type: str
    required: bool
    low: int = 0
    high: int | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the published reference says: `methods` by lower-case name, the types they take, and the types' variants."""

    names: dict[str, str]
    methods: dict[str, Fields]
    types: dict[str, Fields]
    unions: dict[str, list[str]]
    update_kinds: frozenset[str]


@cache
def facts() -> Facts:
    """Read bot_api.json once."""
    raw = json.loads((Path(__file__).parent / "bot_api.json").read_text(encoding="utf-8"))
    types = {name: _fields(fields) for name, fields in raw["types"].items()}
    return Facts(
        names={name.lower(): name for name in raw["methods"]},
        methods={name: _fields(fields) for name, fields in raw["methods"].items()},
        types=types,
        unions=raw["unions"],
        update_kinds=frozenset(types["Update"]) - {"update_id"},
    )


def method_named(name: str) -> str:
    """The method's proper spelling; names are taken in any case.

    Raises:
        ApiError: 404, the reference has no such method.
    """
    known = facts().names.get(name.lower())
    if known is None:
        raise ApiError(404, "Not Found: method not found")
    return known


def read_parameters(method: str, given: Mapping[str, Any], files: Mapping[str, Upload]) -> dict[str, Any]:
    """The parameters of a call as Python values, checked for names, types and limits.

    Strings are taken for numbers, booleans and JSON, as forms send them. Stricter than Telegram in one point: a
    parameter the reference does not know is refused instead of ignored, for it is a mistake of the bot.

    Raises:
        ApiError: 400.
    """
    fields = facts().methods[method]
    values: dict[str, Any] = {}
    for name in given:
        if name not in fields and name not in files:
            raise bad_request(f'unknown parameter "{name}"')
    for field in sorted(fields.values(), key=lambda each: each.name != "text"):
        value: Any = given.get(field.name)
        if "InputFile" in field.type and field.name in files:
            value = files[field.name]
        if value is None or (value == "" and field.name not in _MAY_BE_EMPTY):
            if field.required:
                raise bad_request(_missing(method, field))
            continue
        values[field.name] = _parameter(method, field, value)
    return values


_MAY_BE_EMPTY = {"url", "name", "description", "short_description", "caption", "offset", "next_offset", "custom_title"}
_MAY_BE_PARTIAL = {"ChatAdministratorRights", "ChatPermissions"}  # answers are complete, wishes need not be
_MEASURED_LATER = {"text", "caption", "question", "explanation", "message_text", "quote"}
_MISSING = {
    "text": "message text is empty",
    "chat_id": "chat_id is empty",
    "user_id": "invalid user_id specified",
    "photo": "there is no photo in the request",
    "animation": "there is no animation in the request",
    "document": "there is no document in the request",
    "sticker": "there is no sticker in the request",
    "voice": "there is no voice in the request",
    "video": "there is no video in the request",
    "audio": "there is no audio in the request",
    "message_ids": "message identifiers are not specified",
    "file_id": "file_id not specified",
    "action": "wrong parameter action in request",
}
_UNREADABLE = {
    "reply_markup": "can't parse reply keyboard markup JSON object",
    "reply_parameters": "can't parse reply parameters JSON object",
    "commands": "can't parse commands JSON object",
    "scope": "can't parse BotCommandScope JSON object",
    "rights": "can't parse ChatAdministratorRights JSON object",
}
_PREFIXES = {
    "InlineKeyboardButton": "can't parse inline keyboard button: ",
    "KeyboardButton": "can't parse keyboard button: ",
    "MessageEntity": "can't parse MessageEntity: ",
    "BotCommand": "can't parse BotCommand: ",
    "MenuButton": "can't parse menu button: ",
    "InputMedia": "can't parse InputMedia: ",
    "InlineQueryResult": "can't parse inline query result: ",
    "ReactionType": "can't parse ReactionType: ",
}
_TOO_LONG = {("answerCallbackQuery", "text"): "MESSAGE_TOO_LONG"}
_TRUE = {"true", "yes", "1"}


def _fields(raw: Mapping[str, str]) -> Fields:
    return {name: _field(name, text) for name, text in raw.items()}


def _field(name: str, text: str) -> Field:
    found = re.fullmatch(r"(.+?)(!?)(?: (\d+)\.\.(\d+) (\w+))?", text)
    if found is None:
        raise ValueError(f"The facts hold something unreadable for {name}.")
    kind, required, low, high, unit = found.groups()
    return Field(name, kind, bool(required), int(low or 0), int(high) if high else None, unit or "")


def _missing(method: str, field: Field) -> str:
    if method == "deleteMessage":
        return f"{'chat' if field.name == 'chat_id' else 'message'} identifier is not specified"
    return _MISSING.get(field.name, f'parameter "{field.name}" is required')


def _parameter(method: str, field: Field, value: Any) -> Any:
    if isinstance(value, Upload):
        return value
    if field.type in _SCALARS:
        checked = _SCALARS[field.type](field, value)
        return _within(method, field, checked)
    if "InputFile" in field.type:
        if not isinstance(value, str):
            raise bad_request(f'parameter "{field.name}" must be a file or a String')
        return value
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            spoken = field.name.replace("_", " ")
            raise bad_request(_UNREADABLE.get(field.name, f"can't parse {spoken} JSON object")) from None
    return _nested(field.type, field.name, value, "")


def _integer(field: Field, value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d{1,19}", value.strip()):
        return int(value)
    raise bad_request("invalid user_id specified" if field.name == "user_id" else _not_a(field, "Integer"))


def _chat(field: Field, value: Any) -> int | str:
    text = str(value).strip()
    if isinstance(value, bool):
        raise bad_request(_not_a(field, "Integer or String"))
    return int(text) if re.fullmatch(r"-?\d{1,19}", text) else text


def _boolean(_field: Field, value: Any) -> bool:
    return value if isinstance(value, bool) else str(value).strip().lower() in _TRUE


def _string(field: Field, value: Any) -> str:
    if isinstance(value, bool | dict | list):
        raise bad_request(_not_a(field, "String"))
    return _readable(str(value))


def _readable(text: str) -> str:
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise bad_request("strings must be encoded in UTF-8")
    return text


def _float(field: Field, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise bad_request(_not_a(field, "Float")) from None


def _not_a(field: Field, kind: str) -> str:
    return f'parameter "{field.name}" must be of type {kind}'


_JSON_TYPES = {"Integer": "Number", "Float": "Number", "String": "String", "Boolean": "Boolean", "True": "Boolean"}
_SCALARS: Any = {
    "Integer": _integer,
    "Integer or String": _chat,
    "Boolean": _boolean,
    "True": _boolean,
    "String": _string,
    "Float": _float,
}


def _within(method: str, field: Field, value: Any) -> Any:
    if field.high is None or (field.name in _MEASURED_LATER and (method, field.name) not in _TOO_LONG):
        return value
    if field.unit == "value":
        return max(field.low, min(value, field.high)) if field.name == "limit" else value
    size = len(value.encode()) if field.unit == "bytes" else len(value)
    if size > field.high:
        raise bad_request(_TOO_LONG.get((method, field.name), f'parameter "{field.name}" is too long'))
    return value


def _nested(kind: str, name: str, value: Any, prefix: str) -> Any:
    """Check a JSON value against a type of the reference; arrays and unions are followed."""
    if kind.startswith("Array of "):
        if not isinstance(value, list):
            raise bad_request(f'{prefix}Field "{name}" must be of type Array')
        return [_nested(kind.removeprefix("Array of "), name, each, prefix) for each in value]
    known = facts()
    variants = known.unions.get(kind) or re.split(r", | or | and ", kind)
    if len(variants) > 1:
        return _variant(kind, variants, value, prefix)
    if kind not in known.types or kind == "User":  # of a mentioned user, the id is enough
        return _plain(kind, name, value, prefix)
    prefix = _PREFIXES.get(kind, prefix)
    if kind == "KeyboardButton" and isinstance(value, str):
        return {"text": value}
    if not isinstance(value, dict):
        raise bad_request(f"{prefix}Object expected as {_spoken(kind, name)}")
    return _checked_object(known.types[kind], value, prefix, complete=kind not in _MAY_BE_PARTIAL)


def _checked_object(fields: Fields, value: dict[str, Any], prefix: str, *, complete: bool = True) -> dict[str, Any]:
    for name, field in fields.items():
        if complete and field.required and value.get(name) is None:
            raise bad_request(f'{prefix}Can\'t find field "{name}"')
    checked = {}
    for name, each in value.items():
        if each is None:
            continue
        if name not in fields:
            raise bad_request(f'{prefix}unknown field "{name}"')
        checked[name] = _nested(fields[name].type, name, each, prefix)
    return checked


def _variant(kind: str, variants: list[str], value: Any, prefix: str) -> Any:
    """The variant is the one whose required fields are there and that knows every field; markup is told by its key."""
    prefix = _PREFIXES.get(kind, prefix)
    if all(each not in facts().types for each in variants):
        return value
    if not isinstance(value, dict):
        raise bad_request(f"{prefix}Object expected as {'reply markup' if 'ReplyKeyboard' in kind else kind}")
    for each in variants:
        fields = facts().types.get(each, {})
        required = {name for name, field in fields.items() if field.required and name != "type"}
        if required <= set(value) <= set(fields) and _says_its_type(each, value):
            return _checked_object(fields, value, prefix)
    if "ReplyKeyboard" in kind and not value:
        return None
    raise bad_request(f"{prefix}no variant of {kind} has these fields")


def _says_its_type(variant: str, value: dict[str, Any]) -> bool:
    stated = value.get("type")
    if not isinstance(stated, str) or not variant.startswith(("InputMedia", "BotCommandScope", "MenuButton")):
        return True
    return variant.lower().endswith(stated.replace("_", ""))


def _plain(kind: str, name: str, value: Any, prefix: str) -> Any:
    if kind == "String" and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if kind == "Integer" and isinstance(value, str) and re.fullmatch(r"-?\d{1,19}", value):
        return int(value)
    wanted: Any = {"String": str, "Integer": int, "Boolean": bool, "True": bool, "Float": (int, float)}.get(kind)
    if wanted and (not isinstance(value, wanted) or (kind in {"Integer", "Float"} and isinstance(value, bool))):
        raise bad_request(f'{prefix}Field "{name}" must be of type {_JSON_TYPES[kind]}')
    return _readable(value) if isinstance(value, str) else value


def _spoken(kind: str, name: str) -> str:
    return name.replace("_", " ") if kind in {"ReplyParameters", "LinkPreviewOptions"} else kind
