"""Every kind of finding has a script with that fault; a line that is wrong ends in a comment with its code."""

import re
from pathlib import Path

import pytest

from bot.dialog import loader
from bot.dialog.findings import KINDS
from bot.dialog.linter import lint
from bot.dialog.vocabulary import registry
from bot.dialogs import CARRIED
from bot.dialogs import registry as all_words
from tests.carried import CACHE

TESTS = Path(__file__).parents[1]
SOUND, FAULTS = TESTS / "scripts_sound", TESTS / "scripts_with_faults"


def findings(*folders: Path) -> list[tuple[str, int, str]]:
    return [(one.file, one.line, one.code) for one in lint(loader.load(folders), registry)]


def marked(folder: Path) -> list[tuple[str, int, str]]:
    """The codes that the comments in a folder promise, with file and line."""
    return sorted(
        (f"{folder.name}/{path.relative_to(folder)}", number, code)
        for path in folder.rglob("*.yaml")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        for code in re.findall(r"D\d{3}", line.partition(" # ")[2])
    )


def test_the_sound_scripts_have_no_findings() -> None:
    assert lint(loader.load([SOUND]), registry) == []


@pytest.mark.parametrize("code", sorted(KINDS))
def test_each_kind_of_finding_is_found_where_it_is_and_nothing_else(code: str) -> None:
    promised = marked(FAULTS / code)
    assert code in {found for _, _, found in promised}
    found = findings(SOUND, FAULTS / code)
    assert [one for one in found if one[0].startswith(f"{code}/")] == promised


def test_every_folder_with_a_fault_belongs_to_a_kind() -> None:
    assert {path.name for path in FAULTS.iterdir()} == set(KINDS)


def test_a_finding_names_file_line_meaning_and_what_to_do() -> None:
    [finding] = lint(loader.load([SOUND, FAULTS / "D101"]), registry)
    assert str(finding) == (
        "D101/x/dialog.yaml:11: D101 goes to a state that does not exist: dnoe (write the name of a state below, or `end`)"
    )


def test_advice_on_style_does_not_keep_a_bot_from_starting() -> None:
    advice = {code for code, kind in KINDS.items() if not kind.stops}
    assert advice == {"D302", "D402", "D501", "D502", "D503", "D504"}


def test_the_dialogs_that_the_program_opens_have_to_be_there(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    for name in ("dialog.yaml", "en.yaml"):
        (tmp_path / "x" / name).write_text((FAULTS / "D502" / "x" / name).read_text())
    missing = {one.detail for one in lint(loader.load([tmp_path]), registry) if one.code == "D205"}
    assert missing == {"lost", "pause", "help"}


def test_what_python_says_is_neither_never_said_nor_forgotten() -> None:
    """The words of a vocabulary are found by reading its source."""
    source = loader.load([CARRIED], cache=CACHE)
    codes = {(one.code, one.detail) for one in lint(source, all_words())}
    assert not [detail for code, detail in codes if code == "D302" and detail.startswith("common.shown.")]
    words = {key: entry for key, entry in source.words["en"].items() if key != "common.shown.off"}
    without = loader.Source(source.scripts, {"en": words}, source.placed, source.hash, source.style, source.media)
    assert ("D301", "common.shown.off") in {(one.code, one.detail) for one in lint(without, all_words())}


def test_the_carried_dialogs_have_no_findings() -> None:
    assert [str(one) for one in lint(loader.load([CARRIED], cache=CACHE), all_words())] == []
