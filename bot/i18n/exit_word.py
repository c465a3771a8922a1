"""A word to leave by: how it is kept and compared, and which words cannot be one."""

SHORTEST, LONGEST = 3, 30
"""Letters of the word."""


def plain(text: str) -> str:
    """The word as it is kept and compared: letter case and signs around it aside."""
    return " ".join(text.strip(" .,!?\n\t").casefold().split())


def may_leave(text: str) -> bool:
    """Whether `text` can be a word to leave by: letters in it, no command, and not what is said every day."""
    word = plain(text)
    return (
        SHORTEST <= len(word) <= LONGEST
        and any(letter.isalpha() for letter in word)
        and word.isprintable()
        and not word.startswith("/")
        and word not in _COMMON
    )


_COMMON = frozenset({"yes", "yeah", "nope", "okay", "help", "stop", "back", "cancel", "skip", "done", "menu", "thanks"})
"""Answers and wishes that have a meaning of their own, in English; elsewhere the person knows best."""
