"""People who walk through the dialogs at a phone, and what a bot in peace shows them: the measure for every disturbed one."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

from bot.app import App
from bot.config import Settings
from bot.core.card import CARD
from bot.core.clock import SystemClock
from bot.core.facts import User
from bot.dialog.session import Frame, from_body
from bot.profile import consent
from bot.simulator import Simulator
from bot.simulator.people import Person
from bot.storage import entries, sessions, users
from bot.storage.database import Database, moment
from bot.storage.vault import open_vault
from tests.program import TOKEN, hosted

# What everybody does: words, or a press of the n-th button of the newest prompt. Bot and person come the same way each time.
WALK: list[str | int] = [
    "/soothe", 4, 1, 0, 0, "I am allowed to rest.", 0, 3, "/space", 0, 8, 0, 1, 0, "/reach", 0, 0, "/menu", 0,
    "/soothe", 7, 0, "/help", "/menu", 1, "/nudges", "/settings", 0, "/menu",
]  # fmt: skip

LONG_AGO = moment(0)

Shown = tuple[str, tuple[str, ...]]
"""A prompt as it stands on the phone: its words, and its buttons."""
Did = tuple[str, int | None, int | None, str, str]
"""What is kept of something done: kind, ratings before and after, technique, words."""


class Phone:
    """What a person does, and sees. The static card, which goes out whenever a turn takes too long, is overlooked."""

    def __init__(self, simulator: Simulator, person: Person) -> None:
        self.person = person
        self.shown: list[Shown] = []
        self.looks_at: Shown | None = None
        self._words: dict[int, str] = {}
        simulator.listen(self._see)

    def act(self, deed: str | int) -> None:
        """Say it, or press it under the prompt that was last answered to them (a second copy may have come since)."""
        if isinstance(deed, str):
            self.person.says(deed)
            return
        messages = [message for message in self.person.messages() if _rows(message)]
        prompt = next((each for each in reversed(messages) if _as_shown(each) == self.looks_at), messages[-1])
        data = [each["callback_data"] for row in _rows(prompt) for each in row if "callback_data" in each]
        self.person.presses(prompt["message_id"], data[min(deed, len(data) - 1)])

    def _see(self, change: dict[str, Any]) -> None:
        message = change.get("message", {})
        mine = change.get("user_id") == self.person.id
        if change["type"] not in {"message", "edit"} or message.get("out") or not mine:
            return
        words, buttons = _as_shown(message)
        known, self._words[message["message_id"]] = self._words.get(message["message_id"]), words
        if buttons or words not in {known, CARD}:  # else it is an old prompt that lost its buttons, or the card
            self.shown.append((words, buttons))


@dataclass(frozen=True, slots=True)
class Kept:
    """
    What the deeds of somebody come to: where they stand, with all that waits behind it, and what they did.

    `prompts` counts what they were asked, `heard` how often they heard each phrase that has variants.
    """

    place: Sequence[Frame]
    prompts: int
    heard: Mapping[str, int]
    did: Sequence[Did]


@dataclass(frozen=True, slots=True)
class Calm:
    """What somebody was shown in peace: after each deed, and all in all; and what is kept of them at the end."""

    ends: Sequence[Shown]
    shown: Sequence[Shown]
    kept: Kept


async def undisturbed(
    folder: Path, people: int = 1, walk: Sequence[str | int] = WALK, *, agreed: bool = False
) -> list[Calm]:
    """The walk of so many people in peace; who has `agreed` before leaves more behind."""
    async with hosted(folder) as (host, simulator):
        phones = [Phone(simulator, person) for person in crowd(simulator, people)]
        app = App(
            Settings(
                _env_file=None,
                bot_token=TOKEN,
                api_url=host.settings["STILLHERE_API_URL"],
                database_url=f"sqlite+aiosqlite:///{folder}/calm.db",
                key_file=folder / "calm.key",
                cache=host.settings["STILLHERE_CACHE"],
                health_listen="",
                send_rate=0,
            )
        )
        await app.open()
        if agreed:
            await meet(app.database, app.settings.key_file, phones)
        running = asyncio.create_task(app.run())
        ends: list[list[Shown]] = [[] for _ in phones]
        for deed in walk:
            for phone in phones:
                phone.act(deed)
            await simulator.queue(simulator.world.accounts[int(TOKEN.partition(":")[0])]).empty()
            await app.quiet()
            for end, phone in zip(ends, phones, strict=True):
                end.append(phone.shown[-1])
        left = await kept(app.database, app.settings.key_file, phones)
        app.stop()
        await running
        await app.close()
        return [Calm(end, phone.shown, each) for end, phone, each in zip(ends, phones, left, strict=True)]


async def meet(database: Database, key_file: Path, phones: Sequence[Phone]) -> None:
    """These people have agreed; nobody knows their time zone."""
    now = SystemClock().now()
    async with database.transaction() as tx:
        ids = [phone.person.id for phone in phones]
        people = [User(each, each, seed=each, consent=consent.VERSION, created_at=now, seen_at=now) for each in ids]
        await users.create(tx, await open_vault(tx, key_file), people)


async def kept(database: Database, key_file: Path, phones: Sequence[Phone]) -> list[Kept]:
    """What a database keeps of these people, without the numbers and times that are different in each run."""
    async with database.transaction() as tx:
        people = await users.lock(tx, await open_vault(tx, key_file), [phone.person.id for phone in phones])
        stands = await sessions.load(tx, people)
        did = {each: await entries.of_user(tx, people[each], LONG_AGO) for each in people}
    return [_kept(stands[phone.person.id], did[phone.person.id]) for phone in phones]


def repeated(shown: Sequence[Shown], wanted: Sequence[Shown], breaks: Sequence[tuple[int, int]]) -> Counter[int]:
    """
    How much of what was `wanted` is `shown` twice, by the number of the break that excuses it.

    Each has to be there, in order, and nothing else. A break is a place in `shown` and how many messages were in flight
    there: these may come once more, in order, afterwards.
    """
    place = {each: n for n, each in enumerate(wanted)}
    assert len(place) == len(wanted), "what is said twice in peace cannot be told from what comes twice"
    news, again = 0, -1
    excused: list[set[int]] = []
    twice = Counter[int]()
    for at, each in enumerate(shown):
        for before, flying in breaks[len(excused) :]:
            if before <= at:
                excused.append(set(range(news - flying, news + flying)))
                again = -1
        assert each in place, f"not said in peace: {each}"
        n = place[each]
        if n == news:
            news += 1
            continue
        assert n < news, f"lost or too late: {wanted[news]}"
        assert again < n, f"out of order: {each}"
        excuses = [number for number, those in enumerate(excused) if n in those]
        assert excuses, f"twice, and was not in flight: {each}"
        excused[excuses[-1]].remove(n)
        twice[excuses[-1]] += 1
        again = n
    assert news == len(wanted), f"lost: {wanted[news:]}"
    return twice


def crowd(simulator: Simulator, people: int) -> list[Person]:
    """So many people, the same each time."""
    while len(simulator.people()) < people:
        simulator.add_user(f"Person {len(simulator.people())}")
    return simulator.people()[:people]


def chance(seed: int, step: int, below: int) -> int:
    """A number from 0 on, different for each step, the same each time."""
    return int.from_bytes(blake2b(f"{seed} {step}".encode(), digest_size=4).digest()) % below


def _kept(row: sessions.Row, did: Sequence[entries.Entry]) -> Kept:
    session = from_body(row.body, revision=row.revision, at=row.at)
    frames = [replace(frame, since=0) for frame in (session.frame, *session.stack)]
    heard = {phrase: times for phrase, times in session.memory.items() if not phrase.startswith(_BY_DAY)}
    return Kept(
        frames, row.revision, heard, [(each.kind, each.before, each.after, each.technique, each.text) for each in did]
    )


_BY_DAY = "reassured."
"""What begins anew at midnight."""


def _as_shown(message: dict[str, Any]) -> Shown:
    words = str(message.get("text", message.get("caption", "")))
    return words, tuple(each["text"] for row in _rows(message) for each in row)


def _rows(message: dict[str, Any]) -> list[list[dict[str, Any]]]:
    rows: list[list[dict[str, Any]]] = message.get("reply_markup", {}).get("inline_keyboard", [])
    return rows
