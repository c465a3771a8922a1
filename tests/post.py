"""Short ways for tests to write messages into an outbox and to look at what is in it."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, Generic, TypeVar

import orjson
from sqlalchemy import Row, func, select, text

from bot.core.clock import Clock
from bot.core.facts import User
from bot.delivery.sender import Sender
from bot.storage import claims, outbox, settlement, users
from bot.storage.budget import Limits, limits
from bot.storage.claims import Claim
from bot.storage.database import Database
from bot.storage.messages import Claimed, Draft, Outcome, Owner, Status, outcome
from bot.storage.tables import lanes
from bot.storage.tables import outbox as outbox_table
from bot.storage.users import Person
from bot.storage.vault import Vault

REPLY, PROMISE, NUDGE = 0, 1, 2


AnyClock = TypeVar("AnyClock", bound=Clock)


class Post(Generic[AnyClock]):
    """A database with people in it, as a sender sees it. Chats have the numbers of their people."""

    def __init__(self, database: Database, vault: Vault, clock: AnyClock, rate: int = 30) -> None:
        self.database, self.vault, self.clock = database, vault, clock
        self.limits: Limits = limits(rate)
        self.people: dict[int, Person] = {}

    async def meet(self, *chats: int) -> None:
        """Create these people."""
        now = self.clock.now()
        async with self.database.transaction() as tx:
            newcomers = [User(chat, chat, created_at=now, seen_at=now) for chat in chats]
            self.people |= await users.create(tx, self.vault, newcomers)

    def owner(self, token: str) -> Owner:
        return Owner(token, self.clock.machine(), self.limits)

    async def add(
        self, *drafts: Draft, claim_for: Owner | None = None, outcomes: Sequence[Outcome] = ()
    ) -> list[Claimed]:
        async with self.database.transaction() as tx:
            sealed = [(self.people[draft.user_id].key, draft) for draft in drafts]
            return await outbox.add(tx, sealed, self.clock.now(), claim_for=claim_for, outcomes=outcomes)

    async def claim(self, token: str, want: int = 100, busy: Collection[str] = ()) -> Claim:
        async with self.database.transaction() as tx:
            return await claims.claim(tx, self.vault, self.owner(token), self.clock.now(), want=want, busy=busy)

    async def settle(self, *outcomes: Outcome) -> None:
        async with self.database.transaction() as tx:
            await settlement.settle(tx, outcomes, self.clock.now(), self.limits)

    async def row(self, message: int) -> Row[Any]:
        async with self.database.transaction() as tx:
            return (await tx.connection.execute(select(outbox_table).where(outbox_table.c.id == message))).one()

    async def status(self, message: int) -> Status:
        return Status((await self.row(message)).status)

    async def lane(self, chat: int) -> Row[Any]:
        async with self.database.transaction() as tx:
            return (await tx.connection.execute(select(lanes).where(lanes.c.destination == f"chat:{chat}"))).one()

    async def idle(self) -> bool:
        """No lane holds a claim, and nothing waits in any."""
        async with self.database.transaction() as tx:
            return not (await tx.connection.execute(select(lanes).where(lanes.c.next_at.is_not(None)))).all()

    async def counts(self) -> dict[Status, int]:
        async with self.database.transaction() as tx:
            return await outbox.counts(tx)


def draft(
    number: int,
    chat: int = 1,
    priority: int = REPLY,
    *,
    text: str = "",
    if_unknown: str = "resend",
    expires_at: datetime | None = None,
) -> Draft:
    """A new message; its text is its number."""
    body = orjson.dumps({"chat_id": chat, "text": text or str(number)})
    return Draft(
        number, chat, f"chat:{chat}", priority, "sendMessage", body, if_unknown=if_unknown, expires_at=expires_at
    )


def edit(number: int, chat: int = 1, *, target: int | None = None, message_id: int = 0, text: str = "edited") -> Draft:
    """An edit of an earlier message, by its outbox id or by Telegram's."""
    body = {"chat_id": chat, "text": text} | ({"message_id": message_id} if message_id else {})
    return replace(draft(number, chat), method="editMessageText", body=orjson.dumps(body), target=target)


def sent(row: Claimed, message_id: int = 500, *, last: bool = True) -> Outcome:
    return replace(outcome(row, Status.SENT, message_id=message_id), last=last)


async def someone_waits(database: Database) -> None:
    """Until, on PostgreSQL, a transaction waits for a lock. For tests that hold one themselves."""

    async def look() -> bool:
        async with database.transaction() as tx:
            waiting = select(func.count()).select_from(text("pg_locks")).where(text("NOT granted"))
            return bool((await tx.connection.execute(waiting)).scalar_one())

    while not await asyncio.create_task(look()):
        pass


@asynccontextmanager
async def running(sender: Sender) -> AsyncIterator[Sender]:
    task = asyncio.create_task(sender.run())
    try:
        yield sender
    finally:
        await sender.stop()
        await task


async def turn(post: Post[Any], sender: Sender, *drafts: Draft) -> None:
    """What a turn does: settle what is to be settled, write, commit, send."""
    with sender.unsettled() as outcomes:
        claimed = await post.add(*drafts, claim_for=sender.owner(), outcomes=outcomes)
    sender.send(claimed, waiting=len(claimed) < len(drafts))
