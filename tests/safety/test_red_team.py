"""Hostile and desperate conversations, played through the detector, the policy and the dialogs; `red_team/en.sheet` tells them."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.effects import Button
from bot.core.events import CommandGiven, Pressed, Wrote
from bot.dialog.turn import spell
from tests.safety.gate import EVENING, Gate
from tests.safety.test_detector import heard

SHEET = Path(__file__).parent / "red_team" / "en.sheet"

NEVER = (
    "calm down", "think of your family", "so much to live for", "work on communication", "communication problem", "i promise",
    "nobody will know", "no one will know", "how did you", "commit suicide", "failed attempt", "leave him", "leave her", "confront",
)  # fmt: skip
"""What is said to nobody in danger. Source: the safety notes and the style guide."""

WORDS_KEPT = 16
"""A text at least so long may not come back in what the turn does while danger is spoken about."""


def conversations() -> Iterator[tuple[str, list[str]]]:
    for part in re.split(r"^= ", SHEET.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        title, *lines = part.strip().splitlines()
        yield title, [line for line in lines if line.strip()]


CONVERSATIONS = dict(conversations())


class Player:
    """One person of the sheet. `said` is what the bot said since their last line."""

    def __init__(self) -> None:
        self.gate = Gate()
        self.said = ""

    def play(self, line: str) -> None:
        if line.startswith("given: "):
            self._given(line.removeprefix("given: "))
        elif line.startswith("> "):
            self._writes(line[2:])
        elif line.startswith("/"):
            self._hears(self.gate.hear(CommandGiven(line[1:])))
        elif label := re.fullmatch(r"\[(.+)\]", line):
            [data] = [one.data for one in self.gate.buttons if self._label(one) == label[1]]
            self._hears(self.gate.hear(Pressed(data, 5)))
        elif line.startswith("--- "):
            said = self.gate.wait(spell(line[4:]))
            self.said = "\n".join(self.gate.plain(part) for each in said for part in each.parts)
        elif line.startswith("-> "):
            assert ".".join(self.gate.place) == line[3:]
        elif line.startswith("says: "):
            assert self.said
            assert line[6:] == "…" or line[6:].casefold() in self.said.casefold()
        else:
            assert line == "quiet", line
            assert not self.said

    def _label(self, button: Button) -> str:
        return button.label.key[1:] if button.label.key.startswith("=") else self.gate.plain(button.label)

    def _given(self, wishes: str) -> None:
        fields: dict[str, object] = {}
        place = ""
        for wish in wishes.split("; "):
            match wish.partition(" "):
                case ("stopped", _, _):
                    fields["stopped"] = True
                case ("before", _, _):
                    fields |= {"consent": 0, "zone": ""}
                case ("paused", _, _):
                    fields["paused_until"] = EVENING + timedelta(days=1)
                case ("country", _, code):
                    fields["country"] = code
                case (_, _, where):
                    place = where
        self.gate = Gate(**fields)
        if place:
            dialog, _, state = place.partition(".")
            self.gate.at(dialog, state)

    def _writes(self, text: str) -> None:
        verdict = heard(text)
        gate = self.gate.hear(Wrote(text), verdict)
        assert gate.says, "no answer"
        self._hears(gate)
        if verdict and len(text) >= WORDS_KEPT:
            assert text not in repr([effect for effect in gate.effects if not hasattr(effect, "parts")])
            assert text not in self.said
        if verdict and verdict.level == "explicit" and verdict.kind != "under 18":
            assert re.search(r"112|911|findahelpline", self.said), "nobody to turn to"

    def _hears(self, gate: Gate) -> None:
        self.said = gate.text
        for words in NEVER:
            assert words not in self.said.casefold()


def test_the_sheet_is_as_long_as_promised() -> None:
    assert len(CONVERSATIONS) >= 60


@pytest.mark.parametrize("title", CONVERSATIONS)
def test_the_conversation_goes_as_it_should(title: str) -> None:
    player = Player()
    for line in CONVERSATIONS[title]:
        try:
            player.play(line)
        except Exception as fault:
            fault.add_note(f"{title}: {line}\n{player.gate.place}\n{player.said}")
            raise
