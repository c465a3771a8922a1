"""Answers a call of the Bot API: faults, facts, limits, the answer, the journal. All in the event loop, in order."""

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bot.simulator import (
    cards,
    copying,
    editing,
    elsewhere,
    getting_updates,
    media,
    profile,
    rooms,
    sending,
)
from bot.simulator.calls import ANSWERS, Call, JournalEntry
from bot.simulator.chats import Account, Json
from bot.simulator.errors import ApiError, ConnectionDroppedError, bad_request
from bot.simulator.facts import method_named, read_parameters
from bot.simulator.files import Upload

if TYPE_CHECKING:
    from bot.simulator.simulator import Simulator

ROOMS_OF_ANSWERS = (cards, copying, editing, elsewhere, getting_updates, media, profile, rooms, sending)


async def perform(
    simulator: "Simulator", account: Account, method: str, given: Mapping[str, Any], files: Mapping[str, Upload]
) -> tuple[int, Json]:
    """HTTP status and body of the answer to one call.

    Raises:
        ConnectionDroppedError: a fault wants the connection reset instead; the call may have had its effect.
    """
    entry = JournalEntry(account.id, method, _written_down(given, files), simulator.machine())
    simulator.journal.append(entry)
    simulator.touch()
    try:
        name = method_named(method)
        entry.method = name
        await simulator.faults.before(name, given.get("chat_id"))
        call = Call(simulator, account, name, read_parameters(name, given, files), dict(files))
        _spend(call)
        result = await _answer(call)
        status, body = 200, {"ok": True, "result": result}
    except ApiError as error:
        status, body = error.code, error.body()
    except ConnectionDroppedError:
        entry.response = {"ok": False, "description": "connection dropped before the call took effect"}
        raise
    entry.response = body
    simulator.touch()
    if body["ok"]:  # what was refused had no effect
        await simulator.faults.after(entry.method, given.get("chat_id"))
    return status, body


async def _answer(call: Call) -> Any:
    answer = ANSWERS.get(call.method)
    if answer is None:
        raise bad_request("method is not simulated")
    result = answer(call)
    if inspect.isawaitable(result):
        result = await result
    return result


def _spend(call: Call) -> None:
    """Calls that put or change words in a chat are limited; looking, deleting, answering presses are not."""
    if not call.method.startswith(("send", "edit", "copy", "forward")) or call.method == "sendChatAction":
        return
    chat_id = call.get("chat_id")
    count = len(call.get("media") or call.get("message_ids") or [0]) if call.method.endswith(("Group", "s")) else 1
    call.simulator.limits.spend(call.account.id, chat_id if isinstance(chat_id, int) else None, count)


def _written_down(given: Mapping[str, Any], files: Mapping[str, Upload]) -> Json:
    return dict(given) | {name: f"<{len(upload.content)} bytes>" for name, upload in files.items()}
