"""Which of our locales fits a person, and what that language's rules are."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel import Locale

DEFAULT = "en"
"""The locale every phrase exists in; any other may borrow from it."""

PLURAL_FORMS = ("zero", "one", "two", "few", "many", "other")
"""CLDR's names for plural forms; each language uses some of them, all use `other`."""


def negotiate(language: str, available: Iterable[str], default: str = DEFAULT) -> str:
    """
    The locale of `available` that suits an IETF `language` tag such as Telegram's `pt-br`, else `default`.

    Exact before language alone before a sister of the same language: `pt-br` finds `pt_BR`, then `pt`, then `pt_PT`.
    """
    known = {_plain(locale): locale for locale in sorted(available)}
    tag = _plain(language)
    while tag:
        if tag in known:
            return known[tag]
        tag = tag.rpartition("_")[0]
    wanted = language_of(language)
    return next((known[tag] for tag in known if language_of(tag) == wanted), default)


def language_of(locale: str) -> str:
    """The language of a locale id or IETF tag, lower case: `pt` for `pt_BR`."""
    return _plain(locale).partition("_")[0]


@cache
def is_right_to_left(locale: str) -> bool:
    """True for scripts written from right to left."""
    return locale != DEFAULT and cldr(locale).text_direction == "rtl"


def plural_rule(locale: str) -> Callable[[float], str]:
    """The function from a number to the name of its plural form."""
    return cldr(locale).plural_form


def plural_forms(locale: str) -> tuple[str, ...]:
    """The plural forms the language tells apart, `other` last."""
    tags = cldr(locale).plural_form.tags
    return (*(form for form in PLURAL_FORMS if form in tags), "other")


@cache
def cldr(locale: str) -> "Locale":
    """The language's rules. An id CLDR does not know is read as its language, and at last as the default locale."""
    from babel import Locale, UnknownLocaleError

    for name in (locale.replace("-", "_"), language_of(locale)):
        try:
            return Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse(DEFAULT)


_RENAMED = {"iw": "he", "in": "id", "ji": "yi", "no": "nb", "tl": "fil"}
"""Older codes that Telegram's apps and operating systems still send."""


def _plain(tag: str) -> str:
    language, _, rest = tag.strip().lower().replace("-", "_").partition("_")
    language = _RENAMED.get(language, language)
    return f"{language}_{rest}" if rest else language
