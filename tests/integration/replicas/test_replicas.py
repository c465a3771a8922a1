"""Replicas on one PostgreSQL: no leader, no second queue, one effect of each update, whichever of them it reaches."""

import asyncio
import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.simulator.calls import JournalEntry
from tests.integration.replicas.fleet import SECRET, Fleet, fleet
from tests.program import words

CreateDatabase = Callable[[], str]


async def bring(listen: str, update: dict[str, Any]) -> int:
    """As Telegram brings an update to a webhook; the status it gets."""
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET, "Content-Type": "application/json"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"http://{listen}/hook", data=json.dumps(update), headers=headers) as answer,
    ):
        return answer.status


def text(update_id: int, user_id: int, said: str) -> dict[str, Any]:
    sender, chat = {"id": user_id, "is_bot": False, "first_name": "A"}, {"id": user_id, "type": "private"}
    kind = [{"type": "bot_command", "offset": 0, "length": len(said)}] if said.startswith("/") else []
    message = {"message_id": update_id, "date": 1, "from": sender, "chat": chat, "text": said, "entities": kind}
    return {"update_id": update_id, "message": message}


@pytest.mark.timeout(300)
async def test_behind_a_load_balancer_each_update_has_one_effect(
    tmp_path: Path, create_postgresql: CreateDatabase
) -> None:
    async with fleet(tmp_path, create_postgresql(), hooked=True) as bots:
        ann, ben = bots.simulator.people()
        await bots.start(2)  # both find an empty database, and bring it up to date
        await bots.up()
        ann.starts()
        ben.starts()
        await bots.heard(lambda: words(ann) and words(ben))
        one, other = [each.listen for each in bots.replicas]
        # One update to both at once; then different updates of one person, at once.
        assert await asyncio.gather(*(bring(at, text(901, ann.id, "/menu")) for at in (one, other))) == [200] * 2
        rivals = [bring(one, text(910, ben.id, "/menu")), bring(other, text(911, ben.id, "/about"))]
        assert await asyncio.gather(*rivals) == [200] * 2
        await bots.heard(lambda: len(words(ann)) == 2 and len(words(ben)) == 3)
        for replica in list(bots.replicas):
            await bots.stop(replica)
        assert not await bots.rows("SELECT id FROM outbox WHERE status < 2")
        assert [len(words(person)) for person in (ann, ben)] == [2, 3]
        seen = await bots.rows("SELECT id FROM seen_updates WHERE id > 900 ORDER BY id")
        assert [row["id"] for row in seen] == [901, 910, 911]
        revisions = await bots.rows("SELECT revision FROM sessions ORDER BY user_id")
        assert [row["revision"] for row in revisions] == [2, 3]  # no turn began from what another was just changing


@pytest.mark.timeout(300)
@pytest.mark.deep
async def test_one_polls_and_another_takes_over_from_the_paused_and_from_the_stopped(
    tmp_path: Path, create_postgresql: CreateDatabase
) -> None:
    async with fleet(tmp_path, create_postgresql()) as bots:
        ann, _ = bots.simulator.people()
        await bots.start(2)
        await bots.up()
        first = await bots.poller()
        second = next(each for each in bots.replicas if each is not first)
        ann.starts()
        await bots.heard(lambda: words(ann))

        await bots.settled()  # else, once its claim is over, it would be said again
        first.program.process.send_signal(signal.SIGSTOP)
        await bots.end_lease("poll")
        await bots.until(lambda: second.polls)
        ann.says("/menu")
        await bots.heard(lambda: len(words(ann)) == 2)
        first.program.process.send_signal(signal.SIGCONT)
        await bots.until(lambda: not first.polls)
        refused = len(conflicts(bots))
        assert refused <= 1  # the call that hung while its caller was paused

        await bots.stop(second)
        assert not await bots.rows("SELECT name FROM leases WHERE owner = $1", second.name)  # nothing to wait for
        await bots.until(lambda: first.polls)
        ann.says("/about")
        await bots.heard(lambda: len(words(ann)) == 3)
        await bots.stop(first)
        assert len(words(ann)) == 3
        assert len(conflicts(bots)) <= refused + 2  # never two at a time, but while one hangs up
        assert not await bots.rows("SELECT name FROM leases")


def conflicts(bots: Fleet) -> list[JournalEntry]:
    """Polls that Telegram refused because of another."""
    return [call for call in bots.simulator.calls("getUpdates") if call.response and not call.ok]
