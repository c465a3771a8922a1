"""Every prompt, and every button, of the dialogs about danger is met in some transcript: each path has been read as a chat."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

import pytest

from bot.dialog.loader import load
from bot.dialog.script import Note, Press, Script, State, phrase_key
from bot.dialogs import CARRIED
from tests.carried import CACHE
from tests.test_transcripts import TRANSCRIPTS

DIALOGS = ("crisis", "safe", "minor", "help")


@cache
def scripts() -> Mapping[str, Script]:
    return {name: script for name, script in load([CARRIED], cache=CACHE).scripts.items() if name in DIALOGS}


@cache
def words() -> Mapping[str, Sequence[str]]:
    """The wordings of every phrase, as patterns of what stands in a chat."""
    return {
        key: [_pattern(wording) for wording in _wordings(said)]
        for key, said in load([CARRIED], cache=CACHE).words["en"].items()
    }


def _wordings(said: object) -> Sequence[str]:
    return [said] if isinstance(said, str) else [str(one) for one in said] if isinstance(said, list | tuple) else []


def _pattern(wording: str) -> str:
    plain = re.sub(r"\*\*|(?<!\w)_|_(?!\w)", "", wording.strip())
    return r"\s+".join(".+?" if "{" in part else re.escape(part) for part in plain.split())


def said(pattern: str, block: str) -> bool:
    return re.search(pattern, block, re.DOTALL) is not None


@cache
def blocks() -> Sequence[tuple[str, str]]:
    """What the bot said, block by block, each with the button pressed next (or nothing)."""
    found = []
    for path in TRANSCRIPTS.values():
        shown: list[str] = []
        for line in path.read_text().splitlines():
            if re.match(r"(bot|edit): ", line):
                shown.append(line.partition(": ")[2])
                found.append((shown[-1], ""))
            elif line.startswith("     ") and shown:
                shown[-1] += "\n" + line.strip().removeprefix("¶")
                found[-1] = (shown[-1], "")
            elif pressed := re.fullmatch(r"(?:Ann|Ben): \(?(?:presses old |twice )?\[(.+)\]\)?", line):
                with_it = [block for block in shown if f"[{pressed[1]}]" in block]
                found.append((with_it[-1] if with_it else "", pressed[1]))
    return found


@cache
def prompts() -> Mapping[str, tuple[tuple[str, ...], tuple[Press, ...]]]:
    """Every prompt and note by `dialog.name`: the keys of what it says, and its buttons."""
    places: dict[str, State | Note] = {}
    for name, script in scripts().items():
        places |= {f"{name}.{place}": shape for place, shape in script.states.items()}
        places |= {f"{name}.{place}": shape for place, shape in script.notes.items()}
    return {
        place: (
            tuple(phrase_key(place.partition(".")[0], line.say) for line in shape.say),
            tuple(press for row in shape.buttons for press in row),
        )
        for place, shape in places.items()
        if shape.say
    }


def is_from(prompt: str, block: str) -> bool:
    """Whether `block` shows this prompt: one of its lines, its own before those it shares."""
    keys = prompts()[prompt][0]
    own = [key for key in keys if key.startswith(prompt + ".")] or keys
    return any(said(pattern, block) for key in own for pattern in words()[key])


@pytest.mark.parametrize("prompt", list(prompts()))
def test_every_prompt_is_met_in_a_transcript(prompt: str) -> None:
    assert any(is_from(prompt, block) for block, _ in blocks())


def ways() -> Iterator[str]:
    for prompt, (_, buttons) in prompts().items():
        yield from (f"{prompt}[{press.press}]" for press in buttons if press.copies is None and press.url is None)


@pytest.mark.parametrize("way", list(ways()))
def test_every_button_is_pressed_in_a_transcript(way: str) -> None:
    prompt, _, name = way.removesuffix("]").partition("[")
    key = f"common.{name[1:]}" if name.startswith("$") else f"{prompt}.{name}"
    labels = words()[key]
    pressed = [block for block, label in blocks() if any(re.fullmatch(each, label) for each in labels)]
    assert any(is_from(prompt, block) for block in pressed)
