"""Finds things on the page the way a person does: by what they are and what they are called."""

import io
from typing import Any

from PIL import Image
from playwright.sync_api import Locator, Page

from tests.browser.stage import Stage

ANN, BEN = 1001, 1002


def phone(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def field(page: Page, name: str) -> Locator:
    return page.get_by_role("textbox", name=f"Message as {name}")


def log(page: Page, name: str) -> Locator:
    return page.get_by_role("log", name=f"{name}’s chat with Stillhere")


def start(page: Page, stage: Stage, *names: str) -> None:
    """Press Start on the phones of these people; the bot hears it."""
    for name in names:
        phone(page, name).get_by_role("button", name="Start", exact=True).click()
        assert stage.hears("message")["text"] == "/start"


def press(text: str, data: str | None = None) -> dict[str, Any]:
    return {"text": text, "callback_data": data or text}


def picture(kind: str = "PNG", *, frames: int = 1) -> bytes:
    """A small picture; with several frames it moves."""
    made = [Image.new("RGB", (64, 40), (40 * number, 120, 130)) for number in range(frames)]
    out = io.BytesIO()
    more = {"save_all": True, "append_images": made[1:], "duration": 200, "loop": 0} if frames > 1 else {}
    made[0].save(out, kind, **more)
    return out.getvalue()
