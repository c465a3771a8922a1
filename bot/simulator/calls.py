"""One call of a bot: who calls what with which parameters; and the register of the functions that answer calls."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.simulator.chats import Account, Json
from bot.simulator.files import Upload

if TYPE_CHECKING:
    from bot.simulator.simulator import Simulator


@dataclass(slots=True)
class JournalEntry:
    """A call as the journal keeps it: `at` is machine time in seconds; `response` is None while the call runs.

    The token is in none of it.
    """

    bot_id: int
    method: str
    parameters: Json
    at: float
    response: Json | None = None

    @property
    def ok(self) -> bool:
        """Whether the call was answered, and well."""
        return self.response is not None and bool(self.response.get("ok"))


@dataclass(slots=True)
class Call:
    """A checked call on its way to the function that answers it."""

    simulator: "Simulator"
    account: Account
    method: str
    parameters: Json
    files: dict[str, Upload] = field(default_factory=dict)

    def get(self, name: str, default: Any = None) -> Any:
        """A parameter, or `default` where it was not given."""
        return self.parameters.get(name, default)

    def __getitem__(self, name: str) -> Any:
        return self.parameters[name]

    @property
    def now(self) -> int:
        """Story time in unix seconds."""
        return self.simulator.now()


Answer = Callable[[Call], Any | Awaitable[Any]]
ANSWERS: dict[str, Answer] = {}


def answers(*methods: str) -> Callable[[Answer], Answer]:
    """Register a function as the answer to these methods."""

    def register(function: Answer) -> Answer:
        for method in methods:
            ANSWERS[method] = function
        return function

    return register
