"""What can be wrong with the words: missing, never said, unfillable, too long, or against the style guide."""

from collections.abc import Iterator

from bot.dialog.findings import Finding
from bot.dialog.loader import Source
from bot.dialog.registry import Registry


def lint_words(source: Source, registry: Registry) -> Iterator[Finding]:
    """All findings about phrases."""
    del source, registry
    yield from ()
