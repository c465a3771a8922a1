"""Conversations of the red-team sheet through all seven hops: a dozen before each change, every one in `make deep`."""

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.storage.tables import sessions
from tests.carried import library
from tests.chat import Chat
from tests.safety.test_red_team import CONVERSATIONS, NEVER

EVENING = datetime(2026, 5, 4, 18, tzinfo=UTC)
PLAYABLE = [
    title for title, lines in CONVERSATIONS.items() if not any(re.match("given:.*(at |paused)", line) for line in lines)
]
"""Those that begin where a person can get by chatting. The others start in the middle of a dialog: `test_red_team.py` plays them."""

QUICK = set(PLAYABLE[::5])


class Phone:
    """Ann's phone: what the sheet has her do, and what it then shows."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._said = ""

    async def play(self, line: str) -> None:
        if line.startswith("given: "):
            await self._given(line.removeprefix("given: ").split("; "))
        elif line.startswith("-> "):
            assert await self._place() == line[3:]
        elif line.startswith("says: "):
            assert self._said
            assert line[6:] == "…" or line[6:].casefold() in self._said.casefold()
        elif line == "quiet":
            assert not self._said
        else:
            await self._hear(f"{line} later ---" if line.startswith("--- ") else f"Ann: {line.removeprefix('> ')}")
            assert self._said or line.startswith("--- "), "no answer"

    async def _hear(self, line: str) -> None:
        before = len(self._chat.lines) + 1
        await self._chat.hear(line)
        told = [said for said in self._chat.lines[before:] if said.startswith(("bot: ", "edit: ", "     "))]
        self._said = "\n".join(said for said in told if said != "edit: (its buttons go)")
        for words in NEVER:
            assert words not in self._said.casefold()

    async def _given(self, wishes: list[str]) -> None:
        if "before consent" in wishes:
            return
        country = [wish for wish in wishes if wish.startswith("country ")]
        await self._chat.given("; ".join(["Ann is set up", "seed 3", *country]))
        if "stopped" in wishes:
            await self._hear("Ann: /stop")

    async def _place(self) -> str:
        async with self._chat.app.database.transaction() as tx:
            row: Any = (await tx.connection.execute(select(sessions.c.dialog, sessions.c.state))).one()
        return f"{row.dialog}.{row.state}"


@pytest.mark.parametrize(
    "title", [title if title in QUICK else pytest.param(title, marks=pytest.mark.deep) for title in PLAYABLE]
)
def test_the_conversation_goes_the_same_through_all_hops(title: str, tmp_path: Path) -> None:
    lines = CONVERSATIONS[title]

    async def playing() -> None:
        async with Chat(tmp_path, library(), EVENING, forgetful=False).going() as chat:
            phone = Phone(chat)
            for line in lines if lines[0].startswith("given: ") else ["given: nothing", *lines]:
                try:
                    await phone.play(line)
                except Exception as fault:
                    fault.add_note(f"{title}: {line}\n" + "\n".join(chat.lines[-20:]))
                    raise

    asyncio.run(playing())


def test_there_are_a_dozen_before_each_change() -> None:
    assert len(QUICK) >= 12
