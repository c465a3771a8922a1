"""Nobody is talked to in a language that the bot cannot hear danger in, or whose words about danger nobody has signed."""

import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from typer.testing import CliRunner

from bot import dialogs
from bot.app import App
from bot.cli import cli
from bot.commands import doctor
from bot.commands.reload import reload
from bot.config import Settings
from bot.core.effects import Phrase
from bot.core.errors import ScriptError
from bot.core.events import Verdict
from bot.dialog.vocabulary import registry
from bot.safety import lexicon
from tests.carried import library
from tests.talk import SOUND

MISSING = "de is not offered to anybody: the words of danger, lexicon/de.toml, are missing"
UNSIGNED = (
    "de is not offered to anybody: nobody has signed at the head of lexicon/de.toml (`reviewer` and `reviewed_on`)"
)
SIGNED = 'reviewer = "A clinician who speaks it"\nreviewed_on = "2026-05-04"\n'


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host's folder with German words for all that is said; what comes with the program are the sound scripts."""
    carried, own = tmp_path / "dialogs", tmp_path / "own"
    shutil.copytree(SOUND, carried)
    hears(carried, "en")
    monkeypatch.setattr(dialogs, "CARRIED", carried)
    monkeypatch.setattr(dialogs, "registry", lambda: registry)
    for words in carried.rglob("en.yaml"):
        there = own / words.relative_to(carried).with_name("de.yaml")
        there.parent.mkdir(parents=True)
        shutil.copy(words, there)
    return own


def hears(folder: Path, language: str = "de", head: str = "") -> None:
    """Write a lexicon of the words of danger, short and for tests."""
    kinds = "\n".join(
        f'["{kind}".{level}]\n"{language} {kind} {level}" = "{language} {kind} {level}"'
        for kind in lexicon.KINDS
        for level in lexicon.LEVELS
    )
    (folder / "lexicon").mkdir(exist_ok=True)
    (folder / f"lexicon/{language}.toml").write_text(f"version = 1\n{head}{kinds}\n")


def lacks(own: Path) -> list[str]:
    return list(dialogs.withheld(dialogs.source(own), own).values())


def test_words_alone_are_not_enough(own: Path) -> None:
    """A host's folder of translations, and a gate that would listen in English."""
    catalog = dialogs.read_dialogs(own).catalog
    assert catalog.locales == ("en",)
    assert catalog.suiting("de") == "en"
    assert lacks(own) == [MISSING]


def test_a_lexicon_that_nobody_signed_is_not_enough_and_is_listened_for(own: Path, tmp_path: Path) -> None:
    hears(own)
    assert dialogs.read_dialogs(own).catalog.suiting("de") == "en"
    assert lacks(own) == [UNSIGNED]
    assert dialogs.gate(own, ("en",), tmp_path)("de medical explicit") == Verdict("medical", "explicit")


def test_a_language_that_is_heard_whole_and_signed_is_offered(own: Path) -> None:
    hears(own, head=SIGNED)
    there = own / "tea/de.yaml"
    there.write_text(there.read_text().replace("Which tea?", "Welcher Tee?"))
    catalog = dialogs.read_dialogs(own).catalog
    assert catalog.locales == ("de", "en")
    assert catalog.suiting("de-at") == "de"
    assert catalog.render(Phrase("tea.kind.ask"), "de", "").text == "Welcher Tee?"
    assert lacks(own) == []


def test_what_is_said_about_danger_has_to_be_whole(own: Path) -> None:
    hears(own, head=SIGNED)
    written = dialogs.source(own)
    short = {key: entry for key, entry in written.words["de"].items() if key != "help.card.who"}
    [line] = dialogs.withheld(replace(written, words={**written.words, "de": short}), own).values()
    assert line == "de is not offered to anybody: words to say about danger are missing (help.card.who)"


def test_the_dialogs_about_danger_are_called_so() -> None:
    carried = library().source
    for name in dialogs.VITAL:
        assert name in carried.scripts
        assert [key for key in carried.words["en"] if key.startswith(f"{name}.")]


def test_english_of_another_country_needs_nothing_more(own: Path) -> None:
    for words in list(own.rglob("de.yaml")):
        words.rename(words.with_name("en_GB.yaml"))
    assert dialogs.read_dialogs(own).catalog.suiting("en-gb") == "en_GB"


@pytest.mark.parametrize(
    ("head", "says"),
    [
        ('reviewer = "Somebody"\n', "who made it and its day"),
        ('reviewed_on = "2026-05-04"\n', "who made it and its day"),
        ('reviewer = "Somebody"\nreviewed_on = "last spring"\n', "a day such as 2026-05-04"),
    ],
)
def test_half_a_signature_is_a_fault(own: Path, head: str, says: str) -> None:
    hears(own, head=head)
    with pytest.raises(ScriptError, match=rf"own/lexicon/de\.toml: .*{says}"):
        dialogs.read_dialogs(own)


@pytest.mark.parametrize(("head", "line"), [(None, MISSING), ("", UNSIGNED), (SIGNED, "")])
def test_lint_and_doctor_say_which_language_is_not_offered_and_why(own: Path, head: str | None, line: str) -> None:
    if head is not None:
        hears(own, head=head)
    linted = CliRunner().invoke(cli, ["dialogs", "lint", str(own)])
    assert linted.exit_code == 0
    *said, last = linted.stdout.splitlines()
    assert said == [line] * bool(line)
    assert last == "5 dialogs, 53 phrases, 2 languages, no findings"
    settings = cast("Settings", SimpleNamespace(dialogs=own, cache=own / "none"))
    _, *more = doctor._dialogs(settings)
    assert [(each.well, each.words) for each in more] == [(True, line)] * bool(line)


async def test_a_language_that_comes_while_the_bot_runs_waits_for_a_gate_that_hears_it(own: Path) -> None:
    app = SimpleNamespace(
        settings=SimpleNamespace(dialogs=own, cache=None),
        library=dialogs.read_dialogs(own),
        conversation=SimpleNamespace(),
    )
    hears(own, head=SIGNED)
    assert await reload(cast("App", app))
    assert app.library.catalog.locales == ("en",)
    app.library = dialogs.read_dialogs(own)  # started anew
    assert await reload(cast("App", app))
    assert app.conversation.library.catalog.locales == ("de", "en")
