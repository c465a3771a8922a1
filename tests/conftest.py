"""Options of the suite, and which of its tests stay together."""

import os
import shutil
from pathlib import Path

import pytest
import rich  # noqa: F401 - first: the program hides it from its libraries (bot/core/bare.py)
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests import warm

MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a folder of its own there
if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 2**30:
    # Each commit is written through to the disk, as the product has to; a test's own disk may be the memory.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

settings.register_profile("quick", max_examples=20, derandomize=True, database=None)


def pytest_configure(config: pytest.Config) -> None:
    """What is checked before each change tries fewer examples, the same ones each time, and starts the program warm."""
    if "not deep" in config.option.markexpr:
        settings.load_profile("quick")
        warm.ALLOWED = True


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Tests wait a good part of their time: for the network, the disk, a program, a browser."""
    return (os.cpu_count() or 1) + 1


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update", action="store_true", help="write the bot's lines of every transcript anew; the diff is the review"
    )


class InPieces(LoadScopeScheduling):
    """Each test goes to whichever process is free; the tests of the browser stay together, in order."""

    def _split_scope(self, nodeid: str) -> str:
        """While a browser lives, no other event loop can run in its process, so its tests must not be mixed with others."""
        file = nodeid.partition("::")[0]
        return file if "/browser/" in file else nodeid


@pytest.hookimpl(optionalhook=True)  # where xdist is left out
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return InPieces(config, log)
