"""Values that a turn makes by the dozen: frozen to the type checker, and a third of the price of those frozen at runtime."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 - to be imported from here
else:
    import dataclasses

    def dataclass(*, frozen: bool = False, **options: Any) -> Callable[[type], type]:
        """
        `dataclasses.dataclass`, except that a frozen one does not refuse an assignment once more at runtime.

        For that it would have to set each field through `object.__setattr__`. The type checker looks at every line of
        this program; nothing else makes or holds these values.
        """
        return dataclasses.dataclass(unsafe_hash=frozen, **options)
