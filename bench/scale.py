"""What a day of many people asks of the bot, minute by minute, from measured costs: `python bench/scale.py [picture.svg]`."""

import math
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

# Measured by bench/footprint.py, on PostgreSQL 18 (see docs/scale.md for the machine and the day).
PERSON = 2380  # bytes that stay as long as the person: users, sessions, timers, lanes
UPDATE = 381  # bytes that an update leaves for 48 hours: seen_updates, outbox
ENTRY = 179  # bytes of an entry, kept for good
MESSAGES = 1.38  # calls that send or edit, an update
REPLICA_MS, POSTGRES_MS = 3.12, 0.91  # CPU an update

# Assumed. Change them to what your bot shows.
ACTIVE = 0.05  # of all people, on a day
UPDATES = 15  # of an active person, on that day
ENTRIES = 0.1  # an update
WITH_LINE = 0.3  # of all people: those who get a line a day
LINE_HOURS = (8.0, 12.5, 18.5)  # the hours that /settings offers, equally liked
BUSY = 0.6  # how full a core may be at the peak
BY_HOUR = (
    3,
    2,
    1,
    1,
    1,
    2,
    4,
    6,
    7,
    7,
    7,
    7,
    8,
    8,
    7,
    7,
    8,
    9,
    10,
    12,
    14,
    15,
    12,
    7,
)  # of a local day: evenings are full
ZONES = {  # people in millions by offset from UTC in winter: the world's larger countries, rounded
    -8: 53, -7: 25, -6: 215, -5: 260, -4: 90, -3: 265, 0: 190, 1: 900, 2: 500, 3: 560, 3.5: 90, 4: 30, 4.5: 42,
    5: 340, 5.5: 1460, 6: 200, 6.5: 54, 7: 350, 8: 1620, 9: 230, 10: 35, 12: 7,
}  # fmt: skip

FREE, PAID = 30, 1000
"""Messages a second that Telegram lets a bot send: as it is, and with paid broadcasts (Bot API, sendMessage; Bots FAQ)."""
SPENT = 0.9  # of that is used: bot/storage/budget.py
WINDOW = 120  # minutes after which a daily line is left out: bot/nudges/policy.py
DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Load:
    """A day: `updates` and `replies` a second, `lines` falling due, minute by minute of UTC."""

    updates: list[float]
    replies: list[float]
    lines: list[float]


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of it: messages a second, minutes that a line waited at most, lines left out, replies that had to wait."""

    rate: list[float]
    wait: float
    late: float
    held: float


def load(people: float) -> Load:
    """What comes in when."""
    whole, hours = sum(ZONES.values()), sum(BY_HOUR)
    updates, lines = [0.0] * DAY, [0.0] * DAY
    for offset, share in ZONES.items():
        here = people * share / whole
        for minute in range(DAY):
            local = (minute / 60 + offset) % 24
            first, second = BY_HOUR[int(local)], BY_HOUR[(int(local) + 1) % 24]
            weight = first + (second - first) * (local % 1)
            updates[minute] += here * ACTIVE * UPDATES * weight / hours / 3600
        for hour in LINE_HOURS:
            lines[round((hour - offset) % 24 * 60) % DAY] += here * WITH_LINE / len(LINE_HOURS)
    return Load(updates, [each * MESSAGES for each in updates], lines)


def send(day: Load, rate: float) -> Sent:
    """Replies first, then lines, as the budget has room; a line that waited too long is left out."""
    room, queue, sent = rate * SPENT * 60, [0.0] * WINDOW, list[float]()
    late = held = wait = 0.0
    for turn in range(2 * DAY):  # the first day fills the queue of the second
        minute = turn % DAY
        owed = day.replies[minute] * 60
        left = max(0.0, room - owed)
        queue.append(day.lines[minute])
        for n, some in enumerate(queue):
            going = min(some, left)
            queue[n] -= going
            left -= going
            if going:
                wait = max(wait, float(WINDOW - n))
        over = queue.pop(0)
        if turn >= DAY:
            late, held = late + over, held + max(0.0, owed - room)
            sent.append((room - left) / 60 if owed < room else room / 60)
    return Sent(sent, wait, late, held)


def tell(people: int) -> None:
    """One size, in words."""
    day = load(people)
    peak, mean = max(day.updates), sum(day.updates) / DAY
    size = people * PERSON + mean * 86400 * (2 * UPDATE + 365 * ENTRIES * ENTRY)
    replicas = max(1, math.ceil(peak * REPLICA_MS / 1000 / BUSY))
    print(f"\n{people:,} people: {mean:,.1f} updates/s on average, {peak:,.1f} at the peak")
    print(
        f"  replicas (a core each): {replicas:,}, and one more in case; cores for PostgreSQL: {peak * POSTGRES_MS / 1000 / BUSY:,.1f}"
    )
    print(f"  database after a year: {size / 1e9:,.1f} GB, of it people {people * PERSON / 1e9:,.1f} GB")
    print(
        f"  messages: {max(day.replies):,.1f} replies/s at the peak, {sum(day.lines):,.0f} lines a day, {max(day.lines):,.0f} at one moment"
    )
    for name, rate in (("free", FREE), ("paid", PAID)):
        bots = cells(people, rate)
        done = send(load(people / bots), rate)
        stars = 0.1 * bots * sum(max(0.0, each - FREE) * 60 for each in done.rate)
        print(
            f"  {name}, {rate}/s: {bots} bot(s), each for {people / bots:,.0f} people; a line waits {done.wait:.0f} min at most; "
            f"Stars a day: {stars:,.0f}"
        )


def cells(people: float, rate: int) -> int:
    """How many bots it takes, each with its share of the people, until no reply has to wait and no line is left out."""
    low, high = 0, 1
    while not fits(load(people / high), rate):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(load(people / middle), rate) else (middle, high)
    return high


def fits(day: Load, rate: int) -> bool:
    """Whether one bot manages."""
    done = send(day, rate)
    return done.late < 1 and done.held == 0


def main() -> None:
    """Tell three sizes, and draw the largest."""
    for people in (10_000, 1_000_000, 100_000_000):
        tell(people)
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(picture(100_000_000))


# ------------------------------------------------------------------------------------------------ the picture

WIDTH, HEIGHT, LEFT, TOP = 860, 250, 80, 50
INK, LINE, SECOND, FAINT = "#333", "#2f6f8f", "#c0703a", "#ddd"


def picture(people: int) -> str:
    """A day of so many people as SVG: updates a second, and messages a second beside what one bot may send."""
    day = load(people)
    bots = cells(people, PAID)
    done = send(load(people / bots), PAID)
    one = panel("Updates a second", [(LINE, "arriving", day.updates)], 0)
    two = panel(
        f"Messages a second: replies alone, and with the daily lines as {bots} bots with paid broadcasts get them out",
        [(LINE, "all messages", [each * bots for each in done.rate]), (SECOND, "replies", day.replies)],
        HEIGHT + TOP,
    )
    head = f'<text x="{LEFT}" y="24" font-size="17" fill="{INK}">A computed day of {people / 1e6:.0f} million people, in UTC</text>'
    whole = 2 * (HEIGHT + TOP) + TOP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH + LEFT + 40} {whole}" font-family="sans-serif">'
        f'<rect width="100%" height="100%" fill="#fff"/>{head}{one}{two}</svg>\n'
    )


def panel(title: str, curves: list[tuple[str, str, list[float]]], down: int) -> str:
    """One chart with its scale and its legend."""
    top = down + TOP + 30
    high = HEIGHT - 60
    most = nice(max(max(curve) for _, _, curve in curves))
    parts = [f'<text x="{LEFT}" y="{top - 10}" font-size="14" fill="{INK}">{title}</text>']
    for step in range(5):
        y = top + high - high * step / 4
        parts.append(f'<line x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="{FAINT}"/>')
        parts.append(
            f'<text x="{LEFT - 8}" y="{y + 4:.1f}" font-size="12" text-anchor="end" fill="{INK}">{most * step / 4:,.0f}</text>'
        )
    for hour in range(0, 25, 3):
        x = LEFT + WIDTH * hour / 24
        parts.append(
            f'<text x="{x:.1f}" y="{top + high + 18}" font-size="12" text-anchor="middle" fill="{INK}">{hour}:00</text>'
        )
    for n, (colour, name, curve) in enumerate(curves):
        points = [
            (LEFT + WIDTH * minute / DAY, top + high - high * value / most) for minute, value in enumerate(curve)
        ][::5]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        x = LEFT + WIDTH - 130
        parts.append(f'<text x="{x}" y="{top + 16 + 17 * n}" font-size="13" fill="{colour}">{name}</text>')
    return "".join(parts)


def nice(value: float) -> float:
    """The next round number."""
    power = 10 ** math.floor(math.log10(value))
    steps = [power * each for each in (1, 2, 4, 8, 10)]
    return next(high for low, high in pairwise([0, *steps]) if low < value <= high)


if __name__ == "__main__":
    main()
