"""How long calls may take: each patience ends before the one around it, so that what never left is known as such."""

import asyncio
import json
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

import bot.delivery.patience
from bot.core.errors import StatementRefused
from bot.delivery.attempt import SETTLING, attempt
from bot.delivery.patience import PATIENCE, Patience
from bot.simulator import Fault, Person, Simulator, Trouble, serve
from bot.storage.budget import limits
from bot.storage.messages import LEASE, Claimed, Outcome, Owner, Status
from bot.telegram import pictures, transport
from bot.telegram.channel import TelegramChannel
from tests.clocks import SteppedClock

TOKEN = "7:secret-token"


@pytest.fixture
def simulator() -> Simulator:
    made = Simulator(limits=False)
    made.add_bot(TOKEN, "still_bot", "Still")
    return made


@pytest.fixture
def ann(simulator: Simulator) -> Person:
    made = simulator.add_user("Ann")
    made.starts()
    return made


class FileIds:
    """Keeps file ids when it is let, or not at all."""

    def __init__(self) -> None:
        self.free = asyncio.Event()
        self.fault: Exception | None = None
        self.asked: list[str] = []
        self.kept: list[str] = []

    async def recall(self, _name: str, _digest: str) -> str:
        return ""

    async def remember(self, _name: str, _digest: str, file_id: str) -> None:
        self.asked.append(file_id)
        if self.fault:
            raise self.fault
        await self.free.wait()
        self.kept.append(file_id)


@pytest.fixture
def file_ids() -> FileIds:
    return FileIds()


@pytest.fixture
async def channel(simulator: Simulator, file_ids: FileIds, tmp_path: Path) -> AsyncIterator[TelegramChannel]:
    (tmp_path / "breath.gif").write_bytes(b"GIF89a moving picture")
    async with serve(simulator) as served:
        made = TelegramChannel(TOKEN, SteppedClock(), api_url=served.api_url, media=tmp_path, file_ids=file_ids)
        await made.open()
        yield made
        simulator.faults.clear()
        file_ids.free.set()
        await made.close()


def message(ann: Person, text: str = "", **picture: str) -> Claimed:
    """A message that must not come twice."""
    method = "sendAnimation" if picture else "sendMessage"
    body = json.dumps({"chat_id": ann.id} | ({"text": text} if text else picture)).encode()
    return Claimed(8, ann.id, f"chat:{ann.id}", method, body, "drop", 1, Owner("a", 0.0, limits(30)))


async def sent(channel: TelegramChannel, row: Claimed) -> Outcome:
    return await attempt(channel, row, Counter(), Patience())


async def connect_anew(channel: TelegramChannel, connections: int = 160) -> None:
    await channel._request.shutdown()
    channel._request._connections = connections
    await channel._request.initialize()


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - the event loop's own turns are what is waited for
            await asyncio.sleep(0)


def test_each_patience_ends_before_the_one_around_it() -> None:
    assert transport._POOL + transport._CONNECT < transport._POOL + transport._CALL < PATIENCE
    assert pictures._TURN + pictures._RECALL + transport._POOL + transport._UPLOAD < PATIENCE
    assert PATIENCE + SETTLING < LEASE


# ----------------------------------------------------------------------------------------------------- it never left


@pytest.fixture
def deaf() -> Iterator[str]:
    """Where nobody answers: whoever wants to be connected waits for ever."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=0)) as listening:
        crowd = [socket.socket() for _ in range(4)]
        for each in crowd:
            each.setblocking(False)
            each.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        for each in crowd:
            each.close()


async def test_what_found_no_connection_never_left(deaf: str, ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        transport, "_CONNECT", transport._CONNECT / 10
    )  # a tenth of both: which ends first stays as it is
    monkeypatch.setattr(bot.delivery.patience, "PATIENCE", PATIENCE / 10)
    channel = TelegramChannel(TOKEN, SteppedClock(), api_url=deaf)
    await channel._request.initialize()
    assert (await sent(channel, message(ann, "one"))).status == Status.PENDING
    await channel.close()


async def test_what_waited_for_others_connections_never_leaves(
    simulator: Simulator, channel: TelegramChannel, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "_POOL", 0.05)
    await connect_anew(channel, connections=1)
    ended = simulator.faults.add(Fault(Trouble.HANG, "sendMessage"))
    first = asyncio.create_task(sent(channel, message(ann, "one")))
    await until(lambda: simulator.faults.hanging)
    assert (await sent(channel, message(ann, "two"))).status == Status.PENDING
    ended()
    assert (await first).status == Status.SENT
    assert (await sent(channel, message(ann, "three"))).status == Status.SENT
    assert [call.parameters["text"] for call in simulator.calls("sendMessage")] == ["one", "three"]


# -------------------------------------------------------------------------------------------------- it may have left


async def test_a_call_without_an_answer_may_have_left_and_lets_its_connection_go(
    simulator: Simulator, channel: TelegramChannel, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "_CALL", 0.1)
    await connect_anew(channel)
    simulator.faults.add(Fault(Trouble.HANG, "sendMessage"))
    assert (await sent(channel, message(ann, "one"))).status == Status.UNKNOWN
    await until(lambda: not simulator.faults.hanging)


# ---------------------------------------------------------------------------------------------------------- pictures


async def test_an_upload_may_take_longer_than_other_calls(
    simulator: Simulator, channel: TelegramChannel, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "_CALL", 0.05)
    await connect_anew(channel)
    simulator.faults.add(Fault(Trouble.DELAY, "sendAnimation", seconds=0.3))
    assert (await sent(channel, message(ann, animation="media:breath"))).status == Status.SENT


@pytest.mark.parametrize("fault", [None, StatementRefused("23514")])
async def test_a_picture_that_arrived_counts_before_its_file_id_is_kept(
    channel: TelegramChannel, file_ids: FileIds, ann: Person, fault: Exception | None
) -> None:
    file_ids.fault = fault
    for _ in range(2):
        assert (await sent(channel, message(ann, animation="media:breath"))).status == Status.SENT
    await until(lambda: file_ids.asked)
    assert file_ids.kept == []
    file_ids.free.set()
    await until(lambda: file_ids.kept or fault)
    assert file_ids.kept == ([] if fault else file_ids.asked)
    assert len(file_ids.asked) == 1


async def test_a_picture_that_another_call_is_uploading_is_tried_again_later(
    simulator: Simulator, channel: TelegramChannel, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "_TURN", 0.05)
    ended = simulator.faults.add(Fault(Trouble.HANG, "sendAnimation"))
    first = asyncio.create_task(sent(channel, message(ann, animation="media:breath")))
    await until(lambda: simulator.faults.hanging)
    assert (await sent(channel, message(ann, animation="media:breath"))).status == Status.PENDING
    ended()
    assert (await first).status == Status.SENT
    assert (await sent(channel, message(ann, animation="media:breath"))).status == Status.SENT
    assert len(simulator.calls("sendAnimation")) == 2
