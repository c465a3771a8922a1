"""`stillhere dialogs …` says what it did, finds what is wrong, and never shows a traceback."""

import shutil
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner, Result

from bot import dialogs
from bot.cli import cli
from bot.commands import play as terminal_play
from bot.core.errors import ScriptError
from bot.dialog import released
from bot.dialog.draw import draw
from bot.dialog.loader import load
from bot.dialog.reading import WIDTH, read_aloud
from bot.dialog.schema import schema
from bot.dialog.vocabulary import registry
from bot.safety import helplines
from tests.carried import CACHE, library
from tests.clocks import SteppedClock
from tests.talk import SOUND, sound

FAULTS = Path(__file__).parents[1] / "scripts_with_faults"


@pytest.fixture
def carried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sound scripts, as if they were those the program carries."""
    folder = tmp_path / "dialogs"
    shutil.copytree(SOUND, folder)
    monkeypatch.setattr(dialogs, "CARRIED", folder)
    monkeypatch.setattr(dialogs, "registry", lambda: registry)
    return folder


@pytest.fixture
def run(carried: Path) -> Callable[..., Result]:
    def command(*arguments: str) -> Result:
        result = CliRunner().invoke(cli, ["dialogs", *arguments], env={"STILLHERE_DIALOGS": ""})
        assert result.exception is None or isinstance(result.exception, SystemExit | ScriptError), result.exception
        return result

    assert carried.is_dir()
    return command


def test_lint_ends_well_with_one_line_that_sums_up(run: Callable[..., Result]) -> None:
    result = run("lint")
    assert result.exit_code == 0
    assert result.stdout == "5 dialogs, 53 phrases, no findings\n"


def test_lint_shows_each_finding_and_fails(run: Callable[..., Result]) -> None:
    result = run("lint", str(FAULTS / "D101"))
    assert result.exit_code == 1
    first, last = result.stdout.splitlines()
    assert first.startswith("D101/x/dialog.yaml:11: D101 goes to a state that does not exist: dnoe")
    assert last == "6 dialogs, 57 phrases, 1 finding, 1 of them keep a bot from starting"


def test_lint_tells_advice_from_faults(run: Callable[..., Result]) -> None:
    result = run("lint", str(FAULTS / "D502"))
    assert result.exit_code == 1
    assert " – advice\n" in result.stdout
    assert result.stdout.endswith("all of them advice\n")


def test_lint_may_look_at_one_language_alone(run: Callable[..., Result]) -> None:
    result = run("lint", str(FAULTS / "D303"), "--locale", "de")
    *found, offered, _ = result.stdout.splitlines()
    assert found
    assert all("de.yaml" in line for line in found)
    assert offered.startswith("de is not offered to anybody: the words of danger, lexicon/de.toml, are missing")
    assert "is not offered" not in run("lint", str(FAULTS / "D303"), "--locale", "en").stdout


def test_read_prints_everything_that_is_said_in_the_width_of_a_page(run: Callable[..., Result]) -> None:
    result = run("read", "tea")
    assert result.exit_code == 0
    assert "Bot   Every tea is fine." in result.stdout
    assert "  or  There is no wrong tea." in result.stdout
    assert "(nothing for 3m)" in result.stdout
    assert "The cup of ⟨name⟩ stands for three minutes." in result.stdout
    assert "if strength is 8 or more" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= WIDTH
    told = result.stdout.replace("\n", " ")
    for key, entry in sound().source.words["en"].items():
        if key.startswith("tea.") and isinstance(entry, str) and "{" not in entry:
            assert entry in told, key


def test_every_carried_dialog_can_be_read_and_drawn() -> None:
    carried = library()
    for name, dialog in carried.dialogs.items():
        assert max(map(len, read_aloud(carried, name, "en").splitlines())) <= WIDTH, name
        picture = ET.fromstring(draw(carried, name, "en"))  # noqa: S314 - our own
        anchors = {group.get("id") for group in picture.iter("{http://www.w3.org/2000/svg}g")}
        assert {f"s-{state}" for state in dialog.script.states} <= anchors


def test_draw_writes_a_picture_for_light_and_dark(run: Callable[..., Result], tmp_path: Path) -> None:
    result = run("draw", "tea", "-o", str(tmp_path / "tea.svg"))
    assert result.exit_code == 0
    assert "tea.svg" in result.stdout
    picture = (tmp_path / "tea.svg").read_text()
    assert "prefers-color-scheme:dark" in picture
    assert "How strong, 0 to 10?" in picture


def test_no_two_cards_of_a_picture_overlap() -> None:
    picture = ET.fromstring(draw(sound(), "tea", "en"))  # noqa: S314 - our own
    cards = [
        tuple(float(rect.get(side) or 0) for side in ("x", "y", "width", "height"))
        for rect in picture.iter("{http://www.w3.org/2000/svg}rect")
        if (rect.get("class") or "").startswith("card")
    ]
    assert len(cards) == 9
    for n, (x, y, width, height) in enumerate(cards):
        for left, top, wide, tall in cards[n + 1 :]:
            assert x + width <= left or left + wide <= x or y + height <= top or top + tall <= y


def test_a_dialog_that_is_not_there_is_one_clear_line(run: Callable[..., Result]) -> None:
    result = run("read", "coffee")
    assert result.exit_code == 1
    assert str(result.exception) == "There is no dialog 'coffee'. There are: bell, help, lost, pause, tea."


def test_words_lists_every_name_with_what_it_takes_and_means(run: Callable[..., Result]) -> None:
    told = run("words").stdout
    for shelf in dialogs.registry().shelves():
        for name, word in shelf.items():
            assert f"\n  {name}" in told
            assert word.function.__doc__, f"{name} says nothing about itself"
    assert "  longer_than: <number>\n      Whether the text just written has more characters" in told


def test_play_talks_in_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    said = iter(["9", "3", "1", "1", "2", "2", "skip 3m", "skip x", "", "sticker", "quit"])
    terminal_play.talk(
        sound(), "tea", "en", ask=lambda: next(said), clock=SteppedClock(datetime(2026, 3, 2, tzinfo=UTC))
    )
    told = capsys.readouterr().out
    for line in (
        "bot   How strong, 0 to 10?",
        "[9]",
        "bot   That is strong.",
        "[Mint]",
        "bot   These people can help.",
        "bot   Back to where we were.",
        "--- Mon 00:03 UTC ---",
        "is not a length of time",
        "I can only read words.",
        "opens https://example.org",
    ):
        assert line in told, line


def test_play_ends_with_its_input(capsys: pytest.CaptureFixture[str]) -> None:
    def ended() -> str:
        raise EOFError

    terminal_play.talk(sound(), "lost", "en", ask=ended, clock=SteppedClock())
    assert "opens by itself" in capsys.readouterr().out


def test_publish_notes_the_states_and_status_tells_what_changed(run: Callable[..., Result], carried: Path) -> None:
    assert "new" in run("status").stdout
    assert run("publish").exit_code == 0
    first, *_ = run("status").stdout.splitlines()
    assert first == "5 dialogs; 5 not reviewed by a clinician yet."
    words = carried / "tea" / "en.yaml"
    words.write_text(words.read_text().replace("Which tea?", "Which one?"))
    assert run("status").stdout.splitlines()[0] == "tea: other words in en"
    assert (carried / "schema.json").read_bytes() == schema()


def test_status_tells_which_help_lines_somebody_should_call_and_is_well(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A release looks at it. However old a check gets, no test may fail by it."""
    run("publish")
    one, two, *_ = helplines.carried().items()
    old = replace(two[1], checked_on=date(2000, 1, 1), checked_by="somebody")
    monkeypatch.setattr(helplines, "carried", lambda: dict([one, (two[0], old)]))
    status = run("status")
    assert status.exit_code == 0
    assert status.stdout.splitlines()[-1] == (
        "Help lines: 2 countries shown, 1 never called by anybody, 1 called over 180 days ago; "
        "call them, and note the day in helplines.tsv."
    )


def test_a_released_state_may_be_renamed_but_not_vanish(run: Callable[..., Result], carried: Path) -> None:
    run("publish")
    shape, words = carried / "tea" / "dialog.yaml", carried / "tea" / "en.yaml"
    shape.write_text(
        shape.read_text()
        .replace("go: ready", "go: finished")
        .replace("  ready:\n    say: ready", "  finished:\n    say: finished")
    )
    words.write_text(words.read_text().replace("ready.", "finished."))
    status = run("status")
    assert status.exit_code == 1
    assert (
        "dialogs/tea/dialog.yaml: the state `ready` is gone; write `renamed: {ready: <its new name>}`" in status.stdout
    )
    before = (carried / released.FILE).read_bytes()
    assert run("publish").exit_code == 1
    assert (carried / released.FILE).read_bytes() == before
    shape.write_text(shape.read_text().replace("{thirst: strength}", "{thirst: strength, ready: finished}"))
    assert run("status").exit_code == 0
    assert run("publish").exit_code == 0


def test_publish_may_be_made_to_accept_it(run: Callable[..., Result], carried: Path) -> None:
    run("publish")
    shutil.rmtree(carried / "bell")
    assert "the dialog bell is gone" in run("publish").stdout
    assert run("publish", "--anyway").exit_code == 0
    assert "bell" not in orjson.loads((carried / released.FILE).read_bytes())


def test_no_released_state_of_the_carried_dialogs_vanished() -> None:
    """If this fails: write `renamed: {old: new}` into the dialog, then `stillhere dialogs publish`."""
    assert list(released.vanished(released.read(dialogs.CARRIED), load([dialogs.CARRIED], cache=CACHE))) == []


def test_the_schema_for_editors_says_what_the_shapes_say() -> None:
    """If this fails: `stillhere dialogs publish` writes it anew."""
    assert (dialogs.CARRIED / "schema.json").read_bytes() == schema()


def test_the_schema_knows_every_way_of_writing(run: Callable[..., Result]) -> None:
    told = orjson.loads(run("schema").stdout)
    step = told["$defs"]["Step"]["properties"]
    assert "line" not in step
    assert {"type": "string"} in step["do"]["anyOf"]
    assert {"type": "string"} in step["say"]["anyOf"]
    assert set(told["properties"]) == {
        "dialog",
        "about",
        "command",
        "returns",
        "reassurance",
        "discreet",
        "begin",
        "on",
        "notes",
        "text",
        "states",
        "renamed",
    }
