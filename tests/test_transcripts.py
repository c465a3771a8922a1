"""The product, as chats: each transcript plays straight, and once more with the bot restarted after every line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import chat
from tests.carried import library

FOLDER = Path(__file__).parent / "transcripts"
TRANSCRIPTS = {str(path.relative_to(FOLDER).with_suffix("")): path for path in sorted(FOLDER.rglob("*.chat"))}

RESTARTED = {
    "crisis/body", "data/clearing", "discretion/hide_safe", "home/silence", "nudge/away", "reach/founding_words", "safe/command",
    "soothe/before_consent", "space/asker",
}  # fmt: skip
"""One of each kind. Restarting after each line takes its time: `make deep` does it in all."""


def plays() -> Iterator[Any]:
    for name, path in TRANSCRIPTS.items():
        yield pytest.param(path, False, id=f"straight-{name}")
        marks = [] if name in RESTARTED else [pytest.mark.deep]
        yield pytest.param(path, True, id=f"restarted-{name}", marks=marks)


@pytest.mark.parametrize(("path", "forgetful"), list(plays()))
def test_the_chat_goes_as_written(path: Path, forgetful: bool, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    played = chat.play(path, tmp_path, library(), forgetful=forgetful)
    if request.config.getoption("--update") and not forgetful:
        path.write_text("\n".join(played) + "\n")
        return
    assert played == path.read_text().splitlines()


def test_a_chat_of_each_kind_is_restarted_before_every_change() -> None:
    assert set(TRANSCRIPTS) >= RESTARTED
    assert {name.partition("/")[0] for name in RESTARTED} == {name.partition("/")[0] for name in TRANSCRIPTS}
