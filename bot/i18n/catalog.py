"""What the bot can say: every phrase in every locale, ready to be filled with values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zlib import crc32

from bot.core.effects import Phrase, Value
from bot.core.errors import ScriptError
from bot.i18n import locales
from bot.i18n.markup import Rich, Slot, Template, fill, parse, plain
from bot.i18n.values import SPECS, Reader, show
from bot.i18n.variants import shuffled

Entry = str | list[str] | Mapping[str, "str | list[str]"]
"""
One phrase as its writer left it: a text, a list of variants, or plural forms (`one`, `few`, `many`, `other` …) chosen by
the value `count`, or by another one named under `plural`.
"""

Words = Mapping[str, Mapping[str, Entry]]
"""Entries by locale, then by key."""

TOMORROW = "common.time.tomorrow"
"""The phrase for a clock time on the next day; its placeholder is `{at}`. Without it the weekday is named."""


class Catalog:
    """
    Everything the bot can say. Built once from all words, never changed.

    Raises ScriptError, naming locale and key, for an entry that is no phrase.
    """

    def __init__(self, words: Words, default: str = locales.DEFAULT) -> None:
        self.default = default
        self._entries = {
            locale: {key: _compiled(locale, key, entry) for key, entry in entries.items()}
            for locale, entries in words.items()
        }
        self._own = self._entries.get(default, {})
        self._tomorrow = {
            locale: entries[TOMORROW].forms["other"][0]
            for locale, entries in self._entries.items()
            if TOMORROW in entries
        }

    @property
    def locales(self) -> tuple[str, ...]:
        """The locales there are words for, sorted."""
        return tuple(sorted(self._entries))

    def suiting(self, language: str) -> str:
        """The locale for an IETF tag as Telegram tells it."""
        return locales.negotiate(language, self._entries, self.default)

    def keys(self, locale: str) -> frozenset[str]:
        """The keys that have words of their own in `locale`."""
        return frozenset(self._entries.get(locale, ()))

    def slots(self, key: str, locale: str) -> frozenset[Slot]:
        """Every placeholder of the phrase, over all its variants and plural forms."""
        return frozenset(slot for template in self._find(key, locale).templates() for slot in template.slots)

    def variants(self, key: str, locale: str) -> int:
        """How many ways there are to say it; the longest list if plural forms differ."""
        return max(len(form) for form in self._find(key, locale).forms.values())

    def render(self, phrase: Phrase, locale: str, zone: str, seed: int = 0, now: datetime | None = None) -> Rich:
        """
        The phrase for one reader: their locale, their zone (IANA, empty: UTC), their `seed` for the choice of variants.

        `now` is needed only to leave today's name away where `{x:day}` is shown. Text values go in as they are: what
        looks like a mark in them is none. Raises ScriptError if neither the locale nor the default can say it.
        """
        entry = self._entries.get(locale, {}).get(phrase.key)
        if entry is not None and entry.single is not None and entry.single.ready is not None:
            return entry.single.ready  # most buttons and many lines: nothing to choose, nothing to fill in

        def nested(inner: Phrase, spoken: str) -> Rich:
            return self.render(inner, spoken, zone, seed, now)

        reader = Reader(zone, now, nested, self._tomorrow)
        if entry is None:
            locale = self.suiting(locale)
            entry = self._entries.get(locale, {}).get(phrase.key)
        if entry is not None:
            try:
                return _filled(entry, phrase, reader, locale, seed)
            except _NoValue:
                if locale == self.default:
                    raise
        own = self._own.get(phrase.key)
        if own is None:
            raise ScriptError(f"there is no phrase {phrase.key!r} in {locale} or {self.default}")
        return _filled(own, phrase, reader, self.default, seed)

    def render_plain(
        self, phrase: Phrase, locale: str, zone: str, seed: int = 0, now: datetime | None = None, *, limit: int = 0
    ) -> str:
        """
        The phrase without formatting, for a clipboard or a pop-up; a link's address follows its text.

        With a `limit` (in characters; Telegram takes 256 for a clipboard, 200 for a pop-up) it ends early, with a dot
        row, at the last whole word.
        """
        text = plain(self.render(phrase, locale, zone, seed, now))
        if not limit or len(text) <= limit:
            return text
        cut = text[: limit - 1]
        return f"{cut.rpartition(' ')[0] or cut}…"

    def _find(self, key: str, locale: str) -> "_Compiled":
        entry = self._entries.get(locale, self._own).get(key) or self._own.get(key)
        if entry is None:
            raise ScriptError(f"there is no phrase {key!r} in {locale} or {self.default}")
        return entry


@dataclass(frozen=True, slots=True)
class _Compiled:
    """Variants by plural form; `by` names the value that decides the form (empty: there is only `other`)."""

    forms: Mapping[str, tuple[Template, ...]]
    by: str
    bag: int
    single: Template | None

    def templates(self) -> Iterable[Template]:
        return (template for form in self.forms.values() for template in form)


class _NoValue(ScriptError):  # noqa: N818 - reads as a sentence where it is raised
    """A placeholder was given no value; another locale may do without it."""


def _compiled(locale: str, key: str, entry: Entry) -> _Compiled:
    by = ""
    forms: Mapping[str, str | list[str]] = {}
    if isinstance(entry, Mapping):
        by = str(entry.get("plural", "count"))
        forms = {form: texts for form, texts in entry.items() if form != "plural"}
        unknown = sorted(set(forms) - set(locales.PLURAL_FORMS))
        if unknown or "other" not in forms:
            what = f"{unknown[0]!r} is no plural form" if unknown else "the plural form 'other' is missing"
            raise ScriptError(f"{locale}: {key}: {what}")
    else:
        forms = {"other": entry}
    try:
        parsed = {form: _templates(texts) for form, texts in forms.items()}
    except ScriptError as error:
        raise ScriptError(f"{locale}: {key}: {error}") from error
    only = parsed["other"]
    return _Compiled(parsed, by, crc32(key.encode()), only[0] if not by and len(only) == 1 else None)


def _templates(texts: str | list[str]) -> tuple[Template, ...]:
    variants = [texts] if isinstance(texts, str) else texts
    if not variants or not all(isinstance(text, str) and text.strip() for text in variants):
        raise ScriptError("a phrase is a text that is not empty, or a list of such texts")
    templates = tuple(parse(text) for text in variants)
    wrong = sorted({slot.spec for template in templates for slot in template.slots} - SPECS)
    if wrong:
        raise ScriptError(f"nothing can be shown as {wrong[0]!r}; known are {', '.join(sorted(SPECS - {''}))}")
    return templates


def _filled(entry: _Compiled, phrase: Phrase, reader: Reader, locale: str, seed: int) -> Rich:
    template = entry.single
    if template is None:
        form = entry.forms["other"]
        if entry.by:
            form = entry.forms.get(_plural_form(phrase.values.get(entry.by), locale), form)
        template = form[shuffled(seed, entry.bag, phrase.variant, len(form))]
    if template.ready is not None:
        return template.ready

    def shown(slot: Slot) -> Rich:
        try:
            value = phrase.values[slot.name]
        except KeyError:
            raise _NoValue(f"the phrase {phrase.key!r} ({locale}) needs a value for {{{slot.name}}}") from None
        return show(value, slot.spec, reader, locale)

    return fill(template, shown)


def _plural_form(count: Value, locale: str) -> str:
    if not isinstance(count, int | float):
        return "other"
    return locales.plural_rule(locale)(int(count) if count == int(count) else count)
