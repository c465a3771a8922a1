"""`stillhere invite`: a link that lets one person in, once, for a while."""

import asyncio
import secrets
from datetime import timedelta

from bot.commands.host import NotDone
from bot.config import Settings
from bot.conversation.access import LENGTH, LETTERS
from bot.conversation.channel import ChannelError
from bot.core.clock import SystemClock
from bot.storage import invites
from bot.storage.database import Database
from bot.storage.migration import newest, revision
from bot.telegram.channel import TelegramChannel
from bot.telegram.errors import TokenRefused

_ASK_WITHIN = 10.0


async def invite(settings: Settings, days: int) -> list[str]:
    """Keep a new invitation, also while the bot runs; what to hand on, line by line. Raises NotDone, DatabaseUnavailable."""
    clock, code = SystemClock(), new_code()
    expires_at = clock.now() + timedelta(days=days)
    database = Database(settings.database_url.get_secret_value(), clock)
    await database.open()
    try:
        async with database.transaction() as tx:
            if await revision(tx) != newest():
                raise NotDone("The database is not at this program's version yet. Start the bot once, then invite.")
            await invites.add(tx, code, expires_at)
    finally:
        await database.close()
    name = await _username(settings)
    told = [f"https://t.me/{name}?start={code}" if name else code]
    if not name:
        told.append(
            "Telegram did not tell the bot's name. The code works too: whoever is invited writes it to the bot."
        )
    told.append(f"It lets one person in, once, until {expires_at:%Y-%m-%d %H:%M} UTC. It is not shown again.")
    if settings.access != "invite":
        told.append(f"STILLHERE_ACCESS is {settings.access}, so nobody needs it now.")
    return told


def new_code() -> str:
    """A code that nobody can guess."""
    return "".join(secrets.choice(LETTERS) for _ in range(LENGTH))


async def _username(settings: Settings) -> str:
    """What the bot is called at Telegram; nothing if that cannot be found out now."""
    if not settings.bot_token.get_secret_value():
        return ""
    channel = TelegramChannel(settings.bot_token.get_secret_value(), SystemClock(), api_url=settings.api_url)
    try:
        async with asyncio.timeout(_ASK_WITHIN):
            await channel.open()
    except (ChannelError, TokenRefused, TimeoutError):
        return ""
    finally:
        await channel.close()
    return channel.username
