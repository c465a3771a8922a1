"""Forgiving one slip of the finger."""

import unicodedata
from collections.abc import Mapping

SHORTEST = 5
"""Shorter words lie too close together to guess what was meant."""


def closest(word: str, known: Mapping[str, object]) -> str:
    """
    The known word that `word` misses by a single slip, else empty; several must mean the same.

    Both begin with the same letter: a first letter is rarely wrong, and "weight" is not "eight".
    """
    if len(word) < SHORTEST:
        return ""
    near = [other for other in known if len(other) >= SHORTEST and other[0] == word[0] and is_one_slip(word, other)]
    return near[0] if near and all(known[other] == known[near[0]] for other in near) else ""


def is_one_slip(one: str, other: str) -> bool:
    """True if a letter was left out, put in, mistaken or swapped with its neighbour, once."""
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > 1 or one == other:
        return False
    start = next((n for n in range(len(one)) if one[n] != other[n]), len(one))
    if len(one) < len(other):
        return one[start:] == other[start + 1 :]
    swapped = one[start : start + 2] == other[start : start + 2][::-1] and one[start + 2 :] == other[start + 2 :]
    return swapped or one[start + 1 :] == other[start + 1 :]


def folded(text: str) -> str:
    """Lower case, without accents, full-width forms and foreign digits: what two spellings of a word have in common."""
    letters = []
    for letter in unicodedata.normalize("NFKD", text.casefold()):
        if letter.isdecimal():
            letters.append(str(unicodedata.decimal(letter)))
        elif not unicodedata.combining(letter):
            letters.append(letter)
    return unicodedata.normalize("NFC", "".join(letters))
