"""From the process to its first message, with warm files and all dialogs, and memory at rest: `python bench/start.py [RUNS]`."""

import asyncio
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import orjson
import psutil

TOKEN = "7:bench"  # noqa: S105 - nobody's
TARGET = 1.2
"""Seconds, of a bot that was there before; a new database has to be laid out first."""

SMALL = 110
"""MB at rest."""

RUNS = 5
"""Starts, besides the first."""

REST = 3.0
"""Seconds after which nothing of the start goes on."""

ME = {"id": 7, "is_bot": True, "first_name": "Bench", "username": "bench_bot"}
ANN = {"id": 42, "is_bot": False, "first_name": "Ann", "language_code": "en"}
CHAT = {"id": 42, "type": "private", "first_name": "Ann"}
WRITES = {"from": ANN, "chat": CHAT, "date": 1, "text": "/start"}
RESULTS: dict[str, object] = {
    "getMe": ME,
    "getWebhookInfo": {"url": "", "has_custom_certificate": False, "pending_update_count": 0},
    "getMyCommands": [],
    "getMyDescription": {"description": ""},
    "getMyShortDescription": {"short_description": ""},
    "getChatMenuButton": {"type": "commands"},
    "sendMessage": {"message_id": 2, "date": 1, "chat": CHAT},
}


class Telegram:
    """A Bot API at which somebody has written before the bot was there."""

    def __init__(self, number: int) -> None:
        self.waiting = [{"update_id": number, "message": {"message_id": number, **WRITES}}]
        self.answered = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the calls of one connection."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = next((line for line in head.lower().split("\r\n") if line.startswith("content-length:")), ":0")
                await reader.readexactly(int(length.partition(":")[2]))
                method = head.split(" ", 2)[1].rpartition("/")[2]
                body = orjson.dumps({"ok": True, "result": await self.result(method)})
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
                if method == "sendMessage":
                    self.answered.set()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            writer.close()

    async def result(self, method: str) -> object:
        """What `method` returns; a second getUpdates waits."""
        if method != "getUpdates":
            return RESULTS.get(method, True)
        if not self.waiting:
            await asyncio.sleep(30)
        found, self.waiting = self.waiting, []
        return found


async def measured(folder: Path, number: int) -> tuple[float, float]:
    """Seconds from the start of a process to its first message, for the start `number`, and MB at rest."""
    telegram = Telegram(number)
    server = await asyncio.start_server(telegram.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    own = {
        "API_URL": f"http://127.0.0.1:{port}",
        "BOT_TOKEN": TOKEN,
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'bot.db'}",
        "KEY_FILE": str(folder / "key"),
        "CACHE": str(folder / "cache"),
        "HEALTH_LISTEN": "",
        "LOG_LEVEL": "warning",
    }
    environment = {**os.environ, **{f"STILLHERE_{name}": value for name, value in own.items()}}
    begun = time.perf_counter()
    quiet = asyncio.subprocess.DEVNULL
    bot = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", cwd=folder.parent, env=environment, stderr=quiet
    )
    await telegram.answered.wait()
    lasted = time.perf_counter() - begun
    await asyncio.sleep(REST)
    memory = psutil.Process(bot.pid).memory_info().rss / 2**20
    bot.terminate()
    await bot.wait()
    server.close()
    return lasted, memory


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds to the first message, and MB at rest, of each run; `first` is the one that compiles and lays out the database."""

    first: tuple[float, float]
    seconds: list[float]
    megabytes: list[float]


async def repeated(runs: int) -> Figures:
    """Once to compile the files and to lay out the database, then so many times."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "var").mkdir()
        first, *found = [await measured(Path(folder) / "var", number) for number in range(1, runs + 2)]
    return Figures(first, [seconds for seconds, _ in found], [megabytes for _, megabytes in found])


async def main(runs: int) -> None:
    """Print the medians."""
    found = await repeated(runs)
    each = ", ".join(f"{seconds:.2f}" for seconds in found.seconds)
    print(
        f"process to first message: {median(found.seconds):.2f} s   (of {each}; target: {TARGET} s; the first: {found.first[0]:.2f} s)"
    )
    print(
        f"memory at rest:           {median(found.megabytes):.0f} MB   (target: {SMALL} MB; the first: {found.first[1]:.0f} MB)"
    )


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else RUNS))
