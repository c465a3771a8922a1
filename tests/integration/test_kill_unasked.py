"""`kill -9` while something that nobody asked for is in flight: a promise comes again, a nudge never does."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.clock import SystemClock
from bot.core.effects import SetTimer
from bot.simulator import Fault, Trouble
from bot.storage import timers
from bot.storage.database import Database
from bot.storage.messages import Status
from bot.storage.migration import migrate
from tests.integration.replicas.fleet import Fleet, fleet
from tests.integration.storm import BELLS
from tests.program import real_time, words
from tests.walking import Phone, meet


async def ring(bots: Fleet, ann: Phone, bell: str) -> None:
    """Somebody who has agreed, and what comes due as soon as the program is there."""
    database = Database(bots.url, SystemClock())
    await database.open()
    await migrate(database)
    await meet(database, bots.key_file, [ann])
    ann.person.chat.started = True
    async with database.transaction() as tx:
        due = SystemClock().now() - timedelta(seconds=1)
        await timers.set(tx, [(ann.person.id, SetTimer(bell, "", due))])
    await database.close()


@pytest.mark.deep
@pytest.mark.parametrize(("bell", "times", "became"), [("promise1", 2, Status.SENT), ("nudge1", 1, Status.UNKNOWN)])
async def test_killed_before_the_answer(tmp_path: Path, bell: str, times: int, became: Status) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/var/stillhere.db"
    async with fleet(tmp_path, url, STILLHERE_DIALOGS=str(BELLS)) as bots:
        ann = Phone(bots.simulator, bots.simulator.people()[0])
        await ring(bots, ann, f"bell.{bell}")
        with bots.simulator.faults.during(Fault(Trouble.HANG_AFTER, "sendMessage")):
            (first,) = await bots.start()
            await bots.heard(lambda: words(ann.person))
            await bots.kill(first)
        await bots.start()
        await bots.up()
        while not (rows := await bots.rows("SELECT status FROM outbox WHERE status >= 2")):
            await real_time(0.05)
        assert [row["status"] for row in rows] == [became]
        assert len(words(ann.person)) == times
        await bots.stop(bots.replicas[0])
        assert len(words(ann.person)) == times
