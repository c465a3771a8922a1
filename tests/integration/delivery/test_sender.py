"""Everything committed reaches Telegram in order and in pace, once, whenever the program starts and ends."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import pairwise

import pytest

from bot.core.clock import SystemClock
from bot.delivery.patience import PATIENCE
from bot.delivery.sender import Sender
from bot.storage.claims import Claim
from bot.storage.messages import LEASE, Status
from bot.storage.vault import Vault
from tests.clock import AdvancingClock, ClockedDatabase
from tests.memory_wire import Wire
from tests.post import NUDGE, Post, draft, running, turn

WINDOW = 1.0


def busiest_second(wire: Wire) -> int:
    times = sorted(call.at for call in wire.calls)
    return max(sum(1 for other in times if start <= other < start + WINDOW) for start in times)


# ------------------------------------------------------------------------------------------------ order and pace


async def test_a_turns_message_is_sent_and_settled(post: Post[AdvancingClock], wire: Wire, sender: Sender) -> None:
    await turn(post, sender, draft(8))
    await sender.quiet()
    kept = await post.row(8)
    assert (wire.texts(), kept.status, kept.message_id, kept.payload) == (["8"], Status.SENT, 1000, None)
    assert await post.idle()


async def test_each_chat_reads_its_messages_in_order(post: Post[AdvancingClock], wire: Wire, sender: Sender) -> None:
    wire.latency = 0.2
    for number in range(10):
        await turn(post, sender, *(draft(100 * chat + number, chat) for chat in (1, 2, 3)))
    await sender.quiet()
    for chat in (1, 2, 3):
        assert wire.texts(chat) == [str(100 * chat + number) for number in range(10)]


async def test_a_slow_chat_holds_up_nobody_else(post: Post[AdvancingClock], wire: Wire, sender: Sender) -> None:
    wire.gate.clear()
    await turn(post, sender, draft(8, 1))
    await turn(post, sender, draft(16, 1), draft(24, 2))
    await wire.heard(2)
    assert wire.texts() == ["8", "24"]
    wire.gate.set()
    await sender.quiet()
    assert wire.texts() == ["8", "24", "16"]


async def test_no_second_ever_holds_more_than_telegram_allows(
    post: Post[AdvancingClock], wire: Wire, sender: Sender
) -> None:
    people = range(100, 250 if post.database.dialect == "sqlite" else 160)
    await post.meet(*people)
    began = post.clock.machine()
    await turn(post, sender, *(draft(chat, chat) for chat in people))
    await sender.quiet()
    assert sorted(wire.texts()) == sorted(str(chat) for chat in people)
    assert busiest_second(wire) <= 30
    assert post.clock.machine() - began < len(people) / 27 + 0.5  # and nothing of the allowance is wasted


async def test_one_chat_gets_five_at_once_and_then_one_a_second(
    post: Post[AdvancingClock], wire: Wire, sender: Sender
) -> None:
    await turn(post, sender, *(draft(number) for number in range(9)))
    await sender.quiet()
    assert wire.texts() == [str(number) for number in range(9)]
    times = [call.at for call in wire.calls]
    assert times[4] - times[0] < 0.2
    assert all(later - earlier >= 0.8 for earlier, later in pairwise(times[4:]))


async def test_replies_overtake_a_crowd_of_nudges(post: Post[AdvancingClock], wire: Wire, sender: Sender) -> None:
    people = range(100, 160)
    await post.meet(*people)
    await turn(post, sender, *(draft(chat, chat, NUDGE) for chat in people))
    await turn(post, sender, draft(8))
    await sender.quiet()
    assert len(wire.calls) == 61
    assert wire.texts().index("8") < 10


async def test_a_rate_of_zero_lifts_every_limit(post: Post[AdvancingClock], wire: Wire) -> None:
    began = post.clock.machine()
    async with running(Sender(post.database, post.vault, wire, post.clock, rate=0)) as sender:
        await turn(post, sender, *(draft(number) for number in range(100)))
        await sender.quiet()
    assert len(wire.calls) == 100
    assert post.clock.machine() == began


# ----------------------------------------------------------------------------------------------- start and end


async def test_what_waited_is_sent_after_a_start(post: Post[AdvancingClock], wire: Wire) -> None:
    await post.add(draft(8), draft(16, 2, NUDGE))
    async with running(Sender(post.database, post.vault, wire, post.clock)) as sender:
        await sender.quiet()
    assert wire.texts() == ["8", "16"]


async def test_claims_of_a_killed_program_are_served_after_a_start(post: Post[AdvancingClock], wire: Wire) -> None:
    await post.add(draft(8), draft(16, 2, NUDGE, if_unknown="drop"), claim_for=post.owner("killed"))
    if post.database.dialect == "postgresql":  # others may be alive: their leases count
        post.clock.advance(timedelta(seconds=LEASE))
    async with running(Sender(post.database, post.vault, wire, post.clock)) as sender:
        await wire.heard(1)
        await sender.quiet()
    assert wire.texts() == ["8"]
    assert await post.counts() == {Status.SENT: 1, Status.UNKNOWN: 1}


async def test_a_claim_that_nobody_serves_is_taken_over_by_a_running_sender(
    post: Post[AdvancingClock], wire: Wire, sender: Sender
) -> None:
    await post.add(draft(8), claim_for=sender.owner())  # and the answer to the commit was lost
    await turn(post, sender, draft(16, 2))
    await wire.heard(1)
    assert wire.texts() == ["16"]
    post.clock.advance(timedelta(seconds=LEASE))
    await sender.quiet()
    assert wire.texts() == ["16", "8"]


async def test_stopping_finishes_what_is_under_way_and_gives_the_rest_back(
    post: Post[AdvancingClock], wire: Wire
) -> None:
    sender = Sender(post.database, post.vault, wire, post.clock)
    running_task = asyncio.create_task(sender.run())
    wire.gate.clear()
    await turn(post, sender, draft(8), draft(9), draft(10))
    await wire.next_call()
    stopping = asyncio.create_task(sender.stop())
    await asyncio.sleep(0)
    assert sender.owner() is None
    wire.gate.set()
    await asyncio.gather(stopping, running_task)
    assert wire.texts() == ["8"]
    assert [((await post.row(message)).status, (await post.row(message)).attempts) for message in (8, 9, 10)] == [
        (Status.SENT, 1),
        (Status.PENDING, 0),
        (Status.PENDING, 0),
    ]
    assert (await post.lane(1)).owner is None
    async with running(Sender(post.database, post.vault, wire, post.clock)) as successor:
        await successor.quiet()
    assert wire.texts() == ["8", "9", "10"]


async def test_what_a_turn_had_claimed_that_commits_after_the_end_is_given_back(
    post: Post[AdvancingClock], wire: Wire
) -> None:
    async with running(Sender(post.database, post.vault, wire, post.clock)) as sender:
        owner = sender.owner()
    assert sender._ended.is_set()
    sender.send(await post.add(draft(8, 1, NUDGE, if_unknown="drop"), draft(9), claim_for=owner))
    await sender.close()
    kept = await post.row(8)
    assert (kept.status, kept.attempts, (await post.lane(1)).owner) == (Status.PENDING, 0, None)
    async with running(Sender(post.database, post.vault, wire, post.clock)) as successor:
        await successor.quiet()
    assert wire.texts() == ["9", "8"]


async def test_a_claim_too_old_to_be_sent_and_settled_in_time_is_given_back(
    post: Post[AdvancingClock], wire: Wire
) -> None:
    sender = Sender(post.database, post.vault, wire, post.clock)
    claimed = await post.add(draft(8, if_unknown="drop"), claim_for=sender.owner())
    post.clock.advance(timedelta(seconds=LEASE - PATIENCE - 1))
    sender.send(claimed)
    await asyncio.gather(*sender._tasks)
    assert wire.calls == []
    async with running(sender):
        await sender.quiet()
    assert (wire.texts(), (await post.row(8)).attempts) == (["8"], 1)


async def test_what_frees_a_lane_settles_all_of_its_claim(post: Post[AdvancingClock], wire: Wire) -> None:
    sender = Sender(post.database, post.vault, wire, post.clock)
    wire.gate.clear()
    wire.gated = {"9"}
    sender.send(await post.add(draft(8), draft(9), claim_for=sender.owner()))
    await wire.heard(2)
    with sender.unsettled() as riding:
        assert [outcome.id for outcome in riding] == [8]
        wire.gate.set()
        await asyncio.gather(*sender._tasks)
        await sender._settle()
        assert await post.counts() == {Status.SENT: 2}
        assert (await post.lane(1)).owner is None


async def test_a_turn_that_frees_a_lane_settles_all_of_its_claim(post: Post[AdvancingClock], wire: Wire) -> None:
    """Another turn is still writing what became of the earlier messages, and may yet fail to."""
    sender = Sender(post.database, post.vault, wire, post.clock)
    wire.gate.clear()
    wire.gated = {"9"}
    sender.send(await post.add(draft(8), draft(9), claim_for=sender.owner()))
    await wire.heard(2)
    with sender.unsettled() as slow:
        wire.gate.set()
        await asyncio.gather(*sender._tasks)
        with sender.unsettled() as quick:
            await post.add(outcomes=quick)
        assert await post.counts() == {Status.SENT: 2}
        assert (await post.claim("another replica")).messages == []
        await post.add(outcomes=slow)
    assert await post.counts() == {Status.SENT: 2}
    assert sender._done == []


async def test_what_a_turn_writes_while_the_sender_looks_is_not_forgotten(
    post: Post[AdvancingClock], wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look is over in the database, and not yet in the sender, when a turn says that something waits."""
    sender = Sender(post.database, post.vault, wire, post.clock)
    look, late = sender._claim, [draft(16)]

    async def slowly() -> Claim | None:
        found = await look()
        if wire.texts() == ["8"] and late:
            await post.add(late.pop())
            sender.send([], waiting=True)
        return found

    monkeypatch.setattr(sender, "_claim", slowly)
    async with running(sender):
        await turn(post, sender, draft(8))
        await sender.quiet()
        await wire.heard(2)
    assert wire.texts() == ["8", "16"]


async def test_what_waited_for_a_lane_that_is_freed_while_the_sender_looks_is_not_forgotten(
    post: Post[AdvancingClock], wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look leaves the busy lane out; by its end another chat's turn has settled what kept it busy."""
    sender = Sender(post.database, post.vault, wire, post.clock)
    look = sender._claim

    async def slowly() -> Claim | None:
        found = await look()
        if not wire.gate.is_set():
            wire.gate.set()
            await asyncio.gather(*sender._tasks)
            await turn(post, sender)
        return found

    wire.gate.clear()
    await turn(post, sender, draft(8))
    await wire.heard(1)
    await turn(post, sender, draft(16))
    monkeypatch.setattr(sender, "_claim", slowly)
    async with running(sender):
        await sender.quiet()
        await wire.heard(2)
    assert wire.texts() == ["8", "16"]


async def test_an_idle_sender_asks_the_database_nothing(
    post: Post[AdvancingClock], sender: Sender, settled: Callable[[], Awaitable[None]]
) -> None:
    if post.database.dialect != "sqlite":
        pytest.skip("on PostgreSQL others may have written")
    await turn(post, sender, draft(8))
    await sender.quiet()
    before = post.clock.machine()
    await settled()
    assert post.clock.machine() == before
    assert sender._wake.is_set() is False


@pytest.fixture
def settled() -> Callable[[], Awaitable[None]]:
    async def wait() -> None:
        for _ in range(100):
            await asyncio.sleep(0)

    return wait


async def test_several_senders_share_the_work_and_the_budget(database_url: str, vault: Vault) -> None:
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite has one sender")
    clock, people = SystemClock(), range(100, 140)
    database = ClockedDatabase(database_url, clock)
    await database.open()
    post, wire = Post(database, vault, clock, rate=100), Wire(clock)
    await post.meet(*people)
    senders = [Sender(database, vault, wire, clock, rate=100) for _ in range(3)]
    async with running(senders[0]), running(senders[1]), running(senders[2]):
        for number in range(3):
            for n, chat in enumerate(people):
                await turn(post, senders[(n + number) % 3], draft(chat * 10 + number, chat))
        await wire.heard(120)
        await asyncio.gather(*(sender.quiet() for sender in senders))
    for chat in people:
        assert wire.texts(chat) == [str(chat * 10 + number) for number in range(3)]
    assert wire.calls[-1].at - wire.calls[0].at > (120 - 10) / 90 - 0.1
    assert sum(sender.counts["sent"] for sender in senders) == 120
    assert await post.counts() == {Status.SENT: 120}
    await database.close()
