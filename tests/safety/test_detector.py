"""What the safety gate hears: rates on the corpus, every example of the lexicon, and texts made to break it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.core.events import Verdict
from bot.dialogs import CARRIED
from bot.safety.detector import Listener
from bot.safety.lexicon import KINDS, LEVELS, Lexicon, load
from tests.carried import CACHE

CORPUS = Path(__file__).parent / "corpus"
LONGEST = 4096
"""Characters of a message. Source: Bot API, sendMessage."""

NAMES = {
    "self-harm": "self-harm",
    "harm-by": "harm by someone",
    "harm-to": "harm to someone",
    "medical": "medical",
    "reality": "loss of reality",
    "under-18": "under 18",
    "everyday": "everyday",
}
"""What the corpus calls a kind, and what the gate calls it."""

ALARMS, QUESTIONS, NOTICED = 0.01, 0.06, 0.95
"""Of everyday and couple talk: explicit verdicts and soft questions, at most. Of explicit sentences: any verdict, at least."""

NEAR_ALARMS, NEAR_QUESTIONS = 0.01, 0.07
"""The same with the near misses: idioms, games, jobs and accidents, all made to be mistaken for danger."""

MORE_NOTICED, MORE_ALARMS, MORE_QUESTIONS = 0.78, 0.014, 0.08
"""
What is reached on what was held out of `en-more.tsv`, near misses included, where NOTICED is the aim: the long tail of odd wordings.
`docs/safety.md` says so to whoever relies on the gate.
"""

PLAIN_ALARMS, PLAIN_QUESTIONS = 0.015, 0.07
"""The same for `en-plain.tsv`, near misses included: its explicit sentences and its everyday talk keep the limits above."""


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence of a corpus: whether it is to be noticed, and what was heard in it."""

    expect: str
    kind: str
    text: str
    couple: bool
    heard: Verdict | None


@cache
def lexicon() -> Lexicon:
    return load([CARRIED])[0]


@cache
def listener() -> Listener:
    return Listener(lexicon(), CACHE)


@cache
def lines(file: str, where: str = "") -> tuple[Line, ...]:
    header, *rows = (CORPUS / file).read_text(encoding="utf-8").removesuffix("\n").split("\n")
    names = header.split("\t")
    cells = [dict(zip(names, row.split("\t"), strict=True)) for row in rows]
    return tuple(
        Line(
            cell["expect"],
            NAMES[cell["kind"]],
            cell["text"],
            cell["kind"] == "everyday" or "-couple-" in cell.get("id", ""),
            heard(cell["text"]),
        )
        for cell in cells
        if not where or cell["set"] == where
    )


def heard(text: str) -> Verdict | None:
    return listener().verdict(text)


def rate(those: Sequence[Line], level: str = "") -> float:
    """How many of `those` were heard: at this level, or at any."""
    found = [line for line in those if line.heard and level in {"", line.heard.level}]
    return len(found) / max(1, len(those))


@dataclass(frozen=True, slots=True)
class Rates:
    """What a test may show of held-out sentences."""

    noticed: float
    couple_alarms: float
    couple_questions: float
    alarms: float
    questions: float


def rates(file: str, where: str) -> Rates:
    those = lines(file, where)
    print(report(f"{file} {where}", those))  # noqa: T201 - for people to read
    quiet = [line for line in those if line.expect == "quiet"]
    couple = [line for line in quiet if line.couple]
    return Rates(
        rate([line for line in those if line.expect == "explicit"]),
        rate(couple, "explicit"),
        rate(couple, "unsure"),
        rate(quiet, "explicit"),
        rate(quiet, "unsure"),
    )


def report(name: str, those: Sequence[Line]) -> str:
    """The rates by kind, for people to read."""
    table = [f"{name:20}{'explicit':>9}{'noticed':>9}{'ask':>9}{'noticed':>9}{'quiet':>9}{'alarms':>9}{'asked':>9}"]
    for kind in [*KINDS, "everyday", ""]:
        of_kind = [line for line in those if not kind or line.kind == kind]
        explicit, ask, quiet = (
            [line for line in of_kind if line.expect == each] for each in ("explicit", "ask", "quiet")
        )
        numbers = (
            f"{len(explicit):9}{rate(explicit):9.1%}{len(ask):9}{rate(ask):9.1%}"
            f"{len(quiet):9}{rate(quiet, 'explicit'):9.1%}{rate(quiet, 'unsure'):9.1%}"
        )
        table.append(f"{kind or 'all':20}{numbers}")
    return "\n".join(table)


@pytest.mark.parametrize(
    ("file", "where", "noticed"),
    [("en.tsv", "train", NOTICED), ("en.tsv", "held", NOTICED), ("en-fresh.tsv", "", NOTICED)],
)
def test_danger_is_noticed_and_everyday_talk_is_left_in_peace(file: str, where: str, noticed: float) -> None:
    """Of the held-out third only rates are shown: whoever mends the lexicon doesn't read it."""
    found = rates(file, where)
    assert found.noticed >= noticed
    assert found.couple_alarms <= ALARMS
    assert found.couple_questions <= QUESTIONS
    assert found.alarms <= NEAR_ALARMS
    assert found.questions <= NEAR_QUESTIONS


def test_what_an_outside_tester_wrote_is_heard() -> None:
    """Ordinary wordings by people who had seen nothing of the gate; what is judged here was never read by whoever mends it."""
    found = rates("en-plain.tsv", "held")
    assert found.noticed >= NOTICED
    assert found.couple_alarms <= ALARMS
    assert found.couple_questions <= QUESTIONS
    assert found.alarms <= PLAIN_ALARMS
    assert found.questions <= PLAIN_QUESTIONS


@pytest.mark.deep  # thousands of sentences
def test_what_was_held_out_of_the_third_file_is_heard_as_well_as_it_ever_was() -> None:
    """Harder sentences, near misses above all; what is reached with them, and never less."""
    found = rates("en-more.tsv", "held")
    assert found.noticed >= MORE_NOTICED
    assert found.couple_alarms <= ALARMS
    assert found.couple_questions <= QUESTIONS
    assert found.alarms <= MORE_ALARMS
    assert found.questions <= MORE_QUESTIONS


@pytest.mark.parametrize("kind", [*KINDS, "idioms"])
def test_every_example_is_found_by_its_own_pattern(kind: str) -> None:
    patterns = lexicon().idioms if kind == "idioms" else [p for level in LEVELS for p in lexicon().kinds[kind][level]]
    missed = [
        (pattern.place, example)
        for pattern in patterns
        for example in pattern.examples
        if pattern not in (listener().idioms(example) if kind == "idioms" else _found(example))
    ]
    assert not missed


def _found(text: str) -> Iterable[object]:
    return [finding.pattern for finding in listener().findings(text)]


@pytest.mark.parametrize(
    "answer", ["7", "10", "7/10", "I'm a 10", "15", "15m", "12 is fine", "at 11 tonight", "16:30", "back at 17"]
)
def test_an_answer_to_the_bot_is_no_age(answer: str) -> None:
    assert heard(answer) is None


@pytest.mark.parametrize(
    "hostile",
    [
        "kill " * 819,
        "k.i.l.l." * 512,
        "k i l l " * 512,
        "🔪💊" * 2048,
        "s**c*d*" * 585,
        "he hit me and not " * 227,
        "not " * 1024,
        "," * LONGEST,
        "\n.!?" * 1024,
        "ﷺ" * LONGEST,
        "a" * LONGEST,
        "i" * 2048 + " " + "!" * 2047,
        "\u202eem llik " * 455,
        "\ud800" * 10 + "𝒌𝒊𝒍𝒍 " * 400,
    ],
)
def test_work_grows_with_the_text_and_not_beyond(hostile: str) -> None:
    automaton = listener()._automaton
    before = automaton.steps
    heard(hostile)
    assert automaton.steps - before <= automaton.size * 64


@settings(deadline=None, max_examples=40)
@given(st.text(max_size=LONGEST))
@example("0T")  # a letter after a digit is a word of one letter
def test_no_text_makes_it_fail(text: str) -> None:
    assert heard(text) is None or heard(text) == heard(text)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(sorted(listener()._automaton.words)), max_size=60))
def test_no_mixture_of_its_own_words_makes_it_fail(words: list[str]) -> None:
    verdict = heard(" ".join(words))
    assert verdict is None or (verdict.kind in KINDS and verdict.level in LEVELS)


def test_the_gravest_of_several_sentences_counts() -> None:
    assert heard("We had soup. I want to die. What a week.") == Verdict("self-harm", "explicit")
    assert heard("I want to die. I took all my pills.") == Verdict("medical", "explicit")
    assert heard("My girlfriend is 16. He hit me.") == Verdict("harm by someone", "explicit", young=True)


def test_denial_another_person_a_joke_and_a_film_lower_a_verdict_and_never_drop_it() -> None:
    for text in ("I don't want to die", "he wants to die", "I want to die lol", "in the film she says I want to die"):
        assert heard(text) == Verdict("self-harm", "unsure"), text
