"""`stillhere run`: the bot on Telegram, from start to a clean stop."""

import asyncio
import signal
import sys

from bot.app import App
from bot.config import Settings


async def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Raises what keeps the bot from starting or going on."""
    app = App(settings)
    stop_on_signals(app)
    try:
        await app.open()
        print(f"Stillhere listens as @{app.channel.username}. Stop it with Ctrl-C.", file=sys.stderr, flush=True)
        await app.run()
    finally:
        await app.close()


def stop_on_signals(app: App) -> None:
    """Let the first SIGTERM or SIGINT stop `app` cleanly."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, app.stop)
