"""A browser for the tests of the page: the system's Chromium, started once a file."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from tests.browser.stage import Stage, open_stage

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDE = ViewportSize(width=1360, height=860)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        reason = f"No browser: none of {', '.join(NAMES)} is on the PATH."
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Shared: every stage has a port of its own, and so its own storage."""
    allowed = ["clipboard-read", "clipboard-write"]
    with browser.new_context(viewport=WIDE, color_scheme="light", permissions=allowed) as context:
        yield context


@pytest.fixture
def stage() -> Iterator[Stage]:
    with open_stage() as stage:
        yield stage


@pytest.fixture
def page(context: BrowserContext, stage: Stage) -> Iterator[Page]:
    """The page as it opens on a wide screen; it may not speak to any other host nor complain in its console."""
    elsewhere: list[str] = []
    complaints: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: elsewhere.append(request.url) if not _own(request.url, stage) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if line.type in {"error", "warning"} else None)
    page.goto(stage.url, wait_until="commit")
    yield page
    page.close()
    assert not elsewhere
    assert not [line for line in complaints if "net::ERR" not in line]


def _own(url: str, stage: Stage) -> bool:
    return url.startswith((stage.url, "blob:" + stage.url))
