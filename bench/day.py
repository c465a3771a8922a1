"""A day of 100 million people as queues, batch by batch, on one of their bots: `python bench/day.py [--replicas 4] [--cores 4] [--people N]`."""

import argparse
import heapq
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count, cycle
from random import Random  # noqa: TID251 - the seed is an argument

from scale import DAY, MESSAGES, PAID, SPENT, WINDOW, cells, load

# Measured by bench/costs.py on PostgreSQL 18 (see docs/scale.md for the machine and the day). Seconds of CPU: replica, PostgreSQL.
BATCH = (0.0046, 0.00215)  # of a batch of updates
CALL = 0.00015  # of the HTTP client, a message: docs/performance.md
UPDATE = (0.00028 + MESSAGES * CALL, 0.00015)  # of each update in it
LINE = (0.00057, 0.00028)  # of a daily line: from its timer to its message
SEND = (0.00027 + CALL, 0.00020)  # of claiming, sending and settling a message that waits for the budget

# As the bot has it.
UPDATES, LINES = 100, 250  # in a batch at most: bot/telegram/inbox.py, bot/delivery/scheduler.py
RATE, BURST = PAID * SPENT, PAID // 10  # bot/storage/budget.py

# Assumed.
APART = 0.010  # seconds that a batch waits besides: 16 round trips to PostgreSQL at 0.5 ms, and a flush of its disk
ROUND = 0.005  # seconds between two claims of what waits, by one replica after the other
FAST = 10  # the day passes so many times as fast, with so many times fewer lines: the waits of lines count as often
EARLIER = 120  # minutes of the day before that fill the queues
SLOTS, SEED = 12, 7  # rows of a day


class Bot:
    """A bot's replicas, its PostgreSQL and its budget."""

    def __init__(self, replicas: int, cores: int) -> None:
        self.now, self.heap, self.numbers = 0.0, list[tuple[float, int, Callable[[], None]]](), count()
        self.free = [0.0] * replicas  # when the core of each has done what it was given
        self.database = [0.0] * cores
        self.inbox = [deque[float]() for _ in range(replicas)]  # when each update came
        self.taking = [False] * replicas
        self.due, self.lines = deque[list[float]](), deque[list[float]]()  # when they were due, and how many
        self.replies, self.turns = deque[float](), cycle(range(replicas))
        self.turning = self.claiming = False
        self.tokens, self.paid_at, self.slot = float(BURST), 0.0, 0
        self.forget()

    def forget(self) -> None:
        """Count from here on: per slot of the day, seconds of work, and how long what left had waited."""
        self.busy, self.used = [[0.0] * SLOTS for _ in self.free], [0.0] * SLOTS
        self.waits = [array("d") for _ in range(SLOTS)]
        self.longest, self.most, self.late = [0.0] * SLOTS, [0.0] * SLOTS, 0.0

    def after(self, seconds: float, then: Callable[[], None]) -> None:
        """Later, `then`."""
        heapq.heappush(self.heap, (self.now + seconds, next(self.numbers), then))

    def until(self, end: float) -> None:
        """Let everything happen that happens before `end`."""
        while self.heap and self.heap[0][0] <= end:
            self.now, _, then = heapq.heappop(self.heap)
            then()
        self.now = end

    def job(self, replica: int, core: float, database: float, then: Callable[[], None]) -> None:
        """A batch: first the replica's one core, then a core of PostgreSQL, each in the order of asking; `then` it is committed."""
        begun = max(self.now, self.free[replica])
        self.free[replica] = begun + core
        self.busy[replica][self.slot] += core
        self.after(begun + core - self.now, partial(self._commit, database, then))

    def _commit(self, database: float, then: Callable[[], None]) -> None:
        done = max(self.now, self.database[0]) + database
        heapq.heapreplace(self.database, done)
        self.used[self.slot] += database
        self.after(done - self.now + APART, then)

    def update(self) -> None:
        """One comes, to the next replica in turn."""
        replica = next(self.turns)
        self.inbox[replica].append(self.now)
        self._take(replica)

    def _take(self, replica: int) -> None:
        inbox = self.inbox[replica]
        if self.taking[replica] or not inbox:
            return
        self.taking[replica] = True
        batch = [inbox.popleft() for _ in range(min(UPDATES, len(inbox)))]
        core, database = (each + len(batch) * more for each, more in zip(BATCH, UPDATE, strict=True))
        self.job(replica, core, database, partial(self._taken, replica, batch))

    def _taken(self, replica: int, batch: list[float]) -> None:
        """Committed: what the budget has room for has been claimed with the turn, the rest has to wait."""
        self.taking[replica], waiting = False, bool(self.replies or self.lines)
        for came in batch:
            if not waiting and self._pay(MESSAGES):
                self.waits[self.slot].append(self.now - came)
            else:
                self.replies.append(came)
        self._claim_soon()
        self._take(replica)

    def fall_due(self, lines: int) -> None:
        """Daily lines; one replica has the timers."""
        self.due.extend([self.now, min(LINES, lines - n)] for n in range(0, lines, LINES))
        self._turn_lines()

    def _turn_lines(self) -> None:
        if self.turning or not self.due:
            return
        self.turning = True
        at, some = self.due.popleft()
        self.job(0, some * LINE[0], some * LINE[1], partial(self._turned, at, some))

    def _turned(self, at: float, some: float) -> None:
        self.turning = False
        self.lines.append([at, some])
        self.most[self.slot] = max(self.most[self.slot], sum(each for _, each in (*self.lines, *self.due)))
        self._claim_soon()
        self._turn_lines()

    def _pay(self, messages: float) -> bool:
        self.tokens, self.paid_at = min(BURST, self.tokens + (self.now - self.paid_at) * RATE), self.now
        paid = self.tokens >= messages
        self.tokens -= messages * paid
        return paid

    def _claim_soon(self) -> None:
        if not self.claiming and (self.replies or self.lines):
            self.claiming = True
            self.after(ROUND, self._claim)

    def _claim(self) -> None:
        """Replies first, then lines, as many as the budget has room for; too late a line is left out."""
        self.claiming, replies, lines = False, list[float](), list[float]()
        while self.replies and self._pay(MESSAGES):
            replies.append(self.replies.popleft())
        while not self.replies and self.lines and self._pay(1):
            lines.append(self.lines[0][0])
            self.lines[0][1] -= 1
            while self.lines and (self.lines[0][1] <= 0 or self.now - self.lines[0][0] > WINDOW * 60 / FAST):
                self.late += self.lines.popleft()[1]
        if sent := len(replies) * MESSAGES + len(lines):
            self.job(next(self.turns), sent * SEND[0], sent * SEND[1], partial(self._sent, replies, lines))
        self._claim_soon()

    def _sent(self, replies: list[float], lines: list[float]) -> None:
        self.waits[self.slot].extend(self.now - came for came in replies)
        if lines:
            self.longest[self.slot] = max(self.longest[self.slot], self.now - min(lines))


def simulated(people: float, replicas: int, cores: int) -> Bot:
    """A day of a bot with so many people."""
    day, bot, length = load(people), Bot(replicas, cores), 60 / FAST
    random = Random(SEED)  # noqa: S311 - nobody guesses at it
    for turn in range(DAY - EARLIER, 2 * DAY):
        if turn == DAY:  # what was before only filled the queues
            bot.forget()
        bot.until(turn * length)
        bot.slot = turn % DAY * SLOTS // DAY
        bot.fall_due(round(day.lines[turn % DAY] / FAST))
        rate, at = day.updates[turn % DAY], turn * length
        while (at := at + random.expovariate(rate)) < (turn + 1) * length:
            bot.until(at)
            bot.update()
    return bot


def rows(bot: Bot) -> Iterator[str]:
    """A row a slot, as Markdown."""
    titles = "hours | updates/s | core of the timers | other cores | PostgreSQL | reply p50 ms | p99 | longest | lines waiting | min"
    yield f"| {titles} |\n|---|{'---:|' * titles.count('|')}"
    length, hours = 86400 / SLOTS / FAST, 24 // SLOTS
    for slot, unsorted in enumerate(bot.waits):
        waits = sorted(unsorted)
        first, *more = (each[slot] / length for each in bot.busy)
        shares = (first, sum(more) / max(1, len(more)), bot.used[slot] / length / len(bot.database))
        lasting = (1000 * waits[int((len(waits) - 1) * part)] for part in (0.5, 0.99, 1))
        others = (*lasting, bot.most[slot] * FAST, bot.longest[slot] * FAST / 60)
        cells = [*(f"{each:.0%}" for each in shares), *(f"{each:,.0f}" for each in others)]
        yield f"| {slot * hours}–{slot * hours + hours} | {len(waits) / length:,.0f} | {' | '.join(cells)} |"
    yield f"\nlines left out: {bot.late * FAST:,.0f}"


def main() -> None:
    """Simulate one of the bots; the others differ by chance alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000_000)
    parser.add_argument("--replicas", type=int, default=4, help="of each bot, a core each")
    parser.add_argument("--cores", type=int, default=4, help="of each PostgreSQL")
    given = parser.parse_args()
    bots = cells(given.people, PAID)
    print(f"{given.people:,} people: {bots} bot(s) with paid broadcasts, {given.replicas} replicas each\n")
    print("\n".join(rows(simulated(given.people / bots, given.replicas, given.cores))))


if __name__ == "__main__":
    main()
