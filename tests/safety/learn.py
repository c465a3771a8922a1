"""Learns the weights of the second ear from the corpus: `make ear`. The same texts make the same weights."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from bot.dialogs import CARRIED
from bot.safety import cues
from bot.safety.cues import ALWAYS, HEAVIEST, NEVER, Cues
from bot.safety.detector import EXPLICIT, UNSURE, Listener
from bot.safety.ear import Ear, Signs, pieces, settled
from bot.safety.lexicon import KINDS, LEVELS, Lexicon, load
from bot.safety.normalise import Sentence

CORPUS = Path(__file__).parent / "corpus"
FILES = ("en.tsv", "en-fresh.tsv", "en-plain.tsv", "en-more.tsv")
NAMES = dict(
    zip(("medical", "self-harm", "harm-by", "harm-to", "reality", "under-18", "everyday"), (*KINDS, ""), strict=True)
)
ENDINGS = ("ing", "ed", "es", "s", "er")

ASKED = 0.075
"""So many of the everyday lines may be asked about in all, when lines of their block were not learnt."""

DOUBTS = -15
"""Below this sum what a pattern found is doubted, except in a short text: an alarm becomes a question, a question nothing. So far from
danger is half of the quiet lines with a pattern in them, and of the explicit ones 2 in 100 with an alarm and 4 with a question."""

LOOSENESS = 0.5
"""How far weights may go for a single text; scikit-learn's C. 0.3 and 1 are no better."""

TO_THE_END = 1e-5
"""How near to its end the learning goes. Ended sooner, at 1e-3, eight new lines among 24,000 moved the rates by one in a hundred."""

HINTS = 0.15
"""What a line marked `ask` counts beside an explicit one, or beside an example of a pattern: those are there to be heard. More blurs what
is plain: 0.3 notices less of it."""

SHOWN = 3.0
"""What an example beside a pattern counts: whoever wrote it down wants it heard."""

EVEN = 0.3
"""How far the weight of a sign may go that danger and quiet share evenly."""

SEEN = 2
"""A cue seen in fewer lines is chance."""

KEPT = 22_000
"""So many cues are kept: those that move most, by how often they do. All of them, 67,000, notice 0.7 in a hundred more, 15,000 0.6 less."""

FOLDS = 5
BLOCK = 40

HEAD = """# What the second ear listens for, in English, beside the patterns of en.toml. See docs/safety.md.
#
# A line: a cue, and what it adds to the sum of each kind of danger, in tenths. Once a sum reaches "asks from", one soft
# question is asked about the kind with the greatest sum. Below "doubts below", even what a pattern of this folder found is
# doubted: an alarm becomes a question, a question nothing. A cue counts once, however often it stands in the text.
#     (always)         every text has it
#     breathing        this word
#     breath~          a word with this stem: one of the endings is cut off
#     @weapon          a word of this class, see en.classes.toml
#     can <not>        two stems, one after the other; ".." between them: one or two words between
#     @stab .. @body   the same with classes; @throw me  a class and a stem
#     <they> <not> <n> somebody else, a word of denial, a number;  ^ and . the edges of a sentence;  ? a word nobody knows
#
# Learnt by tests/safety/learn.py (`make ear`) from sentences the authors made up. A weight may be changed by hand; the
# next learning writes the file anew. A host's own lexicon/en.cues.tsv replaces the weights of the cues it names.
# NO CLINICIAN HAS REVIEWED THIS FILE.
#
"""


@dataclass(frozen=True, slots=True)
class Text:
    """A line of the corpus as the ear reads it; `block`: what was written in one go, and `heard`: the level of a pattern in it."""

    block: str
    expect: str
    kind: str
    heard: str
    sentences: Sequence[Sentence]


def main() -> None:
    """Judge by lines of blocks that were not learnt, choose the threshold by them, then learn from all and write."""
    lexicon = replace(load([CARRIED])[0], cues=Cues(endings=ENDINGS))
    texts, shown = corpus(lexicon)
    sums = np.zeros(len(texts))
    guessed = np.zeros(len(texts), dtype=int)
    for fold in range(FOLDS):
        apart = np.array([_fold(text.block) == fold for text in texts])
        learnt = [text for text, is_apart in zip(texts, apart, strict=True) if not is_apart]
        ear = Ear(replace(lexicon, cues=made(1, NEVER, learn(lexicon, [*learnt, *shown]))))
        for at in np.flatnonzero(apart):
            sums[at], guessed[at] = ear.greatest(texts[at].sentences)
    threshold = _threshold(texts, sums)
    print(report(texts, sums, guessed, threshold))
    weights = learn(lexicon, [*texts, *shown])
    path = CARRIED / "lexicon" / "en.cues.tsv"
    path.write_text(HEAD + written(weights, threshold), encoding="utf-8")
    print(f"{len(weights)} cues, {path.stat().st_size // 1000} kB, asks from {threshold}.")


def corpus(lexicon: Lexicon) -> tuple[list[Text], list[Text]]:
    """All lines that may be learnt from, what is held out is not read on; and the examples of the patterns and idioms."""
    listener = Listener(lexicon)
    rows = [row for file in FILES for row in _rows(file)]
    everything = listener.reader(lambda _: True)
    seen = Counter(word for *_, text in rows for word in set(chain(*everything.sentences(text))))
    reader = listener.reader(lambda word: seen[word] >= SEEN or word.isdigit() or bool(lexicon.classes.of(word)))
    texts = [
        Text(block, expect, NAMES[kind], _level(listener, text), reader.sentences(text))
        for block, expect, kind, text in rows
    ]
    return texts, [Text("", expect, kind, "", reader.sentences(text)) for expect, kind, text in _examples(lexicon)]


def learn(lexicon: Lexicon, texts: Sequence[Text]) -> dict[str, list[int]]:
    """What each cue of `texts` weighs: a multinomial logistic regression, each kind against quiet."""
    signs = Signs(lexicon)
    found, kinds, counts = [], [], []
    for text in texts:
        quiet = text.expect == "quiet"
        for part in parts(text.sentences) if quiet else [text.sentences]:
            found.append(signs.of(part))
            kinds.append(0 if quiet else 1 + KINDS.index(text.kind))
            counts.append(SHOWN if not text.block else HINTS if text.expect == "ask" else 1.0)
    seen = Counter(sign for each in found for sign in each)
    cues = sorted(sign for sign, count in seen.items() if count >= SEEN and sign != ALWAYS)
    column = {cue: at for at, cue in enumerate(cues)}
    columns = [sorted(column[sign] for sign in each if sign in column) for each in found]
    ends = np.cumsum([0, *map(len, columns)])
    matrix = csr_matrix((np.ones(ends[-1]), list(chain(*columns)), ends), shape=(len(found), len(cues)))
    telling = _telling(matrix, np.array(kinds) > 0)
    model = LogisticRegression(C=LOOSENESS, max_iter=2000, tol=TO_THE_END)
    model.fit(matrix.multiply(telling).tocsr(), kinds, sample_weight=counts)
    weights = np.vstack([model.intercept_, model.coef_.T * telling[:, None]])
    tenths = np.clip(np.rint((weights[:, 1:] - weights[:, :1]) * 10), -HEAVIEST, HEAVIEST).astype(int)
    moves = np.abs(tenths).max(axis=1) * np.sqrt([len(found), *(seen[cue] for cue in cues)])
    least = np.sort(moves)[::-1][:KEPT][-1]
    rows = zip([ALWAYS, *cues], tenths, moves, strict=True)
    return {cue: [int(weight) for weight in row] for cue, row, move in rows if move >= least and row.any()}


def made(threshold: int, doubts: int, weights: Mapping[str, Sequence[int]]) -> Cues:
    """The cues that the ear reads."""
    rows = {cue: row for row, cue in enumerate(weights)}
    return cues.made(threshold, doubts, ENDINGS, rows, list(chain(*weights.values())))


def _telling(matrix: csr_matrix, danger: np.ndarray) -> np.ndarray:
    """
    How far the weight of a sign may go: the further, the less evenly danger and quiet share it.

    The root of its log-count ratio, after Wang and Manning, "Baselines and Bigrams" (ACL 2012).
    """
    often, seldom = (np.asarray(matrix[those].sum(axis=0)).ravel() + 1 for those in (danger, ~danger))
    return np.sqrt(np.abs(np.log(often / often.sum()) - np.log(seldom / seldom.sum()))) + EVEN


def parts(sentences: Sequence[Sentence]) -> list[Sequence[Sentence]]:
    """What the ear judges together: each two neighbouring pieces."""
    cut = pieces(sentences)
    return [[*one, *other] for one, other in pairwise(cut)] if len(cut) > 1 else list(cut)


def report(texts: Sequence[Text], sums: np.ndarray, guessed: np.ndarray, threshold: int) -> str:
    """What is noticed and asked needlessly in lines of blocks that were not learnt, by kind."""
    lines = [
        f"{'':18}explicit: patterns, both ears, kind right    quiet: patterns' alarms, all, both ears' alarms, all"
    ]
    for kind in (*KINDS, "", None):
        of_kind = [at for at, text in enumerate(texts) if kind is None or text.kind == kind]
        cells = ""
        for expect in ("explicit", "quiet"):
            those = [at for at in of_kind if texts[at].expect == expect]
            patterns = Counter(texts[at].heard for at in those)
            both = Counter(weighed(texts[at], int(sums[at]), threshold) for at in those)
            many = max(1, len(those))
            if expect == "explicit":
                soft = [at for at in those if not texts[at].heard and sums[at] >= threshold]
                right = sum(KINDS[guessed[at]] == texts[at].kind for at in soft)
                cells += f"{many:6} {1 - patterns[''] / many:6.1%} {1 - both[''] / many:6.1%} {right / max(1, len(soft)):6.1%}   "
            else:
                for heard in (patterns, both):
                    cells += f" {heard[EXPLICIT] / many:6.1%} {1 - heard[''] / many:6.1%}"
        lines.append(f"{'all' if kind is None else kind or 'everyday':18}{cells}")
    return "\n".join(lines)


def weighed(text: Text, total: int, threshold: int) -> str:
    """The level at which a text is heard, with the sum that the ear found in it."""
    return settled(text.heard, total, text.sentences, Cues(threshold, DOUBTS))


def written(weights: Mapping[str, Sequence[int]], threshold: int) -> str:
    """The file's lines."""
    digest = hashlib.sha256(b"".join((CORPUS / file).read_bytes() for file in FILES)).hexdigest()[:16]
    lines = [f"# texts {digest}", f"asks from\t{threshold}", f"doubts below\t{DOUBTS}", f"endings\t{' '.join(ENDINGS)}"]
    lines.append("\t".join(("cue", *KINDS)))
    lines += ["\t".join((cue, *map(str, weights[cue]))) for cue in sorted(weights)]
    return "\n".join(lines) + "\n"


def _rows(file: str) -> list[tuple[str, str, str, str]]:
    header, *lines = (CORPUS / file).read_text(encoding="utf-8").removesuffix("\n").split("\n")
    rows = []
    for number, line in enumerate(lines):
        cell = dict(zip(header.split("\t"), line.split("\t"), strict=True))
        if cell.get("set") != "held":
            block = cell.get("block", f"{file}-{number // BLOCK}")
            rows.append((block, cell["expect"], cell["kind"], cell["text"]))
    return rows


def _examples(lexicon: Lexicon) -> Iterator[tuple[str, str, str]]:
    """What the authors of the patterns wrote beside them."""
    for kind, levels in lexicon.kinds.items():
        for level, patterns in levels.items():
            expect = "explicit" if level == LEVELS[0] else "ask"
            yield from ((expect, kind, example) for pattern in patterns for example in pattern.examples)
    yield from (("quiet", "", example) for pattern in lexicon.idioms for example in pattern.examples)


def _fold(block: str) -> int:
    return int(hashlib.sha256(block.encode()).hexdigest(), 16) % FOLDS


def _threshold(texts: Sequence[Text], sums: np.ndarray) -> int:
    """The lowest sum from which no more of the everyday lines are asked about than ASKED."""
    quiet = [
        (text, int(total)) for text, total in zip(texts, sums, strict=True) if text.expect == "quiet" and not text.kind
    ]

    def asked(threshold: int) -> float:
        return sum(weighed(text, total, threshold) == UNSURE for text, total in quiet) / len(quiet)

    return next(threshold for threshold in range(1, HEAVIEST) if asked(threshold) <= ASKED)


def _level(listener: Listener, text: str) -> str:
    finding = listener.gravest(text)
    return finding.verdict.level if finding else ""


if __name__ == "__main__":
    main()
