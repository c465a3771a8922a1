"""Everything committed reaches Telegram: in order, in pace, once; whatever Telegram, network or database do."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select

from bot.conversation.channel import Blocked, Rejected, Throttled, Unreachable
from bot.core.clock import SystemClock
from bot.delivery.attempt import backoff
from bot.delivery.sender import GROUP_SIZE, Sender
from bot.storage.database import Database
from bot.storage.messages import LEASE, Draft, Status
from bot.storage.tables import lanes
from bot.storage.tables import users as users_table
from bot.storage.vault import Vault
from tests.clock import AdvancingClock, ClockedDatabase
from tests.memory_wire import Wire
from tests.post import NUDGE, Post, draft, edit

WINDOW = 1.0


@pytest.fixture
def clock() -> AdvancingClock:
    return AdvancingClock()


@pytest.fixture
async def database(database_url: str, clock: AdvancingClock) -> AsyncIterator[Database]:
    opened = ClockedDatabase(database_url, clock)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def post(database: Database, vault: Vault, clock: AdvancingClock) -> Post[AdvancingClock]:
    made = Post(database, vault, clock)
    await made.meet(1, 2, 3, 4, 5, 6)
    return made


@pytest.fixture
def wire(clock: AdvancingClock) -> Wire:
    return Wire(clock)


@asynccontextmanager
async def running(sender: Sender) -> AsyncIterator[Sender]:
    task = asyncio.create_task(sender.run())
    try:
        yield sender
    finally:
        await sender.stop()
        await task


@pytest.fixture
async def sender(post: Post[AdvancingClock], wire: Wire) -> AsyncIterator[Sender]:
    async with running(Sender(post.database, post.vault, wire, post.clock)) as started:
        yield started


async def turn(post: Post[Any], sender: Sender, *drafts: Draft) -> None:
    """What a turn does: settle what is to be settled, write, commit, send."""
    with sender.unsettled() as outcomes:
        claimed = await post.add(*drafts, claim_for=sender.owner(), outcomes=outcomes)
    sender.send(claimed, waiting=len(claimed) < len(drafts))


async def nothing_left(post: Post[AdvancingClock]) -> bool:
    """No lane holds a claim or waits."""
    async with post.database.transaction() as tx:
        return not (await tx.connection.execute(select(lanes).where(lanes.c.next_at.is_not(None)))).all()


def busiest_second(wire: Wire) -> int:
    times = sorted(call.at for call in wire.calls)
    return max(sum(1 for other in times if start <= other < start + WINDOW) for start in times)


# ------------------------------------------------------------------------------------------------ order and pace


async def test_a_turns_message_is_sent_and_settled(post: Post[AdvancingClock], wire: Wire, sender: Sender) -> None:
    await turn(post, sender, draft(8))
    await sender.quiet()
    kept = await post.row(8)
    assert (wire.texts(), kept.status, kept.message_id, kept.payload) == (["8"], Status.SENT, 1000, None)
    assert await nothing_left(post)


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


# ------------------------------------------------------------------------------------------------ Telegram says no


async def test_a_throttled_chat_waits_as_long_as_asked_and_keeps_its_order(
    post: Post[AdvancingClock], wire: Wire, sender: Sender
) -> None:
    wire.faults[1].append(Throttled(7))
    await turn(post, sender, draft(8), draft(9), draft(16, 2))
    await wire.heard(3)
    await sender.quiet()
    first, *_, again, _ = sorted((call for call in wire.calls if call.chat == 1), key=lambda call: call.at)
    assert wire.texts(1) == ["8", "9"]
    assert again.at - first.at == pytest.approx(7, abs=1e-3)
    assert next(call.at for call in wire.calls if call.chat == 2) - first.at < 0.5
    assert sender.counts == {"sent": 3, "throttled": 1}


@pytest.mark.parametrize("kinds", [[Throttled(7, everywhere=True)], [Throttled(7), Throttled(7)]])
async def test_a_throttled_bot_sends_nothing_to_anybody(
    post: Post[AdvancingClock], wire: Wire, sender: Sender, kinds: list[Throttled]
) -> None:
    for chat, fault in enumerate(kinds, start=1):
        wire.faults[chat].append(fault)
    await turn(post, sender, draft(8, 1), draft(16, 2))
    await wire.next_call()
    refused = wire.calls[len(kinds) - 1].at
    await turn(post, sender, draft(24, 3))
    await wire.heard(3)
    await sender.quiet()
    assert all(call.at - refused >= 7 for call in wire.calls[2:])
    assert sorted(wire.texts()) == ["16", "24", "8"]


async def test_two_throttled_chats_far_apart_are_two_chats(
    post: Post[AdvancingClock], wire: Wire, sender: Sender
) -> None:
    for chat in (1, 2):
        wire.faults[chat].append(Throttled(30))
        await turn(post, sender, draft(8 * chat, chat))
        await wire.next_call()
        post.clock.advance(timedelta(seconds=1.5))
    await sender.quiet()
    assert sender._paused_until == 0


async def test_who_blocked_the_bot_is_left_in_peace(post: Post[AdvancingClock], wire: Wire, sender: Sender) -> None:
    wire.faults[1].append(Blocked("Forbidden"))
    wire.gate.clear()
    await turn(post, sender, draft(8), draft(9), draft(24, 2))
    await turn(post, sender, draft(16))
    wire.gate.set()
    await sender.quiet()
    assert [(call.chat, call.answer) for call in wire.calls if call.chat == 1] == [(1, "Blocked")]
    assert await post.counts() == {Status.EXPIRED: 3, Status.SENT: 1}
    async with post.database.transaction() as tx:
        blocked = select(users_table.c.id).where(users_table.c.blocked_at.is_not(None))
        assert list((await tx.connection.execute(blocked)).scalars()) == [1]


async def test_a_refused_message_is_a_dead_letter_and_its_lane_goes_on(
    post: Post[AdvancingClock], wire: Wire, sender: Sender
) -> None:
    wire.faults[1].append(Rejected('Bad Request: can\'t parse "I am so tired"'))
    await turn(post, sender, draft(8), draft(9))
    await sender.quiet()
    dead = await post.row(8)
    assert (wire.texts(), dead.status, dead.payload) == (["9"], Status.DEAD, None)
    assert dead.error == 'Bad Request: can\'t parse "…"'
    assert sender.counts == {"sent": 1, "dead": 1}


async def test_a_fault_of_the_channel_is_a_dead_letter_too(
    post: Post[AdvancingClock], wire: Wire, sender: Sender
) -> None:
    wire.faults[1].append(ValueError("I am so tired"))
    await turn(post, sender, draft(8), draft(9))
    await sender.quiet()
    assert wire.texts() == ["9"]
    assert (await post.row(8)).error == "fault of the program: ValueError"


async def test_an_edit_of_a_message_that_is_gone_is_said_anew(
    post: Post[AdvancingClock], wire: Wire, sender: Sender
) -> None:
    wire.faults[1].append(Rejected("Bad Request: message to edit not found", gone=True))
    await turn(post, sender, edit(8, message_id=77))
    await sender.quiet()
    assert [(call.method, call.message_id, call.text) for call in wire.calls] == [
        ("editMessageText", 77, "edited"),
        ("sendMessage", 0, "edited"),
    ]
    assert (await post.row(8)).message_id == 1000


async def test_buttons_on_a_message_that_is_gone_need_no_clearing(
    post: Post[AdvancingClock], wire: Wire, sender: Sender
) -> None:
    wire.faults[1].append(Rejected("Bad Request: message to edit not found", gone=True))
    await turn(post, sender, replace(edit(8, message_id=77, text=""), method="editMessageReplyMarkup"))
    await sender.quiet()
    assert (len(wire.calls), await post.status(8)) == (1, Status.SENT)


# ---------------------------------------------------------------------------------------------- the network fails


async def test_what_never_left_is_tried_again_in_order(post: Post[AdvancingClock], wire: Wire, sender: Sender) -> None:
    wire.faults[1].extend(Unreachable("no route", left=False) for _ in range(3))
    await turn(post, sender, draft(8, if_unknown="drop"), draft(9))
    await wire.heard(2)
    await sender.quiet()
    assert wire.texts() == ["8", "9"]
    waits = [later.at - earlier.at for earlier, later in pairwise(wire.calls[:4])]
    assert waits == pytest.approx([0.5, 1, 2], abs=0.01)


@pytest.mark.parametrize(
    ("kind", "texts", "status"),
    [("resend", ["8"], Status.SENT), ("drop", [], Status.UNKNOWN), ("ask", [], Status.UNKNOWN)],
)
async def test_when_nobody_knows_the_message_itself_decides(
    post: Post[AdvancingClock], wire: Wire, kind: str, texts: list[str], status: Status
) -> None:
    unknown: list[int] = []
    wire.faults[1].append(Unreachable("cut off", left=True))
    async with running(Sender(post.database, post.vault, wire, post.clock, on_unknown=unknown.extend)) as sender:
        await turn(post, sender, draft(8, if_unknown=kind), draft(9))
        await wire.heard(len(texts) + 1)
        await sender.quiet()
    assert wire.texts() == [*texts, "9"]
    assert (await post.row(8)).status == status
    assert unknown == ([8] if status == Status.UNKNOWN else [])


def test_patience_grows_up_to_a_minute() -> None:
    assert [backoff(attempts) for attempts in (1, 2, 3, 8, 500)] == [0.5, 1, 2, 60, 60]


# --------------------------------------------------------------------------------------------- the database fails


async def test_outcomes_outlive_a_database_that_cannot_write(
    post: Post[AdvancingClock], wire: Wire, sender: Sender
) -> None:
    if post.database.dialect != "sqlite":
        pytest.skip("SQLite has the one connection that this test can spoil")
    wire.gate.clear()
    await turn(post, sender, draft(8), draft(16, 2))
    await wire.heard(2)
    await pragma(post, "query_only = ON")
    wire.gate.set()
    asking = asyncio.create_task(sender.quiet())
    await post.clock.until(post.clock.now() + timedelta(minutes=1))  # it has backed off many times
    await pragma(post, "query_only = OFF")
    await asking
    assert sorted(wire.texts()) == ["16", "8"]
    assert await post.counts() == {Status.SENT: 2}
    assert await nothing_left(post)


async def pragma(post: Post[AdvancingClock], words: str) -> None:
    assert post.database._engine is not None
    async with post.database._engine.connect() as connection:
        await connection.exec_driver_sql(f"PRAGMA {words}")


async def test_outcomes_that_rode_with_a_failed_turn_are_settled_all_the_same(
    post: Post[AdvancingClock], wire: Wire, sender: Sender
) -> None:
    await turn(post, sender, draft(8))
    await wire.next_call()

    async def fail() -> None:
        with sender.unsettled() as outcomes:
            assert [outcome.id for outcome in outcomes] in ([], [8])
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    await sender.quiet()
    assert await post.counts() == {Status.SENT: 1}


async def test_settlement_rides_with_turns_under_load(post: Post[AdvancingClock], wire: Wire) -> None:
    rode = 0
    async with running(Sender(post.database, post.vault, wire, post.clock, rate=0)) as sender:
        for number in range(30):
            with sender.unsettled() as outcomes:
                rode += len(outcomes)
                claimed = await post.add(
                    *(draft(chat * 1000 + number, chat) for chat in (1, 2, 3)),
                    claim_for=sender.owner(),
                    outcomes=outcomes,
                )
            sender.send(claimed, waiting=len(claimed) < 3)
        await sender.quiet()
    for chat in (1, 2, 3):
        assert wire.texts(chat) == [str(chat * 1000 + number) for number in range(30)]
    assert rode > 0
    assert await post.counts() == {Status.SENT: 90}


async def test_a_full_group_is_settled_at_once(post: Post[AdvancingClock], wire: Wire) -> None:
    people = range(100, 100 + GROUP_SIZE)
    await post.meet(*people)
    async with running(Sender(post.database, post.vault, wire, post.clock, rate=0)) as sender:
        sender.send(await post.add(*(draft(chat, chat) for chat in people), claim_for=sender.owner()))
        while await post.counts() != {Status.SENT: GROUP_SIZE}:
            pass


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


async def test_a_claim_that_grew_old_before_it_was_sent_is_given_back(post: Post[AdvancingClock], wire: Wire) -> None:
    sender = Sender(post.database, post.vault, wire, post.clock)
    claimed = await post.add(draft(8, if_unknown="drop"), claim_for=sender.owner())
    post.clock.advance(timedelta(seconds=LEASE - 1))
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
    assert all(sender.counts["sent"] > 10 for sender in senders)
    assert await post.counts() == {Status.SENT: 120}
    await database.close()
