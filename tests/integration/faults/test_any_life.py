"""Whatever people do, and whatever time, Telegram, network and restarts do to the bot: a simple model says what each has heard."""

import asyncio
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from bot.simulator.faults import Fault, Trouble
from bot.simulator.updates import Update
from bot.storage.tables import entries, timers
from tests.integration.faults.world import World

HOUR, A_WHILE = timedelta(hours=1), timedelta(minutes=5)
ZONES = {
    "Ann": "Europe/Berlin",
    "Ben": "America/New_York",
    "Cleo": "Asia/Kolkata",
    "Dora": "Australia/Lord_Howe",
    "Emil": "America/Santiago",
}
NUDGE_AT, LATEST = time(8), time(10)
STARTS = [
    datetime(2026, 3, 28, 3, tzinfo=UTC),
    datetime(2026, 10, 31, 20, tzinfo=UTC),
    datetime(2026, 7, 1, tzinfo=UTC),
]

LATE = 10**10

names = st.sampled_from(sorted(ZONES))
crowd = st.lists(names, min_size=1, max_size=6)
hours = st.floats(0.01, 30).map(lambda number: number * HOUR)
TROUBLES = [
    Fault(Trouble.THROTTLE, "sendMessage", retry_after=3),
    Fault(Trouble.THROTTLE, "sendMessage", retry_after=50, times=4),
    Fault(Trouble.ERROR, "sendMessage", code=500, times=3),
    Fault(Trouble.ERROR, "sendMessage", code=502),
    Fault(Trouble.DROP_BEFORE, "sendMessage"),
    Fault(Trouble.DROP_BEFORE, "getUpdates", times=2),
    Fault(Trouble.ERROR, "getUpdates", code=500),
    Fault(Trouble.ERROR, "answerCallbackQuery", code=400),
]


class Life(RuleBasedStateMachine):
    """The rules are what may happen; the model is `answers`, `knocks` and `promised`."""

    open_world: Callable[[datetime], World]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.parts = AsyncExitStack()
        self.words = (f"w{number}" for number in itertools.count())
        self.inside = dict.fromkeys(ZONES, False)
        self.answers: dict[str, list[str]] = {name: [] for name in ZONES}
        self.knocks = 0
        self.promised: dict[str, list[datetime]] = {name: [] for name in ZONES}
        self.kept = dict.fromkeys(ZONES, 0)
        self.blocked = dict.fromkeys(ZONES, False)
        self.lines: dict[str, list[datetime]] = {name: [] for name in ZONES}
        self.set_back = timedelta()

    @initialize(start=st.sampled_from(STARTS))
    def begin(self, start: datetime) -> None:
        self.world = self.open_world(start)
        self.world.meet(*(name for name in ZONES if name not in self.world.people))
        self.run(self.parts.enter_async_context(self.world.going()))
        self.world.simulator.listen(self._watch)
        for name, zone in ZONES.items():
            self.run(self.world.given(f"{name} is set up; zone {zone}; nudge_at {NUDGE_AT:%H:%M}"))
            self.run(self.world.talk(name, "/knock"))

    def teardown(self) -> None:
        self.run(self.parts.aclose())
        self.runner.close()

    def run(self, work: Any) -> Any:
        return self.runner.run(work)

    # What people do --------------------------------------------------------------------------------------------------

    @rule(who=crowd)
    def write(self, who: list[str]) -> None:
        for name in who:
            word = next(self.words)
            self.blocked[name] = False  # whoever writes has let the bot in
            if self.world.people[name].chat.blocked:
                self.world.people[name].unblocks()
            self.world.say(name, word)
            self.answers[name].append(f"{'Inside' if self.inside[name] else 'Heard'}: {word}.")

    @rule(name=names, twice=st.booleans())
    def go_in_or_out(self, name: str, twice: bool) -> None:
        self.settle()
        if self.blocked[name]:
            return
        key = "knock.inside.out" if self.inside[name] else "knock.door.open"
        self.world.press(name, key)
        if twice and not self.inside[name]:  # a quick finger on a button that may be gone
            self.world.press(name, key)
        self.knocks += not self.inside[name]
        self.inside[name] = not self.inside[name]
        self.settle()

    @rule(name=names, after=hours)
    def ask_for_a_promise(self, name: str, after: timedelta) -> None:
        self.settle()
        self.promised[name].append(self.world.clock.now() + after)
        self.run(self.world.set_timer(name, "knock.promise", after, ref=str(len(self.promised[name]))))

    @rule(name=names)
    def block(self, name: str) -> None:
        self.settle()
        if not self.blocked[name]:
            self.world.people[name].blocks()
            self.blocked[name] = True
        self.settle()

    # What time does --------------------------------------------------------------------------------------------------

    @rule(length=hours)
    def time_passes(self, length: timedelta) -> None:
        self.settle()
        self.run(self.world.pass_time(length))

    @rule(length=hours)
    def machine_sleeps(self, length: timedelta) -> None:
        self.settle()
        self.world.clock.skip(length)

    @rule(length=st.floats(0.01, 5).map(lambda number: number * HOUR))
    def clock_is_set_back(self, length: timedelta) -> None:
        self.settle()
        self.world.clock._story -= length
        self.set_back += length

    # What goes wrong -------------------------------------------------------------------------------------------------

    @rule()
    def restart(self) -> None:
        self.run(self.world.restart())

    @rule(length=hours)
    def be_away(self, length: timedelta) -> None:
        self.run(self.world.stop())
        self.world.clock.skip(length)
        self.run(self.world.start())

    @rule(again=st.lists(st.integers(0, 59), min_size=1, max_size=8))
    def come_again(self, again: list[int]) -> None:
        self.settle()
        last = [update for update in self.world.updates[-60:] if self._is_known(update)]
        for number in again if last else []:
            late = replace(last[number % len(last)], expires_at=LATE)  # at Telegram it may be gone by now
            self.world.simulator.queue(self.world.account).put(late)

    def _is_known(self, update: Update) -> bool:
        """Telegram keeps an update for a day at most; the bot knows for two days that it has had it."""
        return self.world.clock.now().timestamp() < update.expires_at + 20 * 3600 and update.expires_at < LATE

    @rule(fault=st.sampled_from(TROUBLES))
    def trouble(self, fault: Fault) -> None:
        self.world.simulator.faults.add(fault)

    @rule(name=names)
    def an_answer_arrives_and_nobody_learns_of_it(self, name: str) -> None:
        self.strike_the_answer_to(name, Trouble.DROP_AFTER)
        self.answers[name] += self.answers[name][-1:]  # twice is kinder than never

    @rule(name=names)
    def an_answer_is_refused_for_ever(self, name: str) -> None:
        self.strike_the_answer_to(name, Trouble.ERROR, code=400)
        self.answers[name].pop()
        assert self.world.is_phrase(self.world.heard(name)[-1], "common.went_wrong"), self.world.heard(name)
        self.write([name])  # a prompt of which it did not hear is no longer what the buttons belong to

    def strike_the_answer_to(self, name: str, trouble: Trouble, **how: int) -> None:
        if self.blocked[name]:  # what waited for their return comes first
            self.write([name])
        self.settle()
        self.world.simulator.faults.clear()
        says = "sendPhoto" if self.inside[name] else "sendMessage"
        self.world.simulator.faults.add(Fault(trouble, says, self.world.people[name].id, **how))
        self.write([name])
        self.settle()

    @rule(name=names)
    def block_in_silence(self, name: str) -> None:
        """Nobody tells the bot; it hears of it when it says something."""
        self.settle()
        if self.blocked[name]:
            return
        self.world.people[name].chat.blocked = self.blocked[name] = True
        self.run(self.world.set_timer(name, "knock.daily", timedelta()))
        self.settle()

    @rule(who=crowd, length=st.floats(0.01, 20).map(lambda number: number * HOUR))  # Telegram keeps words for a day
    def nobody_reaches_telegram(self, who: list[str], length: timedelta) -> None:
        self.settle()
        self.run(self._outage(who, length))
        self.settle()

    async def _outage(self, who: list[str], length: timedelta) -> None:
        with self.world.simulator.faults.during(Fault(Trouble.OUTAGE)):
            self.write(who)
            self.world.clock.skip(length)
            await self.world.app.scheduler.quiet()
            await self.world.machine_time(A_WHILE)

    # What has to be true ---------------------------------------------------------------------------------------------

    @invariant()
    def everything_is_said_once(self) -> None:
        self.settle()
        now = self.world.clock.now()
        for name in ZONES:
            calls = [call for call in self._calls(name) if call.ok]
            said = [str(call.parameters.get("text", call.parameters.get("caption", ""))) for call in calls]
            heard = [words for words in said if words.startswith(("Heard: ", "Inside: "))]
            assert heard == self.answers[name]
            if not self.blocked[name]:
                still = [due for due in self.promised[name] if due > now]
                self.kept[name] = max(self.kept[name], len(self.promised[name]) - len(still))
            assert said.count("This was promised.") == self.kept[name]
            assert all(NUDGE_AT <= at.time() <= LATEST for at in self.lines[name]), self.lines[name]
            assert len({at.date() for at in self.lines[name]}) == len(self.lines[name]), self.lines[name]
        assert [row.kind for row in self.run(self.world.rows(entries))] == ["knock"] * self.knocks
        assert self.run(self.world.is_idle())

    @invariant()
    def no_timer_is_lost(self) -> None:
        due = {row.user_id: row for row in self.run(self.world.rows(timers)) if row.kind == "nudge.daily"}
        now = self.world.clock.now().timestamp()
        for name in ZONES:
            left = due[self.world.people[name].id].due_at / 1e6 - now
            assert left <= 25 * 3600 + self.set_back.total_seconds()
            assert left > 0 or self.blocked[name]

    def _watch(self, change: dict[str, Any]) -> None:
        """Note when somebody gets a line of the day, in story time, which may be set back later."""
        name = next((name for name in ZONES if self.world.people[name].id == change.get("user_id")), "")
        if name and change["type"] == "message" and "o.nudge." in str(change):
            self.lines[name].append(self.world.clock.now().astimezone(ZoneInfo(ZONES[name])))

    def _calls(self, name: str) -> Iterator[Any]:
        chat = str(self.world.people[name].id)
        for call in self.world.simulator.calls("sendMessage", "sendPhoto", "sendAnimation", "editMessageText"):
            if str(call.parameters.get("chat_id")) == chat:
                yield call

    def settle(self) -> None:
        self.run(self._idle())

    async def _idle(self) -> None:
        """Until nothing waits any more, not even for a second try some time later."""
        await self.world.settle()
        while not await self.world.is_idle():
            await self.world.settle()


@pytest.mark.usefixtures("build_world")  # what it sets up holds for the worlds that are opened here
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("lives", "steps"),
    [(2, 10), pytest.param(20, 25, marks=[pytest.mark.deep, pytest.mark.timeout(300)])],
    ids=["short", "long"],
)
def test_any_life(migrated_file: Path, tmp_path: Path, lives: int, steps: int) -> None:
    """The same lives each time; `LIVES=7 make deep ARGS="-k any_life"` tries others."""
    folders = itertools.count()

    def open_world(start: datetime) -> World:
        folder = tmp_path / str(next(folders))
        folder.mkdir()
        shutil.copy(migrated_file, folder / "stillhere.db")
        return World(folder, f"sqlite+aiosqlite:///{folder / 'stillhere.db'}", start)

    @seed(int(os.environ.get("LIVES", "1")))
    class Lived(Life):
        pass

    Lived.open_world = staticmethod(open_world)
    run_state_machine_as_test(
        Lived,
        settings=settings(
            max_examples=lives,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=[Phase.generate],  # a failing life is long enough to read; shrinking it takes minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
