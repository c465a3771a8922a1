"""Many people at several replicas, with Telegram's own limits on: never too fast, and everybody's answers in order."""

import asyncio
from bisect import bisect_right
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.simulator import Simulator
from bot.simulator.limits import LENIENCE, PER_SECOND
from tests.integration.replicas.fleet import fleet
from tests.walking import Phone, crowd, undisturbed

ASKED = ["/start", "/menu", "/about", "/privacy", "/role"]
PEOPLE = 60


@pytest.mark.deep
@pytest.mark.timeout(600)
@pytest.mark.parametrize("door", ["polling", "webhook"])
async def test_replicas_together_keep_telegrams_limits(
    tmp_path: Path, create_postgresql: Callable[[], str], door: str
) -> None:
    calm = await undisturbed(tmp_path, PEOPLE, ASKED)
    telegram = Simulator(limits=True)
    async with fleet(tmp_path, create_postgresql(), hooked=door == "webhook", telegram=telegram) as bots:
        phones = [Phone(telegram, person) for person in crowd(telegram, PEOPLE)]
        await bots.start(3)
        await bots.up()
        for deed in ASKED:
            for phone in phones:
                phone.act(deed)
        wanted = [len(each.shown) for each in calm]
        await bots.heard(lambda: [len(phone.shown) for phone in phones] == wanted, within=240)
        assert [phone.shown for phone in phones] == [list(each.shown) for each in calm]
        sent = [call for call in telegram.journal if call.method.startswith(("send", "edit"))]
        times = sorted(call.at for call in sent)
        busiest = max(bisect_right(times, at + 1 - LENIENCE) - n for n, at in enumerate(times))
        seconds = times[-1] - times[0]
        print(f"{len(times)} calls in {seconds:.1f} s, {busiest} in the busiest second")  # noqa: T201 - seen with `pytest -s`
        refused = [(call.at - times[0], call.method, call.response) for call in sent if not call.ok]
        assert not refused
        assert busiest <= PER_SECOND
        while bots.replicas:
            await asyncio.gather(*(bots.stop(each) for each in bots.replicas[:1]))
