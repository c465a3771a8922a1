"""Logs that a host can read and that no person's words, names or tokens can reach."""

import asyncio
import logging
import re
import sys
import threading
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog

_TOKEN = re.compile(r"\b\d{3,}:[A-Za-z0-9_-]{20,}")
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_LONGEST = 300
_FILLED_IN = re.compile(r"""["“«<{(\[%\n]|: |\B'""")  # where a message that was put together begins to quote
_OURS = str(Path(__file__).parent)

_log = structlog.get_logger()


def start(level: str) -> None:
    """
    Log lines go to standard error: plain on a terminal, JSON elsewhere.

    Libraries speak up from WARNING on only, and of what they say the fixed part alone is kept: never what they filled in,
    never the text of an error, since both may quote a person or an address that holds the token. The same goes for whatever
    would print a traceback by itself.
    """
    shown = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _fit_to_print,
            shown,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, handlers=[_Libraries()], force=True)
    logging.getLogger("transitions").setLevel(logging.ERROR)  # it warns of every event that a state does not know
    sys.unraisablehook = lambda unraisable: _log.error("fault while clearing up", fault=where(unraisable.exc_value))
    threading.excepthook = lambda thread: _log.error("fault in a thread", fault=where(thread.exc_value))


def watch_loop() -> None:
    """What the running event loop would print of a forgotten task's fault, in our words."""

    def note(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        words = _FILLED_IN.split(str(context.get("message", "")), maxsplit=1)[0].strip()
        _log.error("fault in the background", words=words, fault=where(context.get("exception")))

    asyncio.get_running_loop().set_exception_handler(note)


def where(fault: BaseException | None) -> str:
    """An error's type and the last place of ours it passed (else the last of all); never its text."""
    if fault is None:
        return "unknown"
    frames = list(traceback.walk_tb(fault.__traceback__))
    ours = [each for each in frames if each[0].f_code.co_filename.startswith(_OURS)] or frames
    if not ours:
        return type(fault).__name__
    frame, line = ours[-1]
    path = Path(frame.f_code.co_filename)
    inside = path.relative_to(Path(_OURS).parent) if path.is_relative_to(_OURS) else Path(path.name)
    return f"{type(fault).__name__} at {inside.as_posix()}:{line}"


def last_words(_kind: type[BaseException], fault: BaseException, _trace: TracebackType | None) -> None:
    """In place of a traceback, which would print the error's text: one line, and exit code 2."""
    sys.stderr.write(
        f"stillhere: A fault in the program ({where(fault)}). Nothing that was confirmed is lost; start it again. "
        "Please report this line to the project: it holds no word of anybody.\n"
    )
    raise SystemExit(2)


class _Libraries(logging.Handler):
    """Says that a library complained, and about what; never with which values."""

    def emit(self, record: logging.LogRecord) -> None:
        words = _FILLED_IN.split(str(record.msg), maxsplit=1)[0].strip()
        fault = {"fault": where(record.exc_info[1])} if record.exc_info and record.exc_info[1] else {}
        say = _log.error if record.levelno >= logging.ERROR else _log.warning
        say("library", name=record.name, words=words, **fault)


def _fit_to_print(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Only plain values, none long, and nothing that looks like a token."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = _TOKEN.sub("<token>", value[:_LONGEST])
        elif not isinstance(value, int | float | bool | None):
            plain = isinstance(value, list | tuple) and all(isinstance(each, int) for each in value)
            event[name] = value if plain else type(value).__name__
    return event
