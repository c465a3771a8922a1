"""What a part that works for ever does about faults: say each kind once, wait ever longer, tell who watches, and go on."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from bot.core.errors import DatabaseUnavailable, StillhereError

_log = structlog.get_logger()

_SHORTEST = 0.1
_OUTAGE = "database_unavailable"


class Setbacks:
    """
    The faults in a row of the part `name`. `told` hears what keeps it from its work, and nothing ("") once it works again.

    A database that is away is waited for without a word to `told`: whoever watches looks for that. A part that is `aside`
    leaves it to the others to log it, too.
    """

    def __init__(self, name: str, told: Callable[[str, str], None] | None = None, *, aside: bool = False) -> None:
        self._name, self._told, self._aside = name, told, aside
        self._said = ""
        self.in_a_row = 0

    @contextmanager
    def borne(self) -> Iterator[None]:
        """Whatever the block raises is one more, and goes no further; without a fault the row is over."""
        try:
            yield
        except DatabaseUnavailable as fault:
            self._count(_log.debug if self._aside else _log.warning, _OUTAGE, str(fault))
        except Exception as fault:  # noqa: BLE001 - one row or one statement must not keep the part from all others
            why = (
                f"{fault} {where(fault)}" if isinstance(fault, StillhereError) else where(fault)
            )  # our own quote nobody
            self._count(_log.error, "fault", why)
            self._tell(why)
        else:
            self._over()

    def pause(self, longest: float) -> float:
        """Seconds to wait before the next try, `longest` at most."""
        return min(longest, _SHORTEST * 2.0 ** min(self.in_a_row, 10))

    def _count(self, say: Callable[..., object], kind: str, fault: str) -> None:
        self.in_a_row += 1
        if kind != self._said:
            self._said = kind
            say(f"{self._name}.{kind}", fault=fault)

    def _over(self) -> None:
        if self.in_a_row:
            say = _log.debug if self._aside and self._said == _OUTAGE else _log.info
            self.in_a_row, self._said = 0, ""
            say(f"{self._name}.works_again")
            self._tell("")

    def _tell(self, fault: str) -> None:
        if self._told:
            self._told(self._name, fault)


def where(fault: BaseException) -> str:
    """The error's type and the last place of ours it passed; never its text, which may quote a person."""
    passed = traceback.extract_tb(fault.__traceback__)
    frames = [frame for frame in passed if "/bot/" in frame.filename and frame.filename != __file__]
    place = f" at bot/{frames[-1].filename.rpartition('/bot/')[2]}:{frames[-1].lineno}" if frames else ""
    return f"{type(fault).__name__}{place}"
