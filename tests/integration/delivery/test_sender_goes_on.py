"""Whatever the database refuses, and whatever its clock shows, the sender goes on with everything else."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.conversation.channel import Rejected, Throttled
from bot.core.errors import DatabaseUnavailable, StatementRefused
from bot.delivery.clock_watch import EVERY
from bot.delivery.sender import Sender
from bot.storage.budget import SECOND
from bot.storage.database import Transaction
from bot.storage.messages import Status
from bot.storage.vault import Vault
from tests.clock import AdvancingClock, ClockedDatabase
from tests.memory_wire import Wire
from tests.post import Post, draft, running, turn

# What it refuses --------------------------------------------------------------------------------------------------


@asynccontextmanager
async def refusing(post: Post[AdvancingClock], *changes: str) -> AsyncIterator[None]:
    """The database never takes some changes of messages: those that SQL calls so."""
    when = " OR ".join(f"({change})" for change in changes)
    function = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE SQLSTATE '22000'; END $$"
    trigger = f"CREATE TRIGGER refusal BEFORE UPDATE ON outbox FOR EACH ROW WHEN ({when})"
    lite = post.database.dialect == "sqlite"
    begin = (
        [f"{trigger} BEGIN SELECT RAISE(ABORT, 'no'); END"]
        if lite
        else [function, f"{trigger} EXECUTE FUNCTION refuse()"]
    )
    end = ["DROP TRIGGER refusal"] if lite else ["DROP TRIGGER refusal ON outbox", "DROP FUNCTION refuse"]
    await run(post, *begin)
    try:
        yield
    finally:
        await run(post, *end)


async def run(post: Post[AdvancingClock], *statements: str) -> None:
    async with post.database.transaction() as tx:
        for statement in statements:
            await tx.connection.exec_driver_sql(statement)


async def test_an_outcome_that_the_database_refuses_is_a_dead_letter_and_holds_up_nobody(
    post: Post[AdvancingClock], wire: Wire, sender: Sender
) -> None:
    async with refusing(post, "NEW.id = 8 AND NEW.status = 2"):
        wire.gate.clear()
        await turn(post, sender, draft(8), draft(16, 2))
        await wire.heard(2)
        wire.gate.set()
        await sender.quiet()
        await turn(post, sender, draft(9), draft(24, 3))
        await sender.quiet()
    assert sorted(wire.texts()) == ["16", "24", "8", "9"]
    dead = await post.row(8)
    assert (dead.status, dead.payload) == (Status.DEAD, None)
    assert "cannot be written" in dead.error
    assert await post.counts() == {Status.DEAD: 1, Status.SENT: 3}
    assert await post.idle()


async def test_an_outcome_that_no_way_can_be_written_is_let_go_and_holds_up_nobody(
    post: Post[AdvancingClock], wire: Wire, sender: Sender
) -> None:
    async with refusing(post, "NEW.id = 8 AND NEW.status > 1"):
        await turn(post, sender, draft(8), draft(16, 2))
        await wire.heard(2)
        while "24" not in wire.texts():
            with suppress(DatabaseUnavailable):  # then it comes again
                await turn(post, sender, draft(24, 3))
                await wire.heard(3)
        while (await post.counts()).get(Status.SENT) != 2:
            pass
    assert sorted(wire.texts())[:2] == ["16", "24"]


async def test_a_turn_is_not_blamed_for_an_earlier_outcome_that_is_refused(
    post: Post[AdvancingClock], wire: Wire
) -> None:
    sender = Sender(post.database, post.vault, wire, post.clock)
    sender.send(await post.add(draft(8), claim_for=sender.owner()))
    await asyncio.gather(*sender._tasks)
    async with refusing(post, "NEW.id = 8 AND NEW.status = 2"):
        with pytest.raises(DatabaseUnavailable):
            await turn(post, sender, draft(16, 2))
        await turn(post, sender, draft(16, 2))  # it comes again
        with pytest.raises(StatementRefused):
            await turn(post, sender, draft(16, 2))  # its own fault is its own
        async with running(sender):
            await sender.quiet()
    assert await post.counts() == {Status.DEAD: 1, Status.SENT: 1}


@pytest.mark.parametrize("reason", ["Bad Request: \0", "Bad Request: \ud800"], ids=ascii)
async def test_whatever_telegram_says_can_be_written_down(
    post: Post[AdvancingClock], wire: Wire, sender: Sender, reason: str
) -> None:
    wire.faults[1].append(Rejected(reason))
    await turn(post, sender, draft(8), draft(9))
    await sender.quiet()
    assert (await post.row(8)).error == "Bad Request: ?"
    assert await post.counts() == {Status.DEAD: 1, Status.SENT: 1}


async def test_whatever_else_goes_wrong_the_sender_goes_on_and_tells(post: Post[AdvancingClock], wire: Wire) -> None:
    told: list[tuple[str, str]] = []
    sender = Sender(post.database, post.vault, wire, post.clock, on_setback=lambda part, why: told.append((part, why)))

    async def stumble(_: Sequence[int]) -> None:
        raise LookupError("I am so tired")

    sender.when_missed(stumble)
    wire.faults[1].append(Rejected("Bad Request: whatever it is"))
    with capture_logs() as log:
        async with running(sender):
            await turn(post, sender, draft(8))
            await wire.next_call()
            await turn(post, sender, draft(16, 2))
            await sender.quiet()
            await run(post, "ALTER TABLE lanes RENAME TO away")
            try:
                sender.send([], waiting=True)
                while len(told) < 6:  # noqa: ASYNC110 - it backs off, in no time
                    await asyncio.sleep(0)
            finally:
                await run(post, "ALTER TABLE away RENAME TO lanes")
            await turn(post, sender, draft(24, 3))
            await sender.quiet()
    assert wire.texts() == ["16", "24"]
    assert told[0][0] == "outbox"
    assert told[0][1].startswith("LookupError")
    assert told[-1] == ("outbox", "")
    assert "tired" not in str(log) + str(told)
    assert [line["event"] for line in log if line["event"] == "outbox.fault"] == ["outbox.fault"] * 2


# What its clock shows ---------------------------------------------------------------------------------------------


async def test_a_clock_set_back_between_two_starts_holds_nobody_up(post: Post[AdvancingClock], wire: Wire) -> None:
    await post.add(draft(8))
    post.clock.advance(timedelta(days=-1))
    begun = post.clock.now()
    async with running(Sender(post.database, post.vault, wire, post.clock)) as sender:
        await turn(post, sender, draft(16, 2))
        await wire.heard(2)
    assert post.clock.now() - begun <= timedelta(minutes=6)


class AheadDatabase(ClockedDatabase):
    """PostgreSQL, whose clock shows `ahead` more than this program's."""

    ahead = timedelta()

    @asynccontextmanager
    async def transaction(self, *, brief: bool = False) -> AsyncIterator[Transaction]:
        async with super().transaction(brief=brief) as tx:
            machine = round(tx.clock.machine() * SECOND) + self.ahead // timedelta(microseconds=1)
            yield _At(machine, tx.connection, tx.dialect, tx.clock)


class _At(Transaction):
    def __init__(self, machine: int, *parts: Any) -> None:
        super().__init__(*parts)
        self._machine = machine

    async def machine(self) -> int:
        return self._machine


async def test_a_clock_of_postgresql_that_is_set_back_holds_nobody_up(
    database_url: str, clock: AdvancingClock, vault: Vault, wire: Wire
) -> None:
    """A fail-over, or NTP: pace, waits and claims then lie in the future."""
    if database_url.startswith("sqlite"):
        pytest.skip("machine time is this machine's own")
    database = AheadDatabase(database_url, clock)
    database.ahead = timedelta(hours=1)
    await database.open()
    post = Post(database, vault, clock)
    await post.meet(1, 2, 3, 4)
    async with running(Sender(database, vault, wire, clock)) as sender:
        await turn(post, sender, draft(8), draft(9), draft(10))
        await sender.quiet()
        await post.add(draft(16, 2), claim_for=post.owner("dead"))
        database.ahead = timedelta()
        clock.advance(timedelta(seconds=EVERY))
        begun = clock.now()
        await turn(post, sender, draft(11), draft(24, 3))
        await wire.heard(6)
        assert clock.now() - begun < timedelta(minutes=1)
    assert sorted(wire.texts()) == ["10", "11", "16", "24", "8", "9"]
    assert await post.counts() == {Status.SENT: 6}
    await database.close()


async def test_a_wait_that_telegram_asked_for_is_kept_to_the_end_while_no_clock_is_set(
    post: Post[AdvancingClock], wire: Wire, sender: Sender
) -> None:
    wire.faults[1].append(Throttled(3600))
    await turn(post, sender, draft(8))
    await wire.next_call()
    for number in range(20):
        post.clock.advance(timedelta(seconds=EVERY))
        await turn(post, sender, draft(100 + number, 2))
    await wire.heard(21)
    asked, again = (call.at for call in wire.calls if call.chat == 1)
    assert again - asked >= 3600
