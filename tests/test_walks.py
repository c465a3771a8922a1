"""Random walks through every dialog, in every language and a made-up one: no crash, no dead end, nothing too long."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.safety import discretion
from tests.walks import PSEUDO, Walk, library, locales

DIALOGS = sorted(
    name for name, dialog in library().dialogs.items() if dialog.script.begin and name != discretion.EXIT
)  # which says nothing, on purpose
WALKS = st.lists(st.integers(0, 2**12), min_size=25, max_size=25)
AT_A_RUN, DEEP = 10, 2000
"""Walks for each dialog in each language; long walks in each language."""

_RELAXED = settings(
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


def test_the_made_up_language_is_walked_too() -> None:
    assert {"en", PSEUDO} <= set(locales())


@pytest.mark.parametrize("locale", locales())
@pytest.mark.parametrize("dialog", DIALOGS)
def test_whatever_a_person_does_the_talk_goes_on(dialog: str, locale: str) -> None:
    @settings(_RELAXED, max_examples=AT_A_RUN)
    @given(WALKS, st.integers(0, 99))
    def walked(choices: list[int], who: int) -> None:
        Walk.begun(dialog, locale, who).go(choices)

    walked()


@pytest.mark.deep
@pytest.mark.timeout(900)
@pytest.mark.parametrize("locale", locales())
def test_long_walks_come_by_nearly_every_prompt(locale: str) -> None:
    seen: set[tuple[str, str]] = set()

    @settings(_RELAXED, max_examples=DEEP)
    @given(st.lists(st.integers(0, 2**12), min_size=100, max_size=100), st.integers(0, 99), st.sampled_from(DIALOGS))
    def walked(choices: list[int], who: int, dialog: str) -> None:
        walk = Walk.begun(dialog, locale, who)
        walk.go(choices)
        seen.update(walk.seen)

    walked()
    prompts = {
        (name, state)
        for name, dialog in library().dialogs.items()
        for state, shape in dialog.script.states.items()
        if shape.waits
        and name != "private"
        and state != "pin"  # nobody comes upon a PIN by chance; the transcripts know it
    }
    assert len(prompts - seen) <= len(prompts) // 16, sorted(prompts - seen)  # by chance: seven or eight of 190
