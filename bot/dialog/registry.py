"""The guards, actions, lists and values that a script may name. Scripts hold names; this holds the functions."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from bot.core.effects import Value
from bot.core.errors import ScriptError
from bot.dialog.script import Call

if TYPE_CHECKING:
    from bot.dialog.turn import Turn

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Word:
    """
    A registered name: its function, the facts it needs (`space`, `counts`, `drops`, `doubts`), the slots it sets, and, for a list, every
    option it may offer.
    """

    function: Callable[..., Any]
    needs: frozenset[str] = frozenset()
    sets: frozenset[str] = frozenset()
    options: tuple[str, ...] = ()


class Registry:
    """Names a script may use. Several registries are joined at start-up; a name may mean one thing only."""

    def __init__(self, *parts: "Registry") -> None:
        self.guards: dict[str, Word] = {}
        self.actions: dict[str, Word] = {}
        self.lists: dict[str, Word] = {}
        self.values: dict[str, Word] = {}
        for part in parts:
            for mine, theirs in zip(self.shelves(), part.shelves(), strict=True):
                for name, word in theirs.items():
                    _put(mine, name, word)

    def guard(self, *, needs: Iterable[str] = ()) -> Callable[[Function], Function]:
        """Register `function(turn, **arguments) -> bool`."""
        return self._register(self.guards, needs=needs)

    def action(self, *, needs: Iterable[str] = (), sets: Iterable[str] = ()) -> Callable[[Function], Function]:
        """Register `function(turn, **arguments) -> None`, which may set slots and add effects."""
        return self._register(self.actions, needs=needs, sets=sets)

    def options(self, *options: str, needs: Iterable[str] = ()) -> Callable[[Function], Function]:
        """Register `function(turn) -> list[str]`, a choice out of `options`."""
        return self._register(self.lists, needs=needs, options=options)

    def value(self, *, needs: Iterable[str] = ()) -> Callable[[Function], Function]:
        """Register `function(turn) -> Value`, which fills the placeholder of the same name."""
        return self._register(self.values, needs=needs)

    def call(self, shelf: dict[str, Word], call: Call) -> Callable[["Turn"], Any]:
        """`call` as a function of the turn alone."""
        function, arguments = shelf[call.name].function, call.arguments
        if not arguments:
            return function
        if set(arguments) == {"value"}:
            value = arguments["value"]
            return lambda turn: function(turn, value)
        return lambda turn: function(turn, **arguments)

    def fill(self, turn: "Turn", name: str) -> Value:
        """What stands for the placeholder `name`: a slot first, else a registered value, else nothing."""
        if name in turn.slots:
            return turn.slots[name]  # type: ignore[no-any-return]  # slots hold such values only
        word = self.values.get(name)
        return word.function(turn) if word else None

    def shelves(self) -> tuple[dict[str, Word], ...]:
        """Guards, actions, lists and values, by name."""
        return self.guards, self.actions, self.lists, self.values

    @staticmethod
    def _register(
        shelf: dict[str, Word], *, needs: Iterable[str] = (), sets: Iterable[str] = (), options: tuple[str, ...] = ()
    ) -> Callable[[Function], Function]:
        def register(function: Function) -> Function:
            name = getattr(function, "__name__").rstrip("_")  # noqa: B009 - a Callable need not have a name, ours do
            _put(shelf, name, Word(function, frozenset(needs), frozenset(sets), options))
            return function

        return register


def _put(shelf: dict[str, Word], name: str, word: Word) -> None:
    if name in shelf:
        raise ScriptError(f"The name {name!r} is registered twice.")
    shelf[name] = word
