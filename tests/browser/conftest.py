"""A browser for the tests of the page: the system's Chromium, started once a file, with one tab that each test begins anew."""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, ViewportSize, expect, sync_playwright

from tests.browser.stage import Stage, open_stage

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""The first does without windows, which takes a third of the time."""
WIDE = ViewportSize(width=1360, height=860)
PATIENCE = 15_000  # milliseconds; a busy machine is no fault of the page
expect.set_options(timeout=PATIENCE)


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
def port() -> int:
    """All stages of a file are at one address, so the browser loads the page's parts once."""
    return free_port()


@pytest.fixture
def stage(port: int) -> Iterator[Stage]:
    with open_stage(port) as stage:
        yield stage


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[Page]:
    allowed = ["clipboard-read", "clipboard-write"]
    with browser.new_context(viewport=WIDE, color_scheme="light", permissions=allowed) as context:
        yield context.new_page()


@pytest.fixture
def page(tab: Page, stage: Stage) -> Iterator[Page]:
    """The page as it opens on a wide screen; it may not speak to any other host nor complain in its console."""
    with watched(tab, stage.url) as strange:
        tab.goto(stage.url, wait_until="commit")
        yield tab
        tab.evaluate("localStorage.clear()")
        tab.goto("about:blank")
        tab.set_viewport_size(WIDE)
        tab.emulate_media(reduced_motion="no-preference")
        tab.mouse.move(0, 0)
    assert not strange


@contextmanager
def watched(page: Page, url: str) -> Iterator[list[str]]:
    """What it asks others for, and complains of, besides a server that is gone."""
    strange: list[str] = []

    def request(made: Request) -> None:
        if not made.url.startswith((url, f"blob:{url}", "about:")):
            strange.append(made.url)

    def fault(error: Error) -> None:
        strange.append(str(error))

    def console(line: ConsoleMessage) -> None:
        if line.type in {"error", "warning"} and "net::ERR" not in line.text:
            strange.append(line.text)

    page.on("request", request)
    page.on("pageerror", fault)
    page.on("console", console)
    yield strange
    page.remove_listener("request", request)
    page.remove_listener("pageerror", fault)
    page.remove_listener("console", console)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
