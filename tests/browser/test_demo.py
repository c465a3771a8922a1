"""`stillhere demo` as a newcomer meets it: the real program in a process of its own, used in a browser to the end."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE, WIDE, free_port, watched
from tests.browser.screen import field, log, phone
from tests.carried import CACHE

ROOT = Path(__file__).parents[2]


class Demo:
    """The program, on two ports that were free, with a folder that outlives it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = free_port(), free_port()
        self._process: subprocess.Popen[str] | None = None
        self.url = f"http://127.0.0.1:{self._ports[0]}"

    def start(self, *options: str) -> None:
        """Start, and wait until it says where its page is."""
        port, api_port = map(str, self._ports)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot", "demo", "--port", port, "--api-port", api_port, "--folder", "demo", *options],
            cwd=self._folder,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "STILLHERE_CACHE": str(CACHE)},
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stderr is not None
        said = []
        for line in self._process.stderr:
            said.append(line)
            if self.url in line:
                return
        pytest.fail(f"The demo ended before it served its page:\n{''.join(said)}")

    def stop(self) -> None:
        """Ctrl-C. It ends cleanly and in silence."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            _, said = self._process.communicate(timeout=30)
            assert (self._process.returncode, said) == (0, "")
            self._process = None


@pytest.fixture(scope="module")
def demo(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    del browser  # without one, nothing is started
    demo = Demo(tmp_path_factory.mktemp("demo"))
    demo.start()
    try:
        yield demo
    finally:
        demo.stop()


@pytest.fixture(scope="module")
def page(browser: Browser, demo: Demo) -> Iterator[Page]:
    """Its page, which asks nobody else for anything and complains of nothing but the minutes without a server."""
    with browser.new_context(viewport=WIDE, reduced_motion="reduce") as context:
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        with watched(page, demo.url) as strange:
            page.goto(demo.url)
            yield page
        assert not strange


def test_ann_sets_it_up_calms_down_and_has_her_line_next_morning(page: Page) -> None:
    begin(page, "Ann")
    tap(page, "Ann", "Set things up", "Okay", "Yes, 18 or over", "I agree", "Skip", "Let's do it", "Skip")
    say(page, "Ann", "Berlin")
    tap(page, "Ann", "08:00", "22:00 to 8:00", "Only the most private")
    hears(page, "Ann", "That's all I need.")
    tap(page, "Ann", "Calm my body", "8", "Long breath · 1 min")
    expect(log(page, "Ann").locator("video, img").last).to_be_visible()
    tap(page, "Ann", "I'm done", "5")
    hears(page, "Ann", "8 → 5")
    tap(page, "Ann", "Done")
    morning = page.get_by_role("region", name="Simulated time").get_by_role("button", name=re.compile("morning"))
    morning.click()
    tap(page, "Ann", "I did it")
    expect(log(page, "Ann").get_by_role("button", name="Stop these")).to_be_hidden()


@pytest.mark.deep
def test_ben_asks_for_room_keeps_his_word_and_the_chat_outlives_the_program(page: Page, demo: Demo) -> None:
    begin(page, "Ben")
    say(page, "Ben", "/space")
    tap(page, "Ben", "I need some room", "Skip")
    hears(page, "Ben", "what time is it")  # two buttons of one name: the second has to be there
    tap(page, "Ben", "Skip", "20 minutes", "I care about us")
    hears(page, "Ben", "I'm not leaving us.")

    demo.stop()
    demo.start()
    expect(page.get_by_text("Reconnecting…")).to_be_hidden()
    hears(page, "Ben", "I'm not leaving us.")
    tap(page, "Ben", "I sent it", "Just quiet")
    skip(page)
    expect(log(page, "Ben").get_by_role("button", name="Still good")).to_be_visible()
    skip(page)
    tap(page, "Ben", "I'm coming back", "We talked already")
    hears(page, "Ben", "how full are you")

    demo.stop()
    demo.start("--fresh")
    expect(phone(page, "Ben")).to_contain_text("Press Start to talk with the bot as Ben.")


def begin(page: Page, name: str) -> None:
    phone(page, name).get_by_role("button", name="Start", exact=True).click()
    hears(page, name, "I'm a small program")


def tap(page: Page, name: str, *labels: str) -> None:
    """Press the newest button of each name, one after the other, as soon as it is there."""
    for label in labels:
        log(page, name).get_by_role("button", name=label, exact=True).last.click()


def say(page: Page, name: str, words: str) -> None:
    field(page, name).fill(words)
    field(page, name).press("Enter")


def hears(page: Page, name: str, words: str) -> None:
    expect(log(page, name).get_by_text(words).last).to_be_visible()


def skip(page: Page) -> None:
    """To whatever comes by itself next."""
    page.get_by_role("region", name="Simulated time").get_by_role("button", name="Next event").click()
