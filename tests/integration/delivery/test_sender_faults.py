"""Whatever Telegram, the network or the database do, no message is lost and no lane stands still."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select

from bot.conversation.channel import Blocked, Rejected, Throttled, Unreachable
from bot.delivery.attempt import backoff
from bot.delivery.sender import GROUP_SIZE, Sender
from bot.storage.messages import QUIET, Status
from bot.storage.tables import users as users_table
from tests.clock import AdvancingClock
from tests.memory_wire import Wire
from tests.post import Post, draft, edit, running, turn

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


async def test_a_throttled_bot_sends_nothing_to_anybody(post: Post[AdvancingClock], wire: Wire, sender: Sender) -> None:
    wire.faults[1].append(Throttled(7, everywhere=True))
    await turn(post, sender, draft(8, 1), draft(16, 2))
    await wire.next_call()
    refused = wire.calls[0].at
    await turn(post, sender, draft(24, 3))
    await wire.heard(3)
    await sender.quiet()
    assert all(call.at - refused >= 7 for call in wire.calls[2:])
    assert sorted(wire.texts()) == ["16", "24", "8"]


async def test_whether_the_whole_bot_has_to_wait_is_the_channels_word(
    post: Post[AdvancingClock], wire: Wire, sender: Sender
) -> None:
    for chat in (1, 2):
        wire.faults[chat].append(Throttled(30))
    await turn(post, sender, draft(8, 1), draft(16, 2))
    await wire.next_call()
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


async def test_what_only_hides_is_never_said_anew_nor_apologised_for(
    post: Post[AdvancingClock], wire: Wire, sender: Sender
) -> None:
    missed: list[int] = []

    async def make_good(people: Sequence[int]) -> None:
        missed.extend(people)

    sender.when_missed(make_good)
    wire.faults[1].append(Rejected("Bad Request: message to edit not found", gone=True))
    wire.faults[2].append(Rejected("Bad Request: whatever it is"))
    hidden = [replace(edit(number, chat, message_id=77), if_unknown=QUIET) for number, chat in ((8, 1), (9, 2))]
    await turn(post, sender, *hidden)
    await sender.quiet()
    assert [(call.method, call.chat) for call in wire.calls] == [("editMessageText", 1), ("editMessageText", 2)]
    assert (await post.status(8), await post.status(9)) == (Status.SENT, Status.DEAD)
    assert missed == []


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
    [
        ("resend", ["8"], Status.SENT),
        (QUIET, ["8"], Status.SENT),
        ("drop", [], Status.UNKNOWN),
        ("ask", [], Status.UNKNOWN),
    ],
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
    assert await post.idle()


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
