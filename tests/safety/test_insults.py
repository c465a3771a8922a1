"""What may not reach a partner: rates on own sentences, every example of the words, and what lets a sentence through."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from bot.core.errors import ScriptError
from bot.core.facts import User
from bot.core.partner import Cleared, Outbound
from bot.dialogs import CARRIED, gate, insulting
from bot.safety import insults, lexicon
from bot.safety.detector import Listener
from bot.safety.insults import Insulting
from bot.safety.partner import Withheld, clear
from tests.carried import CACHE

CORPUS = Path(__file__).parent / "corpus/en-insults.tsv"
NOW = datetime(2026, 5, 4, 18, tzinfo=UTC)

BLOCKED, BLOCKED_WRONGLY = 0.85, 0.05
"""Of what must not go out, at least; of what may, at most."""


@cache
def rows() -> tuple[tuple[str, str, str], ...]:
    """Set, expectation and text of each line."""
    header, *lines = CORPUS.read_text(encoding="utf-8").splitlines()
    assert header.split("\t") == ["set", "expect", "text"]
    cells = [tuple(line.split("\t")) for line in lines]
    return tuple((where, expect, text) for where, expect, text in cells)


def rate(texts: Iterable[str]) -> float:
    found = list(map(insulting(None, CACHE), texts))
    return sum(found) / len(found)


@pytest.mark.parametrize("where", ["train", "held", "fresh", ""])
def test_insults_and_threats_stay_and_complaints_go_out(where: str) -> None:
    """Of the held-out lines only rates are shown."""
    block, out = (
        [text for at, expects, text in rows() if expects == each and where in {"", at}] for each in ("block", "pass")
    )
    blocked, wrongly = rate(block), rate(out)
    print(f"{where or 'all':6} blocked: {blocked:.1%} of {len(block)}, wrongly: {wrongly:.1%} of {len(out)}")  # noqa: T201 - for people
    assert len(block) >= 38
    assert len(out) >= 40
    assert blocked >= BLOCKED
    assert wrongly <= BLOCKED_WRONGLY


def test_the_sentences_keep_their_form() -> None:
    texts = [text.casefold() for _, _, text in rows()]
    assert len(set(texts)) == len(texts)
    assert {(where, expect) for where, expect, _ in rows()} == {
        (where, expect) for where in ("train", "held", "fresh") for expect in ("block", "pass")
    }
    assert all(text == text.strip() != "" for _, _, text in rows())


def test_every_example_is_found_by_its_own_pattern_and_stays() -> None:
    [words] = lexicon.with_insults([CARRIED])
    listener, stays = Listener(insults._alone(words), CACHE), insulting(None, CACHE)
    missed = [
        (pattern.place, example)
        for pattern in words.insults
        for example in pattern.examples
        if pattern not in [found.pattern for found in listener.findings(example)] or not stays(example)
    ]
    assert not missed


@pytest.mark.parametrize(
    ("stays", "goes"),
    [
        ("You're an idiot.", "You're not an idiot."),
        ("You're a terrible husband.", "I was a terrible husband."),
        ("You're pathetic lol", "I feel pathetic lol"),
        ("I will ruin your life.", "I would never ruin your life."),
        ("You're useless.", "You said \"you're useless\" and I can't forget it."),
        ("You look ugly in that film.", "I look ugly in that film."),
    ],
)
def test_denied_told_of_oneself_and_quoted_is_no_insult_and_a_joke_or_film_excuses_none(stays: str, goes: str) -> None:
    assert insulting(None, CACHE)(stays)
    assert not insulting(None, CACHE)(goes)


@pytest.mark.parametrize(
    "text",
    ["You're p4thetic", "you're pathetcic", "stuuuupid bitch", "you w*ore", "you i d i o t", "ＹＯＵ ＩＤＩＯＴ"],
)
def test_it_reads_what_was_meant(text: str) -> None:
    assert insulting(None, CACHE)(text)


def test_the_gate_listens_for_none_of_it() -> None:
    """The words are for what goes to a partner alone: nobody is asked about danger for being angry in private."""
    detect = gate(None, ("en",), CACHE)
    for text in ("You're an idiot.", "you slut", "You're a lazy, selfish pig.", "What an idiot you are."):
        assert insulting(None, CACHE)(text)
        assert detect(text) is None


@pytest.mark.parametrize(("text", "goes"), [("You're pathetic.", False), ("When you go quiet I get scared.", True)])
def test_on_the_way_to_a_partner_it_decides(text: str, goes: bool) -> None:
    written = Outbound(1, 2, "opening", text, NOW)
    found = clear(written, User(1, 1, consent=1), User(2, 2, consent=1), NOW, lambda _: None, insulting(None, CACHE))
    assert isinstance(found, Cleared) if goes else found == Withheld(returned=True)


def test_a_host_may_add_words_and_a_mistake_is_named_with_its_line(tmp_path: Path) -> None:
    own = tmp_path / "own/lexicon/en.insults.toml"
    own.parent.mkdir(parents=True)
    own.write_text('[insults]\n"you [old] gorbletang" = "You old gorbletang!"\n')
    stays = built(own)
    assert stays("you gorbletang")
    assert stays("You're pathetic.")
    own.write_text('[insults]\n"you (gorbletang" = "You gorbletang!"\n')
    with pytest.raises(ScriptError, match=r"own/lexicon/en\.insults\.toml:2: .* is never closed"):
        built(own)
    own.rename(own.with_name("xx.insults.toml"))
    with pytest.raises(
        ScriptError, match=r"own/lexicon/xx\.insults\.toml: it adds to the lexicon xx\.toml, which is missing"
    ):
        lexicon.with_insults([CARRIED, tmp_path / "own"], ["xx"])


def built(own: Path) -> Insulting:
    return insults.build(lexicon.with_insults([CARRIED, own.parents[1]]))


def test_a_language_without_such_words_is_left_out() -> None:
    [english] = lexicon.with_insults([CARRIED], ["en", "de"])
    assert english.locale == "en"
    assert not insults.build([replace(english, insults=())])("You're pathetic.")
