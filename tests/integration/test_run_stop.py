"""A clean stop: within seconds, at either signal, in the middle of work, with nothing left claimed and nothing said twice."""

import asyncio
import signal
import sqlite3
import urllib.request
from asyncio import to_thread
from contextlib import closing
from pathlib import Path

import pytest

from bot.simulator import Fault, Trouble
from tests.program import STOPPED_WITHIN, Host, free_address, hosted, polled, real_time, running, until, words


def claimed(host: Host) -> tuple[int, int]:
    """Messages that are not settled, and lanes that somebody holds."""
    with closing(sqlite3.connect(host.database)) as file:
        messages = file.execute("SELECT count(*) FROM outbox WHERE status < 2").fetchone()[0]
        return messages, file.execute("SELECT count(*) FROM lanes WHERE owner IS NOT NULL").fetchone()[0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_says_where_it_listens_and_ends_with_code_0(tmp_path: Path, number: int) -> None:
    async with hosted(tmp_path) as (host, simulator):
        host.cold = True  # the whole way, as a host goes it
        program = await host.start()
        await polled(simulator, program)
        assert program.said == "Stillhere listens as @still_bot. Stop it with Ctrl-C.\n"
        assert await program.stop(number, STOPPED_WITHIN) == 0
        assert program.said.count("\n") == 1
        while simulator.is_polled:  # noqa: ASYNC110 - until Telegram has seen that its caller hung up
            await asyncio.sleep(0)


async def test_what_is_being_sent_is_sent_and_settled_and_not_said_again(tmp_path: Path) -> None:
    async with hosted(tmp_path) as (host, simulator):
        ann, ben = simulator.people()
        program = await host.start()
        await polled(simulator, program)
        with simulator.faults.during(Fault(Trouble.DELAY, "sendMessage", times=2, seconds=0.5)):
            ann.starts()
            ben.starts()
            await until(simulator, program, lambda: simulator.faults.struck == 2)
            assert await program.stop(within=STOPPED_WITHIN) == 0, program.said
        assert claimed(host) == (0, 0)
        assert len(words(ann)) == len(words(ben)) == 1
        async with running(host, simulator):
            ann.says("/menu")
            await simulator.until(lambda: len(words(ann)) > 1)
        assert len(words(ben)) == 1


@pytest.mark.deep  # the seconds for which a stop waits
async def test_a_stop_does_not_wait_for_a_telegram_that_is_silent(tmp_path: Path) -> None:
    async with hosted(tmp_path) as (host, simulator):
        ann, _ = simulator.people()
        program = await host.start()
        await polled(simulator, program)
        with simulator.faults.during(Fault(Trouble.HANG, times=None)):
            ann.starts()
            await until(simulator, program, lambda: simulator.calls("sendMessage"))
            assert await program.stop(within=STOPPED_WITHIN) == 0, program.said
        assert claimed(host) == (1, 0)
        assert words(ann) == []
        async with running(host, simulator) as program:
            await until(simulator, program, lambda: words(ann))
        assert claimed(host) == (0, 0)
        assert len(words(ann)) == 1


@pytest.mark.deep  # the seconds for which a stop waits
async def test_a_stop_does_not_wait_for_somebody_who_holds_the_database(tmp_path: Path) -> None:
    async with hosted(tmp_path) as (host, simulator):
        ann, ben = simulator.people()
        program = await host.start()
        await polled(simulator, program)
        ann.starts()
        await until(simulator, program, lambda: words(ann))
        with closing(sqlite3.connect(host.database, isolation_level=None)) as rival:
            rival.execute("BEGIN IMMEDIATE")
            ann.says("/menu")
            ben.starts()
            await until(simulator, program, lambda: not simulator.is_polled)
            program.process.send_signal(signal.SIGTERM)
            assert await program.ended(within=14) == 0, program.said
        async with running(host, simulator) as program:
            await until(simulator, program, lambda: words(ben) and words(ann)[1:])
            while claimed(host) != (0, 0):
                await real_time(0.05)
        assert len(words(ben)) == 1


async def test_a_stop_while_it_waits_for_the_network(tmp_path: Path) -> None:
    async with hosted(tmp_path) as (host, simulator):
        with simulator.faults.during(Fault(Trouble.HANG, "getMe", times=1)):
            program = await host.start()
            await until(simulator, program, lambda: simulator.faults.struck)
            assert await program.stop(within=STOPPED_WITHIN) == 0, program.said
        assert program.said == ""


async def test_with_a_webhook_updates_are_brought_and_answered(tmp_path: Path) -> None:
    listen = free_address()
    hook = {
        "STILLHERE_WEBHOOK_URL": f"http://{listen}/hook",
        "STILLHERE_WEBHOOK_LISTEN": listen,
        "STILLHERE_WEBHOOK_SECRET": "s3cret",
    }
    async with hosted(tmp_path, **hook) as (host, simulator):
        ann, _ = simulator.people()
        ann.starts()  # before the bot is there: Telegram keeps it
        program = await host.start()
        await until(simulator, program, lambda: words(ann))
        assert f"http://{listen}/hook" in program.said
        ann.says("/menu")
        await until(simulator, program, lambda: len(words(ann)) > 1)
        forged = urllib.request.Request(f"http://{listen}/hook", b"{}", {"X-Telegram-Bot-Api-Secret-Token": "other"})
        with pytest.raises(urllib.error.HTTPError, match="403"):
            await to_thread(urllib.request.urlopen, forged)
        assert await program.stop(within=STOPPED_WITHIN) == 0, program.said
        assert claimed(host) == (0, 0)
        assert not simulator.calls("getUpdates", "deleteWebhook")


async def test_from_a_webhook_back_to_polling(tmp_path: Path) -> None:
    async with hosted(tmp_path) as (host, simulator):
        simulator.webhook(next(iter(simulator.world.accounts.values()))).set("http://127.0.0.1:9/", "s", 1)
        async with running(host, simulator) as program:
            assert "Stillhere listens" in program.said
