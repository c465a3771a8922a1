"""Who may use the bot, before the first turn: strangers leave no trace, and nobody can act for somebody else."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.conversation.access import LETTERS, PAUSE, TRIES, Access, Mode
from bot.core.events import CommandGiven, Event, Incoming, Pressed, Verdict, Wrote
from bot.core.facts import User
from bot.dialog.session import prompt_data
from bot.safety import policy
from bot.storage import invites, users
from bot.storage.database import Database
from bot.storage.tables import metadata
from bot.storage.vault import Vault
from tests import chat
from tests.carried import library
from tests.clocks import SteppedClock

NOW = datetime(2026, 5, 4, 18, tzinfo=UTC)
CODE = LETTERS * 2
TOLD = {mode: (f"common.stranger.{mode}",) for mode in ("invite", "list")}


def incoming(event: Event, user: int = 9, verdict: Verdict | None = None) -> Incoming:
    return Incoming(1, "update:7", user, user, event, verdict)


async def comes(
    access: Access, database: Database, *batch: Incoming, now: datetime = NOW
) -> tuple[list[Event], list[object]]:
    async with database.transaction() as tx:
        admitted, refused = await access.admit(tx, batch, now)
    return [each.event for each in admitted], [each.words for each in refused]


def door(clock: SteppedClock, mode: Mode, listed: Collection[int] = ()) -> Access:
    return Access(mode, clock, lambda: listed)


async def test_open_is_open(database: Database, clock: SteppedClock) -> None:
    assert await comes(door(clock, "open"), database, incoming(Wrote("hi"))) == ([Wrote("hi")], [])


async def test_a_stranger_is_told_once_an_hour(database: Database, clock: SteppedClock) -> None:
    access = door(clock, "list")
    hello = incoming(Wrote("hi"))
    assert await comes(access, database, hello, hello) == ([], [TOLD["list"]])
    assert await comes(access, database, hello) == ([], [])
    clock.move(timedelta(seconds=PAUSE))
    assert await comes(access, database, hello) == ([], [TOLD["list"]])


async def test_help_and_plain_danger_are_answered_for_everybody_every_time(
    database: Database, clock: SteppedClock
) -> None:
    access = door(clock, "invite")
    for event, verdict in ((CommandGiven("help"), None), (Wrote("…"), Verdict("self-harm", "explicit"))):
        assert await comes(access, database, incoming(event, verdict=verdict)) == ([], [policy.CARD])
        assert await comes(access, database, incoming(event, verdict=verdict)) == ([], [policy.CARD])


async def test_whoever_is_on_the_list_gets_in_and_whoever_is_known_stays(
    database: Database, clock: SteppedClock, vault: Vault
) -> None:
    async with database.transaction() as tx:
        await users.create(tx, vault, [User(5, 5, created_at=NOW, seen_at=NOW)])
    access = door(clock, "list", {7})
    start = CommandGiven("start")
    assert await comes(access, database, incoming(start, 7), incoming(start, 5), incoming(start, 9)) == (
        [start, start],
        [TOLD["list"]],
    )


@pytest.mark.parametrize("event", [CommandGiven("start", CODE), Wrote(CODE), Wrote(f" {CODE.upper()}\n")])
async def test_a_code_lets_in_and_begins_like_a_link(database: Database, clock: SteppedClock, event: Event) -> None:
    async with database.transaction() as tx:
        await invites.add(tx, CODE, NOW + timedelta(days=1))
    access = door(clock, "invite")
    assert await comes(access, database, incoming(event), incoming(Wrote("hi"))) == (
        [CommandGiven("start"), Wrote("hi")],
        [],
    )
    assert await comes(access, database, incoming(event, 10)) == ([], [TOLD["invite"]])


async def test_codes_are_tried_a_few_times_only(database: Database, clock: SteppedClock) -> None:
    access = door(clock, "invite")
    for _ in range(TRIES):
        await comes(access, database, incoming(Wrote("f" * 40)))
    async with database.transaction() as tx:
        await invites.add(tx, CODE, NOW + timedelta(days=1))
    assert await comes(access, database, incoming(Wrote(CODE))) == ([], [])
    assert (await comes(access, database, incoming(Wrote(CODE), 10)))[0] == [CommandGiven("start")]


async def test_a_turn_that_fails_uses_up_no_invitation(database: Database, clock: SteppedClock) -> None:
    async with database.transaction() as tx:
        await invites.add(tx, CODE, NOW + timedelta(days=1))
    access = door(clock, "invite")

    async def fails() -> None:
        async with database.transaction() as tx:
            await access.admit(tx, [incoming(Wrote(CODE))], NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fails()
    assert (await comes(access, database, incoming(Wrote(CODE))))[0] == [CommandGiven("start")]


# The whole bot --------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def bot(folder: Path, access: str = "open") -> AsyncIterator[chat.Chat]:
    going = chat.Chat(folder, library(), NOW, forgetful=False, access=access)
    async with going.going():
        yield going


async def test_nothing_is_kept_of_strangers(tmp_path: Path) -> None:
    async with bot(tmp_path, "list") as going:
        for line in ("Ben: /start", "Ben: hello", "Ben: (sticker)", "Ben: /help", "Ben: I want to kill myself"):
            await going.hear(line)
        ben = going.people["Ben"].id
        async with going.app.database.transaction() as tx:
            for table in metadata.sorted_tables:
                if "user_id" in table.c:
                    count = select(func.count()).select_from(table).where(table.c.user_id == ben)
                    assert (await tx.connection.execute(count)).scalar_one() == 0, table.name
            assert not await users.known(tx, [ben])
            left = select(func.count()).select_from(metadata.tables["outbox"])
            assert (await tx.connection.execute(left)).scalar_one() == 0


async def test_nobody_can_press_in_somebody_elses_dialog(tmp_path: Path) -> None:
    """Ann's prompt, her neutral note and her space, each pressed by Ben, word for word as her own buttons carry it."""
    async with bot(tmp_path) as going:
        await going.given("Ann is set up; role reach; nudge_at 08:00; lock_screen neutral")
        await going.given("Ben is set up; role space")
        await going.hear("--- 20h later ---")
        await going.hear("Ann: /safe")
        ann, ben = going.people["Ann"], going.people["Ben"]
        await going.hear("Ben: /menu")
        buttons = [
            button["callback_data"]
            for message in ann.messages()
            for row in message.get("reply_markup", {}).get("inline_keyboard", [])
            for button in row
            if "callback_data" in button
        ]
        assert {data[0] for data in buttons} == {"p", "o"}
        before = ann.messages()
        [menu] = [message for message in ben.messages() if not message["out"]]
        for data in (*buttons, prompt_data(ann.id, 1) + "0"):
            ben.presses(menu["message_id"], data)
            await going.settle()
        assert ann.messages() == before
        mine = [message["text"] for message in ben.messages() if not message["out"]]
        assert mine in ([menu["text"]], ["That note has gone. /menu has everything else."])
        async with going.app.database.transaction() as tx:
            for table in ("entries", "spaces", "timers"):
                theirs = select(func.count()).where(metadata.tables[table].c.user_id == ben.id)
                assert (await tx.connection.execute(theirs)).scalar_one() == 0, table


async def test_a_press_by_somebody_unknown_makes_nobody(tmp_path: Path) -> None:
    async with bot(tmp_path) as going:
        await going.app.conversation.handle([incoming(Pressed("o.safe.0.more", 5, "q"), 4242)])
        async with going.app.database.transaction() as tx:
            assert not await users.known(tx, [4242])
