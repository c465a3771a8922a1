"""What nobody has reviewed says so: in /about, before consent, and nowhere more than the scripts themselves know."""

import re
from collections.abc import Iterable
from dataclasses import replace

from bot.dialog.script import About, Script
from tests.carried import library

SIGNED = About(author="Somebody", reviewer="A clinician", reviewed_on="2026-05-04", evidence=("a source",))


def honest(said: str, scripts: Iterable[Script]) -> bool:
    """Whether `said` tells that nobody has reviewed the words, or not all of them, exactly where that is so."""
    reviewed = [bool(script.about.reviewer) for script in scripts]
    none = re.search(r"No clinician has (reviewed|checked) my words yet", said) is not None
    some = re.search(r"No clinician has (reviewed|checked) all of my words yet", said) is not None
    return (none, some) == (not any(reviewed), any(reviewed) and not all(reviewed))


def told() -> list[str]:
    """All of /about, and all that is said before the yes."""
    words = library().source.words["en"]
    return [
        " ".join(str(entry) for key, entry in words.items() if key.startswith(beginning))
        for beginning in ("about.", "start.")
    ]


def test_about_and_consent_tell_what_the_scripts_know_of_their_review() -> None:
    """If this fails: a script was signed, or no longer is; say in both places "my words", "all of my words", or nothing."""
    scripts = library().source.scripts
    assert [honest(said, scripts.values()) for said in told()] == [True, True]


def test_with_scripts_signed_the_same_words_would_not_do() -> None:
    scripts = library().source.scripts
    one = {**scripts, "soothe": replace(scripts["soothe"], about=SIGNED)}
    every = [replace(script, about=SIGNED) for script in scripts.values()]
    for said in told():
        assert not honest(said, one.values())
        assert not honest(said, every)
        assert honest(said.replace("my words yet", "all of my words yet"), one.values())


def test_the_daily_line_names_who_wrote_it() -> None:
    assert library().source.scripts["nudge"].about.author
