"""All around the chats: the first look, the clock, themes, narrow screens, lost servers, and that everybody can use it."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from bot.simulator import phones
from tests.browser.screen import ANN, BEN, field, log, phone, picture, press, start
from tests.browser.stage import EVENING, Stage


def test_two_phones_invite_to_press_start(page: Page, stage: Stage) -> None:
    for name, zone in (("Ann", "Berlin"), ("Ben", "New York")):
        expect(phone(page, name)).to_contain_text(zone)
        expect(phone(page, name)).to_contain_text(f"Press Start to talk with the bot as {name}.")
    expect(page.get_by_text("A demo on your own machine. Nothing leaves it.")).to_be_visible()
    start(page, stage, "Ann")
    expect(log(page, "Ann")).to_contain_text("/start")
    expect(field(page, "Ann")).to_be_visible()
    expect(field(page, "Ben")).to_be_hidden()


@pytest.mark.deep
def test_who_wants_little_movement_gets_a_play_button(page: Page, stage: Stage) -> None:
    page.emulate_media(reduced_motion="reduce")
    start(page, stage, "Ann")
    stage.call("sendAnimation", chat_id=ANN, animation=picture("GIF", frames=3))
    expect(log(page, "Ann").get_by_role("button", name="Play the animation")).to_be_visible()


def test_the_clock_bar_skips_and_says_when_nothing_is_planned(page: Page, stage: Stage) -> None:
    clock = page.get_by_role("region", name="Simulated time")
    expect(clock).to_contain_text("Sun 22 Nov")
    expect(clock).to_contain_text("Ann 20:24 Berlin")
    expect(clock).to_contain_text("Ben 14:24 New York")
    clock.get_by_role("button", name="Next event (none planned)").click(force=True)  # it only says so
    expect(page.get_by_text("Nothing is planned right now.")).to_be_visible()
    stage.due = int(EVENING.timestamp()) + 36 * 60
    clock.get_by_role("button", name="1 h").click()
    expect(clock).to_contain_text("Ann 21:24 Berlin")
    stage.due = int(EVENING.timestamp()) + 96 * 60
    clock.get_by_role("button", name="20 min").click()
    clock.get_by_role("button", name="Next event (in 16 min)").click()
    expect(clock).to_contain_text("Ann 22:00 Berlin")
    clock.get_by_role("button", name="Tomorrow morning").click()
    expect(clock).to_contain_text("Mon 23 Nov")
    expect(clock).to_contain_text("Ann 08:00 Berlin")


@pytest.mark.deep
def test_dark_and_light_are_remembered(page: Page, stage: Stage) -> None:
    toggle = page.get_by_role("button", name="Dark colours")
    expect(toggle).to_have_attribute("aria-pressed", "false")
    toggle.click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(toggle).to_have_attribute("aria-pressed", "true")
    assert stage.url


def test_a_narrow_screen_shows_one_phone_and_a_badge_for_the_other(page: Page, stage: Stage) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    expect(phone(page, "Ben")).to_be_hidden()
    tabs = page.get_by_role("navigation", name="Phones")
    tabs.get_by_role("button", name="Ben").click()
    expect(phone(page, "Ann")).to_be_hidden()
    start(page, stage, "Ben")
    tabs.get_by_role("button", name="Ann").click()
    start(page, stage, "Ann")
    stage.say(BEN, "Are you there?")
    expect(tabs.get_by_role("button", name="Ben 1 new")).to_be_visible()
    tabs.get_by_role("button", name="Ben").click()
    expect(log(page, "Ben").get_by_text("Are you there?")).to_be_in_viewport()
    expect(tabs.get_by_role("button", name="Ben", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.deep
def test_the_page_comes_back_by_itself_when_the_server_does(page: Page, stage: Stage) -> None:
    start(page, stage, "Ann")
    expect(log(page, "Ann")).to_contain_text("/start")
    port = int(stage.url.rpartition(":")[2])
    stage.close()
    expect(page.get_by_text("Reconnecting…")).to_be_visible()
    stage.open(port)
    expect(page.get_by_text("Reconnecting…")).to_be_hidden()
    expect(phone(page, "Ann")).to_contain_text("Press Start to talk with the bot as Ann.")  # a new world
    start(page, stage, "Ann")
    expect(log(page, "Ann").locator(".message")).to_have_count(1)


def test_the_page_loads_all_its_parts_at_once() -> None:
    folder = Path(phones.__file__).parent / "page"
    asked = set(re.findall(r'(?:href|src)="/static/([^"]+)"', (folder / "index.html").read_text()))
    assert {each.name for each in folder.glob("*.js")} | {each.name for each in folder.glob("*.css")} <= asked
    assert all((folder / each).is_file() for each in asked)


NAMELESS = """() => [...document.querySelectorAll("button, a, textarea, [role=button], [role=log], [role=dialog]")]
  .filter((one) => one.checkVisibility())
  .filter((one) => !(one.getAttribute("aria-label") ?? one.textContent).trim()
    && !one.hasAttribute("aria-labelledby"))
  .map((one) => one.outerHTML)"""

FAINT = """() => {
  const canvas = Object.assign(document.createElement("canvas"), {width: 1, height: 1}).getContext("2d", {willReadFrequently: true});
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, low) => [0, 1, 2].map((i) => top[i] * top[3] + low[i] * (1 - top[3])).concat(1);
  const behind = (one) => {
    const layers = [];
    for (let at = one; at; at = at.parentElement) layers.unshift(rgba(getComputedStyle(at).backgroundColor));
    return layers.reduce((low, top) => over(top, low), rgba(getComputedStyle(document.body).getPropertyValue("--page")));
  };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const faint = [];
  while (texts.nextNode()) {
    const one = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !one.checkVisibility() || one.closest(".unseen, .spoiler")) continue;
    const low = behind(one);
    const [a, b] = [light(over(rgba(getComputedStyle(one).color), low)), light(low)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) faint.push(`${texts.currentNode.data} ${ratio.toFixed(2)}`);
  }
  return faint;
}"""


def furnish(page: Page, stage: Stage) -> None:
    """Something of everything on both phones."""
    stage.call("setMyCommands", commands=[{"command": "help", "description": "Help now"}])
    start(page, stage, "Ann", "Ben")
    for user in (ANN, BEN):
        html = (
            "<b>Bold</b> <a href='https://example.org'>link</a> <code>code</code> <blockquote>quote</blockquote> /help"
        )
        asked = stage.say(user, html, [press("Yes"), press("No") | {"style": "danger"}], parse_mode="HTML")
        stage.say(user, "An answer", reply_parameters={"message_id": asked})
        stage.call("sendDocument", chat_id=user, document=picture(), caption="A file")
        stage.call("sendLocation", chat_id=user, latitude=1, longitude=2)
        stage.call("pinChatMessage", chat_id=user, message_id=asked)
    for name in ("Ann", "Ben"):
        field(page, name).fill("words of my own")
        field(page, name).press("Enter")
        expect(log(page, name).get_by_text("words of my own")).to_be_visible()


def test_everything_has_a_name_and_enough_contrast_in_both_themes(page: Page, stage: Stage) -> None:
    page.emulate_media(reduced_motion="reduce")
    furnish(page, stage)
    phone(page, "Ben").get_by_role("button", name="Attach").click()
    phone(page, "Ann").get_by_role("button", name="Menu").click()
    for _ in range(2):
        assert page.evaluate(NAMELESS) == []
        assert page.evaluate(FAINT) == []
        page.get_by_role("button", name="Dark colours").click()


@pytest.mark.deep
def test_tab_walks_from_the_clock_over_ann_to_ben_and_always_shows_where(page: Page, stage: Stage) -> None:
    furnish(page, stage)
    page.reload()
    expect(log(page, "Ben").get_by_text("words of my own")).to_be_visible()
    places: list[str] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        place, outlined = page.evaluate(
            """() => {
              const one = document.activeElement;
              const ring = getComputedStyle(one.matches("textarea") ? one.parentElement : one);
              return [one.closest("section, header")?.dataset.user ?? one.closest("header")?.className ?? "",
                      one === document.body || ring.outlineStyle !== "none" || ring.boxShadow !== "none"];
            }"""
        )
        assert outlined
        if place and (not places or places[-1] != place):
            places.append(place)
        if places[-1:] == [str(BEN)] and page.evaluate("document.activeElement.matches('textarea')"):
            break
    assert places == ["top", str(ANN), str(BEN)]
