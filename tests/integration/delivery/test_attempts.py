"""Calls without an answer: how soon they are made again, and how long one message may take."""

from collections import Counter
from itertools import pairwise

import pytest

import bot.delivery.patience
from bot.conversation.channel import Rejected, Sent, Unreachable
from bot.delivery.attempt import attempt
from bot.delivery.patience import Patience
from bot.delivery.sender import Sender
from bot.storage.messages import Status
from tests.clock import AdvancingClock
from tests.memory_wire import Call, Wire
from tests.post import Post, draft, edit, turn


async def test_what_arrives_each_time_without_an_answer_comes_ever_more_rarely(
    post: Post[AdvancingClock], wire: Wire, sender: Sender
) -> None:
    wire.faults[1].extend(Unreachable("cut off", left=True) for _ in range(8))
    wire.faults[2].extend(Unreachable("cut off", left=True) for _ in range(8))
    await turn(post, sender, draft(8), draft(9), edit(16, 2, message_id=77))
    await wire.heard(3)
    await sender.quiet()
    waits = {chat: [later.at - earlier.at for earlier, later in pairwise(calls(wire, chat)[:9])] for chat in (1, 2)}
    assert waits[1] == pytest.approx([0.5, 2, 8, 60, 120, 240, 480, 960], abs=0.1)
    assert waits[2] == pytest.approx([0.5, 1, 2, 4, 8, 16, 32, 60], abs=0.1)  # an edit done twice is done once
    assert wire.texts(1) == ["8", "9"]
    assert sender._doubts == {}


async def test_a_long_time_without_a_connection_is_no_doubt(
    post: Post[AdvancingClock], wire: Wire, sender: Sender
) -> None:
    wire.faults[1].extend(Unreachable("no route", left=False) for _ in range(12))
    wire.faults[1].append(Unreachable("cut off", left=True))
    await turn(post, sender, draft(8))
    await wire.heard(1)
    await sender.quiet()
    *_, doubtful, again = wire.calls
    assert again.at - doubtful.at == pytest.approx(0.5, abs=0.01)


def calls(wire: Wire, chat: int) -> list[Call]:
    return sorted((call for call in wire.calls if call.chat == chat), key=lambda call: call.at)


async def test_saying_anew_what_cannot_be_edited_has_no_time_of_its_own(
    post: Post[AdvancingClock], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(Wire):
        async def call(self, method: str, body: bytes) -> Sent:
            monkeypatch.setattr(bot.delivery.patience, "PATIENCE", 3600.0)  # for whoever begins to wait from here on
            if method == "sendMessage":
                self.gate.clear()
            return await super().call(method, body)

    wire = Slow(post.clock)
    wire.faults[1].append(Rejected("Bad Request: message to edit not found", gone=True))
    (row,) = await post.add(edit(8, message_id=77), claim_for=post.owner("a"))
    monkeypatch.setattr(bot.delivery.patience, "PATIENCE", 0.05)
    assert (await attempt(wire, row, Counter(), Patience())).status == Status.PENDING
    assert [call.method for call in wire.calls] == ["editMessageText", "sendMessage"]
