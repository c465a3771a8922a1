"""Logs that a host can read and that no person's words, names or tokens can reach."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_TOKEN = re.compile(r"\b\d{3,}:[A-Za-z0-9_-]{20,}")
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def start(level: str) -> None:
    """
    Log lines go to standard error: plain on a terminal, JSON elsewhere.

    Libraries speak up from WARNING on only, since some of them log addresses that hold the token; what looks like a
    token is blotted out all the same.
    """
    shown = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_tokens,
            shown,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s", force=True
    )
    for handler in logging.getLogger().handlers:
        handler.addFilter(_blot)


def _without_tokens(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = _TOKEN.sub("<token>", value)
    return event


def _blot(record: logging.LogRecord) -> bool:
    record.msg, record.args = _TOKEN.sub("<token>", record.getMessage()), ()
    record.exc_info, record.exc_text = None, None
    return True
