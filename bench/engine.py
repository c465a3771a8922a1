"""How long one turn of the pure engine takes, in µs, for the turns people take most: `python bench/engine.py [--profile]`."""

import cProfile
import gc
import pstats
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from bot.core.events import CommandGiven, Event, Pressed, SentMedia, Wrote
from bot.core.facts import Facts, User
from bot.dialog.engine import decide
from bot.dialog.library import Library
from bot.dialog.session import Session, prompt_data
from bot.dialogs import read_dialogs

TARGET = 50
"""µs a turn that the batch of a single core can spare."""

ROUNDS, TURNS = 9, 2000

LIBRARY = read_dialogs(None)
FACTS = Facts(datetime(2026, 3, 2, 12, tzinfo=UTC), User(1, 1, seed=3, consent=1, role="reach", zone="Europe/Berlin"))


def after(*events: Event) -> Session:
    """The session of somebody who did this."""
    session = Session()
    for event in events:
        session = decide(LIBRARY, session, event, FACTS).session
    return session


def pressed(session: Session, name: str) -> Pressed:
    """The press of the open prompt's button of this name."""
    return Pressed(f"{prompt_data(1, session.revision)}{session.prompt.index(name)}", 1)


def turns() -> dict[str, tuple[Session, Event]]:
    """What is measured: a session, and what happens next."""
    rating = after(CommandGiven("soothe"))
    choosing = after(CommandGiven("soothe"), pressed(rating, "#7"))
    space = after(CommandGiven("space"))
    return {
        "a command": (Session(), CommandGiven("soothe")),
        "a number pressed": (rating, pressed(rating, "#7")),
        "a number typed": (rating, Wrote("7")),
        "a choice pressed": (choosing, pressed(choosing, choosing.prompt[0])),
        "a button pressed": (space, pressed(space, space.prompt[0])),
        "words not understood": (space, Wrote("hello there")),
        "a sticker": (choosing, SentMedia("sticker")),
        "a stale press": (choosing, Pressed(f"{prompt_data(1, 0)}0", 1)),
    }


def measured(library: Library, session: Session, event: Event) -> float:
    """The best of some rounds, in µs a turn: what the code takes when nothing else is going on."""
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for _ in range(TURNS):
            decide(library, session, event, FACTS)
        best = min(best, time.perf_counter() - begun)
    return best / TURNS * 1_000_000


def main() -> None:
    """Print a line for each turn, and the mean."""
    gc.disable()
    lasting: list[float] = []
    for name, (session, event) in turns().items():
        lasting.append(measured(LIBRARY, session, event))
        print(f"{name:<22}{lasting[-1]:7.1f} µs")
    print(f"{'mean':<22}{sum(lasting) / len(lasting):7.1f} µs   (target: {TARGET})")


def profile(run: Callable[[], None]) -> None:
    """Where the time goes."""
    profiler = cProfile.Profile()
    profiler.runcall(run)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    profile(main) if "--profile" in sys.argv else main()
