"""`stillhere doctor`: looks at everything a running bot needs, and says what to do about what is amiss. Changes nothing."""

import email.utils
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import aiohttp

from bot import config
from bot.config import Settings
from bot.conversation.channel import ChannelError
from bot.core.clock import Clock, SystemClock
from bot.core.errors import DatabaseUnavailable, ScriptError, SettingError, StillhereError, VaultError
from bot.dialogs import read_dialogs, source, withheld
from bot.hosting import guard
from bot.safety import helplines
from bot.storage import backlog, letters, outbox
from bot.storage.database import Database, Transaction
from bot.storage.deletions import Deletions, beside
from bot.storage.key_file import load_keys, open_to_others
from bot.storage.migration import newest, revision
from bot.storage.vault import Vault, open_vault
from bot.telegram.channel import TelegramChannel
from bot.telegram.errors import translated

ROOM = 200_000_000
"""Bytes that should be free beside the database."""
SKEW = timedelta(seconds=30)
LATE = 300.0
RECENT = timedelta(days=7)
"""For so long a dead letter is news."""


@dataclass(frozen=True, slots=True)
class Line:
    """What was found about `subject`; not `well` means that `words` say what to do."""

    well: bool
    subject: str
    words: str

    def __str__(self) -> str:
        """As it is printed."""
        first, *more = self.words.splitlines() or [""]
        return "\n".join([f"{'✓' if self.well else '✗'} {self.subject}: {first}", *(f"    {line}" for line in more)])


async def examine() -> AsyncIterator[Line]:
    """One line a subject, as they are found."""
    clock: Final = SystemClock()
    try:
        settings = config.read()
    except SettingError as wrong:
        yield Line(False, "settings", str(wrong))
        return
    odd = config.unknown()
    yield Line(not odd, "settings", f"{', '.join(odd)}: no such setting; see `.env`" if odd else "can be read")
    async for line in _telegram(settings, clock):
        yield line
    async for line in _database(settings, clock):
        yield line
    for line in _dialogs(settings):
        yield line
    yield _helplines(clock)


async def _telegram(settings: Settings, clock: Clock) -> AsyncIterator[Line]:
    try:
        channel = TelegramChannel(settings.bot_token.get_secret_value(), clock, api_url=settings.api_url)
    except SettingError as missing:
        yield Line(False, "token", str(missing))
        return
    try:
        await channel.open()
        yield Line(True, "token", f"belongs to @{channel.username}")
        with translated():
            told = await channel.bot.get_webhook_info()
        yield _door(settings, told.url, told.pending_update_count)
    except SettingError as refused:
        yield Line(False, "token", str(refused))
    except ChannelError as fault:
        yield Line(
            False, "Telegram", f"is not reached ({fault}). Check this machine's network; behind a proxy, HTTPS_PROXY"
        )
    finally:
        await channel.close()
    if (line := await _clock(settings.api_url, clock)) is not None:
        yield line


def _door(settings: Settings, url: str, waiting: int) -> Line:
    way = "by webhook" if settings.webhook_url else "by polling"
    if url and url != settings.webhook_url:
        return Line(True, "updates", f"{way}, from the next start on: now another webhook is set; {waiting} wait")
    return Line(True, "updates", f"{way}; {waiting} wait")


async def _clock(api_url: str, clock: Clock) -> Line | None:
    """This machine's clock beside Telegram's; None if Telegram does not tell."""
    try:
        timeout = aiohttp.ClientTimeout(total=5)
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=True) as session,
            session.get(api_url, allow_redirects=False) as answer,
        ):
            told = email.utils.parsedate_to_datetime(answer.headers["Date"])
    except (aiohttp.ClientError, OSError, KeyError, ValueError):
        return None
    apart = abs(clock.now() - told)
    if apart > SKEW:
        return Line(
            False,
            "clock",
            f"{apart.total_seconds():.0f} s away from Telegram's: promises would come at the wrong time. Use NTP",
        )
    return Line(True, "clock", "agrees with Telegram's")


async def _database(settings: Settings, clock: Clock) -> AsyncIterator[Line]:
    try:
        database = Database(settings.database_url.get_secret_value(), clock)
    except SettingError as wrong:
        yield Line(False, "database", str(wrong))
        return
    if database.path is not None:
        yield _disk(database.path)
        if not database.path.exists():
            yield Line(True, "database", f"{database.path} is not there yet; the first start makes it")
            yield _key_alone(settings.key_file)
            return
    try:
        await database.open()
        async with database.transaction() as tx:
            async for line in _inside(tx, settings, clock, database.path):
                yield line
    except DatabaseUnavailable as fault:
        yield Line(False, "database", str(fault))
    finally:
        await database.close()


async def _inside(tx: Transaction, settings: Settings, clock: Clock, path: Path | None) -> AsyncIterator[Line]:
    present = await revision(tx)
    if present is None:
        yield Line(True, "database", "is empty; the first start fills it")
        return
    if present != newest():
        way = "upgrades it" if present < newest() else "cannot use it: start the newer program again"
        yield Line(present < newest(), "database", f"revision {present}; this program has {newest()} and {way}")
        return
    runs = ", in use by a running program" if path and guard.is_running(path) else ""
    yield Line(True, "database", f"{tx.dialect}, revision {present}{runs}")
    yield await _key(tx, settings.key_file)
    found = await backlog.look(tx, clock.now())
    late = found.late > LATE
    yield Line(not late, "outbox", f"{found.waiting} messages wait" + _since(found.late, late))
    yield Line(found.timers_late <= LATE, "timers", f"{found.overdue} overdue" + _since(found.timers_late, late))
    yield await _letters(tx, clock)
    yield await _refused(tx)


def _since(seconds: float, late: bool) -> str:
    if not late:
        return ""
    return f", the first for {timedelta(seconds=round(seconds))}. Look whether `stillhere run` runs, and into its log"


async def _letters(tx: Transaction, clock: Clock) -> Line:
    count, latest = await letters.count(tx), await letters.newest(tx, 1)
    if not latest:
        return Line(True, "dead letters", "none")
    letter = latest[0]
    fresh = clock.now() - letter.at < RECENT
    words = f"{count}, the newest of {letter.at:%Y-%m-%d %H:%M} UTC: {letter.fault}."
    return Line(
        not fresh, "dead letters", words + (" Please report this; it holds no word of anybody" if fresh else "")
    )


async def _refused(tx: Transaction) -> Line:
    """Messages that Telegram will never take, or that cannot be read; kept for two days, without their words."""
    found = await outbox.refused(tx)
    if found is None:
        return Line(True, "refused messages", "none")
    count, at, why = found
    words = f"{count} in two days, the newest of {at:%Y-%m-%d %H:%M} UTC: {why}."
    return Line(False, "refused messages", words + " Please report this; it holds no word of anybody")


async def _key(tx: Transaction, path: Path) -> Line:
    try:
        return _described(path, await open_vault(tx, path, may_make=False))
    except VaultError as wrong:
        return Line(False, "key", str(wrong))


def _key_alone(path: Path) -> Line:
    """A key whose database is not there yet."""
    if not path.exists():
        return Line(True, "key", f"{path} is not there yet; the first start makes it, or `stillhere init`")
    try:
        return _described(path, Vault(*load_keys(path, database_is_empty=True, may_make=False)))
    except VaultError as wrong:
        return Line(False, "key", str(wrong))


def _described(path: Path, vault: Vault) -> Line:
    warning = open_to_others(path) or Deletions(beside(path)).check()
    if not warning and vault.is_being_changed:
        warning = f"{path} holds two keys: a change had not come to its end. Run `stillhere keys rotate` once more"
    return Line(not warning, "key", warning or f"{path}, its fingerprint begins {vault.fingerprint[:8]}")


def _disk(database: Path) -> Line:
    folder = next((each for each in database.absolute().parents if each.is_dir()), Path("/"))
    try:
        free = shutil.disk_usage(folder).free
    except OSError as fault:
        return Line(False, "disk", f"{folder} cannot be looked at ({fault.strerror})")
    words = f"{free / 1e9:.1f} GB free at {folder}"
    return Line(free >= ROOM, "disk", words if free >= ROOM else f"{words}. Make room")


def _dialogs(settings: Settings) -> Iterator[Line]:
    cache = settings.cache if settings.cache.is_dir() else None
    try:
        library = read_dialogs(settings.dialogs, cache)
        yield Line(True, "dialogs", f"{len(library.dialogs)} dialogs, no finding")
        for words in withheld(source(settings.dialogs, cache), settings.dialogs).values():
            yield Line(True, "languages", words)
    except StillhereError as fault:
        yield Line(False, "dialogs", str(fault))


def _helplines(clock: Clock) -> Line:
    """Old checks are no fault of the host's; a file that cannot be read is one."""
    try:
        return Line(True, "help lines", helplines.age(helplines.carried().values(), clock.now().date()))
    except ScriptError as fault:
        return Line(False, "help lines", str(fault))
