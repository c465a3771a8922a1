"""`stillhere run`: the bot on Telegram, from start to a clean stop."""

import asyncio
import gc
import signal
import sys

from bot.app import App
from bot.commands.reload import reload_on_hangup, reload_when_behind
from bot.config import Settings
from bot.core import shelf
from bot.dialogs import gate, read_dialogs
from bot.hosting import linted
from bot.hosting.ahead import ended, in_a_child
from bot.logs import watch_loop

YOUNG = 20_000
"""
So many new objects before the collector looks through them. Nearly all die with their last reference; with Python's own 700
the collector took 5 % of the CPU under load, with 20,000 it takes 1.7 %.
"""


def compile_ahead(settings: Settings) -> int | None:
    """
    At the very first start of a program, let a child compile dialogs and lexicon; its number. Before an event loop runs.

    What that takes, some 30 MB, would stay with the bot until the next start.
    """
    if linted.has_been_here(settings.cache) or not shelf.can_keep(settings.cache):
        return None
    return in_a_child(lambda: _compile(settings))


def _compile(settings: Settings) -> None:
    library = read_dialogs(settings.dialogs, settings.cache)
    gate(settings.dialogs, tuple(library.catalog.locales), settings.cache)


async def run(settings: Settings, compiler: int | None = None) -> None:
    """Run until SIGTERM or SIGINT, once the `compiler` has ended. Raises what keeps the bot from starting or going on."""
    watch_loop()
    app = App(settings)
    stop_on_signals(app)
    try:
        if compiler is not None:
            await ended(compiler)
        if app.stopping:
            return
        await app.open()
        settle()
        if app.stopping:
            return
        reload_on_hangup(app)
        print(f"{_where(app)} Stop it with Ctrl-C.", file=sys.stderr, flush=True)
        behind = asyncio.create_task(reload_when_behind(app))
        try:
            await app.run()
        finally:
            behind.cancel()
    finally:
        await app.close()


def settle() -> None:
    """What the start has made stays for good: from here on the collector looks at newer things alone, and seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG)
    gc.enable()


def stop_on_signals(app: App) -> None:
    """Let the first SIGTERM or SIGINT stop `app` cleanly. A second one ends the process at once; that loses nothing either."""
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)

    def stop() -> None:
        app.stop()
        for number in signals:
            loop.remove_signal_handler(number)

    for number in signals:
        loop.add_signal_handler(number, stop)


def _where(app: App) -> str:
    """Where the bot listens, on one line."""
    settings = app.settings
    hooked = f" at {settings.webhook_url}, brought to {settings.webhook_listen}" if settings.webhook_url else ""
    health = f" Health: http://{settings.health_listen}/health." if settings.health_listen else ""
    return f"Stillhere listens as @{app.channel.username}{hooked}.{health}"
