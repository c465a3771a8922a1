"""A stop takes ten seconds at most, also while PostgreSQL does not answer, and loses nothing."""

import signal
from contextlib import ExitStack
from pathlib import Path

import pytest

from bot.simulator import Fault, Trouble
from tests.integration.replicas.conftest import Server
from tests.integration.replicas.fleet import fleet
from tests.program import words

WITHIN = 10
"""Seconds that a stop may take."""


@pytest.mark.deep  # the seconds for which a stop waits
@pytest.mark.timeout(300)
@pytest.mark.parametrize("calls", [False, True], ids=["idle", "calling"])
@pytest.mark.parametrize("door", ["polling", "webhook"])
async def test_a_stop_does_not_wait_for_a_database_that_is_frozen(
    tmp_path: Path, postgresql: Server, door: str, calls: bool
) -> None:
    async with fleet(tmp_path, postgresql.url, hooked=door == "webhook") as bots:
        ann, _ = bots.simulator.people()
        (replica,) = await bots.start()
        await bots.up()
        ann.starts()
        await bots.heard(lambda: words(ann))
        await bots.settled()
        with ExitStack() as meanwhile:
            if calls:
                meanwhile.enter_context(bots.simulator.faults.during(Fault(Trouble.HANG, "sendMessage", times=None)))
                ann.says("/menu")
                await bots.heard(lambda: bots.simulator.faults.struck)
            postgresql.freeze()
            meanwhile.callback(postgresql.thaw)
            ann.says("/about")
            replica.program.process.send_signal(signal.SIGTERM)
            assert await replica.program.ended(within=WITHIN) == 0, replica.program.said
            assert "Traceback" not in replica.program.said
        bots.replicas.remove(replica)
        await bots.start()
        await bots.heard(lambda: len(words(ann)) == (3 if calls else 2))
        await bots.stop(bots.replicas[0])
