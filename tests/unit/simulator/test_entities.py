"""Text and entities: what a parse_mode says is what a bot reads back, counted in UTF-16 units."""

from html import escape
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.simulator.entities import formatted, shows_nothing
from bot.simulator.errors import ApiError
from bot.simulator.utf16 import part, units

STYLES = {
    "bold": ("<b>", "</b>", "*", "*"),
    "italic": ("<i>", "</i>", "_", "_"),
    "underline": ("<u>", "</u>", "__", "__"),
    "strikethrough": ("<s>", "</s>", "~", "~"),
    "spoiler": ("<tg-spoiler>", "</tg-spoiler>", "||", "||"),
    "code": ("<code>", "</code>", "`", "`"),
}
LETTERS = st.text(alphabet="abcß漢ع🙂👩‍👧 <>&_*[]()~`#+-=|{}.!\\", min_size=1, max_size=8).map(lambda text: f"x{text}x")
PIECES = st.lists(st.tuples(st.sampled_from(["plain", *STYLES]), LETTERS), min_size=1, max_size=8)


def escaped_markdown(text: str) -> str:
    return "".join(f"\\{each}" if each in "_*[]()~`>#+-=|{}.!\\" else each for each in text)


def styled(text: str, entities: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(each["type"], part(text, each["offset"], each["length"])) for each in entities if each["type"] in STYLES]


@settings(deadline=None)
@given(PIECES)
def test_html_styles_come_back_on_the_words_they_were_put_on(pieces: list[tuple[str, str]]) -> None:
    source = " ".join(f"{STYLES[s][0]}{escape(t)}{STYLES[s][1]}" if s in STYLES else escape(t) for s, t in pieces)
    text, entities = formatted(source, "HTML")
    assert text == " ".join(words for _, words in pieces)
    assert styled(text, entities) == [(style, words) for style, words in pieces if style in STYLES]


@settings(deadline=None)
@given(PIECES)
def test_markdown_styles_come_back_on_the_words_they_were_put_on(pieces: list[tuple[str, str]]) -> None:
    source = " ".join(
        f"{STYLES[s][2]}{escaped_markdown(t)}{STYLES[s][3]}" if s in STYLES else escaped_markdown(t) for s, t in pieces
    )
    text, entities = formatted(source, "MarkdownV2")
    assert text == " ".join(words for _, words in pieces)
    assert styled(text, entities) == [(style, words) for style, words in pieces if style in STYLES]


@settings(deadline=None)
@given(st.text(max_size=60), st.sampled_from(["HTML", "MarkdownV2", "Markdown", None]))
def test_any_text_is_either_read_or_refused_and_entities_stay_inside(source: str, mode: str | None) -> None:
    refusal = ""
    text = ""
    entities: list[dict[str, Any]] = []
    try:
        text, entities = formatted(source, mode)
    except ApiError as error:
        refusal = error.description
    assert not refusal or refusal.startswith("Bad Request: can't parse entities: ")
    for entity in entities:
        assert entity["offset"] >= 0
        assert entity["length"] > 0
        assert entity["offset"] + entity["length"] <= units(text)


@settings(deadline=None)
@given(st.text(alphabet="ab \n🙂\r\u200f\u202e\t", max_size=30), st.data())
def test_given_entities_move_along_when_characters_are_dropped(source: str, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(source)))
    end = data.draw(st.integers(begin, len(source)))
    entity = {"type": "bold", "offset": units(source[:begin]), "length": units(source[begin:end])}
    text, entities = formatted(source, None, [entity])
    kept = [part(text, each["offset"], each["length"]) for each in entities if each["type"] == "bold"]
    alone, _ = formatted(f".{source[begin:end]}.", None)
    assert all(words.strip(" \n\u200c\u200f") in alone for words in kept)


def test_commands_mentions_and_links_are_found() -> None:
    text, entities = formatted(
        "/start@stillhere_bot 🙂 @ann #us me@example.org see t.me/abc, https://example.org/a(b)."
    )
    found = [(each["type"], part(text, each["offset"], each["length"])) for each in entities]
    assert found == [
        ("bot_command", "/start@stillhere_bot"),
        ("mention", "@ann"),
        ("hashtag", "#us"),
        ("email", "me@example.org"),
        ("url", "t.me/abc"),
        ("url", "https://example.org/a(b)"),
    ]


def test_nothing_is_found_inside_code_and_links() -> None:
    _, entities = formatted("<code>/start</code> <a href='https://example.org'>@ann</a>", "HTML")
    assert [each["type"] for each in entities] == ["code", "text_link"]


def test_moments_are_read_from_markup_and_from_entities() -> None:
    moment = {"type": "date_time", "offset": 0, "length": 5, "unix_time": 1647531900, "date_time_format": "wT"}
    assert formatted('<tg-time unix="1647531900" format="Tw">22:45</tg-time>', "HTML") == ("22:45", [moment])
    assert formatted("![22:45](tg://time?unix=1647531900&format=Tw)", "MarkdownV2") == ("22:45", [moment])
    assert formatted("22:45", None, [moment | {"date_time_format": "Tw"}]) == ("22:45", [moment])


def test_styles_do_not_reach_into_code_and_quotes_do_not_nest() -> None:
    _, entities = formatted("<b>a<code>x</code>b</b>", "HTML")
    assert [(each["type"], each["offset"]) for each in entities] == [("bold", 0), ("code", 1), ("bold", 2)]
    _, entities = formatted("<blockquote>a<blockquote>x</blockquote>b</blockquote>", "HTML")
    assert entities == [{"type": "blockquote", "offset": 0, "length": 3}]


def test_quotes_and_code_blocks_of_markdown() -> None:
    assert formatted(">q\n>r\nend", "MarkdownV2")[1] == [{"type": "blockquote", "offset": 0, "length": 4}]
    assert formatted("**>a\n>b||", "MarkdownV2")[1] == [{"type": "expandable_blockquote", "offset": 0, "length": 3}]
    pre = {"type": "pre", "offset": 0, "length": 3, "language": "py"}
    assert formatted("```py\nx=1```", "MarkdownV2") == ("x=1", [pre])
    assert formatted('<pre><code class="language-py">x=1</code></pre>', "HTML") == ("x=1", [pre])


@pytest.mark.parametrize(
    ("text", "mode", "complaint"),
    [
        ("<b>open", "HTML", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<b><i>test</b></i>", "HTML", 'Unmatched end tag at byte offset 10, expected "</i>", found "</b>"'),
        ("ü<script>", "HTML", 'Unsupported start tag "script" at byte offset 2'),
        ("</b>", "HTML", "Unexpected end tag at byte offset 0"),
        ("a <b", "HTML", "Unclosed start tag at byte offset 2"),
        ("<span>x</span>", "HTML", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ('<tg-time unix="5" format="x">x</tg-time>', "HTML", "Invalid date format used"),
        ("hello.", "MarkdownV2", "Character '.' is reserved and must be escaped with the preceding '\\'"),
        ("a>b", "MarkdownV2", "Character '>' is reserved and must be escaped with the preceding '\\'"),
        ("*bold _italic\\_*", "MarkdownV2", "Can't find end of Bold entity at byte offset 15"),
        ("ü [x](http", "MarkdownV2", "Can't find end of a URL at byte offset 7"),
        ("*open", "Markdown", "Can't find end of the entity starting at byte offset 0"),
    ],
)
def test_broken_markup_is_refused_with_the_byte_where_it_breaks(text: str, mode: str, complaint: str) -> None:
    with pytest.raises(ApiError) as refused:
        formatted(text, mode)
    assert refused.value.description == f"Bad Request: can't parse entities: {complaint}"


@pytest.mark.parametrize(
    ("entity", "complaint"),
    [
        ({"type": "bold", "offset": 100, "length": 1}, "entity begins after the end of the text at UTF-16 offset 100"),
        (
            {"type": "bold", "offset": 0, "length": 100},
            "entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 100",
        ),
        ({"type": "bold", "offset": -1, "length": 1}, "receive an entity with incorrect offset -1"),
        ({"type": "odd", "offset": 0, "length": 1}, "can't parse MessageEntity: Unsupported type specified"),
        ({"type": "text_link", "offset": 0, "length": 5}, "can't parse MessageEntity: Can't find field \"url\""),
        (
            {"type": "text_link", "offset": 0, "length": 5, "url": "not-a-url"},
            "entity URL 'not-a-url' is invalid: Wrong HTTP URL",
        ),
        ({"type": "text_mention", "offset": 0, "length": 5, "user": {"id": [1]}}, "user not found"),
        ({"type": "text_mention", "offset": 0, "length": 5, "user": 5}, "user not found"),
        ({"type": "date_time", "offset": 0, "length": 5, "unix_time": 0}, "invalid date specified"),
    ],
)
def test_wrong_entities_are_refused_in_telegrams_words(entity: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ApiError) as refused:
        formatted("hello", None, [entity])
    assert refused.value.description == f"Bad Request: {complaint}"


def test_spaces_around_a_text_go_but_not_those_an_entity_begins_with() -> None:
    assert formatted("\n  <b>hi</b> there  ", "HTML") == ("hi there", [{"type": "bold", "offset": 0, "length": 2}])
    assert formatted("  hi  ", None, [{"type": "bold", "offset": 0, "length": 6}])[0] == "  hi"
    assert formatted("\ta\r\nb\tc\t")[0] == "a\nb c"


@pytest.mark.parametrize("text", ["", " ", "\u200b", "\u00a0", "\u2800", "\ufeff", "\U000e0020"])
def test_a_text_that_shows_nothing_is_empty(text: str) -> None:
    assert shows_nothing(text)
    assert not shows_nothing(f"{text}a")
