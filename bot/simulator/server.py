"""Serves a simulator on this machine: the Bot API on one port, the phones' page on another, in the running loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.simulator.api_app import bot_api_app
from bot.simulator.chats import Json
from bot.simulator.listening import Listener
from bot.simulator.page_app import page_app
from bot.simulator.phones import NextDue, Phones
from bot.simulator.simulator import Simulator

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Served:
    """Where to find the two faces; `page_url` is empty if the page was not asked for."""

    simulator: Simulator
    api_url: str
    page_url: str


@asynccontextmanager
async def serve(
    simulator: Simulator,
    api_port: int = 0,
    page_port: int | None = None,
    *,
    host: str = HOST,
    next_due: NextDue | None = None,
    links: Json | None = None,
) -> AsyncIterator[Served]:
    """Listen until the block ends; port 0 is any free one, `page_port` None means no page.

    Raises:
        OSError: a port is taken.
    """
    simulator.reopen()
    api = Listener(bot_api_app(simulator), host, api_port)
    api.app.state.reset = api.reset
    phones = None if page_port is None else Phones(simulator, next_due, links)
    page = None if phones is None or page_port is None else Listener(page_app(phones), host, page_port)

    def outage(is_out: bool) -> None:
        (api.pause if is_out else api.resume)()

    await api.start()
    simulator.faults.on_outage.append(outage)
    try:
        if page is not None:
            await page.start()
        if simulator.faults.outage:
            api.pause()
        yield Served(simulator, api.url, page.url if page is not None else "")
    finally:
        simulator.faults.on_outage.remove(outage)
        if phones is not None:
            phones.close()
        await simulator.close()
        await asyncio.gather(api.stop(), *([page.stop()] if page is not None else []))
