"""What is wrong with a file is told with its line and in plain words; what is right is kept in a cache."""

from pathlib import Path

import pytest

from bot.core.errors import ScriptError
from bot.dialog.loader import load, texts
from bot.dialog.machine import walk
from bot.dialog.script import Line

SHAPES = {
    "sya: a.ask": "a: `sya` does not belong here; did you mean `say`?",
    "press: a": "a: `press` does not belong here",
    "scale: {go: b}": "a.scale: `keep` is missing",
    "pick: teas": "a.pick: `teas` stands where `name: value` is expected",
    "stays: maybe": "a.stays: write `true` or `false`",
    "kind: letter": "a.kind: write `reply`, `promise` or `nudge`",
    "go: 5": "a.go: `5` stands where `name: value` is expected",
    "buttons: [{press: ok}]": "a.buttons: buttons stand in rows, so there are two dashes: `- - {press: …}`",
    "buttons: [[{press: 20}]]": "a.buttons.press: `20` is no text; put it in quotation marks",
    "buttons: [[{press: Fine!}]]": "a.buttons.press: `Fine!` is no name; use small letters, digits and _",
    "pick: {from: x, keep: y, columns: two}": "a.pick.columns: write a whole number",
}
YAML = {
    "a: b: c": "a colon within a text; put the whole text in quotation marks",
    'a: "x': "this quotation mark is never closed",
    'a: "x" y': "words after a closing quotation mark or bracket; put the whole text in quotation marks",
    "a: [x, y": "this bracket is never closed",
    "a: {x: y z: w}": "a bracket is not closed, or a comma is missing between two parts",
    "\ta: x": "a tab; indent with spaces",
    "a: - x": "a dash within a line; a list begins on a line of its own",
    "a: @x": "a text may not begin with this sign; put the whole text in quotation marks",
    "a: *x": "a text may not begin with a star; put the whole text in quotation marks",
    "k: twice": "`k` is written twice",
}


def problems(folder: Path) -> list[tuple[str, int, str]]:
    return [(problem.file.partition("/")[2], problem.line, problem.detail) for problem in load([folder]).problems]


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / "dialogs" / name.replace("__", "/").replace("_yaml", ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "dialogs"


@pytest.mark.parametrize("line", SHAPES)
def test_a_shape_that_is_wrong_is_told_in_words_and_at_its_line(line: str, tmp_path: Path) -> None:
    text = f"dialog: x\nbegin:\n  go: a\nstates:\n  b: {{say: b.line}}\n  a:\n    {line}\n"
    assert problems(written(tmp_path, x__dialog_yaml=text)) == [("x/dialog.yaml", 7, SHAPES[line])]


@pytest.mark.parametrize("line", YAML)
def test_yaml_that_cannot_be_read_is_told_in_words_and_at_its_line(line: str, tmp_path: Path) -> None:
    text = f"k: fine\n{line}\n"
    assert problems(written(tmp_path, x__en_yaml=text)) == [("x/en.yaml", 2, YAML[line])]


def test_every_mistake_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    text = "dialog: x\nabout: {risk: huge}\nbegin:\n  - {go: a}\nstates:\n  a:\n    text:\n      - {go: a}\n      - {goes: a}\n"
    assert [line for _, line, _ in problems(written(tmp_path, x__dialog_yaml=text))] == [2, 9]


def test_a_phrase_that_is_no_text_is_told(tmp_path: Path) -> None:
    found = problems(written(tmp_path, x__en_yaml="a: 5\nb: []\nc: {one: x}\nd: true\n"))
    assert [line for _, line, _ in found] == [1, 2, 3, 4]
    assert all("goes in quotation marks" in detail for _, _, detail in found)


def test_words_keep_the_lines_of_all_their_variants(tmp_path: Path) -> None:
    text = "# first\na:\n  - one\n  - two\nb: {one: a cup, other: cups}\nc: >-\n  long\n  text\nd:\n  one: x\n  other: [y, z]\n"
    source = load([written(tmp_path, x__en_yaml=text)])
    lines = {key: place.lines for (_, key), place in source.places.items()}
    assert lines == {"x.a": (3, 4), "x.b": (5, 5), "x.c": (6,), "x.d": (10, 11, 11)}
    assert texts(source.words["en"]["x.d"]) == ["x", "y", "z"]


def test_every_line_said_knows_where_it_is_said(tmp_path: Path) -> None:
    text = (
        "dialog: x\nbegin: {go: a}\nstates:\n  a:\n    say:\n      - a.first\n      - {when: has_consent, say: a.second}\n"
        "    text:\n      - {say: a.third}\n  b:\n    say: b.line\n"
    )
    script = load([written(tmp_path, x__dialog_yaml=text)]).scripts["x"]
    said = {part.say: part.line for _, part in walk(script) if isinstance(part, Line)}
    assert said == {"a.first": 6, "a.second": 7, "a.third": 9, "b.line": 11}
    assert {name: state.line for name, state in script.states.items()} == {"a": 4, "b": 10}


def test_yaml_is_read_by_the_rules_of_1_2(tmp_path: Path) -> None:
    text = "dialog: x\nbegin: {go: a}\nstates:\n  a: {do: {keep: {answer: no, at: 22:30}}, go: end}\n"
    [call] = load([written(tmp_path, x__dialog_yaml=text)]).scripts["x"].states["a"].do
    assert call.arguments == {"answer": "no", "at": "22:30"}


def test_a_later_folder_replaces_dialogs_phrases_and_style(tmp_path: Path) -> None:
    first = written(tmp_path / "a", x__en_yaml="k: one\nl: two\n", style__en_yaml="toxic: no\n")
    second = written(tmp_path / "b", x__en_yaml="k: mine\n", style__en_yaml="cold: no\n")
    source = load([first, second])
    assert source.words["en"] == {"x.k": "mine", "x.l": "two"}
    assert source.style == {"en": {"toxic": "no", "cold": "no"}}


def test_a_cache_says_the_same_and_a_broken_one_is_made_again(tmp_path: Path) -> None:
    text = "# what for\ndialog: x\ncommand: x\nbegin: {go: a}\nstates:\n  a: {say: [b, c], buttons: [[{press: d, go: end}]]}\n"
    folder = written(tmp_path, x__dialog_yaml=text, x__en_yaml="a: [x, y]\n", style__en_yaml="z: no\n")
    cache = tmp_path / "cache"
    fresh = load([folder], cache=cache)
    assert load([folder], cache=cache) == fresh
    assert fresh.scripts["x"].purpose == "what for"
    [kept] = cache.iterdir()
    kept.write_bytes(b"{broken")
    assert load([folder], cache=cache) == fresh


def test_a_folder_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match="is not there"):
        load([tmp_path / "nowhere"])


def test_what_cannot_be_read_at_all_is_one_problem(tmp_path: Path) -> None:
    (tmp_path / "dialogs" / "x").mkdir(parents=True)
    (tmp_path / "dialogs" / "x" / "en.yaml").write_bytes(b"a: \xff\xfe\x00")
    [(file, line, detail)] = problems(tmp_path / "dialogs")
    assert (file, line) == ("x/en.yaml", 1)
    assert "UTF-8" in detail
