"""What `/export` sends of a private corner: nothing without its PIN, through the whole bot."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests import chat
from tests.carried import library

EVENING = datetime(2026, 5, 4, 18, tzinfo=UTC)
FULLER = ("/export", "[Make my copy]", "[A fuller copy]", "[Yes, send all of it]")
LINE = "a line of my own"


@pytest.mark.parametrize(
    ("answers", "copies", "with_the_line"),
    [
        ((), 1, 0),
        (("0000",), 1, 0),
        (("0000", "0001", "0002", "4711"), 1, 0),  # the right one, while none is looked at
        (("[Leave the corner out]",), 2, 0),
        (("0000", "4711"), 2, 1),
    ],
)
def test_no_copy_holds_a_line_without_the_pin(
    answers: tuple[str, ...], copies: int, with_the_line: int, tmp_path: Path
) -> None:
    async def story() -> list[str]:
        going = chat.Chat(tmp_path, library(), EVENING, forgetful=False)
        async with going.going():
            await going.given("Ann is set up; role reach; country us")
            for said in ("/private", "4711", "4711", "[Write a line]", LINE, "[Close]", *FULLER, *answers):
                await going.hear(f"Ann: {said}")
            sent = [message["document"] for message in going.people["Ann"].messages() if "document" in message]
            return [going.simulator.cabinet.files[each["file_id"]].content.decode() for each in sent]

    texts = asyncio.run(story())
    assert len(texts) == copies * 2
    assert sum(LINE in text for text in texts) == with_the_line * 2
    fuller = [json.loads(text) for text in texts[3::2]]
    assert [(each["you"]["country"], each["whole"]) for each in fuller] == [("us", with_the_line > 0)] * (copies - 1)
