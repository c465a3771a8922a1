"""
Play a transcript through all seven hops: real python-telegram-bot, the simulated Bot API, real SQLite, a test clock.

A transcript is a chat, not a program. Its lines:

    # a comment
    given: Ann is set up; role reach; zone Europe/Berlin; nickname Annie; at 2026-05-04 18:00
    given: Ann is set up; nudge_at 08:00; quiet_from 22:00; quiet_to 07:00; zone none
    given: access invite            who may use the bot; from the start on, wherever it stands. Ann is on the list
    given: an invitation bcdf…       its code works for a week
    Ann: /soothe                    what a person writes
    Ann: [7]                        a button, by its label
    Ann: (twice [7])                the same, by a quick finger
    Ann: (sticker)                  also (photo) (voice) (200 letters) (place 52.5 13.4) (edits it to …) (blocks) (unblocks)
    bot: How strong is it?          what the bot says; further lines stand below, indented
         [0] [1]                    its buttons
    edit: …                         the same message, changed in place
    toast: …                        a word for the pressed button
         (picture breathe_slow.gif) a picture comes with it; ¶ is an empty line
    deleted: 2 messages
    --- 30m later ---               time passes
    --- the bot restarts ---
    --- the bot is away for 2h ---  it stops, time passes, it starts
    Ben> bot: …                     what somebody else's phone shows
"""

import asyncio
import re
from collections.abc import Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from bot.app import App
from bot.config import Settings
from bot.core.effects import SetTimer
from bot.core.facts import User
from bot.dialog.library import Library
from bot.dialog.turn import spell
from bot.i18n.zones import next_daily
from bot.profile import consent
from bot.simulator.people import Person
from bot.simulator.server import serve
from bot.simulator.simulator import Simulator
from bot.storage import invites, timers, users
from bot.storage.vault import open_vault
from tests.carried import CACHE, empty_database
from tests.clock import AdvancingClock

TOKEN = "700000001:transcripts"
PATIENT = 60.0
"""Seconds before the static card: what a transcript says must not depend on how busy the machine is."""
ZONES = {"Ann": "Europe/Berlin", "Ben": "America/New_York"}


class StoryClock(AdvancingClock):
    """Story time passes by the transcript alone: what sleeps for pace or back-off takes only machine time."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self._story = start

    def now(self) -> datetime:
        return self._story

    async def until(self, due: datetime) -> None:
        while self._story < due:
            await super().until(self._now + (due - self._story))

    def skip(self, by: timedelta) -> None:
        """Let `by` pass in the story."""
        self._story += by
        self.advance(by)


class LentClock:
    """The test clock as the simulator wants it."""

    def __init__(self, clock: StoryClock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.now()

    def skip(self, by: timedelta) -> None:
        self._clock.skip(by)


class Chat:
    """A running bot and its people. `lines` is the transcript as it really went."""

    def __init__(
        self, folder: Path, library: Library, start: datetime, *, forgetful: bool, access: str = "open"
    ) -> None:
        self.lines: list[str] = []
        self.clock = StoryClock(start)
        self.simulator = Simulator(LentClock(self.clock), self.clock.machine)
        self.account = self.simulator.add_bot(TOKEN, "stillhere_test_bot", "Stillhere")
        self.people = {
            name: self.simulator.add_user(name, time_zone=zone, language_code="en") for name, zone in ZONES.items()
        }
        self._library = library
        self._folder = folder
        self._forgetful = forgetful
        self._access = access
        self._changes: list[dict[str, Any]] = []
        self.simulator.listen(self._changes.append)
        self._names = {person.id: name for name, person in self.people.items()}
        self._words: dict[tuple[str, int], str] = {}
        self._api_url = ""
        self._starts = 0
        self.app: App
        self._running: asyncio.Task[None]

    @asynccontextmanager
    async def going(self) -> Any:
        async with serve(self.simulator) as served:
            self._api_url = served.api_url
            await self.start()
            try:
                yield self
            finally:
                await self.stop()

    async def start(self) -> None:
        settings = Settings(
            _env_file=None,
            bot_token=TOKEN,
            api_url=self._api_url,
            database_url=f"sqlite+aiosqlite:///{self._folder / 'chat.db'}",
            key_file=self._folder / "chat.key",
            cache=CACHE,
            health_listen="",
            access=self._access,
            access_list=str(self.people["Ann"].id),
        )
        self._starts += 1
        self.app = App(settings, self.clock, library=self._library, node=self._starts, card_after=PATIENT)
        await self.app.open()
        self._running = asyncio.create_task(self.app.run())

    async def stop(self) -> None:
        self.app.stop()
        await self._running
        await self.app.close()

    async def settle(self) -> None:
        """Until the bot has taken everything in and said everything it has to say."""
        for finished in (self.simulator.queue(self.account).empty, self.app.quiet):
            waiting = asyncio.ensure_future(finished())
            await asyncio.wait((waiting, self._running), return_when=asyncio.FIRST_COMPLETED)
            if self._running.done():
                waiting.cancel()
                await self._running
            await waiting

    async def given(self, line: str) -> None:
        """`Ann is set up; role reach; …`: the person as a finished set-up leaves them, written by the storage floor."""
        if line.startswith("access "):
            return
        if invited := re.fullmatch("an invitation (.+)", line):
            async with self.app.database.transaction() as tx:
                await invites.add(tx, invited[1], self.clock.now() + timedelta(days=7))
            return
        name, _, wishes = line.partition(" is set up")
        fields: dict[str, Any] = {"consent": consent.VERSION, "zone": ZONES.get(name, "UTC"), "locale": "en", "seed": 7}
        for wish in filter(None, (part.strip() for part in wishes.split(";"))):
            field, _, value = wish.partition(" ")
            if field != "at":
                fields[field] = _fact(field, value)
        if "nudge_at" in fields:
            fields.setdefault("nudges", "daily")
        person, now = self.people[name], self.clock.now()
        user = replace(User(person.id, person.id, created_at=now, seen_at=now), **fields)
        person.chat.started = True
        async with self.app.database.transaction() as tx:
            vault = await open_vault(tx, self.app.settings.key_file)
            await users.create(tx, vault, [user])
            if user.nudge_at and user.nudges != "off":
                due_at = next_daily(now, user.nudge_at, user.zone)
                rule = user.nudge_at.strftime("%H:%M")
                await timers.set(tx, [(user.id, SetTimer("nudge.daily", "daily", due_at, rule=rule))])

    async def hear(self, line: str) -> None:
        """One line of a person, or of the clock."""
        self.lines.append(line)
        if passed := re.fullmatch(r"--- (.+) later ---", line):
            await self.wait(spell(passed[1]))
        elif away := re.fullmatch(r"--- the bot is away for (.+) ---", line):
            await self.stop()
            self.clock.skip(spell(away[1]))
            await self.start()
        elif line == "--- the bot restarts ---":
            await self.restart()
        else:
            name, _, said = line.partition(": ")
            self._act(self.people[name], said)
        await self.settle()
        self._write()
        if self._forgetful:
            await self.restart()

    async def restart(self) -> None:
        """Everything the process remembers is gone; what is on disk stays."""
        await self.stop()
        await self.start()

    async def wait(self, length: timedelta) -> None:
        """Let time pass, from one due timer to the next, so that each finds the world of its moment."""
        end = self.clock.now() + length
        while True:
            due = await self.app.next_due()
            if due is None or due > end:
                break
            self.clock.skip(max(due - self.clock.now(), timedelta()))
            await self.settle()
            self._write()
        self.clock.skip(max(end - self.clock.now(), timedelta()))

    def _act(self, person: Person, said: str) -> None:
        if button := re.fullmatch(r"\[(.+)\]", said):
            person.taps(button[1])
        elif double := re.fullmatch(r"\(twice \[(.+)\]\)", said):
            person.taps(double[1])
            person.taps(double[1])
        elif letters := re.fullmatch(r"\((\d+) letters\)", said):
            person.says("x" * int(letters[1]))
        elif place := re.fullmatch(r"\(place (\S+) (\S+)\)", said):
            person.shares_location(float(place[1]), float(place[2]))
        elif edit := re.fullmatch(r"\(edits it to (.+)\)", said):
            mine = [message for message in person.messages() if message["out"]]
            person.edits(mine[-1]["message_id"], edit[1])
        elif press := re.fullmatch(r"\(presses old \[(.+)\]\)", said):
            _press_oldest(person, press[1])
        elif said in _GESTURES:
            _GESTURES[said](person)
        else:
            person.says(said)

    def _write(self) -> None:
        """Put what happened on the phones since the last line into the transcript."""
        changes, self._changes[:] = list(self._changes), []
        for change in changes:
            self.lines += self._shown(change)

    def _shown(self, change: dict[str, Any]) -> Iterator[str]:
        who = self._names.get(change.get("user_id", 0), "")
        prefix = "" if who == "Ann" else f"{who}> "
        match change:
            case {"type": "message", "message": message} if not message.get("out"):
                self._words[who, message["message_id"]] = _words(message)
                yield from _message(prefix + "bot: ", message)
            case {"type": "edit", "message": message} if not message.get("out"):
                before, now = self._words.get((who, message["message_id"])), _words(message)
                self._words[who, message["message_id"]] = now
                if before == now and "reply_markup" not in message:
                    yield f"{prefix}edit: (its buttons go)"
                else:
                    yield from _message(prefix + "edit: ", message)
            case {"type": "answer", "text": text} if text:
                yield f"{prefix}toast: {text}"
            case {"type": "delete", "message_ids": ids}:
                yield f"{prefix}deleted: {len(ids)} messages"


def play(path: Path, folder: Path, library: Library, *, forgetful: bool) -> list[str]:
    """The transcript at `path` as it really goes; `forgetful` restarts the bot after every line."""

    async def playing() -> list[str]:
        start = datetime.fromisoformat("2026-05-04T18:00:00+00:00")
        script = path.read_text().splitlines()
        for line in script:
            if at := re.search(r"; at (\d{4}-\d\d-\d\d \d\d:\d\d)", line):
                start = datetime.fromisoformat(f"{at[1]}:00+00:00")
        access = next(
            (line.removeprefix("given: access ") for line in script if line.startswith("given: access ")), "open"
        )
        (folder / "chat.db").write_bytes(empty_database())
        chat = Chat(folder, library, start, forgetful=forgetful, access=access)
        async with chat.going():
            for line in script:
                if line.startswith("#") or not line.strip():
                    chat.lines.append(line)
                elif line.startswith("given: "):
                    chat.lines.append(line)
                    await chat.given(line.removeprefix("given: "))
                elif line.startswith("---") or re.match(r"(Ann|Ben): ", line):
                    try:
                        await chat.hear(line)
                    except Exception as fault:
                        fault.add_note("The chat so far:\n" + "\n".join(chat.lines[-20:]))
                        raise
        return chat.lines

    return asyncio.run(playing())


def _fact(field: str, value: str) -> Any:
    """What a wish of a `given:` line sets: a wall time, nothing, or the word itself."""
    if field in {"nudge_at", "quiet_from", "quiet_to"}:
        return time.fromisoformat(value)
    if field in {"consent", "seed"}:
        return int(value)
    return "" if value == "none" else value


def _words(message: dict[str, Any]) -> str:
    return str(message.get("text", message.get("caption", "")))


def _message(prefix: str, message: dict[str, Any]) -> Iterator[str]:
    words = _words(message)
    first, *more = words.split("\n")
    yield prefix + first
    yield from (f"     {line or '¶'}" for line in more)
    if "animation" in message:
        yield f"     (picture {message['animation']['file_name']})"
    elif "document" in message:
        yield f"     (file {message['document']['file_name']})"
    markup = message.get("reply_markup", {})
    for row in markup.get("inline_keyboard", markup.get("keyboard", [])):
        yield "     " + " ".join(_button(button) for button in row)
    if markup.get("remove_keyboard"):
        yield "     (keyboard away)"


def _button(button: dict[str, Any]) -> str:
    if "copy_text" in button:
        return f"[{button['text']} ⧉ {button['copy_text']['text']}]"
    if "url" in button:
        return f"[{button['text']} → {button['url']}]"
    return f"[{button['text']}]"


def _press_oldest(person: Person, label: str) -> None:
    """A button of a message that has been changed or left since: its data as it first was."""
    for message in person.messages():
        for row in message.get("reply_markup", {}).get("inline_keyboard", []):
            for button in row:
                if button["text"] == label:
                    person.presses(message["message_id"], button["callback_data"])
                    return
    raise AssertionError(f"no message has a button {label!r}")


_GESTURES = {
    "(sticker)": lambda person: person.sends_sticker("🙂"),
    "(photo)": lambda person: person.sends_photo(),
    "(voice)": lambda person: person.sends_voice(),
    "(blocks)": lambda person: person.blocks(),
    "(unblocks)": lambda person: person.unblocks(),
}
