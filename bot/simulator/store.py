"""Keeps a simulator's chats, files and counters in a folder, so that a demo goes on after a restart."""

import asyncio
import contextlib
import dataclasses
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.simulator.chats import (
    Account,
    Chat,
    InlineMessage,
    InlineQuery,
    Json,
    Message,
    Press,
    Profile,
    User,
    World,
)
from bot.simulator.clock import SimulatedClock
from bot.simulator.files import StoredFile
from bot.simulator.simulator import Simulator
from bot.simulator.updates import Update

STATE = "simulator.json"
FILES = "files"
SAVED_WITHIN = 0.5
LEAP = 1000
PRIVATE = 0o600


class Store:
    """A folder that follows a simulator. Tokens are not in it: a bot is known again by its number."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._last = ""
        self._soon: asyncio.TimerHandle | None = None

    def restore(self, simulator: Simulator) -> bool:
        """Fill a fresh simulator with what was kept; False if there was nothing (readable).

        After a stop without a goodbye the last moments may be missing here while the bot remembers them; then all
        counters leap, so that no number is dealt twice.
        """
        kept = _read(self._folder / STATE)
        if kept is None:
            return False
        leap = 0 if kept["clean"] else LEAP
        simulator.world = _world(kept["world"], leap)
        self._restore_files(simulator, kept)
        for bot_id, account in simulator.world.accounts.items():
            stream = kept["streams"].get(str(bot_id))
            if stream is not None:
                _restore_stream(simulator, account, stream, leap)
        clock = simulator.clock
        if isinstance(clock, SimulatedClock) and not clock.offset:
            clock.skip(timedelta(seconds=kept["ahead"]))
        return True

    @asynccontextmanager
    async def following(self, simulator: Simulator) -> AsyncIterator[None]:
        """Keep every change within half a second while the block runs, and everything at its end."""
        self.save(simulator)

        def soon() -> None:
            if self._soon is None:
                self._soon = asyncio.get_running_loop().call_later(SAVED_WITHIN, self._save_now, simulator)

        stop: Callable[[], None] = simulator.on_touch(soon)
        try:
            yield
        finally:
            stop()
            if self._soon is not None:
                self._soon.cancel()
                self._soon = None
            self.save(simulator, clean=True)

    def save(self, simulator: Simulator, *, clean: bool = False) -> None:
        """Write everything, whole or not at all."""
        files = self._folder / FILES
        files.mkdir(parents=True, exist_ok=True)
        for file_id, stored in simulator.cabinet.files.items():
            if not (files / file_id).exists():
                _write(files / file_id, stored.content)
        text = json.dumps(_state(simulator, clean=clean), ensure_ascii=True)
        if text != self._last:
            _write(self._folder / STATE, text.encode())
            self._last = text

    def _save_now(self, simulator: Simulator) -> None:
        self._soon = None
        self.save(simulator)

    def _restore_files(self, simulator: Simulator, kept: Json) -> None:
        simulator.cabinet.count = kept["files"]["count"]
        for known in kept["files"]["known"]:
            path = self._folder / FILES / known["file_id"]
            if path.exists():
                stored = StoredFile(**known, content=path.read_bytes())
                simulator.cabinet.files[stored.file_id] = stored


def _read(path: Path) -> Json | None:
    try:
        kept: Json = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return kept if kept.get("version") == 1 else None


def _write(path: Path, content: bytes) -> None:
    beside = path.with_name(f"{path.name}.new")
    with contextlib.suppress(FileNotFoundError):
        beside.unlink()
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _state(simulator: Simulator, *, clean: bool) -> Json:
    world = dataclasses.asdict(simulator.world)
    for account in world["accounts"].values():
        account |= {"token": "", "known": sorted(account["known"])}
    clock = simulator.clock
    known = [
        {name: getattr(each, name) for name in StoredFile.__slots__ if name != "content"}
        for each in simulator.cabinet.files.values()
    ]
    return {
        "version": 1,
        "clean": clean,
        "ahead": clock.offset.total_seconds() if isinstance(clock, SimulatedClock) else 0,
        "world": world,
        "files": {"count": simulator.cabinet.count, "known": known},
        "streams": {str(bot_id): _stream(simulator, each) for bot_id, each in simulator.world.accounts.items()},
    }


def _stream(simulator: Simulator, account: Account) -> Json:
    queue, webhook = simulator.queue(account), simulator.webhook(account)
    return {
        "next_id": queue.next_id,
        "allowed": queue.allowed,
        "waiting": [dataclasses.asdict(each) for each in queue.waiting()],
        "webhook": {"url": webhook.url, "secret": webhook.secret, "max_connections": webhook.max_connections},
    }


def _restore_stream(simulator: Simulator, account: Account, stream: Json, leap: int) -> None:
    queue = simulator.queue(account)
    queue.allowed = stream["allowed"]
    for each in stream["waiting"]:
        queue.put(Update(**each))
    queue.next_id = stream["next_id"] + leap
    if stream["webhook"]["url"]:
        simulator.webhook(account).keep(**stream["webhook"])


def _world(kept: Json, leap: int) -> World:
    return World(
        users=_by_number(kept["users"], lambda each: User(**each)),
        accounts=_by_number(kept["accounts"], lambda each: _account(each, leap)),
        threads={key: _by_number(each, _message) for key, each in kept["threads"].items()},
        next_thread_message=kept["next_thread_message"] + leap,
        next_query=kept["next_query"] + leap,
        next_chat=kept["next_chat"],
    )


def _account(kept: Json, leap: int) -> Account:
    cards = {
        key: InlineMessage(each["id"], each["sender"], [(thread, number) for thread, number in each["copies"]])
        for key, each in kept["inline_messages"].items()
    }
    return Account(
        **{
            **kept,
            "chats": _by_number(kept["chats"], _chat),
            "known": set(kept["known"]),
            "profile": Profile(**kept["profile"]),
            "next_message_id": kept["next_message_id"] + leap,
            "presses": {key: Press(**each) for key, each in kept["presses"].items()},
            "inline_queries": {key: InlineQuery(**each) for key, each in kept["inline_queries"].items()},
            "inline_messages": cards,
        }
    )


def _chat(kept: Json) -> Chat:
    members = {int(number): status for number, status in kept["members"].items()}
    return Chat(**{**kept, "messages": _by_number(kept["messages"], _message), "members": members})


def _message(kept: Json) -> Message:
    return Message(**{**kept, "reactions": {int(number): given for number, given in kept["reactions"].items()}})


def _by_number(kept: Json, make: Callable[[Any], Any]) -> dict[int, Any]:
    return {int(number): make(each) for number, each in kept.items()}
