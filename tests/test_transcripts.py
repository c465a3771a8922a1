"""The product, as chats: each transcript plays straight, and once more with the bot restarted after every line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import chat
from tests.carried import library

FOLDER = Path(__file__).parent / "transcripts"
TRANSCRIPTS = sorted(FOLDER.rglob("*.chat"))


LONG = 120  # lines: restarting the bot after each takes its time, so `make deep` does it


def plays() -> Iterator[Any]:
    for path in TRANSCRIPTS:
        name = path.relative_to(FOLDER).with_suffix("")
        yield pytest.param(path, False, id=f"straight-{name}")
        marks = [pytest.mark.deep] if len(path.read_text().splitlines()) > LONG else []
        yield pytest.param(path, True, id=f"restarted-{name}", marks=marks)


@pytest.mark.parametrize(("path", "forgetful"), list(plays()))
def test_the_chat_goes_as_written(path: Path, forgetful: bool, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    played = chat.play(path, tmp_path, library(), forgetful=forgetful)
    if request.config.getoption("--update") and not forgetful:
        path.write_text("\n".join(played) + "\n")
        return
    assert played == path.read_text().splitlines()
