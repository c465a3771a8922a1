"""Options of the suite, and which of its files stay together."""

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update", action="store_true", help="write the bot's lines of every transcript anew; the diff is the review"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file of browser tests runs in one piece: while its browser lives, no other event loop can run in that process."""
    for item in items:
        if "browser" in Path(item.path).parts:
            item.add_marker(pytest.mark.xdist_group(Path(item.path).stem))
