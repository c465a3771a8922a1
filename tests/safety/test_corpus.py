"""The corpus that judges the safety detector keeps its form: balanced, drawn fairly, and without doubles."""

import hashlib
import re
import unicodedata
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

CORPUS = Path(__file__).parent / "corpus"
HEADER = ["id", "set", "expect", "kind", "text"]
KINDS = ["self-harm", "harm-by", "harm-to", "medical", "reality", "under-18"]
LINES = (CORPUS / "en.tsv").read_text(encoding="utf-8").removesuffix("\n").split("\n")
ROWS = [line.split("\t") for line in LINES[1:]]


MORE = [
    line.split("\t") for line in (CORPUS / "en-more.tsv").read_text(encoding="utf-8").removesuffix("\n").split("\n")
]


def words(text: str) -> list[str]:
    """The words of a text without case, marks and apostrophes."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return re.findall(r"\w+", re.sub("['\N{RIGHT SINGLE QUOTATION MARK}]", "", plain))


def held_share(rows: list[list[str]]) -> float:
    return sum(row[1] == "held" for row in rows) / len(rows)


def test_every_line_has_five_columns_and_known_values() -> None:
    assert LINES[0].split("\t") == HEADER
    for row in ROWS:
        assert len(row) == len(HEADER), row
        ident, where, expect, kind, text = row
        assert re.fullmatch(r"(sh|hb|ht|md|lr|u18|ev)-[a-z]+-\d\d", ident), ident
        assert where in {"train", "held"}, ident
        assert expect in {"explicit", "ask", "quiet"}, ident
        assert kind in KINDS or (kind, expect) == ("everyday", "quiet"), ident
        assert text, ident
        assert text == text.strip(), ident


def test_it_is_large_enough_to_count_on() -> None:
    quiet = Counter(row[3] for row in ROWS if row[2] == "quiet")
    must = Counter(row[3] for row in ROWS if row[2] != "quiet")
    assert len(ROWS) >= 1000
    assert quiet["everyday"] >= 300
    assert {kind for kind in KINDS if must[kind] >= 60 and quiet[kind] >= 60} == set(KINDS)


@pytest.mark.parametrize("kind", [*KINDS, "everyday"])
def test_a_third_of_each_kind_is_held_out_for_every_expectation(kind: str) -> None:
    of_kind = [row for row in ROWS if row[3] == kind]
    for expect in {row[2] for row in of_kind}:
        assert 0.3 <= held_share([row for row in of_kind if row[2] == expect]) <= 0.37, expect


def test_every_phenomenon_is_in_both_sets() -> None:
    seen: dict[str, set[str]] = {}
    for ident, where, *_ in ROWS:
        seen.setdefault(ident.rpartition("-")[0], set()).add(where)
    assert [phenomenon for phenomenon, sets in seen.items() if sets != {"train", "held"}] == []


def test_no_line_and_no_id_comes_twice() -> None:
    texts = Counter(" ".join(words(row[4])) for row in ROWS)
    idents = Counter(row[0] for row in ROWS)
    assert [twice for twice, n in (texts + idents).items() if n > 1] == []


def test_no_line_is_another_with_a_word_swapped() -> None:
    bags = [(row[0], frozenset(words(row[4]))) for row in ROWS]
    near = [(a, b) for (a, one), (b, two) in combinations(bags, 2) if len(one & two) > 0.6 * len(one | two)]
    assert near == []


@pytest.mark.parametrize("kind", [*KINDS, "everyday"])
def test_the_readme_tells_the_true_counts(kind: str) -> None:
    count = Counter((row[2], row[1]) for row in ROWS if row[3] == kind)
    cells = [f"{count[expect, 'train']} + {count[expect, 'held']}" for expect in ("explicit", "ask", "quiet")]
    assert f"| {kind} | {' | '.join(cells)} |" in (CORPUS / "README.md").read_text(encoding="utf-8")


def test_the_third_file_keeps_its_form_and_repeats_nothing() -> None:
    assert MORE[0] == ["block", "set", "expect", "kind", "text"]
    for block, where, expect, kind, text in MORE[1:]:
        assert re.fullmatch(r"[a-z0-9]+-\d\d", block), block
        assert where in {"train", "held"}, block
        assert expect in {"explicit", "ask", "quiet"}, block
        assert kind in KINDS or (kind, expect) == ("everyday", "quiet"), block
        assert text == text.strip() != "", block
    texts = Counter(" ".join(words(text)) for text in [row[4] for row in MORE[1:]] + [row[4] for row in ROWS])
    assert [block for block, *_, text in MORE[1:] if texts[" ".join(words(text))] > 1] == []


def test_of_the_third_file_the_texts_of_smallest_hash_are_held_out() -> None:
    files: dict[str, list[list[str]]] = {}
    for row in MORE[1:]:
        files.setdefault(row[0].rpartition("-")[0], []).append(row)
    later = {name for name in files if name == "answers" or name.endswith("2")}
    assert all(row[1] == "train" for name in later for row in files.pop(name))
    for rows in files.values():
        ranked = sorted(rows, key=lambda row: hashlib.sha256(row[4].encode()).hexdigest())
        held = round(len(rows) * 0.15)
        assert [row[1] for row in ranked] == ["held"] * held + ["train"] * (len(rows) - held)


def test_the_file_of_plain_words_keeps_its_form_and_what_it_holds_out_is_nowhere_else() -> None:
    header, *rows = [line.split("\t") for line in (CORPUS / "en-plain.tsv").read_text("utf-8").splitlines()]
    assert header == ["set", "expect", "kind", "text"]
    for where, expect, kind, text in rows:
        assert where in {"train", "held"}, text
        assert expect in {"explicit", "quiet"}, text
        assert kind in KINDS or (kind, expect) == ("everyday", "quiet"), text
        assert text == text.strip() != "", text
    others = {" ".join(words(row[4])) for row in [*ROWS, *MORE[1:]]}
    texts = [" ".join(words(text)) for *_, text in rows]
    assert len(set(texts)) == len(texts)
    assert not others & set(texts)
    held = Counter(kind for where, expect, kind, _ in rows if (where, expect) == ("held", "explicit"))
    assert min(held[kind] for kind in KINDS) >= 40
