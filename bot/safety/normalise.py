"""Makes of any text the sentences and plain words that people mean by it, however they typed them."""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from bot.safety.automaton import PAUSE
from bot.safety.misspelling import LONGEST, Guesser

OTHER = "?"
"""A word that nobody listens for. Which one it was is forgotten here."""

Sentence = list[str]


class Reader:
    """
    Reads texts into sentences of plain words.

    `spelling`: what a word stands for ("dont": "do", "not"). `vocabulary`: the words somebody listens for. `clear`: those
    of them to be recognised behind a slip of the finger or asterisks. A guess is made only where it leads to one of these,
    and never for a word that is one already. `keeps`: which other words are not forgotten. One pass over the text: the work
    grows with its length, whatever it says.
    """

    def __init__(
        self,
        spelling: Mapping[str, Sequence[str]],
        vocabulary: Collection[str],
        clear: Collection[str],
        keeps: Callable[[str], bool] = lambda word: False,  # noqa: ARG005 - keeps nothing
    ) -> None:
        self._keeps = keeps
        self._known: dict[str, tuple[str, ...]] = {word: (word,) for word in vocabulary}
        self._known |= {word: tuple(meant) for word, meant in spelling.items()}
        pictures = "".join(word for word in self._known if len(word) == 1 and not word.isascii())
        self._sign = re.compile(f"{_SIGN}|[{re.escape(pictures)}]" if pictures else _SIGN)
        self._sorted = sorted(self._known)
        self._squeezed = {
            _squeezed(word): meant for word, meant in reversed(self._known.items()) if len(word) >= _SPELT
        }
        self._guesser = Guesser(clear, self._known.keys())

    def sentences(self, text: str) -> list[Sentence]:
        """The sentences of `text`; commas, dashes and new lines in them are a PAUSE. Never raises."""
        sentences: list[Sentence] = []
        sentence: Sentence = []
        letters: list[str] = []
        for sign in self._sign.findall(folded(text)):
            if len(sign) == 1 and sign.isalnum():
                letters.append(sign)
                continue
            if letters:
                sentence += self._spelt_out(letters)
                letters = []
            if known := self._known.get(sign):
                sentence += known
                continue
            for word in self._meant(sign):
                if word != _END:
                    sentence.append(word)
                elif sentence:
                    sentences.append(sentence)
                    sentence = []
        sentence += self._spelt_out(letters)
        return [*sentences, sentence] if sentence else sentences

    def _spelt_out(self, letters: Sequence[str]) -> Sequence[str]:
        """Letters that stand alone: "k i l l" is a word, "i" is one by itself."""
        if len(letters) >= _SPELT and (words := self._cut("".join(letters))):
            return [plain for word in words for plain in self._known[word]]
        return [plain for letter in letters for plain in self._known.get(letter, (OTHER,))]

    def _meant(self, sign: str) -> Iterable[str]:
        """What an unknown sign is meant to be: words, a pause, the end of a sentence."""
        if not any(letter.isalnum() for letter in sign):
            return (_END,) if _ENDS.fullmatch(sign) else (PAUSE,)
        if sign.isascii() and sign.isalpha():
            return self._misspelt(sign)
        return self._known.get(_unlike(sign)) or self._possessive(sign) or self._disguised(sign) or self._apart(sign)

    def _misspelt(self, word: str) -> Sequence[str]:
        if _THRICE.search(word) and (meant := self._squeezed.get(_squeezed(word))):
            return meant
        return self._known.get(self._guesser.guess(word)) or self._other(word)

    def _other(self, word: str) -> Sequence[str]:
        """A word that no pattern has."""
        return (word,) if self._keeps(word) else (OTHER,)

    def _possessive(self, sign: str) -> Sequence[str]:
        whose, mark, ending = sign.rpartition("'")
        if not mark or not whose.isalpha():
            return ()
        if meant := self._known.get(mark + ending):
            return (*(self._known.get(whose) or self._other(whose)), *meant)
        if ending not in {"s", ""}:
            return ()
        return self._known.get(whose) or ((whose,) if self._keeps(whose) else ())

    def _disguised(self, sign: str) -> Sequence[str]:
        """Digits and marks for letters ("k!ll", "su1c1de"), letters hidden ("s**cide"), marks between ("d.i.e", "un-alive")."""
        if len(sign) > LONGEST:
            return ()
        for table in _LEET:
            if meant := self._known.get(sign.translate(table)):
                return meant
        if hidden := self._known.get(self._guesser.unmask(sign)):
            return hidden
        bare = "".join(letter for letter in sign if letter.isalnum())
        parts = _BETWEEN.split(sign)
        if len(bare) < len(sign) and not all(part in self._known for part in parts):
            if meant := self._known.get(bare):
                return meant
            if len(parts) == len(bare) >= _SPELT:
                return self._spelt_out(bare)
        return ()

    def _apart(self, sign: str) -> Iterator[str]:
        """Words without a space between them ("home.She", "and/or", "15f")."""
        for part in _PART.findall(sign):
            if part[0].isalnum():
                yield from self._known.get(part) or (self._misspelt(part) if part.isascii() else (OTHER,))
            elif _ENDS.fullmatch(part):
                yield _END

    def _cut(self, letters: str) -> Sequence[str]:
        """The fewest known words that make up `letters`, one of them no shorter than three; nothing if there are none."""
        best: list[tuple[str, ...] | None] = [()]
        best += [None] * len(letters)
        for start in range(len(letters)):
            before = best[start]
            if before is None or len(before) > LONGEST:
                continue
            for end in range(start + 1, len(letters) + 1):
                word = letters[start:end]
                if not self._begins(word):
                    break
                if word in self._known and ((found := best[end]) is None or len(found) > len(before) + 1):
                    best[end] = (*before, word)
        words = best[-1] or ()
        return words if any(len(word) >= _SPELT for word in words) else ()

    def _begins(self, letters: str) -> bool:
        """Whether some known word begins with `letters`."""
        at = bisect_left(self._sorted, letters)
        return at < len(self._sorted) and self._sorted[at].startswith(letters)


def folded(text: str) -> str:
    """Lower case, without accents, invisible signs and fancy letters, with straight apostrophes."""
    text = text.translate(_QUOTES)
    if not text.isascii():
        whole = unicodedata.normalize("NFKD", text)
        text = (whole if len(whole) <= _SWOLLEN * len(text) else text).casefold()
        text = "".join(letter for letter in text if unicodedata.category(letter) not in _UNSEEN)
    return text.lower()


_END = "."
_SPELT = 3
_SWOLLEN = 4  # there are signs that stand for eighteen letters; nobody writes whole texts of them
_ENDS = re.compile(r"\.|[.!?]*[!?][.!?]*")
_THRICE = re.compile(r"(.)\1\1")
_UNSEEN = frozenset({"Mn", "Me", "Cf"})
_SIGN = r"[$@]?[^\W_](?:[^\W_]|[-'!*@$#._+/|]{1,4}(?=[^\W_]))*|[.!?]+|[\n\r,;:()\"–—]|\B-\B"
_PART = re.compile(r"\d+(?:st|nd|rd|th)|[^\W\d_]+(?:'[^\W\d_]+)*|\d+|[.!?]+")
_BETWEEN = re.compile(r"[-'!*@$#._+/|]+")

_QUOTES = str.maketrans(
    dict.fromkeys("‘’‛ʼʻ´`′＇", "'")
    | dict.fromkeys("“”„«»", '"')
    | dict.fromkeys("‒―−‐‑", "-")
    | {number: None for number in range(32) if chr(number) not in "\t\n\r"}
)
_LEET = tuple(str.maketrans("0134578!$@+|€", "o" + one + "eastbisat" + one + "e") for one in "il")
_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁһкмтнвпԛԝɡıαεικνορτυχɪʟ",
    "aeopcyxijsdhkmthbnqwgiaeiknoptuxil",
)


def _unlike(sign: str) -> str:
    """The sign with letters of other alphabets that look like Latin ones as those."""
    return sign.translate(_LOOKALIKES)


def _squeezed(word: str) -> str:
    return "".join(letter for letter, _ in groupby(word))
