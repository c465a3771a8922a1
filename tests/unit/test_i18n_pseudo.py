"""The made-up translation keeps everything but the words' look."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.effects import Phrase
from bot.i18n.catalog import Catalog, Words
from bot.i18n.locales import PLURAL_FORMS, is_right_to_left, plural_forms
from bot.i18n.markup import parse
from tests.pseudo import PSEUDO, pseudo_entry, pseudo_text, restored, seen, with_pseudo

WORDS: Words = {
    "en": {
        "a.told": "**{nick}** is back at {back_at}.\n> _quoted_ [link](https://a.b) `code`\n\nType /help",
        "a.left": {"plural": "minutes", "one": "{minutes} minute", "other": ["{minutes} minutes", "{minutes} min"]},
        "a.warm": ["I care about us", "This isn't about leaving"],
        "a.ok": "Okay",
    }
}
PARTS = st.sampled_from(
    ["**bold**", "_italic_", "`code`", "[a](https://a.b/c_d)", "{nick}", "{at:day}", "words", "/help", "> x", "\n", "."]
)


def test_it_is_right_to_left_and_has_every_plural_form() -> None:
    assert is_right_to_left(PSEUDO)
    assert plural_forms(PSEUDO) == PLURAL_FORMS
    entry = pseudo_entry(WORDS["en"]["a.left"])
    assert isinstance(entry, dict)
    assert set(entry) == {"plural", *PLURAL_FORMS}


@settings(deadline=None)
@given(st.lists(PARTS, min_size=1, max_size=8).map(" ".join))
def test_placeholders_and_marks_survive(source: str) -> None:
    before, after = parse(source), parse(pseudo_text(source))
    assert after.slots == before.slots
    assert [(mark.kind, mark.url) for mark in after.marks] == [(mark.kind, mark.url) for mark in before.marks]


@settings(deadline=None)
@given(st.text(st.sampled_from("abc DEF'?"), min_size=1, max_size=24).filter(str.strip))
def test_a_label_grows_by_two_fifths_and_no_more(label: str) -> None:
    longer = pseudo_text(label)
    assert len(longer) == len(label) + max(1, len(label) * 2 // 5)
    assert len(longer) <= 24 * 1.4
    assert restored(longer) == label


def test_a_paragraph_grows_by_what_is_seen_of_it() -> None:
    text = "**{nick}** said something [here](https://a.b/c)."
    assert seen(text) == len(" said something here.")
    assert len(pseudo_text(text)) == len(text) + seen(text) * 2 // 5


def test_its_phrases_are_said_and_read_back_as_the_original_words() -> None:
    catalog = Catalog(with_pseudo(WORDS))
    at = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)
    rich = catalog.render(Phrase("a.told", {"nick": "Ann", "back_at": at}), PSEUDO, "")
    assert restored(rich.text) == "\u2068Ann\u2069 is back at 8:00 م.\nquoted link code\n\nType /help"
    assert [entity["type"] for entity in rich.entities] == [
        "bold",
        "date_time",
        "blockquote",
        "italic",
        "text_link",
        "code",
    ]
    raw = rich.text.encode("utf-16-le")
    code = rich.entities[-1]
    assert raw[2 * code["offset"] :][: 2 * code["length"]].decode("utf-16-le") == "code"
    assert restored(catalog.render(Phrase("a.left", {"minutes": 3}, 1), PSEUDO, "").text).startswith("3 min")
