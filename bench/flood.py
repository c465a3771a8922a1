"""Whether one person who writes a thousand lines at once slows the others: `python -m bench.flood` (needs the tests' environment)."""

import asyncio
import tempfile
from pathlib import Path
from statistics import median

from bot.simulator.people import Person
from tests.integration.replicas.fleet import Fleet, fleet
from tests.walking import crowd

PEOPLE, FLOOD, ROUNDS = 15, 1000, 8
BETWEEN = 3.0
"""Seconds from one question of a person to the next: Telegram allows a message a second in a chat, and each is one and a change of the last."""


async def main() -> None:
    """The others' waits without a flood and in one, by turns, three times."""
    folder = Path(tempfile.mkdtemp())
    async with fleet(folder, f"sqlite+aiosqlite:///{folder}/bot.db", hooked=False) as bots:
        await bots.start()
        await bots.up()
        flooder, *others = crowd(bots.simulator, PEOPLE + 1)
        calm: list[list[float]] = []
        flooded: list[list[float]] = []
        for nth in range(3):
            calm.append(await waits(bots, others))
            for number in range(FLOOD):
                flooder.says(f"line {number} of {nth}")
            flooded.append(await waits(bots, others))
            print(f"round {nth + 1} of 3", flush=True)
    print(
        f"{PEOPLE} people ask for their menu every {BETWEEN} s, {ROUNDS} times; ms until they have it, median of 3 rounds"
    )
    print("| | p50 | p99 | longest |\n|---|---:|---:|---:|")
    for name, rounds in (("nobody else", calm), (f"one more person wrote {FLOOD} lines just before", flooded)):
        print(
            f"| {name} | "
            + " | ".join(f"{median(column) * 1000:.0f}" for column in zip(*map(shares, rounds), strict=True))
            + " |"
        )


def shares(waited: list[float]) -> tuple[float, float, float]:
    """Median, 99th percentile and longest."""
    ordered = sorted(waited)
    return ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100], ordered[-1]


async def waits(bots: Fleet, people: list[Person]) -> list[float]:
    """Everybody asks again and again, each in their own rhythm; how long each answer took, in seconds."""
    clock = asyncio.get_running_loop().time
    took: list[float] = []

    def heard(person: Person) -> int:
        return sum(not each["out"] for each in person.messages())

    async def asks(person: Person, first: float) -> None:
        for nth in range(ROUNDS):
            await asyncio.sleep(max(0.0, first + nth * BETWEEN - clock()))
            seen, asked = heard(person), clock()
            person.says("/menu")
            await bots.heard(lambda: heard(person) > seen)  # noqa: B023 - awaited here
            took.append(clock() - asked)

    begin = clock()
    await asyncio.gather(*(asks(person, begin + n * BETWEEN / len(people)) for n, person in enumerate(people)))
    return took


if __name__ == "__main__":
    asyncio.run(main())
