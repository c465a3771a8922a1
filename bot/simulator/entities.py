"""Turns what a bot or a person wrote into the text and entities Telegram would deliver."""

import re
from typing import Any

from bot.simulator.detection import detect
from bot.simulator.errors import bad_request
from bot.simulator.links import link_fault
from bot.simulator.markup_html import parse_html
from bot.simulator.markup_markdown import parse_markdown, parse_markdown_v2
from bot.simulator.moments import date_format
from bot.simulator.utf16 import is_boundary, units

Entity = dict[str, Any]
Formatted = tuple[str, list[Entity]]


def formatted(text: str, parse_mode: str | None = None, entities: list[Entity] | None = None) -> Formatted:
    """Parse, clean, trim, and find commands and links.

    A parse_mode wins over `entities`; entities of kinds Telegram finds itself are ignored when given. The text may
    come out empty: whether that is allowed is the caller's business.

    Raises:
        ApiError: 400 in Telegram's words, byte offsets included.
    """
    mode = (parse_mode or "none").lower()
    if mode not in _PARSERS:
        raise bad_request("unsupported parse_mode")
    if len(text.encode("utf-8", "surrogatepass")) > _MAX_RAW:
        raise bad_request("text is too long")
    parser = _PARSERS[mode]
    if parser is not None:
        text, own = parser(text)
    else:
        own = [checked for each in entities or [] if (checked := _checked(text, each)) is not None]
    text, own = _trimmed(*_cleaned(text, own))
    return text, normal(own + detect(text, own))


def shows_nothing(text: str) -> bool:
    """Whether a text has no visible character; Telegram takes it for empty."""
    return _INVISIBLE.fullmatch(text) is not None


def normal(entities: list[Entity]) -> list[Entity]:
    """Sorted, outer before inner, nothing inside code, quotes not nested."""
    result = _split_around_code(_without_nested_quotes(entities))
    return sorted(result, key=lambda each: (each["offset"], -each["length"], _ORDER.get(each["type"], 50)))


_PARSERS: dict[str, Any] = {
    "none": None,
    "html": parse_html,
    "markdownv2": parse_markdown_v2,
    "markdown": parse_markdown,
}
_MAX_RAW = 32_768
_INVISIBLE = re.compile(
    "[\\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\ufeff"
    "\U000e0000-\U000e007f]*"
)
_DROPPED = set("\r\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u030a\u0333\u033f")
_FOUND_BY_TELEGRAM = {
    "mention",
    "hashtag",
    "cashtag",
    "bot_command",
    "url",
    "email",
    "phone_number",
    "bank_card_number",
}
_NEEDS = {"text_link": "url", "text_mention": "user", "custom_emoji": "custom_emoji_id", "date_time": "unix_time"}
_QUOTES = {"blockquote", "expandable_blockquote"}
_CODE = {"code", "pre", "date_time"}
_STYLES = {"bold", "italic", "underline", "strikethrough", "spoiler", "code", "pre"}
_KINDS = _STYLES | _QUOTES | set(_NEEDS)
_ORDER = {"blockquote": 0, "expandable_blockquote": 0, "bold": 10, "italic": 11, "underline": 12, "strikethrough": 13}


def _checked(text: str, entity: Entity) -> Entity | None:
    """An entity a bot gave, as Telegram would keep it."""
    kind, offset, length = entity["type"], entity["offset"], entity["length"]
    if not kind:
        raise bad_request("can't parse MessageEntity: Type is not specified")
    if kind in _FOUND_BY_TELEGRAM:
        return None
    if kind not in _KINDS:
        raise bad_request("can't parse MessageEntity: Unsupported type specified")
    need = _NEEDS.get(kind)
    if need and entity.get(need) is None:
        raise bad_request(f"can't parse MessageEntity: Can't find field \"{need}\"")
    _check_place(text, offset, length)
    if length == 0:
        return None
    kept = {"type": kind, "offset": offset, "length": length}
    return kept | _checked_extra(kind, entity)


def _check_place(text: str, offset: int, length: int) -> None:
    size = units(text)
    if offset < 0:
        raise bad_request(f"receive an entity with incorrect offset {offset}")
    if length < 0:
        raise bad_request(f"receive an entity with incorrect length {length}")
    if offset > size:
        raise bad_request(f"entity begins after the end of the text at UTF-16 offset {offset}")
    if offset + length > size:
        end = offset + length
        raise bad_request(
            f"entity beginning at UTF-16 offset {offset} ends after the end of the text at UTF-16 offset {end}"
        )
    if not is_boundary(text, offset):
        raise bad_request(f"entity begins in a middle of a UTF-16 symbol at byte offset {offset}")
    if not is_boundary(text, offset + length):
        raise bad_request(
            f"entity beginning at UTF-16 offset {offset} ends in a middle of a UTF-16 symbol at byte offset"
            f" {offset + length}"
        )


def _checked_extra(kind: str, entity: Entity) -> Entity:
    match kind:
        case "text_link":
            fault = link_fault(entity["url"])
            if fault is not None:
                raise bad_request(f"entity URL '{entity['url']}' is invalid: {fault}")
            return {"url": entity["url"]}
        case "text_mention" if isinstance(entity["user"], dict) and _is_number(entity["user"].get("id")):
            return {"user": entity["user"]}
        case "text_mention":
            raise bad_request("user not found")
        case "custom_emoji":
            if not re.fullmatch(r"\d{1,18}", entity["custom_emoji_id"]):
                raise bad_request('can\'t parse MessageEntity: Field "custom_emoji_id" must be a valid Number')
            return {"custom_emoji_id": entity["custom_emoji_id"]}
        case "date_time":
            return _checked_moment(entity)
        case "pre" if entity.get("language"):
            return {"language": entity["language"]}
        case _:
            return {}


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _checked_moment(entity: Entity) -> Entity:
    shape = date_format(entity.get("date_time_format", ""))
    if shape is None:
        raise bad_request("can't parse MessageEntity: Invalid date-time format specified")
    if entity["unix_time"] <= 0:
        raise bad_request("invalid date specified")
    return {"unix_time": entity["unix_time"], "date_time_format": shape}


def _cleaned(text: str, entities: list[Entity]) -> Formatted:
    """Characters Telegram drops or turns into spaces; entities move along."""
    text = re.sub("[\u200e\u200f](?=[\u200e\u200f])", "\u200c", text)
    text = re.sub("[\x00-\x09\x0b\x0c\x0e-\x1f]", " ", text)
    if not _DROPPED.intersection(text):
        return text, entities
    moved = [0]  # for each UTF-16 offset of the old text, the new one
    for character in text:
        width = 2 if character > "\uffff" else 1
        moved += [moved[-1] + (0 if character in _DROPPED else step) for step in range(1, width + 1)]
    kept = [each | _place(moved[each["offset"]], moved[each["offset"] + each["length"]]) for each in entities]
    return "".join(each for each in text if each not in _DROPPED), [each for each in kept if each["length"]]


def _trimmed(text: str, entities: list[Entity]) -> Formatted:
    """Spaces around the text go, but nothing before the first entity begins."""
    text = text.rstrip(" \n")
    size = units(text)
    entities = [each | _place(each["offset"], min(each["offset"] + each["length"], size)) for each in entities]
    entities = [each for each in entities if each["length"] > 0]
    first = min((each["offset"] for each in entities), default=size)
    cut = min(len(text) - len(text.lstrip(" \n")), first)
    return text[cut:], [each | {"offset": each["offset"] - cut} for each in entities]


def _place(begin: int, end: int) -> Entity:
    return {"offset": begin, "length": end - begin}


def _without_nested_quotes(entities: list[Entity]) -> list[Entity]:
    """Of quotes within quotes only the outermost stays; of two on the same place the first."""
    quotes = [(at, each) for at, each in enumerate(entities) if each["type"] in _QUOTES]
    inner = {
        at
        for at, one in quotes
        for other_at, other in quotes
        if at != other_at and _inside(one, other) and (not _inside(other, one) or other_at < at)
    }
    return [each for at, each in enumerate(entities) if at not in inner]


def _inside(one: Entity, other: Entity) -> bool:
    return bool(other["offset"] <= one["offset"] and one["offset"] + one["length"] <= other["offset"] + other["length"])


def _split_around_code(entities: list[Entity]) -> list[Entity]:
    """Styles do not reach into code and moments: what surrounds them is split, what is within them goes."""
    codes = [each for each in entities if each["type"] in _CODE]
    result = list(codes)
    for entity in entities:
        if entity["type"] in _CODE:
            continue
        if entity["type"] in _QUOTES:
            result.append(entity)
            continue
        pieces = [(entity["offset"], entity["offset"] + entity["length"])]
        for code in codes:
            low, high = code["offset"], code["offset"] + code["length"]
            pieces = [
                piece
                for begin, end in pieces
                for piece in ((begin, min(end, low)), (max(begin, high), end))
                if piece[0] < piece[1]
            ]
        result += [entity | _place(begin, end) for begin, end in pieces]
    return result
