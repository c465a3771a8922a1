"""What people type is read as the instant they mean, or not at all."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.i18n.times import Reading, read_duration, read_time

BERLIN = "Europe/Berlin"
TUESDAY_TWO = "2026-03-10 14:00"


def read(text: str, now: str = TUESDAY_TWO, zone: str = BERLIN) -> tuple[str, str] | None:
    """The reading as local wall time and kind; `now` is local too."""
    place = ZoneInfo(zone)
    reading = read_time(text, datetime.fromisoformat(now).replace(tzinfo=place), zone)
    return None if reading is None else (f"{reading.at.astimezone(place):%a %H:%M}", reading.echo_kind)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        # lengths of time
        ("in half an hour", "Tue 14:30"),
        ("half hour", "Tue 14:30"),
        ("half-hour", "Tue 14:30"),
        ("½ hour", "Tue 14:30"),
        (".5 hours", "Tue 14:30"),
        ("in 1/2 hour", "Tue 14:30"),
        ("in 20 minutes", "Tue 14:20"),
        ("20 min", "Tue 14:20"),
        ("20min", "Tue 14:20"),
        ("20m", "Tue 14:20"),
        ("in 20", "Tue 14:20"),
        ("back in 20", "Tue 14:20"),
        ("20 more minutes", "Tue 14:20"),
        ("another 20 minutes", "Tue 14:20"),
        ("20 minutes from now", "Tue 14:20"),
        ("20 minutes later", "Tue 14:20"),
        ("after 20 minutes", "Tue 14:20"),
        ("twenty minutes", "Tue 14:20"),
        ("give me forty-five minutes please", "Tue 14:45"),
        ("fourty five minutes", "Tue 14:45"),
        ("three quarters of an hour", "Tue 14:45"),
        ("a quarter of an hour", "Tue 14:15"),
        ("1h", "Tue 15:00"),
        ("1 hr", "Tue 15:00"),
        ("an hour", "Tue 15:00"),
        ("one hour", "Tue 15:00"),
        ("I need an hour", "Tue 15:00"),
        ("in about an hour", "Tue 15:00"),
        ("in an hour or so", "Tue 15:00"),
        ("an hour and a quarter", "Tue 15:15"),
        ("an hour and a half", "Tue 15:30"),
        ("one and a half hours", "Tue 15:30"),
        ("1.5 hours", "Tue 15:30"),
        ("1,5 hours", "Tue 15:30"),
        ("1½ hours", "Tue 15:30"),
        ("1 1/2 hours", "Tue 15:30"),
        ("90m", "Tue 15:30"),
        ("1h30", "Tue 15:30"),
        ("1h 30m", "Tue 15:30"),
        ("1:30 hours", "Tue 15:30"),
        ("1 hour 20 minutes", "Tue 15:20"),
        ("an hour and 20 minutes", "Tue 15:20"),
        ("100 min", "Tue 15:40"),
        ("a couple of hours", "Tue 16:00"),
        ("two and a half hours", "Tue 16:30"),
        ("2h30m", "Tue 16:30"),
        ("10 hours", "Wed 00:00"),
        ("1 day", "Wed 14:00"),
        ("20 mintues", "Tue 14:20"),
        ("20 minuts", "Tue 14:20"),
        ("５０ min", "Tue 14:50"),
        ("۴۰ min", "Tue 14:40"),
    ],
)
def test_a_length_of_time_counts_from_now(text: str, at: str) -> None:
    assert read(text) == (at, "span")
    assert read_duration(text) is not None or text in {"in 20", "back in 20"}


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("back at 8", "Tue 20:00"),
        ("8", "Tue 20:00"),
        ("at 8", "Tue 20:00"),
        ("@8", "Tue 20:00"),
        ("8ish", "Tue 20:00"),
        ("8-ish", "Tue 20:00"),
        ("~8", "Tue 20:00"),
        ("around 8?", "Tue 20:00"),
        ("by eight", "Tue 20:00"),
        ("until 8", "Tue 20:00"),
        ("8 🕗", "Tue 20:00"),
        ("8️⃣", "Tue 20:00"),
        ("I'll be back at 8, promise", "Tue 20:00"),
        ("I am back at 8", "Tue 20:00"),
        ("I’ll be there by 8 ok?", "Tue 20:00"),
        ("see you at 8 love", "Tue 20:00"),
        ("eight o'clock", "Tue 20:00"),
        ("8 o’clock", "Tue 20:00"),
        ("8pm", "Tue 20:00"),
        ("8 PM", "Tue 20:00"),
        ("8 p.m.", "Tue 20:00"),
        ("8p", "Tue 20:00"),
        ("8am", "Wed 08:00"),
        ("8 a.m. I think", "Wed 08:00"),
        ("08:00", "Wed 08:00"),
        ("0830", "Wed 08:30"),
        ("20:30", "Tue 20:30"),
        ("20.30", "Tue 20:30"),
        ("20:30.", "Tue 20:30"),
        ("20 : 30", "Tue 20:30"),
        ("2030", "Tue 20:30"),
        ("830", "Tue 20:30"),
        ("830pm", "Tue 20:30"),
        ("8:30", "Tue 20:30"),
        ("8.30 pm", "Tue 20:30"),
        ("8,30", "Tue 20:30"),
        ("٢٠:٣٠", "Tue 20:30"),
        ("eight thirty", "Tue 20:30"),
        ("half eight", "Tue 20:30"),
        ("at half past eight", "Tue 20:30"),
        ("at half past eihgt", "Tue 20:30"),
        ("quarter to nine", "Tue 20:45"),
        ("a quater to nine", "Tue 20:45"),
        ("quarter past 8 pm", "Tue 20:15"),
        ("ten past nine", "Tue 21:10"),
        ("20 to 9", "Tue 20:40"),
        ("20 minutes to 9", "Tue 20:40"),
        ("twenty-five past seven", "Tue 19:25"),
        ("quarter to 1", "Wed 00:45"),
        ("3", "Tue 15:00"),
        ("2", "Wed 02:00"),
        ("12", "Wed 00:00"),
        ("12pm", "Wed 12:00"),
        ("12am", "Wed 00:00"),
        ("13", "Wed 13:00"),
        ("0:30", "Wed 00:30"),
        ("24:00", "Wed 00:00"),
        ("noon", "Wed 12:00"),
        ("midday", "Wed 12:00"),
        ("midnight", "Wed 00:00"),
        ("midnihgt", "Wed 00:00"),
        ("today at 8", "Tue 20:00"),
        ("8 tonight", "Tue 20:00"),
        ("tonight at half past nine", "Tue 21:30"),
        ("8 in the evening", "Tue 20:00"),
        ("8 in the morning", "Wed 08:00"),
        ("3 o'clock in the afternoon", "Tue 15:00"),
        ("12 at night", "Wed 00:00"),
        ("tonight at 3", "Wed 03:00"),
        ("tomorrow at 9", "Wed 09:00"),
        ("9 tomorrow", "Wed 09:00"),
        ("tomorrow 9am", "Wed 09:00"),
        ("at 9 tomorrow morning", "Wed 09:00"),
        ("tommorrow at 9", "Wed 09:00"),
        ("tmrw 9", "Wed 09:00"),
        ("2morrow 9", "Wed 09:00"),
        ("tomorrow at 3", "Wed 15:00"),
        ("tomorrow at 12", "Wed 12:00"),
        ("tomorrow noon", "Wed 12:00"),
        ("tomorrow 20:15", "Wed 20:15"),
        ("friday at 9", "Fri 09:00"),
        ("tuesday at 6pm", "Tue 18:00"),
    ],
)
def test_a_clock_time_is_the_next_one(text: str, at: str) -> None:
    assert read(text) == (at, "clock")


@pytest.mark.parametrize(
    ("text", "now", "at"),
    [
        ("tonight", TUESDAY_TWO, "Tue 20:00"),
        ("this evening", TUESDAY_TWO, "Tue 20:00"),
        ("evening", TUESDAY_TWO, "Tue 20:00"),
        ("tonight", "2026-03-10 20:31", "Tue 21:35"),
        ("this evening", "2026-03-10 23:30", "Wed 00:30"),
        ("tonight", "2026-03-10 01:00", "Tue 20:00"),
        ("in the morning", TUESDAY_TWO, "Wed 08:00"),
        ("in the morning", "2026-03-10 02:00", "Tue 08:00"),
        ("this morning", "2026-03-10 09:00", "Tue 10:00"),
        ("tomorrow morning", TUESDAY_TWO, "Wed 08:00"),
        ("tomorow morning", TUESDAY_TWO, "Wed 08:00"),
        ("tomorrow morning", "2026-03-10 01:30", "Tue 08:00"),
        ("tomorrow morning", "2026-03-10 05:00", "Wed 08:00"),
        ("tomorrow evening", TUESDAY_TWO, "Wed 20:00"),
        ("tomorrow night", TUESDAY_TWO, "Wed 20:00"),
        ("this afternoon", TUESDAY_TWO, "Tue 15:00"),
        ("this afternoon", "2026-03-10 16:02", "Tue 17:05"),
        ("afternoon", "2026-03-10 16:02", "Wed 15:00"),
        ("monday morning", TUESDAY_TWO, "Mon 08:00"),
    ],
)
def test_a_part_of_the_day_is_its_usual_hour_and_an_hour_from_now_once_that_is_past(
    text: str, now: str, at: str
) -> None:
    assert read(text, now) == (at, "part")


@pytest.mark.parametrize(
    "text",
    [
        "after dinner",
        "later",
        "later tonight",
        "soon",
        "in a bit",
        "in a while",
        "in a sec",
        "when I can",
        "I don't know",
        "idk",
        "tomorrow",
        "sunday",
        "today",
        "now",
        "yes",
        "no",
        "ok",
        "hello",
        "not at 8",
        "8 or 9",
        "5-10 min",
        "20-30 minutes",
        "an hour maybe two",
        "an hour or two",
        "in 2",
        "45",
        "25",
        "25:00",
        "8:75",
        "8:5",
        "120",
        "0 min",
        "in -5 minutes",
        "13am",
        "13 in the morning",
        "3 in the evening",
        "half",
        "quarter",
        "past 8",
        "8 past",
        "8 8",
        "after 8",
        "tomorrow midnight",
        "tomorrow today",
        "morning evening",
        "noon in the morning",
        "99 days",
        "999999999999999999999 hours",
        "7/10",
        "3rd of march",
        "8:30:15",
        "I have 2 kids and need an hour",
        "",
        "   ",
        ".",
        "…",
        "🙂",
        "½",
        "weight past ten",
        "mourn",
        "8 hours past",
        "1e3 h",
        "8$",
    ],
)
def test_what_is_vague_impossible_or_not_understood_is_not_read(text: str) -> None:
    assert read(text) is None
    assert read_duration(text) is None


@pytest.mark.parametrize(
    ("text", "now"),
    [("this morning", "2026-03-10 14:00"), ("this afternoon", "2026-03-10 18:30"), ("today at 8", "2026-03-10 21:00")],
)
def test_what_is_already_past_today_is_not_read(text: str, now: str) -> None:
    assert read(text, now) is None


@pytest.mark.parametrize(
    ("text", "now", "at"),
    [
        ("8", "2026-03-10 21:00", "Wed 08:00"),
        ("8", "2026-03-10 20:00", "Wed 08:00"),
        ("8", "2026-03-10 19:59", "Tue 20:00"),
        ("8", "2026-03-10 07:00", "Tue 08:00"),
        ("tomorrow at 20:00", "2026-03-10 01:00", "Tue 20:00"),
        ("tomorrow at 2am", "2026-03-10 03:00", "Wed 02:00"),
        ("midnight", "2026-03-10 00:30", "Wed 00:00"),
    ],
)
def test_the_hour_of_asking_decides(text: str, now: str, at: str) -> None:
    assert read(text, now) == (at, "clock")


@pytest.mark.parametrize(
    ("text", "now", "at"),
    [
        # Berlin skips 02:00-03:00 on 29 March 2026 …
        ("2:30am", "2026-03-28T22:00+01:00", "2026-03-29T03:30+02:00"),
        ("03:00", "2026-03-28T22:00+01:00", "2026-03-29T03:00+02:00"),
        ("tomorrow at 9", "2026-03-28T22:00+01:00", "2026-03-29T09:00+02:00"),
        ("in 10 hours", "2026-03-28T22:00+01:00", "2026-03-29T09:00+02:00"),
        ("1 day", "2026-03-28T22:00+01:00", "2026-03-29T23:00+02:00"),
        ("tomorrow evening", "2026-03-28T22:00+01:00", "2026-03-29T20:00+02:00"),
        # … and has it twice on 25 October 2026.
        ("2:30am", "2026-10-24T22:00+02:00", "2026-10-25T02:30+02:00"),
        ("2:30am", "2026-10-25T02:40+02:00", "2026-10-25T02:30+01:00"),
        ("2:30am", "2026-10-25T02:40+01:00", "2026-10-26T02:30+01:00"),
        ("in 20 minutes", "2026-10-25T02:50+02:00", "2026-10-25T02:10+01:00"),
        ("in the morning", "2026-10-25T02:50+02:00", "2026-10-25T08:00+01:00"),
        ("8", "2026-10-24T22:00+02:00", "2026-10-25T08:00+01:00"),
    ],
)
def test_the_nights_the_clocks_change(text: str, now: str, at: str) -> None:
    reading = read_time(text, datetime.fromisoformat(now), BERLIN)
    assert reading is not None
    assert reading.at == datetime.fromisoformat(at)


def test_the_persons_own_zone_decides_and_utc_until_it_is_known() -> None:
    now = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
    assert read_time("8pm", now, "Asia/Kolkata") == Reading(datetime(2026, 3, 10, 14, 30, tzinfo=UTC), "clock")
    assert read_time("8pm", now, "") == Reading(datetime(2026, 3, 10, 20, 0, tzinfo=UTC), "clock")
    with pytest.raises(ValueError, match="without a zone"):
        read_time("8pm", datetime(2026, 3, 10), BERLIN)  # noqa: DTZ001


def test_a_reading_has_whole_seconds() -> None:
    now = datetime(2026, 3, 10, 14, 0, 7, 654321, tzinfo=UTC)
    assert read_time("20 min", now, "") == Reading(datetime(2026, 3, 10, 14, 20, 7, tzinfo=UTC), "span")
    assert read_time("tonight", now + timedelta(hours=7), "") == Reading(
        datetime(2026, 3, 10, 22, 5, tzinfo=UTC), "part"
    )


def test_english_is_understood_besides_a_language_without_words_of_its_own() -> None:
    now = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
    assert read_time("8pm", now, "", "ru") == read_time("8pm", now, "", "en")


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("20 min", 20),
        ("1h", 60),
        ("half an hour", 30),
        ("an hour and a half", 90),
        ("24 hours", 1440),
        ("for 3 hours", 180),
    ],
)
def test_a_duration_is_read_alone(text: str, length: int) -> None:
    assert read_duration(text) == timedelta(minutes=length)


@pytest.mark.parametrize("text", ["20", "in 20", "20:00", "tonight", "at 8", "tomorrow"])
def test_what_is_no_length_of_time_is_no_duration(text: str) -> None:
    assert read_duration(text) is None
