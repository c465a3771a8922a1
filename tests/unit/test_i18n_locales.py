"""Locales are found from Telegram's tags; clocks and lists follow them."""

import subprocess
import sys
from datetime import time

import pytest

from bot.i18n.formatting import clock, listed
from bot.i18n.locales import is_right_to_left, negotiate, plural_forms, plural_rule


@pytest.mark.parametrize(
    ("language", "locale"),
    [
        ("en", "en"),
        ("en-GB", "en"),
        ("pt-br", "pt_BR"),
        ("pt", "pt_BR"),
        ("pt-PT", "pt_BR"),
        ("ru", "ru"),
        ("in", "id"),
        ("iw", "he"),
        ("zh-hans", "zh_Hans"),
        ("zh-hans-cn", "zh_Hans"),
        ("zh-hant-hk", "zh_Hant"),
        ("de", "en"),
        ("", "en"),
        ("r", "en"),
        ("nonsense tag", "en"),
    ],
)
def test_a_language_tag_finds_its_locale(language: str, locale: str) -> None:
    assert negotiate(language, ["en", "pt_BR", "ru", "id", "he", "zh_Hans", "zh_Hant"]) == locale


def test_region_is_preferred_to_language_and_language_to_its_sister() -> None:
    assert negotiate("pt-br", ["en", "pt", "pt_BR"]) == "pt_BR"
    assert negotiate("pt-ao", ["en", "pt", "pt_BR"]) == "pt"


def test_direction_and_plural_forms_are_the_languages_own() -> None:
    assert [locale for locale in ("en", "ar", "fa", "he", "ru", "xx") if is_right_to_left(locale)] == ["ar", "fa", "he"]
    assert plural_forms("en") == ("one", "other")
    assert plural_forms("ru") == ("one", "few", "many", "other")
    assert plural_forms("ar") == ("zero", "one", "two", "few", "many", "other")
    assert plural_forms("id") == ("other",)
    assert [plural_rule("ar")(n) for n in (0, 1, 2, 3, 11, 100)] == ["zero", "one", "two", "few", "many", "other"]


@pytest.mark.parametrize(
    ("locale", "shown"),
    [
        ("en", "20:05"),
        ("ru", "20:05"),
        ("id", "20.05"),
        ("fa", "۲۰:۰۵"),
        ("hi", "8:05 pm"),
        ("de", "20:05"),
        ("es", "20:05"),
    ],
)
def test_clock_times_have_twelve_or_twenty_four_hours_as_the_language_does(locale: str, shown: str) -> None:
    assert clock(time(20, 5), locale) == shown


def test_lists_are_joined_in_the_languages_way() -> None:
    assert listed(["a"], "en") == "a"
    assert listed(["a", "b", "c"], "en") == "a, b, and c"
    assert listed(["a", "b"], "ru") == "a и b"


def test_the_language_library_is_not_loaded_before_it_is_needed() -> None:
    program = (
        "import sys; from bot.i18n import catalog, times, places; from bot.core.effects import Phrase;"
        "c = catalog.Catalog({'en': {'a': '**{n}** {x}'}}); c.render(Phrase('a', {'n': 3, 'x': 'y'}), 'en', 'UTC');"
        "print([name for name in ('babel', 'tzfpy', 'dateparser') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
