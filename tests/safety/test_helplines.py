"""Whom to call: only rows that can be trusted, nothing made up, and honest about what nobody has called yet."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.commands import doctor
from bot.core.errors import ScriptError
from bot.dialogs import CARRIED
from bot.safety import helplines
from tests.carried import CACHE, library
from tests.clocks import SteppedClock
from tests.safety.gate import Gate

FILE = CARRIED / "helplines.tsv"
ROWS = helplines.read(FILE)


def written(folder: Path, *rows: str) -> Path:
    path = folder / "helplines.tsv"
    path.write_text("\n".join(["\t".join(helplines.COLUMNS), *rows]) + "\n")
    return path


def row(**cells: str) -> str:
    usual = {
        "iso": "XX", "country": "Somewhere", "emergency": "112", "crisis_line": "Line 1", "number": "1",
        "violence_line": "2", "confidence": "high", "sources": "G",
    }  # fmt: skip
    return "\t".join({**dict.fromkeys(helplines.COLUMNS, ""), **usual, **cells}.values())


def test_only_rows_of_high_confidence_are_shown() -> None:
    shown = helplines.shown(ROWS)
    assert {line.iso.lower() for line in ROWS if line.confidence == "high" and line.iso != "INT"} == set(shown)
    assert len(shown) == 23
    for mixed in ("ca", "ie", "ch", "ph", "il", "eu", "int"):
        assert mixed not in shown


def test_every_country_that_is_shown_can_be_picked_and_no_other() -> None:
    words = library().source.words["en"]
    labels = {key.removeprefix("crisis.country."): words[key] for key in words if key.startswith("crisis.country.")}
    del labels["ask"], labels["unclear"], labels["other"]
    assert labels == {iso: line.country for iso, line in helplines.carried().items()}


def test_the_line_that_is_said_holds_the_number_that_is_copied() -> None:
    for line in helplines.carried().values():
        assert line.number in line.crisis_line
        assert all(number.replace(" ", "").isdigit() for number in line.emergency)


def test_every_number_that_is_said_stands_in_the_file() -> None:
    file = FILE.read_text()
    for iso, line in helplines.carried().items():
        gate = Gate(country=iso).command("help").press("help.card.numbers")
        assert line.crisis_line in gate.text
        assert line.violence_line in gate.text
        assert " or ".join(line.emergency) in gate.text
        for words in (line.violence_line, line.number, "/".join(line.emergency)):
            assert words in file


def test_what_nobody_has_called_is_said_to_be_unconfirmed() -> None:
    for iso, line in helplines.carried().items():
        gate = Gate(country=iso).command("help").press("help.card.numbers")
        assert ("crisis.line.unconfirmed" in gate.keys) is (line.checked_on is None)
        assert "findahelpline.com" in gate.text


def test_without_a_trusted_row_no_line_is_named() -> None:
    for country in ("", "other", "ca", "xx"):
        gate = Gate(country=country).write("…", "self-harm").press("crisis.ask.might")
        assert "crisis.acting.call_anywhere" in gate.keys
        assert not {"crisis.line.talk", "crisis.line.unconfirmed", "crisis.acting.call"} & set(gate.keys)
        assert "112" in gate.text


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("Germany", "de"),
        ("germany.", "de"),
        ("the Netherlands", "nl"),
        ("UK", "gb"),
        ("usa", "us"),
        ("Canada", ""),
        ("", ""),
    ],
)
def test_a_country_can_be_written(text: str, iso: str) -> None:
    assert helplines.named(text) == iso


def test_checks_that_are_due_are_listed_for_the_host(tmp_path: Path) -> None:
    today = date(2026, 5, 4)
    old, new = today - timedelta(days=181), today - timedelta(days=180)
    rows = helplines.read(
        written(
            tmp_path,
            row(iso="AA"),
            row(iso="BB", checked_on=old.isoformat(), checked_by="somebody"),
            row(iso="CC", checked_on=new.isoformat(), checked_by="somebody"),
            row(iso="DD", confidence="medium"),
        )
    )
    assert [line.iso for line in helplines.to_check(rows, today)] == ["AA", "BB"]
    told = helplines.age(rows, today)
    assert told.startswith("3 countries shown, 1 never called by anybody, 1 called over 180 days ago; ")
    called = [replace(line, checked_on=today) for line in rows]
    assert helplines.age(called, today) == "3 countries shown, 0 never called by anybody, 0 called over 180 days ago"


def test_the_doctor_tells_their_age_and_finds_no_fault_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 5, 4, 18, tzinfo=UTC)
    one, two, *rest = helplines.carried().items()
    called = {iso: replace(line, checked_on=now.date(), checked_by="somebody") for iso, line in rest}
    old = replace(two[1], checked_on=now.date() - timedelta(days=181), checked_by="somebody")
    monkeypatch.setattr(helplines, "carried", lambda: {one[0]: one[1], two[0]: old, **called})
    line = doctor._helplines(SteppedClock(now))
    assert line.well
    assert line.subject == "help lines"
    assert line.words.startswith("23 countries shown, 1 never called by anybody, 1 called over 180 days ago; call them")


async def test_the_doctor_comes_to_the_help_lines(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STILLHERE_CACHE", str(CACHE))
    found = [line async for line in doctor.examine()]
    assert found[-1].subject == "help lines"
    assert found[-1].well


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("XX\tSomewhere", "2 cells"),
        (row(emergency=""), "emergency is empty"),
        (row(number=""), "number is empty"),
        (row(checked_on="2026-05-04"), "who made it"),
        (row(checked_by="somebody"), "who made it"),
        (row(checked_on="4 May", checked_by="somebody"), "2026-05-04"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_by_its_line(line: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=rf"helplines.tsv:3: .*{says}"):
        helplines.read(written(tmp_path, row(), line))


def test_other_columns_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "helplines.tsv"
    path.write_text("iso\tcountry\n")
    with pytest.raises(ScriptError, match="columns"):
        helplines.read(path)
