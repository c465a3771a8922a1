"""`stillhere demo`: the real bot, talking with a simulated Telegram whose phones are a page in the browser."""

import asyncio
import shutil
import sys
from datetime import datetime
from pathlib import Path

from bot.app import App
from bot.commands.reload import watch
from bot.commands.run import settle, stop_on_signals
from bot.config import Settings
from bot.core.clock import SystemClock
from bot.core.errors import SettingError
from bot.simulator.clock import SimulatedClock
from bot.simulator.server import serve
from bot.simulator.simulator import Simulator
from bot.simulator.store import Store

_TOKEN = "700000001:demo-token-of-a-bot-that-only-lives-here"  # noqa: S105 - the simulator's, worth nothing elsewhere


async def run(folder: Path, *, port: int, api_port: int, fresh: bool) -> None:
    """
    Serve page and bot until a signal; chats, counters, database and key stay in `folder`.

    Raises SettingError if a port is taken.
    """
    if fresh:
        shutil.rmtree(folder, ignore_errors=True)
    clock = SimulatedClock()
    simulator = Simulator(clock)
    store = Store(folder / "phones")
    known = store.restore(simulator)
    simulator.add_bot(_TOKEN, "stillhere_demo_bot", "Stillhere")
    if not known:
        simulator.add_user("Ann", time_zone="Europe/Berlin")
        simulator.add_user("Ben", time_zone="America/New_York")
    story = SystemClock(clock.now)
    clock.on_skip(story.moved)
    app: App | None = None

    async def next_due() -> datetime | None:
        return await app.next_due() if app else None

    try:
        async with store.following(simulator), serve(simulator, api_port, port, next_due=next_due) as served:
            bot = App(_settings(folder, served.api_url), story)
            stop_on_signals(bot)
            try:
                await bot.open()
                settle()
                app = bot
                print(
                    f"Two phones are at {served.page_url}  (Ctrl-C stops; the chats are kept in {folder})",
                    file=sys.stderr,
                    flush=True,
                )
                watching = asyncio.create_task(watch(bot))
                await bot.run()
                watching.cancel()
            finally:
                app = None  # the page goes on asking what is due
                await bot.close()
    except OSError as fault:
        raise SettingError(
            f"Port {port} or {api_port} is taken ({fault.strerror}). Choose others with --port and --api-port."
        ) from None


def _settings(folder: Path, api_url: str) -> Settings:
    """The demo's own settings: what a host has set for the real bot does not reach it, but for where compiled dialogs are kept."""
    return Settings.model_construct(
        **{
            **{name: field.get_default() for name, field in Settings.model_fields.items()},
            **Settings(
                _env_file=None,
                bot_token=_TOKEN,
                api_url=api_url,
                database_url=f"sqlite+aiosqlite:///{folder / 'stillhere.db'}",
                key_file=folder / "stillhere.key",
                health_listen="",
            ).model_dump(include={"bot_token", "api_url", "database_url", "key_file", "cache", "health_listen"}),
        }
    )
