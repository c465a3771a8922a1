"""The product, as chats: each transcript plays straight, and once more with the bot restarted after every line."""

from pathlib import Path

import pytest

from tests import chat
from tests.carried import library

FOLDER = Path(__file__).parent / "transcripts"
TRANSCRIPTS = sorted(FOLDER.rglob("*.chat"))


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: str(path.relative_to(FOLDER).with_suffix("")))
@pytest.mark.parametrize("forgetful", [False, True], ids=["straight", "restarted"])
def test_the_chat_goes_as_written(path: Path, forgetful: bool, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    played = chat.play(path, tmp_path, library(), forgetful=forgetful)
    if request.config.getoption("--update") and not forgetful:
        path.write_text("\n".join(played) + "\n")
        return
    assert played == path.read_text().splitlines()
