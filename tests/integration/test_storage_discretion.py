"""Private corners, what neutral notes stand in for, and invitations: each opens for whom it is meant for, and for nobody else."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from bot.conversation.access import LETTERS
from bot.core.errors import Undecodable
from bot.core.facts import Corner, Line, Shown, User
from bot.storage import corners, covers, entries, invites, outbox, users
from bot.storage.covers import Cover
from bot.storage.database import Database
from bot.storage.entries import Entry
from bot.storage.messages import QUIET, Draft
from bot.storage.tables import corners as corners_table
from bot.storage.tables import covers as covers_table
from bot.storage.users import Person
from bot.storage.vault import Vault

NOW = datetime(2026, 5, 4, 18, tzinfo=UTC)
DAY = timedelta(days=1)
CODE = LETTERS * 2


@pytest.fixture
async def people(database: Database, vault: Vault) -> dict[int, Person]:
    async with database.transaction() as tx:
        return await users.create(tx, vault, [User(n, n, created_at=NOW, seen_at=NOW) for n in (1, 2)])


def entry(number: int, kind: str, text: str = "", at: datetime = NOW) -> Entry:
    return Entry(number, kind, None, None, "", text, at)


# Private corners ------------------------------------------------------------------------------------------------------


async def test_a_corner_comes_back_with_its_own_lines_oldest_first(
    database: Database, people: dict[int, Person]
) -> None:
    ann, ben = people[1], people[2]
    lock = Corner(b"salt and hash", wrong=3, wait_until=NOW + DAY)
    async with database.transaction() as tx:
        await corners.save(tx, [(ann, Corner(b"old")), (ben, Corner(b"theirs"))])
        await corners.save(tx, [(ann, lock)])
        await entries.add(
            tx, [(ann, entry(3, "private.line", "second", NOW + DAY)), (ann, entry(2, "private.line", "first"))]
        )
        await entries.add(tx, [(ann, entry(4, "reach", "not in here")), (ann, entry(6, "privately", "nor this"))])
        await entries.add(tx, [(ben, entry(5, "private.line", "theirs"))])
        found = await corners.of(tx, people)
    assert found[1] == replace(lock, lines=(Line(NOW, "first"), Line(NOW + DAY, "second")))
    assert [line.text for line in found[2].lines] == ["theirs"]


async def test_emptying_forgets_the_lock_and_every_line_and_nothing_else(
    database: Database, people: dict[int, Person]
) -> None:
    async with database.transaction() as tx:
        for user_id, person in people.items():
            await corners.save(tx, [(person, Corner(b"hash"))])
            await entries.add(
                tx, [(person, entry(user_id * 10, "private.line", "x")), (person, entry(user_id * 10 + 1, "reach"))]
            )
        await corners.empty(tx, [1])
        assert list(await corners.of(tx, people)) == [2]
        assert [each.kind for each in await entries.of_user(tx, people[1], NOW)] == ["reach"]
        assert len(await entries.of_user(tx, people[2], NOW)) == 2


async def test_a_lock_moved_to_somebody_else_does_not_open(database: Database, people: dict[int, Person]) -> None:
    async with database.transaction() as tx:
        await corners.save(tx, [(people[1], Corner(b"hash"))])
        await tx.connection.execute(update(corners_table).values(user_id=2))
        with pytest.raises(Undecodable):
            await corners.of(tx, people)


# Neutral notes --------------------------------------------------------------------------------------------------------


async def test_a_note_opens_for_its_person_alone_and_for_a_while(database: Database, people: dict[int, Person]) -> None:
    cover = Cover(7, "sendMessage", b'{"text": "words"}')
    async with database.transaction() as tx:
        await covers.add(tx, [(people[1], cover)], NOW)
        assert await covers.find(tx, people[1], 7) == cover
        assert await covers.find(tx, people[2], 7) is None
        assert await covers.find(tx, people[1], 8) is None
        await tx.connection.execute(update(covers_table).values(user_id=2))
        with pytest.raises(Undecodable):
            await covers.find(tx, people[2], 7)
        await covers.prune(tx, NOW + DAY)
        assert await covers.find(tx, people[2], 7) is None


async def test_what_was_shown_is_told_oldest_first_without_what_only_tidied_up(
    database: Database, people: dict[int, Person]
) -> None:
    def draft(number: int, method: str = "sendMessage", **fields: str) -> Draft:
        return Draft(number, 1, "chat:1", 0, method, b'{"chat_id": 1, "message_id": 4}', **fields)  # type: ignore[arg-type]

    drafts = [
        draft(12, "sendAnimation"),
        draft(11),
        draft(13, "editMessageText"),
        draft(14, "editMessageReplyMarkup"),
        draft(15, "editMessageText", if_unknown=QUIET),
        draft(16, "deleteMessages"),
    ]
    async with database.transaction() as tx:
        await outbox.add(tx, [(people[1].key, each) for each in drafts], NOW)
        found = await outbox.shown(tx, [1, 2])
    assert found == {1: (Shown(11, 0), Shown(12, 0, picture=True), Shown(13, 0)), 2: ()}


# Invitations ----------------------------------------------------------------------------------------------------------


async def test_an_invitation_lets_one_in_once_and_not_when_it_is_old(database: Database) -> None:
    async with database.transaction() as tx:
        await invites.add(tx, CODE, NOW + DAY)
        assert not await invites.redeem(tx, CODE[::-1], NOW)
        assert not await invites.redeem(tx, CODE, NOW + DAY)
        assert not await invites.redeem(tx, CODE, NOW + 2 * DAY)
        assert await invites.redeem(tx, CODE, NOW)
        assert not await invites.redeem(tx, CODE, NOW)
        await invites.add(tx, CODE, NOW + DAY)
        await invites.prune(tx, NOW + DAY)
        assert not await invites.redeem(tx, CODE, NOW)


async def test_of_two_who_come_with_one_code_at_the_same_time_one_gets_in(database: Database) -> None:
    async with database.transaction() as tx:
        await invites.add(tx, CODE, NOW + DAY)

    async def come() -> bool:
        async with database.transaction() as tx:
            return await invites.redeem(tx, CODE, NOW)

    assert sorted(await asyncio.gather(come(), come(), come())) == [False, False, True]
