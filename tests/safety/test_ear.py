"""The second ear: never more than a question, the same each time, its faults told by file and line, its work bounded."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.errors import ScriptError
from bot.dialogs import CARRIED, fault_of_lexicons
from bot.safety import classes, cues
from bot.safety.cues import ALWAYS, Cues
from bot.safety.detector import Listener
from bot.safety.ear import PIECE, Ear, pieces
from bot.safety.lexicon import KINDS, LEVELS, load
from tests.carried import CACHE
from tests.safety.test_detector import LONGEST, heard, lexicon, lines, listener

HEAD = "asks from\t10\nendings\ting ed s\n" + "\t".join(("cue", *KINDS)) + "\n"
SIZE_KB = 600


def ear(weights: str, **words: str) -> Ear:
    """An ear with these lines of weights, and classes of these words."""
    alike = classes.read([("en.classes.toml", "".join(f'{name} = "{each}"\n' for name, each in words.items()))])
    return Ear(replace(lexicon(), cues=cues.read([("en.cues.tsv", HEAD + weights)], KINDS), classes=alike))


def line(cue: str, **weights: int) -> str:
    """A line of weights; a kind is named by its first word."""
    return "\t".join((cue, *(str(weights.get(kind.split("-")[0].split()[0], 0)) for kind in KINDS))) + "\n"


def names() -> list[str]:
    """The cues that the project carries."""
    rows = (CARRIED / "lexicon" / "en.cues.tsv").read_text("utf-8").split("\ncue\t")[1].splitlines()[1:]
    return [row.partition("\t")[0] for row in rows]


def sentences(text: str) -> list[list[str]]:
    return [each.split() for each in text.split(". ")]


def test_cues_are_added_up_and_the_kind_with_the_greatest_sum_is_asked_about() -> None:
    listening = ear(line(ALWAYS, self=-5, medical=-5) + line("bridge", self=9) + line("tonight", self=6, medical=4))
    assert listening.hears(sentences("bridge")) is None
    verdict = listening.hears(sentences("the bridge tonight"))
    assert verdict
    assert (verdict.kind, verdict.level) == ("self-harm", "unsure")
    assert listening.hears(sentences("the bridge the bridge the bridge")) is None, "a cue counts once"


@pytest.mark.parametrize(
    ("cue", "text"),
    [
        ("breathing", "breathing"),
        ("breath~", "breathes"),
        ("can <not>", "i can really not"),
        ("can .. breath", "can not well breathing"),
        ("<they> hit", "husband hits"),
        ("^ bridg", "bridges now"),
        ("bridg .", "he is at bridges"),
        ("am <n>", "i am 14"),
    ],
)
def test_every_way_to_write_a_cue_is_heard(cue: str, text: str) -> None:
    assert ear(line(cue, medical=10)).hears([text.split()])
    assert not ear(line(cue, medical=10)).hears(sentences("we had soup"))


@pytest.mark.parametrize(
    ("cue", "text"),
    [
        ("@weapon", "an old sabre"),
        ("@weapon", "sabres"),
        ("@stab @limb", "he is skewering thighs"),
        ("@stab .. @limb", "he skewers my other thigh"),
        ("@stab me", "skewered me"),
        ("his @limb", "his thigh"),
        ("^ @weapon", "sabres now"),
        ("@limb .", "in the thigh"),
    ],
)
def test_a_word_that_no_learnt_sentence_had_counts_like_its_class(cue: str, text: str) -> None:
    listening = ear(line(cue, medical=10), weapon="sabre musket", stab="skewer impale", limb="thigh shin")
    assert listening.hears([text.split()])
    assert not listening.hears(sentences("we had soup"))
    assert all(listening.knows(word) for word in ("sabre", "skewering"))
    assert not listening.knows("soup")


def test_one_clause_counts_in_the_middle_of_a_long_cheerful_text() -> None:
    listening = ear(line("bridge", self=120) + line("soup", self=-127))
    assert listening.hears(sentences("we had soup and soup bridge")) is None
    long = sentences("we had soup and it was good") * 40
    clause = sentences("i look at the bridge")
    assert listening.hears([*long, *clause, *long]) is None
    far = sentences("we ate well and it was good") * 40
    assert listening.hears([*long, *far, *clause, *far, *long])


DOUBTING = HEAD.replace("endings", "doubts below\t-5\nendings")
PATTERNS = """version = 1
["self-harm".explicit]
"i am by the bridge" = "I am by the bridge"
["self-harm".unsure]
"the bridge" = "the bridge"
"""


def far(word: str) -> str:
    """A line of weights that speaks against all kinds of danger."""
    return "\t".join((word, *["-3"] * len(KINDS))) + "\n"


def of_host(folder: Path, weights: str, head: str = DOUBTING) -> Listener:
    """The carried patterns and two of a host, with these weights beside them and no others."""
    (folder / "lexicon").mkdir(parents=True)
    (folder / "lexicon/en.toml").write_text(PATTERNS, "utf-8")
    (folder / "lexicon/en.cues.tsv").write_text("# its own\n" + head + weights, "utf-8")
    [read] = load([CARRIED, folder])
    return Listener(replace(read, cues=cues.read([("en.cues.tsv", DOUBTING + weights)], KINDS)), CACHE)


def levels(listening: Listener, *texts: str) -> list[str]:
    return [verdict.level if (verdict := listening.verdict(text)) else "" for text in texts]


def test_what_was_found_in_a_text_far_from_danger_counts_a_step_less(tmp_path: Path) -> None:
    listening = of_host(tmp_path, far("picnic") + far("photo") + line("tonight", harm=3))
    around = ("of our picnic in may", "of our picnic photo in may", "of our picnic photo in may tonight")
    assert levels(listening, *(f"I am by the bridge {words}" for words in around)) == ["explicit", "unsure", "explicit"]
    assert levels(listening, *(f"all about the bridge {words}" for words in around)) == ["unsure", "", "unsure"]
    assert levels(listening, "I am by the bridge picnic photo") == ["explicit"], "too few words to speak against it"


def test_what_a_host_listens_for_is_never_doubted(tmp_path: Path) -> None:
    text = "I am by the bridge of our picnic photo in may"
    weights = far("picnic") + far("photo")
    own = of_host(tmp_path / "dialogs", weights, head=HEAD)  # a folder called like ours, and weights of its own
    assert levels(own, text) == ["explicit"]
    assert levels(of_host(tmp_path / "taught", weights), text) == ["unsure"]


def test_what_is_sure_stays_beside_what_is_doubted(tmp_path: Path) -> None:
    pills, bridge = "I took all the pills", "I am by the bridge"
    own = of_host(tmp_path, far("picnic") + far("photo"), head=HEAD)
    assert levels(own, f"{pills} of our picnic photo in may") == ["unsure"]
    verdict = own.verdict(f"{pills} , {bridge} of our picnic photo in may")
    assert verdict
    assert (verdict.kind, verdict.level) == ("self-harm", "explicit")


@pytest.mark.parametrize("level", LEVELS)
def test_an_example_beside_a_pattern_is_never_doubted(level: str) -> None:
    examples = {each for of in lexicon().kinds.values() for pattern in of[level] for each in pattern.examples}
    found = {each: finding.verdict for each in examples if (finding := listener().gravest(each))}
    doubted = [
        each
        for each, verdict in found.items()
        if (said := heard(each)) is None or (said.kind, said.level) != (verdict.kind, verdict.level)
    ]
    assert not doubted


def test_a_language_without_cues_hears_as_before() -> None:
    silent = Listener(replace(lexicon(), cues=cues.NONE), CACHE)
    for each in lines("en.tsv", "train")[::20]:
        finding = silent.gravest(each.text)
        assert silent.verdict(each.text) == (finding and finding.verdict)
        assert finding == listener().gravest(each.text), "cues change nothing about what patterns hear"


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(sorted(names())), max_size=80).map(" ".join) | st.text(max_size=LONGEST))
def test_it_never_fails_and_is_never_more_than_unsure(text: str) -> None:
    verdict = heard(text)
    assert verdict == heard(text)
    if listener().gravest(text) is None:
        assert verdict is None or (verdict.level == "unsure" and verdict.kind in KINDS)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(st.sampled_from(["a", "not", ",", "7", "he"]), max_size=99), max_size=30))
def test_pieces_hold_every_word_once_and_are_short(text: list[list[str]]) -> None:
    cut = pieces(text)
    assert [word for piece in cut for sentence in piece for word in sentence] == [
        w for sentence in text for w in sentence
    ]
    assert all(sum(map(len, piece)) <= PIECE for piece in cut)


@pytest.mark.parametrize(
    "answer",
    [
        "7", "a 4 now", "8 out of 10", "back at 8", "back by nine thirty", "in twenty minutes", "tomorrow after lunch",
        "they never listen", "that they won't come back", "Anna", "Mehmet", "my partner's name is Chris", "tense", "sad", "lonely", "small", "angry and tired", "jealous",
        "empty", "restless", "scared he's bored of me", "my jaw is tight", "I miss her", "I want to be held", "I need quiet",
        "not today", "skip", "something else", "I don't know yet", "yes", "no", "thank you, that was good",
        "I'm full. Can I have the morning to myself?", "Europe/Berlin", "I'll be back after the film",
    ],
)  # fmt: skip
def test_an_answer_to_the_bot_is_left_in_peace(answer: str) -> None:
    assert heard(answer) is None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", 'x: the line "cue", with the kinds of danger after it, is missing.'),
        ("cue\tmedical\n", "x:1: after cue come, with tabs between: " + ", ".join(KINDS) + "."),
        (HEAD.removeprefix("asks from\t10\n") + line("a"), 'x: the line "asks from", with a sum, is missing.'),
        ("asks from\tmuch\n" + HEAD, "x:1: asks from what sum on? A whole number above nothing belongs here."),
        ("doubts below\tme\n" + HEAD, "x:1: doubts below what sum? A whole number not above nothing belongs here."),
        ("doubts below\t3\n" + HEAD, "x:1: doubts below what sum? A whole number not above nothing belongs here."),
        ("about\t1\n" + HEAD, 'x:1: nothing is called "about" here; before the cues stand asks from, doubts below and endings.'),
        (HEAD + "a\t1\n", "x:4: a weight for each of 6 kinds belongs here, with tabs between."),
        (HEAD + line("a") + "b\t1\t2\t3\t4\t5\t6\t7\n", "x:5: a weight for each of 6 kinds belongs here, with tabs between."),
        (HEAD + "a\t0\t0\t0\t0\t0\t0.5\n", "x:4: a weight is a whole number from -127 to 127."),
        (HEAD + "a\t0\t0\t0\t0\t0\t\n", "x:4: a weight is a whole number from -127 to 127."),
        (HEAD + line("a", medical=300), "x:4: a weight is a whole number from -127 to 127."),
        (HEAD + line("a") + "# b\n\n" + line("a"), 'x:7: "a" stands here twice.'),
        (HEAD + line("Home"), "x:4: a cue is a word, or two with or without a gap, in small letters."),
        (HEAD + line("one two three four"), "x:4: a cue is a word, or two with or without a gap, in small letters."),
        (HEAD + line(" home"), "x:4: a cue is a word, or two with or without a gap, in small letters."),
        (HEAD + line(""), "x:4: a cue is a word, or two with or without a gap, in small letters."),
        (HEAD, "x: no cue stands here."),
        (HEAD + "".join(line(f"w{n}") for n in range(cues.MOST + 1)), f"x: more than {cues.MOST} cues."),
    ],
)  # fmt: skip
def test_a_fault_is_told_by_file_and_line(text: str, fault: str) -> None:
    with pytest.raises(ScriptError) as told:
        cues.read([("x", text)], KINDS)
    assert str(told.value) == fault


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=200), st.booleans())
def test_any_file_is_read_or_refused_in_a_sentence(text: str, with_head: bool) -> None:
    try:
        read = cues.read([("x", HEAD + text if with_head else text)], KINDS)
    except ScriptError as fault:
        assert str(fault).startswith("x")  # noqa: PT017 - either way is right
    else:
        assert [len(kind) for kind in read.weights] == [len(read.hashes)] * len(KINDS)


def test_a_hosts_own_file_changes_the_weights_it_names_and_no_others(tmp_path: Path) -> None:
    own = tmp_path / "lexicon"
    own.mkdir()
    (own / "en.cues.tsv").write_text(
        HEAD.replace("10", "44") + line("kettle", medical=77) + line(ALWAYS, self=-9), "utf-8"
    )
    [carried], [changed] = load([CARRIED]), load([CARRIED, tmp_path])
    assert changed.cues.threshold == 44
    assert _weights(changed.cues) == _weights(carried.cues) | {
        "kettle": [77, 0, 0, 0, 0, 0],
        ALWAYS: [0, -9, 0, 0, 0, 0],
    }
    assert len(changed.cues.hashes) == len({*names(), "kettle"})


def test_lint_tells_what_is_wrong_with_the_words_of_danger(tmp_path: Path) -> None:
    assert fault_of_lexicons(None) == ""
    (tmp_path / "lexicon").mkdir()
    file = tmp_path / "lexicon" / "en.cues.tsv"
    file.write_text(HEAD + line("kettle") + "tea\t1\n", "utf-8")
    place = f"{tmp_path.name}/lexicon/en.cues.tsv"
    assert fault_of_lexicons(tmp_path) == f"{place}:5: a weight for each of 6 kinds belongs here, with tabs between."
    file.rename(file.with_name("xx.cues.tsv"))
    assert fault_of_lexicons(tmp_path).endswith(
        "cues and classes are heard only beside the patterns of xx.toml, which is missing."
    )


def test_the_file_is_sorted_and_small_enough_to_be_read() -> None:
    assert names() == sorted(names())
    assert (CARRIED / "lexicon" / "en.cues.tsv").stat().st_size < SIZE_KB * 1000


def _weights(read: Cues) -> dict[str, list[int]]:
    return {cue: list(read.of(row)) for cue in (*names(), "kettle") if (row := read.find(cue)) >= 0}
