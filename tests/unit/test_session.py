"""A session is the same after it was written down and read again."""

from datetime import UTC, datetime, timedelta

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.effects import Phrase
from bot.dialog.session import Frame, Session, from_body, prompt_data, standing_data, to_body

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,11}", fullmatch=True)
TIMES = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.text(max_size=40),
    TIMES,
    st.timedeltas(timedelta(), timedelta(days=30)).map(lambda span: timedelta(seconds=int(span.total_seconds()))),
    st.lists(st.text(max_size=9), max_size=3),
)
PHRASES = st.builds(Phrase, NAMES, st.dictionaries(NAMES, PLAIN, max_size=2), st.integers(0, 99))
SLOTS = st.dictionaries(NAMES, PLAIN | PHRASES, max_size=4)
FRAMES = st.builds(Frame, NAMES, NAMES, NAMES, SLOTS, st.lists(st.tuples(NAMES, SLOTS), max_size=3).map(tuple))
SESSIONS = st.builds(
    Session,
    frame=FRAMES,
    stack=st.lists(FRAMES, max_size=3).map(tuple),
    prompt=st.lists(NAMES, max_size=5).map(tuple),
    revision=st.integers(0, 2**40),
    fixed=st.booleans(),
    keyboard=st.booleans(),
    memory=st.dictionaries(NAMES, st.integers(0, 999), max_size=3),
    at=TIMES,
)


@settings(deadline=None)
@given(SESSIONS)
def test_a_session_survives_being_kept_as_json(session: Session) -> None:
    assert session.at is not None
    body = orjson.loads(orjson.dumps(to_body(session)))
    assert from_body(body, revision=session.revision, at=session.at) == session


@given(st.integers(0, 2**52), st.integers(0, 2**31), st.integers(0, 99))
def test_a_prompts_data_fits_a_button(user: int, revision: int, n: int) -> None:
    assert len(f"{prompt_data(user, revision)}{n}".encode()) <= 40


def test_a_standing_buttons_data_names_dialog_reference_and_press() -> None:
    assert standing_data("space", "1", "back") == "o.space.1.back"
