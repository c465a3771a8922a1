"""Taking up changed dialogs while the bot runs: at SIGHUP, and in the demo whenever a file is saved. All or nothing."""

import asyncio
import signal
import sys
from pathlib import Path

from bot.app import App
from bot.core.errors import ScriptError
from bot.dialogs import CARRIED, read_dialogs

_AGAIN_AFTER = 10.0  # seconds; while the new files are not there yet, a look costs half a second
_LOOK_EVERY = 1.0  # seconds; a look at 60 files costs less than a millisecond


def reload_on_hangup(app: App) -> None:
    """Let SIGHUP read the dialogs again, where the system knows that signal."""
    if hasattr(signal, "SIGHUP"):
        tasks: set[asyncio.Task[bool]] = set()

        def again() -> None:
            tasks.add(task := asyncio.ensure_future(reload(app)))
            task.add_done_callback(tasks.discard)

        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, again)


async def reload_when_behind(app: App) -> None:
    """Read the dialogs again when another replica knows newer ones. Runs until cancelled."""
    behind = asyncio.Event()
    app.conversation.on_behind = behind.set
    while True:
        await behind.wait()
        await reload(app)
        await app.clock.sleep(_AGAIN_AFTER)
        behind.clear()


async def reload(app: App) -> bool:
    """
    Read the dialogs again; True if they were taken up. With a fault in them the last good ones stay.

    A language that is new waits for the next start: the safety gate in use doesn't listen in it yet.
    """
    try:
        known = app.library.catalog.locales
        library = await asyncio.to_thread(read_dialogs, app.settings.dialogs, app.settings.cache, known)
    except ScriptError as faults:
        _tell(f"The dialogs stay as they were, because of this:\n{faults}")
        return False
    app.conversation.library = app.library = library
    _tell(f"The dialogs were read again: {len(library.dialogs)} of them.")
    return True


async def watch(app: App) -> None:
    """Reload whenever a file of the dialogs was saved. Runs until cancelled."""
    folders = [CARRIED, *([app.settings.dialogs] if app.settings.dialogs else [])]
    known = _signs(folders)
    while True:
        await app.clock.sleep(_LOOK_EVERY)
        signs = _signs(folders)
        if signs != known:
            known = signs
            await reload(app)


def _signs(folders: list[Path]) -> dict[str, int]:
    return {
        str(path): path.stat().st_mtime_ns for folder in folders for path in folder.rglob("*.yaml") if path.exists()
    }


def _tell(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
