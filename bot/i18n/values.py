"""How each kind of value looks inside a phrase."""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.effects import Phrase, Value
from bot.i18n import formatting, locales
from bot.i18n.markup import Rich, Template, fill, utf16

SPECS = frozenset({"", "clock", "day", "date", "short"})
"""`clock`, `day` (with the day's name unless it is today) and `date` for a datetime; `short` for a timedelta."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: their zone, their `now`, how they are told a phrase in a locale, and "tomorrow {at}" by locale."""

    zone: str
    now: datetime | None
    phrase: Callable[[Phrase, str], Rich]
    tomorrow: Mapping[str, Template]


def show(value: Value, spec: str, reader: Reader, locale: str) -> Rich:
    """The value as a reader of `locale` expects it; nothing for None. Raises ValueError for a time without a zone."""
    match value:
        case str():
            return Rich(_isolated(value, locale))
        case int() | float():
            return Rich(formatting.number(value, locale))
        case datetime():
            return _moment(value, spec, reader, locale)
        case timedelta():
            return Rich(formatting.duration(value, locale, short=spec == "short"))
        case Phrase():
            return reader.phrase(value, locale)
        case None:
            return Rich("")


def _isolated(text: str, locale: str) -> str:
    """
    Words as they are. Those that run against the line's direction are isolated, so that they leave the rest in order.

    Source: Unicode Standard Annex 9, first strong isolate (U+2068) and pop directional isolate (U+2069).
    """
    right_to_left = locales.is_right_to_left(locale)
    if text.isascii() and not right_to_left:
        return text
    against = {"L"} if right_to_left else {"R", "AL"}
    if any(unicodedata.bidirectional(letter) in against for letter in text):
        return f"\u2068{text}\u2069"
    return text


def _moment(value: datetime, spec: str, reader: Reader, locale: str) -> Rich:
    """A time that each reader's app shows in its own zone and format, with our own rendering underneath."""
    at = formatting.local(value, reader.zone)
    if spec == "date":
        return _timed(formatting.date(at, locale), value, "D")
    clock = _timed(formatting.clock(at, locale), value, "t")
    if spec != "day":
        return clock
    if reader.now is not None:
        days = (at.date() - formatting.local(reader.now, reader.zone).date()).days
        if days == 0:
            return clock
        if days == 1 and locale in reader.tomorrow:
            return fill(reader.tomorrow[locale], lambda _: clock)
    return _timed(formatting.weekday_clock(at, locale), value, "wt")


def _timed(text: str, at: datetime, shape: str) -> Rich:
    """
    `text` with Telegram's date-time entity. `shape` follows `r|w?[dD]?[tT]?`: w the weekday, d or D a short or long date,
    t or T a short or long time. Source: Bot API, "date-time entity formatting".
    """
    entity = {"type": "date_time", "offset": 0, "length": utf16(text)}
    return Rich(text, ({**entity, "unix_time": int(at.timestamp()), "date_time_format": shape},))
