"""The webhook as a door: registers with Telegram, serves, and sees to it that Telegram still knows the way."""

import asyncio
from datetime import timedelta
from urllib.parse import urlsplit

import structlog

from bot.conversation.channel import ChannelError
from bot.core.clock import Clock
from bot.hosting.serving import Server
from bot.telegram.channel import TelegramChannel
from bot.telegram.errors import translated
from bot.telegram.inbox import Inbox
from bot.telegram.polling import Heard
from bot.telegram.webhook import register, webhook_app

LOOK_EVERY = timedelta(seconds=60)
"""Between two looks at what Telegram knows of us."""

_log = structlog.get_logger()


class WebhookDoor:
    """`run()` until `stop()`. The webhook stays registered: what comes meanwhile waits at Telegram for the next start."""

    def __init__(
        self, channel: TelegramChannel, inbox: Inbox, clock: Clock, server: Server, *, url: str, secret: str
    ) -> None:
        self._channel, self._clock, self._server = channel, clock, server
        self._url, self._secret = url, secret
        self._app = webhook_app(inbox, path=urlsplit(url).path or "/", secret=secret)
        self._ended = asyncio.Event()
        self.last_success: Heard | None = None

    async def run(self) -> None:
        """Serve until stopped. Raises SettingError if Telegram does not accept the address, TokenRefused if not the token."""
        keeping = asyncio.create_task(self._keep_registered())
        serving = asyncio.create_task(self._server.run(self._app))
        try:
            await asyncio.wait((keeping, serving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            keeping.cancel()
            self._server.stop()
            await serving
            await asyncio.gather(keeping, return_exceptions=True)
            self._ended.set()
        if not keeping.cancelled() and (fault := keeping.exception()):
            raise fault

    async def stop(self) -> None:
        """Take no further update; those in hand are brought to their commit and answered."""
        self._server.stop()
        await self._ended.wait()

    async def _keep_registered(self) -> None:
        failures, registered = 0, False
        while True:
            try:
                if not registered or not await self._is_ours():
                    await register(self._channel, self._url, self._secret)
                    registered = True
                    _log.info("webhook registered")
                self.last_success = Heard(self._clock.now(), self._clock.machine())
                failures = 0
            except ChannelError as fault:
                failures += 1
                if failures == 1:
                    _log.warning("Telegram is not reached", fault=type(fault).__name__, reason=str(fault))
                await self._clock.sleep(min(30.0, 2.0 ** min(failures, 5)))
                continue
            await self._clock.until(self._clock.now() + LOOK_EVERY)

    async def _is_ours(self) -> bool:
        with translated():
            known = await self._channel.bot.get_webhook_info()
        if known.last_error_date and known.pending_update_count:
            _log.warning("Telegram cannot deliver", waiting=known.pending_update_count)
        if known.url != self._url:
            _log.warning("somebody else took the webhook away")
        return known.url == self._url
