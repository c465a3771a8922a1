"""Messages wait in their lanes, leave in order and in pace, and belong to one sender at a time."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import chain

import orjson
import pytest
from sqlalchemy import select

from bot.core.errors import StatementRefused
from bot.storage import outbox, users
from bot.storage.messages import LEASE, Claimed, Status, outcome
from bot.storage.tables import lanes
from bot.storage.tables import users as users_table
from tests.clock import AdvancingClock
from tests.post import NUDGE, PROMISE, REPLY, Post, draft, sent, someone_waits


def ids(claimed: list[Claimed]) -> list[int]:
    return [row.id for row in claimed]


# ------------------------------------------------------------------------------------------------ the turn's own


async def test_a_turns_messages_are_its_own_when_nothing_older_waits(post: Post[AdvancingClock]) -> None:
    claimed = await post.add(draft(8), draft(9), claim_for=post.owner("a"))
    assert [(row.id, orjson.loads(row.body)["text"], row.attempts) for row in claimed] == [(8, "8", 1), (9, "9", 1)]
    assert (await post.row(8)).status == Status.CLAIMED
    assert (await post.claim("b")).messages == []


async def test_a_message_waits_behind_what_is_being_sent(post: Post[AdvancingClock]) -> None:
    await post.add(draft(8), claim_for=post.owner("a"))
    assert await post.add(draft(16), claim_for=post.owner("b")) == []
    assert await post.status(16) == Status.PENDING


async def test_a_message_waits_behind_older_ones_of_its_lane(post: Post[AdvancingClock]) -> None:
    await post.add(draft(8))
    assert await post.add(draft(16), claim_for=post.owner("a")) == []
    assert ids((await post.claim("b")).messages) == [8, 16]


async def test_the_budgets_room_is_shared_out_by_urgency(post: Post[AdvancingClock]) -> None:
    nudges = [draft(chat * 8, chat, NUDGE) for chat in (1, 2, 3)]
    claimed = await post.add(*nudges, draft(32, 4), draft(40, 5), claim_for=post.owner("a"))
    assert sorted(ids(claimed)) == [8, 32, 40]
    assert (await post.claim("b")).messages == []


async def test_slots_that_were_not_used_are_given_back(post: Post[AdvancingClock]) -> None:
    await post.add(draft(8))
    assert await post.add(draft(9), draft(10), draft(11), claim_for=post.owner("a")) == []
    assert ids((await post.claim("b", want=2)).messages) == [8, 9]
    assert ids((await post.claim("c", busy={"chat:1"})).messages) == []
    assert ids(await post.add(draft(24, 2), claim_for=post.owner("d"))) == [24]


async def test_only_what_is_claimed_is_paid_for(post: Post[AdvancingClock]) -> None:
    await post.add(draft(8))
    assert ids(await post.add(draft(9), draft(10), draft(16, 2), claim_for=post.owner("a"))) == [16]
    assert ids(await post.add(draft(24, 3), draft(32, 4), claim_for=post.owner("b"))) == [24, 32]


async def test_an_id_that_is_taken_is_refused_and_the_first_message_stays(post: Post[AdvancingClock]) -> None:
    await post.add(draft(8, text="first"))
    with pytest.raises(StatementRefused):
        await post.add(draft(8, text="again"), draft(16, 2), claim_for=post.owner("a"))
    assert [orjson.loads(row.body)["text"] for row in (await post.claim("b")).messages] == ["first"]


async def test_what_is_committed_as_claimed_is_gone_with_a_rollback(post: Post[AdvancingClock]) -> None:
    async def fail() -> None:
        async with post.database.transaction() as tx:
            await outbox.add(tx, [(post.people[1].key, draft(8))], post.clock.now(), claim_for=post.owner("a"))
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert ids(await post.add(draft(8), claim_for=post.owner("b"))) == [8]


# ----------------------------------------------------------------------------------------------- order and pace


async def test_replies_leave_before_promises_before_nudges(post: Post[AdvancingClock]) -> None:
    await post.add(draft(8, 1, NUDGE), draft(16, 2, PROMISE), draft(24, 3, REPLY))
    await post.add(draft(32, 4, NUDGE), draft(40, 4, REPLY))
    order = []
    for token in "abcde":
        post.clock.advance(timedelta(seconds=1))
        order += ids((await post.claim(token, want=1)).messages)
    assert order == [24, 40, 16, 8]


async def test_within_a_lane_the_urgent_overtake_and_equals_keep_their_order(post: Post[AdvancingClock]) -> None:
    await post.add(draft(2**62, 1, PROMISE))
    post.clock.advance(timedelta(minutes=1))
    await post.add(draft(16, 1, PROMISE), draft(24, 1, REPLY))
    assert ids((await post.claim("a")).messages) == [24, 2**62, 16]


@pytest.mark.parametrize("steps", [[-1], [-3600, 1800], [0, 0, 0], [-1, 2, -1, -60]], ids=str)
async def test_equals_leave_in_the_order_of_their_writing_whatever_clocks_and_ids_show(
    post: Post[AdvancingClock], steps: list[int]
) -> None:
    """A clock is set, or several replicas write whose clocks differ."""
    post.limits = replace(post.limits, budget=None)
    written = [1000 - n for n in range(len(steps) + 1)]
    for number, step in zip(written, [0, *steps], strict=True):
        post.clock.advance(timedelta(seconds=step))
        await post.add(draft(number))
    post.clock.advance(timedelta(hours=2))
    assert ids((await post.claim("a")).messages) == written


async def test_what_comes_back_leaves_before_what_was_written_meanwhile_by_a_slower_clock(
    post: Post[AdvancingClock],
) -> None:
    post.limits = replace(post.limits, budget=None)
    first, second = await post.add(draft(900), draft(901), claim_for=post.owner("a"))
    post.clock.advance(timedelta(seconds=-1))
    await post.add(draft(8), draft(9))
    await post.settle(*(replace(outcome(row, Status.PENDING), last=row is second) for row in (first, second)))
    post.clock.advance(timedelta(seconds=2))
    assert ids((await post.claim("b")).messages) == [900, 901, 8, 9]


async def test_of_two_who_write_at_once_the_one_who_commits_first_is_first(post: Post[AdvancingClock]) -> None:
    if post.database.dialect == "sqlite":
        pytest.skip("one writer at a time")
    late = post.clock.now()
    async with post.database.transaction() as tx:
        await outbox.add(tx, [(post.people[1].key, draft(900))], late)
        post.clock.advance(timedelta(seconds=-1))
        other = asyncio.create_task(post.add(draft(8)))
        await someone_waits(post.database)
    await other
    post.clock.advance(timedelta(seconds=1))
    assert ids((await post.claim("a")).messages) == [900, 8]


async def test_a_lane_gives_five_at_once_and_then_one_a_second(post: Post[AdvancingClock]) -> None:
    post.limits = replace(post.limits, budget=None)
    await post.add(*(draft(number) for number in range(8, 16)))
    first = (await post.claim("a")).messages
    assert ids(first) == [8, 9, 10, 11, 12]
    await post.settle(*[sent(row, last=row is first[-1]) for row in first])
    for number in (13, 14, 15):
        waiting = await post.claim("b")
        assert (waiting.messages, waiting.wait) == ([], 1.0)
        post.clock.advance(timedelta(seconds=1))
        (row,) = (await post.claim("c")).messages
        assert row.id == number
        await post.settle(sent(row))
    assert (await post.claim("d")).wait is None


async def test_the_pace_of_a_lane_outlives_its_emptiness(post: Post[AdvancingClock]) -> None:
    post.limits = replace(post.limits, budget=None)
    for number in range(8, 13):
        (row,) = await post.add(draft(number), claim_for=post.owner(f"a{number}"))
        await post.settle(sent(row))
    assert await post.add(draft(13), claim_for=post.owner("b")) == []
    assert (await post.claim("c")).wait == 1.0


async def test_without_limits_everything_leaves_at_once(post: Post[AdvancingClock]) -> None:
    post.limits = replace(post.limits, budget=None, lane=replace(post.limits.lane, interval=0))
    many = [draft(number, 1 + number % 6) for number in range(100)]
    assert len(await post.add(*many, claim_for=post.owner("a"))) == 100


# ----------------------------------------------------------------------------------------------------- settlement


async def test_settlement_wipes_the_words_and_keeps_the_id(post: Post[AdvancingClock]) -> None:
    (row,) = await post.add(draft(8, text="do not keep me"), claim_for=post.owner("a"))
    assert b"keep" not in (await post.row(8)).payload
    await post.settle(sent(row, 77))
    kept = await post.row(8)
    assert (kept.status, kept.payload, kept.message_id) == (Status.SENT, None, 77)
    assert ((await post.lane(1)).owner, (await post.lane(1)).next_at) == (None, None)


async def test_settlement_may_be_written_twice(post: Post[AdvancingClock]) -> None:
    (row,) = await post.add(draft(8), claim_for=post.owner("a"))
    await post.settle(sent(row, 77))
    (other,) = await post.add(draft(16), claim_for=post.owner("b"))
    await post.settle(sent(row, 77))
    assert (await post.lane(1)).owner == other.owner.token


async def test_a_claim_is_over_with_its_last_message(post: Post[AdvancingClock]) -> None:
    first, second = await post.add(draft(8), draft(9), claim_for=post.owner("a"))
    await post.settle(sent(first, last=False))
    assert (await post.lane(1)).owner == "a"
    await post.settle(sent(second))
    assert (await post.lane(1)).owner is None


async def test_settlement_rides_with_the_next_turn_and_frees_the_lane_for_it(post: Post[AdvancingClock]) -> None:
    (row,) = await post.add(draft(8), claim_for=post.owner("a"))
    assert ids(await post.add(draft(16), claim_for=post.owner("b"), outcomes=[sent(row)])) == [16]
    assert await post.status(8) == Status.SENT


async def test_what_has_to_wait_stays_first_and_its_lane_rests(post: Post[AdvancingClock]) -> None:
    first, second = await post.add(draft(8), draft(9), claim_for=post.owner("a"))
    back = replace(outcome(first, Status.PENDING, wait=7.5), last=False)
    await post.settle(back, replace(outcome(second, Status.PENDING, wait=7.5), tried=False))
    assert (await post.claim("b")).wait == 7.5
    post.clock.advance(timedelta(seconds=7.5))
    again = (await post.claim("c")).messages
    assert [(row.id, row.attempts) for row in again] == [(8, 2), (9, 1)]


async def test_a_pause_of_the_whole_bot_is_exact_and_holds_for_every_sender(post: Post[AdvancingClock]) -> None:
    (row,) = await post.add(draft(8), claim_for=post.owner("a"))
    await post.settle(replace(outcome(row, Status.PENDING, wait=5), throttled=True, everywhere=True))
    assert await post.add(draft(16, 2), claim_for=post.owner("b")) == []
    assert (await post.claim("c")).wait == pytest.approx(5, abs=1e-6)
    post.clock.advance(timedelta(seconds=5))
    assert len((await post.claim("d")).messages) == 1
    assert (await post.claim("e")).crowded


async def test_who_blocked_the_bot_is_marked_and_what_waits_for_them_expires(post: Post[AdvancingClock]) -> None:
    (row,) = await post.add(draft(8), claim_for=post.owner("a"))
    await post.add(draft(16), draft(24, 2))
    await post.settle(replace(outcome(row, Status.EXPIRED), blocked=True))
    assert [await post.status(message) for message in (8, 16, 24)] == [Status.EXPIRED, Status.EXPIRED, Status.PENDING]
    assert ((await post.row(16)).payload, (await post.lane(1)).next_at) == (None, None)
    async with post.database.transaction() as tx:
        marked = (await tx.connection.execute(select(users_table.c.id).where(users_table.c.blocked_at > 0))).scalars()
        assert list(marked) == [1]


# ---------------------------------------------------------------------------------------- claims left by the dead


async def test_a_claim_is_taken_over_when_its_lease_ends_and_not_before(post: Post[AdvancingClock]) -> None:
    await post.add(draft(8), claim_for=post.owner("dead"))
    post.clock.advance(timedelta(seconds=LEASE - 0.1))
    early = await post.claim("b")
    assert (early.messages, early.held, early.wait) == ([], 1, None)
    post.clock.advance(timedelta(seconds=0.1))
    (row,) = (await post.claim("c")).messages
    assert (row.id, row.attempts) == (8, 2)


async def test_an_unknown_outcome_is_sent_again_dropped_or_asked_about(post: Post[AdvancingClock]) -> None:
    kinds = [draft(8), draft(9, if_unknown="drop"), draft(10, if_unknown="ask")]
    await post.add(*kinds, claim_for=post.owner("dead"))
    post.clock.advance(timedelta(seconds=LEASE))
    claim = await post.claim("b")
    assert (ids(claim.messages), claim.unknown) == ([8], [9, 10])
    assert [await post.status(message) for message in (9, 10)] == [Status.UNKNOWN, Status.UNKNOWN]


async def test_who_lost_the_lease_may_report_success_and_nothing_else(post: Post[AdvancingClock]) -> None:
    first, second = await post.add(draft(8), draft(9), claim_for=post.owner("slow"))
    post.clock.advance(timedelta(seconds=LEASE))
    taken = (await post.claim("b")).messages
    await post.settle(sent(first, 77, last=False), outcome(second, Status.DEAD))
    assert [await post.status(message) for message in (8, 9)] == [Status.SENT, Status.CLAIMED]
    assert (await post.lane(1)).owner == "b"
    await post.settle(replace(outcome(taken[0], Status.PENDING, wait=3), last=False), sent(taken[1], 78))
    assert (await post.row(8)).message_id == 77
    assert [await post.status(message) for message in (8, 9)] == [Status.SENT, Status.SENT]


async def test_a_late_success_also_settles_what_was_given_up(post: Post[AdvancingClock]) -> None:
    (row,) = await post.add(draft(8, if_unknown="drop"), claim_for=post.owner("slow"))
    post.clock.advance(timedelta(seconds=LEASE))
    assert (await post.claim("b")).unknown == [8]
    await post.settle(sent(row))
    assert await post.status(8) == Status.SENT


# ---------------------------------------------------------------------------------------------- expiry and pruning


async def test_a_nudge_is_skipped_after_its_window_and_a_reply_kept_for_a_day(post: Post[AdvancingClock]) -> None:
    window = post.clock.now() + timedelta(minutes=30)
    await post.add(draft(8, 1, NUDGE, expires_at=window), draft(16, 1))
    post.clock.advance(timedelta(minutes=30))
    assert ids((await post.claim("a")).messages) == [16]
    assert (await post.row(8)).payload is None
    assert await post.status(8) == Status.EXPIRED


async def test_a_lane_full_of_expired_messages_becomes_idle(post: Post[AdvancingClock]) -> None:
    window = post.clock.now() + timedelta(minutes=30)
    await post.add(*(draft(number, 1, NUDGE, expires_at=window) for number in range(8, 28)))
    post.clock.advance(timedelta(hours=1))
    rounds = 0
    while (claim := await post.claim("a")).wait is not None:
        post.clock.advance(timedelta(seconds=claim.wait))
        rounds += 1
        assert rounds < 20
    assert await post.counts() == {Status.EXPIRED: 20}


async def test_ids_are_known_until_they_are_pruned(post: Post[AdvancingClock]) -> None:
    (first,) = await post.add(draft(8), claim_for=post.owner("a"))
    await post.settle(sent(first, 77))
    early = post.clock.now()
    post.clock.advance(timedelta(hours=49))
    (second,) = await post.add(draft(16), claim_for=post.owner("b"))
    await post.add(draft(24))
    await post.settle(sent(second, 78))
    async with post.database.transaction() as tx:
        assert [said.message_id for said in await outbox.of_user(tx, 1, early)] == [77, 78]
        await outbox.prune(tx, post.clock.now() - timedelta(hours=48))
        assert [said.message_id for said in await outbox.of_user(tx, 1, early)] == [78]
    assert await post.counts() == {Status.SENT: 1, Status.PENDING: 1}


async def test_pruning_forgets_idle_lanes_alone(post: Post[AdvancingClock]) -> None:
    (row,) = await post.add(draft(8), claim_for=post.owner("a"))
    await post.settle(sent(row))
    await post.add(draft(16, 2))
    post.clock.advance(timedelta(days=3))
    async with post.database.transaction() as tx:
        await outbox.prune(tx, post.clock.now() - timedelta(hours=48))
        left = (await tx.connection.execute(select(lanes.c.destination))).scalars()
        assert list(left) == ["chat:2"]


async def test_a_goodbye_reaches_who_is_already_forgotten(post: Post[AdvancingClock]) -> None:
    async with post.database.transaction() as tx:
        await users.erase(tx, 1)
        await outbox.add(tx, [(None, draft(8, text="Goodbye."))], post.clock.now())
    await post.meet(1)
    assert [orjson.loads(row.body)["text"] for row in (await post.claim("a")).messages] == ["Goodbye."]


async def test_a_body_that_cannot_be_opened_is_dead_and_holds_up_nobody(post: Post[AdvancingClock]) -> None:
    async with post.database.transaction() as tx:
        foreign = [(post.people[2].key, draft(8)), (post.people[1].key, draft(9))]
        await outbox.add(tx, foreign, post.clock.now())
    assert ids((await post.claim("a")).messages) == [9]
    assert await post.status(8) == Status.DEAD


# -------------------------------------------------------------------------------------------------- several at once


async def test_two_senders_never_hold_the_same_lane(post: Post[AdvancingClock]) -> None:
    post.limits = replace(post.limits, budget=None)
    await post.meet(*range(100, 140))
    await post.add(*(draft(chat * 8 + n, chat) for chat in range(100, 140) for n in range(3)))

    async def clear(name: str) -> list[int]:
        mine: list[int] = []
        turn = 0
        while (claim := await post.claim(f"{name}{turn}", want=7)).wait is not None:
            turn += 1
            mine += ids(claim.messages)
            last = {row.destination: row.id for row in claim.messages}
            await post.settle(*[sent(row, last=last[row.destination] == row.id) for row in claim.messages])
        return mine

    shares = await asyncio.gather(clear("a"), clear("b"), clear("c"))
    assert sorted(chain.from_iterable(shares)) == sorted(chat * 8 + n for chat in range(100, 140) for n in range(3))


async def test_a_message_written_while_its_lane_is_being_freed_is_not_forgotten(post: Post[AdvancingClock]) -> None:
    if post.database.dialect == "sqlite":
        pytest.skip("one writer at a time")
    (row,) = await post.add(draft(8), claim_for=post.owner("a"))
    async with post.database.transaction() as tx:
        await outbox.add(tx, [(post.people[1].key, draft(16))], post.clock.now())
        settling = asyncio.create_task(post.settle(sent(row)))
        await someone_waits(post.database)
    await settling
    assert ids((await post.claim("b")).messages) == [16]
