"""The words in which people tell times, by language. To add a language, add a mapping to `LANGUAGES`."""

from collections.abc import Mapping

Meanings = Mapping[str, str]
"""
What may be said for each meaning, spellings apart by commas; several words may make one spelling.

Everything is lower case, without accents and apostrophes. A meaning may be several in a row (`today night`). They are:
numbers in digits · `H` `M` `S` `D` hour, minute, second, day · `half` `quarter` · `past` (half *past*
eight), `to` (quarter *to* nine), `half_to` (German "halb neun") · `in`, `after`, `later` (around a length of time) · `am`
`pm` `oclock` · `today` `tomorrow` `mon` … `sun` · `morning` `afternoon` `evening` `night` `noon` `midnight` · `and` `until`
`/` ("out of") · `skip` (an article, a courtesy: says nothing about the time; a word in no list makes the whole text unreadable).
"""

ENGLISH: Meanings = {
    "0": "zero, nought",
    "1": "one",
    "2": "two, couple",
    "3": "three",
    "4": "four",
    "5": "five",
    "6": "six",
    "7": "seven",
    "8": "eight",
    "9": "nine",
    "10": "ten",
    "11": "eleven",
    "12": "twelve",
    "13": "thirteen",
    "14": "fourteen",
    "15": "fifteen",
    "16": "sixteen",
    "17": "seventeen",
    "18": "eighteen",
    "19": "nineteen",
    "20": "twenty",
    "30": "thirty",
    "40": "forty, fourty",
    "50": "fifty",
    "60": "sixty",
    "90": "ninety",
    "H": "h, hr, hrs, hour, hours",
    "M": "m, min, mins, minute, minutes",
    "S": "s, sec, secs, second, seconds",
    "D": "d, day, days",
    "half": "half",
    "quarter": "quarter, quarters",
    "past": "past",
    "to": "to",
    "and": "and, n",
    "in": "in, within",
    "after": "after",
    "later": "later, from now",
    "until": "until, till, til, through",
    "/": "out of",
    "am": "am",
    "pm": "pm, p",
    "oclock": "oclock, o clock, hundred",
    "noon": "noon, midday, mid day",
    "midnight": "midnight, midnite, mid night",
    "morning": "morning, mornin",
    "afternoon": "afternoon",
    "evening": "evening, eve",
    "night": "night, nite",
    "today": "today, this",
    "today night": "tonight, tonite",
    "tomorrow": "tomorrow, tmrw, tmr, tmw, tomo, 2 morrow, 2 moro",
    "mon": "monday, mon",
    "tue": "tuesday, tue, tues",
    "wed": "wednesday, wed",
    "thu": "thursday, thu, thur, thurs",
    "fri": "friday, fri",
    "sat": "saturday, sat",
    "sun": "sunday, sun",
    "skip": (
        "a, about, again, an, another, approx, approximately, around, at, babe, baby, back, be, before, "
        "between, by, can, come, coming, dear, done, exactly, feel, feeling, feels, for, from, give, "
        "going to, have to, home, honey, i, id, ill, im, is, ish, it, its, just, lets say, like, love, make, "
        "makes, max, maybe, me, might, more, my, need, need to, next, now, of, ok, okay, on, only, or so, "
        "perhaps, plan to, please, pls, probably, promise, ready, return, returning, roughly, say, see, "
        "sharp, should, so, take, talk, thanks, that, thats, the, then, there, think, time, try to, want, "
        "want to, will, with you, would, you, youll"
    ),
}

LANGUAGES: Mapping[str, Meanings] = {"en": ENGLISH}
"""By language code. English is understood besides every other language: "8pm" is typed everywhere."""
