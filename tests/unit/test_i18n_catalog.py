"""Phrases are rendered for one reader: locale, zone, values, variants."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.effects import Phrase
from bot.core.errors import ScriptError
from bot.i18n.catalog import Catalog, Words
from bot.i18n.markup import Slot, utf16

NOW = datetime(2026, 3, 10, 18, 0, tzinfo=UTC)  # a Tuesday; 19:00 in Berlin
WORDS: Words = {
    "en": {
        "common.time.tomorrow": "tomorrow {at}",
        "space.told": "{nick} is back at **{back_at}**.",
        "space.day": "See you {back_at:day}.",
        "space.since": "Since {at:date}.",
        "space.left": {"one": "{count} minute", "other": "{count} minutes"},
        "space.breaks": {"plural": "minutes", "one": "one minute", "other": ["{minutes} minutes", "{minutes} min"]},
        "space.length": "for {length}",
        "space.short": "for {length:short}",
        "space.outer": "So: {inner}!",
        "space.warm": ["One", "Two", "Three"],
        "space.number": "{n}",
        "only.english": "English {nick}",
        "ru.needs_more": "English without it",
        "link": "Go [there](https://a.b/c).",
    },
    "ru": {
        "space.left": {
            "one": "{count} минута",
            "few": "{count} минуты",
            "many": "{count} минут",
            "other": "{count} минуты",
        },
        "space.length": "на {length}",
        "ru.needs_more": "Ещё {missing}",
        "space.number": "{n}",
        "space.day": "До {back_at:day}.",
    },
    "ar": {"space.told": "{nick} يعود {back_at}", "space.number": "{n}"},
    "fa": {"space.number": "{n}", "space.length": "{length}", "space.told": "{nick} {back_at}"},
    "pt_BR": {"space.number": "{n}"},
}
CATALOG = Catalog(WORDS)


def say(key: str, locale: str = "en", zone: str = "Europe/Berlin", **values: object) -> str:
    return CATALOG.render(Phrase(key, values), locale, zone, 1, NOW).text  # type: ignore[arg-type]


def test_a_clock_time_is_shown_in_the_readers_zone_and_carries_the_instant() -> None:
    back = datetime(2026, 3, 10, 19, 0, tzinfo=UTC)
    rich = CATALOG.render(Phrase("space.told", {"nick": "🫂Ann", "back_at": back}), "en", "Europe/Berlin", 1, NOW)
    assert rich.text == "🫂Ann is back at 20:00."
    assert rich.entities == (
        {"type": "bold", "offset": 17, "length": 5},
        {"type": "date_time", "offset": 17, "length": 5, "unix_time": int(back.timestamp()), "date_time_format": "t"},
    )
    assert say("space.told", zone="Asia/Kolkata", nick="Ann", back_at=back) == "Ann is back at 00:30."
    assert say("space.told", zone="", nick="Ann", back_at=back) == "Ann is back at 19:00."


@pytest.mark.parametrize(
    ("hours", "shown", "shape"),
    [
        (2, "See you 21:00.", "t"),
        (8, "See you tomorrow 03:00.", "t"),
        (13, "See you tomorrow 08:00.", "t"),
        (37, "See you Thu 08:00.", "wt"),
    ],
)
def test_another_day_is_named(hours: int, shown: str, shape: str) -> None:
    at = NOW + timedelta(hours=hours)
    rich = CATALOG.render(Phrase("space.day", {"back_at": at}), "en", "Europe/Berlin", 1, NOW)
    assert rich.text == shown
    assert [entity["date_time_format"] for entity in rich.entities] == [shape]
    covered = shown[rich.entities[0]["offset"] :][: rich.entities[0]["length"]]
    assert covered in {"21:00", "03:00", "08:00", "Thu 08:00"}


def test_today_is_the_readers_own_day() -> None:
    now = datetime(2026, 3, 10, 23, 30, tzinfo=UTC)
    phrase = Phrase("space.day", {"back_at": now + timedelta(hours=8)})
    assert CATALOG.render(phrase, "en", "Europe/Berlin", 1, now).text == "See you 08:30."
    assert CATALOG.render(phrase, "en", "Europe/London", 1, now).text == "See you tomorrow 07:30."


def test_the_weekday_stands_in_where_a_language_has_no_word_for_tomorrow_or_now_is_unknown() -> None:
    at = NOW + timedelta(hours=13)
    assert say("space.day", "ru", back_at=at) == "До ср 08:00."
    assert CATALOG.render(Phrase("space.day", {"back_at": at}), "en", "Europe/Berlin").text == "See you Wed 08:00."


def test_a_date_is_written_out() -> None:
    assert say("space.since", at=datetime(2026, 1, 5, tzinfo=UTC)) == "Since January 5, 2026."


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        say("space.told", nick="a", back_at=datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("locale", "count", "shown"),
    [
        ("en", 1, "1 minute"),
        ("en", 2, "2 minutes"),
        ("en", 0, "0 minutes"),
        ("en", 1.0, "1 minute"),
        ("ru", 1, "1 минута"),
        ("ru", 3, "3 минуты"),
        ("ru", 5, "5 минут"),
        ("ru", 21, "21 минута"),
        ("ru", 1.5, "1,5 минуты"),
    ],
)
def test_plural_forms_follow_the_language(locale: str, count: float, shown: str) -> None:
    assert say("space.left", locale, count=count) == shown


def test_a_plural_may_follow_another_value_and_have_variants() -> None:
    assert say("space.breaks", minutes=1) == "one minute"
    heard = {CATALOG.render(Phrase("space.breaks", {"minutes": 4}, n), "en", "").text for n in range(2)}
    assert heard == {"4 minutes", "4 min"}


@pytest.mark.parametrize(
    ("locale", "minutes", "shown"),
    [
        ("en", 40, "for 40 minutes"),
        ("en", 60, "for 1 hour"),
        ("en", 80, "for 1 hour 20 minutes"),
        ("en", 1500, "for 1 day 1 hour"),
        ("en", 0, "for 0 minutes"),
        ("en", 0.5, "for 30 seconds"),
        ("en", 39.99, "for 40 minutes"),
        ("en", -3, "for 0 minutes"),
        ("ru", 80, "на 1 час 20 минут"),
        ("fa", 60, "۱ ساعت"),
    ],
)
def test_lengths_of_time_are_words(locale: str, minutes: float, shown: str) -> None:
    assert say("space.length", locale, length=timedelta(minutes=minutes)) == shown


def test_a_length_of_time_may_be_short() -> None:
    assert say("space.short", length=timedelta(minutes=80)) == "for 1 hr 20 min"


@pytest.mark.parametrize(
    ("locale", "n", "shown"),
    [
        ("en", 2.6, "2.6"),
        ("ru", 2.6, "2,6"),
        ("en", 12345, "12,345"),
        ("en", 2.64, "2.6"),
        ("fa", 12, "۱۲"),
        ("ar", 7, "7"),
    ],
)
def test_numbers_look_as_the_language_writes_them(locale: str, n: float, shown: str) -> None:
    assert say("space.number", locale, n=n) == shown


def test_a_phrase_inside_a_phrase_keeps_its_formatting() -> None:
    inner = Phrase("space.told", {"nick": "Ann", "back_at": NOW})
    rich = CATALOG.render(Phrase("space.outer", {"inner": inner}), "en", "", 1, NOW)
    assert rich.text == "So: Ann is back at 18:00.!"
    assert [(entity["type"], entity["offset"]) for entity in rich.entities] == [("bold", 19), ("date_time", 19)]


def test_no_value_is_shown_as_nothing_and_text_is_never_markup() -> None:
    assert say("only.english", nick=None) == "English "
    rich = CATALOG.render(Phrase("only.english", {"nick": "**b** {x} `c`"}), "en", "")
    assert (rich.text, rich.entities) == ("English **b** {x} `c`", ())


@settings(deadline=None)
@given(st.text(max_size=30))
def test_any_name_leaves_the_entities_where_their_text_is(nick: str) -> None:
    rich = CATALOG.render(Phrase("space.told", {"nick": nick, "back_at": NOW}), "en", "", 1, NOW)
    raw = rich.text.encode("utf-16-le")
    assert nick in rich.text
    for entity in rich.entities:
        assert raw[2 * entity["offset"] :][: 2 * entity["length"]].decode("utf-16-le") == "18:00"
    assert max(entity["offset"] + entity["length"] for entity in rich.entities) < utf16(rich.text)


def test_words_that_run_the_other_way_are_isolated() -> None:
    assert say("only.english", nick="אבי") == "English \u2068אבי\u2069"
    assert say("only.english", nick="Zoë") == "English Zoë"
    assert say("space.told", "ar", nick="Ann", back_at=NOW).startswith("\u2068Ann\u2069 ")
    assert say("space.told", "fa", nick="علی", back_at=NOW) == "علی ۱۹:۰۰"


def test_variants_rotate_and_each_language_has_its_own_number_of_them() -> None:
    heard = [CATALOG.render(Phrase("space.warm", {}, n), "en", "", seed=9).text for n in range(6)]
    assert set(heard[:3]) == set(heard[3:]) == {"One", "Two", "Three"}
    assert CATALOG.variants("space.warm", "en") == 3
    assert CATALOG.variants("space.breaks", "ru") == 2, "borrowed from the default locale"


def test_what_a_locale_cannot_say_is_said_in_the_default_one() -> None:
    assert say("only.english", "ru", nick="Аня") == "English Аня"
    assert say("ru.needs_more", "ru") == "English without it"
    assert say("space.number", "xx", n=2.5) == "2.5"
    assert say("space.number", "pt-pt", n=2.5) == "2,5"


def test_what_nobody_can_say_is_an_error_that_names_phrase_and_placeholder_only() -> None:
    with pytest.raises(ScriptError, match=r"'no\.such'"):
        say("no.such", "ru")
    with pytest.raises(ScriptError, match=r"'space\.told' \(en\) needs a value for \{back_at\}") as caught:
        say("space.told", nick="Ann")
    assert "Ann" not in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ("", "not empty"),
        ([], "not empty"),
        (["a", " "], "not empty"),
        ({"one": "a"}, "'other' is missing"),
        ({"other": "a", "two_or_so": "b"}, "'two_or_so' is no plural form"),
        ("{at:hour}", "as 'hour'"),
        ("a { b", "placeholder"),
    ],
)
def test_an_entry_that_is_no_phrase_is_named_when_the_catalog_is_built(entry: object, complaint: str) -> None:
    with pytest.raises(ScriptError, match=rf"en: some\.key: .*{complaint}"):
        Catalog({"en": {"some.key": entry}})  # type: ignore[dict-item]


def test_the_linter_can_ask_what_there_is() -> None:
    assert CATALOG.locales == ("ar", "en", "fa", "pt_BR", "ru")
    assert CATALOG.slots("space.told", "en") == {Slot("nick"), Slot("back_at")}
    assert "space.number" in CATALOG.keys("pt_BR")
    assert "only.english" not in CATALOG.keys("pt_BR")


def test_plain_words_for_a_clipboard_end_at_a_whole_word() -> None:
    back = Phrase("space.told", {"nick": "Ann", "back_at": NOW})
    assert CATALOG.render_plain(back, "en", "") == "Ann is back at 18:00."
    assert CATALOG.render_plain(back, "en", "", limit=17) == "Ann is back at…"
    assert CATALOG.render_plain(Phrase("link"), "en", "") == "Go there (https://a.b/c)."
    assert len(CATALOG.render_plain(Phrase("space.number", {"n": "x" * 300}), "en", "", limit=256)) == 256
