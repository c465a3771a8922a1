"""A turn that had to bring help has failed: people are named all the same, and what was written is kept nowhere."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.dialog.library import Library
from bot.dialog.script import State, Step
from bot.dialogs import registry
from tests.carried import library
from tests.chat import Chat


@pytest.mark.parametrize(
    ("said", "broken", "heard"),
    [
        ("I want to kill myself", "crisis", "findahelpline.com"),
        ("he hit me", "safe", "findahelpline.com"),
        ("/space", "space", "went wrong on my side"),
    ],
)
def test_who_asked_for_help_gets_the_card_and_no_apology(said: str, broken: str, heard: str, tmp_path: Path) -> None:
    chat = Chat(tmp_path, without(broken), datetime(2026, 5, 4, 18, tzinfo=UTC), forgetful=False)

    async def talk() -> None:
        async with chat.going():
            await chat.given("Ann is set up")
            await chat.hear(f"Ann: {said}")
            await chat.hear("Ann: /menu")

    asyncio.run(talk())
    answer = "\n".join(chat.lines[1 : chat.lines.index("Ann: /menu")])
    assert heard in answer
    assert ("went wrong" in answer) is (heard != "findahelpline.com")
    assert "[Calm my body]" in "\n".join(chat.lines)


def without(dialog: str) -> Library:
    """The dialogs with one that goes round in circles, which no turn survives."""
    source = library().source
    circle = {"round": State(go=(Step(go="round"),))}
    broken = replace(source.scripts[dialog], begin=(Step(go="round"),), states=circle, on={}, notes={})
    return Library(replace(source, scripts={**source.scripts, dialog: broken}), registry())
