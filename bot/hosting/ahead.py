"""Has work done by a child process ahead of time, so that the memory it takes goes with the child."""

import asyncio
import os
from collections.abc import Callable


def in_a_child(work: Callable[[], object]) -> int:
    """
    Start `work`, which leaves its result in files, in a child process; its number, for `ended`.

    Only before the first thread starts. Where `work` fails, nothing is said: whoever needs its result then makes it, and
    meets the same fault.
    """
    child = os.fork()
    if not child:
        try:
            work()
        finally:
            os._exit(0)
    return child


async def ended(child: int) -> None:
    """Wait until the child has ended, however it did."""
    await asyncio.to_thread(os.waitpid, child, 0)
