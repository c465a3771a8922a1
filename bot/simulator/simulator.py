"""A second Telegram for tests and the demo: one object that holds people, bots, chats, time, limits and faults."""

import asyncio
import copy
import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from bot.simulator.bot_api import perform
from bot.simulator.calls import JournalEntry
from bot.simulator.changes import Changes, Listener
from bot.simulator.chats import FIRST_USER_ID, Account, Chat, InlineMessage, Json, Message, User, World
from bot.simulator.clock import Clock, SimulatedClock, seconds
from bot.simulator.errors import ConnectionDroppedError, MisuseError
from bot.simulator.faults import Faults
from bot.simulator.files import Cabinet, Upload
from bot.simulator.groups import Group
from bot.simulator.limits import Limits
from bot.simulator.people import Person
from bot.simulator.profile import commands_for, text_for
from bot.simulator.updates import DAY, LIFETIMES, Update, UpdateQueue
from bot.simulator.webhooks import Webhook, default_backoff

JOURNAL_SIZE = 20_000
GROUP_NUMBERS = 1_000
QUERY_NUMBERS = 7_000_000_000_000


class Simulator:
    """Everything of the simulated Telegram, touched from one event loop only.

    `clock` is story time (dates, lifetimes of updates); `machine` counts real seconds (speed limits, the journal).
    Numbers are dealt in order, so that the same deeds give the same ids.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        machine: Callable[[], float] = time.monotonic,
        *,
        limits: bool = True,
        first_update_id: int = 1,
        webhook_backoff: Callable[[int], float] = default_backoff,
    ) -> None:
        self.clock: Clock = clock if clock is not None else SimulatedClock()
        self.machine = machine
        self.world = World()
        self.cabinet = Cabinet()
        self.limits = Limits(machine, active=limits)
        self.faults = Faults()
        self.changes = Changes(self.now)
        self.journal: deque[JournalEntry] = deque(maxlen=JOURNAL_SIZE)
        self._first_update_id = first_update_id
        self._backoff = webhook_backoff
        self._touched: list[Callable[[], None]] = []
        self._waiters: list[asyncio.Future[None]] = []
        self._queues: dict[int, UpdateQueue] = {}
        self._webhooks: dict[int, Webhook] = {}
        self.changes.listen(lambda _change: self.touch())

    # The cast

    def add_bot(self, token: str, username: str, first_name: str) -> Account:
        """A bot, as BotFather would make it; one that is there already (restored) keeps its chats.

        Raises:
            ValueError: the token does not look like one.
        """
        if not re.fullmatch(r"\d{1,15}:[A-Za-z0-9_-]{3,80}", token):
            raise ValueError("A bot token is a number, a colon, and letters, digits, - or _.")
        bot_id = int(token.partition(":")[0])
        account = self.world.accounts.get(bot_id)
        if account is None:
            account = self.world.accounts[bot_id] = Account(token, bot_id, username, first_name)
        account.token, account.username, account.first_name = token, username, first_name
        return account

    def add_user(
        self,
        first_name: str,
        *,
        time_zone: str = "UTC",
        language_code: str = "en",
        username: str = "",
        last_name: str = "",
        bot: Account | None = None,
    ) -> Person:
        """A person with a phone; numbers begin at 1001. The person's bot is `bot`, or the first one."""
        number = max(self.world.users, default=FIRST_USER_ID - 1) + 1
        user = User(number, first_name, last_name, username or first_name.lower(), language_code, time_zone)
        self.world.users[number] = user
        self.tell_user_changed(user)
        return self.person(number, bot)

    def person(self, user_id: int, bot: Account | None = None) -> Person:
        """The person with this number.

        Raises:
            MisuseError: there is nobody, or no bot to talk to.
        """
        user = self.world.users.get(user_id)
        account = bot or next(iter(self.world.accounts.values()), None)
        if user is None or account is None:
            raise MisuseError("There is nobody with this number.")
        return Person(self, account, user)

    def add_group(self, title: str, *people: Person, kind: str = "supergroup", bot: Account | None = None) -> Group:
        """A group, supergroup or channel with these people (the first is its owner) and the bot in it."""
        account = bot or next(iter(self.world.accounts.values()))
        self.world.next_chat += 1
        number = -(1_000_000_000_000 * (kind != "group") + GROUP_NUMBERS + self.world.next_chat)
        chat = Chat(number, {"id": number, "type": kind, "title": title})
        chat.members = {each.id: "member" if at else "creator" for at, each in enumerate(people)}
        chat.bot_status = "administrator" if kind == "channel" else "member"
        account.chats[number] = chat
        return Group(self, account, chat)

    # What tests ask

    def calls(self, *methods: str) -> list[JournalEntry]:
        """The journal's calls of these methods (of all), oldest first."""
        return [each for each in self.journal if not methods or each.method in methods]

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Hear every change from now on, synchronously; the returned function ends that."""
        return self.changes.listen(listener)

    def people(self) -> list[Person]:
        """Everybody, in the order they came."""
        return [self.person(each) for each in self.world.users]

    @property
    def is_polled(self) -> bool:
        """Whether some bot waits for updates right now."""
        return any(each.is_polled for each in self._queues.values())

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until something is so: looked at again after every call, update, poll and change."""
        while not condition():
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter

    def inject(self, body: Json, bot: Account | None = None, update_id: int | None = None) -> int:
        """Put any raw update into a bot's queue, however hostile; returns its update_id."""
        account = bot or next(iter(self.world.accounts.values()))
        queue = self.queue(account)
        number = queue.next_id if update_id is None else update_id
        lifetime = next((LIFETIMES[each] for each in body if each in LIFETIMES), DAY)
        queue.put(Update(number, "", body, "raw", self._moment() + lifetime))
        return number

    # What the parts ask

    def now(self) -> int:
        """Story time in unix seconds."""
        return seconds(self.clock.now())

    def next_number(self) -> int:
        """A number for a press, an inline query, an album, a poll."""
        self.world.next_query += 1
        return QUERY_NUMBERS + self.world.next_query

    def queue(self, account: Account) -> UpdateQueue:
        """The updates that wait for a bot."""
        if account.id not in self._queues:
            self._queues[account.id] = UpdateQueue(self._moment, self._first_update_id)
            self._queues[account.id].on_poll = self.touch
        return self._queues[account.id]

    def webhook(self, account: Account) -> Webhook:
        """Where a bot's updates go, if not to a poller."""
        if account.id not in self._webhooks:

            async def execute(body: Json) -> None:
                await self.perform(account, str(body["method"]), {k: v for k, v in body.items() if k != "method"}, {})

            self._webhooks[account.id] = Webhook(self.queue(account), execute, self.now, self._backoff)
        return self._webhooks[account.id]

    async def perform(
        self, account: Account, method: str, given: Mapping[str, Any], files: Mapping[str, Upload]
    ) -> tuple[int, Json]:
        """Answer a call that came without a connection of its own (in a webhook's response); it cannot be dropped."""
        try:
            return await perform(self, account, method, given, files)
        except ConnectionDroppedError:
            return 502, {"ok": False}

    def on_touch(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` whenever something worth keeping may have changed; the returned function ends that."""
        self._touched.append(listener)
        return lambda: self._touched.remove(listener)

    def touch(self) -> None:
        """Something worth keeping may have changed, or somebody may wait for just this."""
        for listener in self._touched:
            listener()
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()

    def tell_bot(self, account: Account, kind: str, body: Json) -> None:
        """Queue an update. Messages keep their order by chat, everything else by person."""
        chat = body.get("chat", {}).get("id")
        person = (body.get("from") or body.get("user") or {}).get("id")
        self.touch()
        self.queue(account).add(kind, copy.deepcopy(body), f"chat:{chat}" if chat is not None else f"user:{person}")

    def tell_bot_changed(self, account: Account) -> None:
        """The bot's name, commands or menu button are new: every phone shows them."""
        users = [self.user_view(each) for each in self.world.users.values()]
        self.changes.tell("bot", bot=self.bot_view(account), users=users)

    def tell_user_changed(self, user: User) -> None:
        """Somebody started, blocked or came."""
        self.changes.tell("user", user=self.user_view(user))

    def card_copies(self, card: InlineMessage) -> list[tuple[str, Message]]:
        """The copies of a card that are still on phones, with their conversations."""
        threads = self.world.threads
        return [(key, threads[key][number]) for key, number in card.copies if number in threads.get(key, {})]

    def bot_view(self, account: Account) -> Json:
        """A bot as a phone shows it."""
        profile = account.profile
        return {
            "id": account.id,
            "first_name": profile.names.get("") or account.first_name,
            "username": account.username,
            "description": text_for(profile.descriptions),
            "short_description": text_for(profile.short_descriptions),
            "commands": commands_for(account, 0, ""),
            "menu_button": profile.menu_button,
        }

    def user_view(self, user: User) -> Json:
        """A person as the page shows them, with the commands in their language."""
        account = next(iter(self.world.accounts.values()), None)
        chat = account.chats.get(user.id) if account else None
        return {
            "id": user.id,
            "first_name": user.first_name,
            "username": user.username,
            "language_code": user.language_code,
            "time_zone": user.time_zone,
            "commands": commands_for(account, user.id, user.language_code) if account else [],
            "blocked": bool(chat and chat.blocked),
            "started": bool(chat and chat.started),
            "can_read_all": False,
        }

    async def close(self) -> None:
        """Let pollers go and stop deliveries."""
        for queue in self._queues.values():
            queue.close()
        for webhook in self._webhooks.values():
            await webhook.close()

    def reopen(self) -> None:
        """After a close: polls wait again, deliveries go on."""
        for queue in self._queues.values():
            queue.reopen()
        for webhook in self._webhooks.values():
            webhook.resume()

    def _moment(self) -> float:
        return self.clock.now().timestamp()
