"""Options of the suite, and which of its tests stay together."""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling


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
