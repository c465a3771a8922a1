"""Writers' marks become Telegram's entities, counted in UTF-16."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.errors import ScriptError
from bot.i18n.markup import Rich, Slot, fill, join, parse, plain, utf16

WORDS = st.text(st.sampled_from("abcXYZ 0é中🫂👩‍👧𐤀ש."), min_size=1, max_size=12).map(lambda text: f"x{text}x")
MARKS = {"bold": "**{}**", "italic": "_{}_", "code": "`{}`", "text_link": "[{}](https://example.org/a)"}


def marked(rich: Rich) -> list[tuple[str, str]]:
    """Each entity's type with the text it covers."""
    raw = rich.text.encode("utf-16-le")
    return [
        (entity["type"], raw[2 * entity["offset"] : 2 * (entity["offset"] + entity["length"])].decode("utf-16-le"))
        for entity in rich.entities
    ]


def read(source: str, **values: str) -> Rich:
    return fill(parse(source), lambda slot: Rich(values[slot.name]))


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("plain words", "plain words", []),
        ("**bold** and _italic_", "bold and italic", [("bold", "bold"), ("italic", "italic")]),
        ("type `/help` now", "type /help now", [("code", "/help")]),
        ("`a_b_c **d**`", "a_b_c **d**", [("code", "a_b_c **d**")]),
        ("[here](https://a.b/c)", "here", [("text_link", "here")]),
        ("[a **b**](https://a.b)", "a b", [("text_link", "a b"), ("bold", "b")]),
        ("**a _b_ c**", "a b c", [("bold", "a b c"), ("italic", "b")]),
        ("say\n> one\n> two\nend", "say\none\ntwo\nend", [("blockquote", "one\ntwo")]),
        ("> **all**", "all", [("blockquote", "all"), ("bold", "all")]),
        ("**open", "**open", []),
        ("close**", "close**", []),
        ("_a **b_ c**", "a **b c**", [("italic", "a **b")]),
        ("2 ** 3 ** 4", "2 ** 3 ** 4", []),
        ("/developer_info and snake_case_word", "/developer_info and snake_case_word", []),
        ("When ___ happened, I felt ___.", "When ___ happened, I felt ___.", []),
        (r"\*\*not bold\*\* \_x\_ \`y\` \{z\}", "**not bold** _x_ `y` {z}", []),
        (r"\> no quote", "> no quote", []),
        (r"back\slash", r"back\slash", []),
        ("[8] [Breathe]", "[8] [Breathe]", []),
        (">no space", ">no space", []),
        ("lone ` tick", "lone ` tick", []),
        ("🫂 **hug**", "🫂 hug", [("bold", "hug")]),
        ("ends with a line\n", "ends with a line", []),
        ("", "", []),
    ],
)
def test_marks_are_read_and_unbalanced_ones_stay(source: str, text: str, entities: list[tuple[str, str]]) -> None:
    rich = read(source)
    assert (rich.text, marked(rich)) == (text, entities)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([None, *MARKS]), WORDS), min_size=1, max_size=8))
def test_every_entity_covers_exactly_the_text_that_was_marked(parts: list[tuple[str | None, str]]) -> None:
    source = " ".join(MARKS[kind].format(text) if kind else text for kind, text in parts)
    rich = read(source)
    assert rich.text == " ".join(text for _, text in parts)
    assert marked(rich) == [(kind, text) for kind, text in parts if kind]


@settings(deadline=None)
@given(st.text(max_size=60), WORDS)
def test_a_value_is_never_read_as_markup_and_keeps_its_mark(value: str, before: str) -> None:
    rich = read(f"{before} **{{name}}** _end_", name=value)
    assert rich.text == f"{before} {value} end"
    assert marked(rich) == ([("bold", value)] if value else []) + [("italic", "end")]


@settings(deadline=None)
@given(st.text(st.sampled_from("*_`>[]()\\ ab\n🫂:/."), max_size=40))
def test_no_text_without_braces_breaks_the_parser(source: str) -> None:
    rich = read(source)
    size = utf16(rich.text)
    spans = [(entity["offset"], entity["offset"] + entity["length"]) for entity in rich.entities]
    assert all(0 <= start < end <= size for start, end in spans)
    assert not any(a < c < b < d for a, b in spans for c, d in spans), "entities cross"


@pytest.mark.parametrize("source", ["{", "}", "{Name}", "{ name }", "{name", "{}", "{name:}", "{0}"])
def test_a_brace_that_is_no_placeholder_is_a_fault_of_the_script(source: str) -> None:
    with pytest.raises(ScriptError, match="placeholder"):
        parse(source)


def test_placeholders_are_found_with_their_format_also_in_addresses() -> None:
    template = parse("{a} **{b:clock}** `{c}` [d](https://t.me/x?start={e})")
    assert template.slots == (Slot("a"), Slot("b", "clock"), Slot("c"), Slot("e"))


def test_a_value_inside_an_address_cannot_leave_its_place() -> None:
    assert (
        read("[d](https://t.me/x?start={e})", e="a&b=/ü").entities[0]["url"] == "https://t.me/x?start=a%26b%3D%2F%C3%BC"
    )
    assert read("[d]({e})", e="https://t.me/x?a=b").entities[0]["url"] == "https://t.me/x?a=b"


def test_what_may_not_stand_in_code_a_link_or_a_quote_is_left_out() -> None:
    timed = Rich("20:00", ({"type": "date_time", "offset": 0, "length": 5},))
    quoted = Rich("q", ({"type": "blockquote", "offset": 0, "length": 1},))
    strong = Rich("s", ({"type": "bold", "offset": 0, "length": 1},))

    def kinds(source: str, rich: Rich) -> list[str]:
        return [entity["type"] for entity in fill(parse(source), lambda _: rich).entities]

    assert kinds("`{x}`", timed) == ["code"]
    assert kinds("[a {x}](https://a.b)", timed) == ["text_link"]
    assert kinds("[a {x}](https://a.b)", strong) == ["text_link", "bold"]
    assert kinds("> a {x}", quoted) == ["blockquote"]
    assert kinds("> a {x}", timed) == ["blockquote", "date_time"]
    assert kinds("**{x}**", timed) == ["bold", "date_time"]


def test_joined_parts_are_paragraphs_and_empty_ones_leave_no_gap() -> None:
    rich = join([read("🫂 **a**"), read(""), read("_b_")])
    assert rich.text == "🫂 a\n\nb"
    assert marked(rich) == [("bold", "a"), ("italic", "b")]
    assert join([]) == Rich("")


def test_plain_words_carry_a_links_address() -> None:
    assert (
        plain(read("🫂 [one](https://a.b) and **two**, [c](https://d.e)"))
        == "🫂 one (https://a.b) and two, c (https://d.e)"
    )
