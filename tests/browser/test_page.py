"""The demo's page does what a chat app does: two phones on the real simulator, a bot played through the Bot API."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.screen import ANN, BEN, field, log, phone, picture, press, start
from tests.browser.stage import EVENING, Stage


def test_words_travel_both_ways_and_are_never_markup(page: Page, stage: Stage) -> None:
    start(page, stage, "Ann")
    words = "<img src=x onerror=alert(1)> <b>hi</b>\nsecond line"
    first, second = words.split("\n")
    field(page, "Ann").fill(first)
    field(page, "Ann").press("Shift+Enter")
    field(page, "Ann").press_sequentially(second)
    field(page, "Ann").press("Enter")
    assert stage.hears("message")["text"] == words
    stage.say(ANN, f"You said {words}")
    expect(log(page, "Ann").locator(".message.out").last).to_contain_text(first)
    expect(log(page, "Ann").locator(".message.in").last).to_contain_text(f"You said {first}")
    expect(log(page, "Ann").locator(".message img, .message b")).to_have_count(0)
    expect(field(page, "Ann")).to_have_value("")


def test_a_press_spins_until_its_answer_and_edits_stay_in_place(page: Page, stage: Stage) -> None:
    start(page, stage, "Ann")
    asked = stage.say(ANN, "Ready?", [press("Yes"), press("No")])
    yes = log(page, "Ann").get_by_role("button", name="Yes")
    yes.click()
    expect(yes).to_have_attribute("aria-busy", "true")
    query = stage.hears("callback_query")
    stage.call("editMessageText", chat_id=ANN, message_id=asked, text="You are ready.")
    stage.call("answerCallbackQuery", callback_query_id=query["id"], text="Noted.")
    expect(phone(page, "Ann").get_by_text("Noted.")).to_be_visible()
    changed = log(page, "Ann").locator(f"[data-id='{asked}']")
    expect(changed).to_contain_text("You are ready.")
    expect(changed).not_to_contain_text("edited")
    expect(yes).to_have_count(0)


def test_an_alert_waits_for_a_tap_and_rests_the_phone_below(page: Page, stage: Stage) -> None:
    start(page, stage, "Ben")
    stage.say(BEN, "Ready?", [press("Why?")])
    log(page, "Ben").get_by_role("button", name="Why?").click()
    query = stage.hears("callback_query")
    stage.call("answerCallbackQuery", callback_query_id=query["id"], text="Because.", show_alert=True)
    alert = phone(page, "Ben").get_by_role("alertdialog", name="Because.")
    expect(alert.get_by_role("button", name="OK")).to_be_focused()
    resting = phone(page, "Ben").locator("[inert]").get_by_role("log")
    expect(resting).to_have_count(1)
    page.keyboard.press("Escape")
    expect(alert).to_be_hidden()
    expect(resting).to_have_count(0)


@pytest.mark.deep
def test_a_bot_that_never_answers_lets_the_button_go(browser: Browser, stage: Stage) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.clock.install()
        page.goto(stage.url)
        start(page, stage, "Ann")
        stage.say(ANN, "Ready?", [press("Yes")])
        yes = log(page, "Ann").get_by_role("button", name="Yes")
        yes.click()
        stage.hears("callback_query")
        expect(yes).to_have_attribute("aria-busy", "true")
        page.clock.run_for(3100)
        expect(yes).not_to_have_attribute("aria-busy", "true")


def test_pictures_show_and_animations_move_until_paused(page: Page, stage: Stage) -> None:
    start(page, stage, "Ann")
    stage.call("sendPhoto", chat_id=ANN, photo=picture(), caption="A walk")
    stage.call("sendAnimation", chat_id=ANN, animation=picture("GIF", frames=3), caption="Breathe")
    photo = log(page, "Ann").get_by_role("button", name="Open picture from Stillhere")
    expect(photo.locator("img")).to_have_js_property("naturalWidth", 64)
    expect(log(page, "Ann").get_by_alt_text("Animation")).to_have_js_property("complete", value=True)
    log(page, "Ann").get_by_role("button", name="Pause the animation").click()
    expect(log(page, "Ann").get_by_role("button", name="Play the animation")).to_be_visible()
    photo.click()
    phone(page, "Ann").get_by_role("button", name="Close the picture").click()
    expect(photo).to_be_focused()


@pytest.mark.deep
def test_a_reply_quotes_and_the_quote_leads_back(page: Page, stage: Stage) -> None:
    start(page, stage, "Ann")
    asked = stage.say(ANN, "How was it?")
    for number in range(25):
        stage.say(ANN, f"Line {number}")
    message = log(page, "Ann").locator(f"[data-id='{asked}']")
    message.hover()
    message.get_by_role("button", name="Reply", exact=True).click()
    expect(phone(page, "Ann").get_by_text("Reply to Stillhere")).to_be_visible()
    field(page, "Ann").fill("Good")
    field(page, "Ann").press("Enter")
    assert stage.hears("message")["reply_to_message"]["message_id"] == asked
    quote = log(page, "Ann").get_by_role("button", name="Answer to Stillhere: How was it?")
    expect(quote).to_be_in_viewport()
    expect(message).not_to_be_in_viewport()
    quote.click()
    expect(message).to_be_in_viewport()
    expect(message).to_be_focused()


@pytest.mark.deep
def test_escape_takes_a_reply_back_and_keys_alone_can_begin_one(page: Page, stage: Stage) -> None:
    start(page, stage, "Ann")
    stage.say(ANN, "How was it?")
    expect(log(page, "Ann")).to_contain_text("How was it?")
    field(page, "Ann").press("ArrowUp")
    page.keyboard.press("r")
    expect(phone(page, "Ann").get_by_text("Reply to Stillhere")).to_be_visible()
    expect(field(page, "Ann")).to_be_focused()
    page.keyboard.press("Escape")
    expect(phone(page, "Ann").get_by_text("Reply to Stillhere")).to_be_hidden()


@pytest.mark.deep
def test_an_own_message_can_be_edited(page: Page, stage: Stage) -> None:
    start(page, stage, "Ann")
    field(page, "Ann").fill("teh words")
    field(page, "Ann").press("Enter")
    own = log(page, "Ann").locator(".message.out").last
    expect(own).to_contain_text("teh words")
    own.click(button="right", position={"x": 20, "y": 12})
    phone(page, "Ann").get_by_role("button", name="Edit", exact=True).click()
    expect(field(page, "Ann")).to_have_value("teh words")
    field(page, "Ann").fill("the words")
    field(page, "Ann").press("Enter")
    assert stage.hears("edited_message")["text"] == "the words"
    expect(own).to_contain_text("the words")
    expect(own).to_contain_text("edited")


def test_a_copy_button_copies_and_says_so(page: Page, stage: Stage) -> None:
    start(page, stage, "Ann")
    stage.say(ANN, "Your words", [{"text": "Copy them", "copy_text": {"text": "I miss you. No hurry."}}])
    log(page, "Ann").get_by_role("button", name="Copy them").click()
    expect(phone(page, "Ann").get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "I miss you. No hurry."


def test_the_command_menu_works_by_keyboard(page: Page, stage: Stage) -> None:
    commands = [("soothe", "Settle"), ("space", "Ask for room"), ("help", "Help now")]
    stage.call("setMyCommands", commands=[{"command": name, "description": words} for name, words in commands])
    start(page, stage, "Ann")
    field(page, "Ann").press_sequentially("/s")
    options = phone(page, "Ann").get_by_role("option")
    expect(options).to_have_text(["/sootheSettle", "/spaceAsk for room"])
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    assert stage.hears("message")["text"] == "/space"
    phone(page, "Ann").get_by_role("button", name="Menu").click()
    expect(options).to_have_count(3)
    page.keyboard.press("Escape")
    expect(options).to_have_count(0)


def test_commands_in_words_are_sent_by_a_click(page: Page, stage: Stage) -> None:
    start(page, stage, "Ann")
    stage.say(ANN, "Try /soothe when it is hard.")
    log(page, "Ann").get_by_role("button", name="/soothe", exact=True).click()
    assert stage.hears("message")["text"] == "/soothe"


def test_a_deep_link_opens_inside_the_phone(page: Page, stage: Stage) -> None:
    start(page, stage, "Ann")
    link = "https://t.me/stillhere_bot?start=inv42"
    stage.say(
        ANN, f"Give this to Ben: {link}", [{"text": "Open", "url": "tg://resolve?domain=stillhere_bot&start=two"}]
    )
    log(page, "Ann").get_by_role("link", name=link).click()
    assert stage.hears("message")["text"] == "/start inv42"
    log(page, "Ann").get_by_role("button", name="Open", exact=True).click()
    assert stage.hears("message")["text"] == "/start two"
    assert page.url == f"{stage.url}/"
    assert len(page.context.pages) == 1


@pytest.mark.deep
def test_a_link_may_be_opened_on_the_other_phone_behind_its_start_bar(page: Page, stage: Stage) -> None:
    start(page, stage, "Ann")
    invitation = stage.say(ANN, "Give this to Ben: https://t.me/stillhere_bot?start=inv42")
    log(page, "Ann").locator(f"[data-id='{invitation}']").focus()
    page.keyboard.press("Enter")
    phone(page, "Ann").get_by_role("button", name="Open its link as Ben").click()
    phone(page, "Ben").get_by_role("button", name="Start", exact=True).click()
    heard = stage.hears("message")
    assert (heard["from"]["id"], heard["text"]) == (BEN, "/start inv42")


def test_a_reply_keyboard_shares_a_location(page: Page, stage: Stage) -> None:
    start(page, stage, "Ann")
    keyboard = {
        "keyboard": [[{"text": "My place", "request_location": True}], [{"text": "Skip"}]],
        "resize_keyboard": True,
        "one_time_keyboard": True,
        "input_field_placeholder": "Place or time",
    }
    stage.call("sendMessage", chat_id=ANN, text="Where are you?", reply_markup=keyboard)
    expect(field(page, "Ann")).to_have_attribute("placeholder", "Place or time")
    phone(page, "Ann").get_by_role("button", name="My place").click()
    phone(page, "Ann").get_by_role("button", name="Berlin").click()
    assert stage.hears("message")["location"] == {"latitude": 52.52, "longitude": 13.405}
    expect(log(page, "Ann")).to_contain_text("52.520, 13.405")
    expect(phone(page, "Ann").get_by_role("button", name="My place")).to_be_hidden()  # one time only
    phone(page, "Ann").get_by_role("button", name="Keyboard of the bot").click()
    phone(page, "Ann").get_by_role("button", name="Skip", exact=True).click()
    assert stage.hears("message")["text"] == "Skip"
    stage.call("sendMessage", chat_id=ANN, text="Thanks.", reply_markup={"remove_keyboard": True})
    expect(phone(page, "Ann").get_by_role("button", name="Keyboard of the bot")).to_be_hidden()


@pytest.mark.deep
def test_what_else_a_phone_can_send(page: Page, stage: Stage) -> None:
    start(page, stage, "Ann")
    ways = {
        "photo": ["Picture", "A sample picture"],
        "sticker": ["Sticker", "Sticker 🌱"],
        "voice": ["Voice message", "10 seconds"],
        "contact": ["My contact", "Share it"],
    }
    for kind, steps in ways.items():
        phone(page, "Ann").get_by_role("button", name="Attach").click()
        for step in steps:
            phone(page, "Ann").get_by_role("dialog").get_by_role("button", name=step).click()
        assert kind in stage.hears("message")
    expect(log(page, "Ann").get_by_role("img", name="Voice message, 10 seconds")).to_be_visible()
    expect(log(page, "Ann").get_by_role("img", name="Sticker 🌱")).to_be_visible()


def test_what_comes_unseen_is_marked_until_the_person_looks(page: Page, stage: Stage) -> None:
    start(page, stage, "Ben", "Ann")
    stage.say(BEN, "A first line")
    stage.say(BEN, "A second line")
    badge = phone(page, "Ben").get_by_text("2 new").and_(page.locator(":visible"))
    expect(badge).to_be_visible()
    expect(log(page, "Ben").get_by_text("New", exact=True)).to_be_visible()
    expect(page).to_have_title("(2) Stillhere – demo")
    field(page, "Ben").click()
    expect(badge).to_be_hidden()
    expect(page).to_have_title("Stillhere – demo")


@pytest.mark.deep
def test_who_reads_higher_up_is_not_pulled_down(page: Page, stage: Stage) -> None:
    start(page, stage, "Ann")
    for number in range(25):
        stage.say(ANN, f"Line {number}", *([[press("Edit me")]] if number == 0 else []))
    expect(log(page, "Ann").get_by_text("Line 24")).to_be_in_viewport()
    log(page, "Ann").hover()
    page.mouse.wheel(0, -5000)
    expect(log(page, "Ann").get_by_text("Line 0")).to_be_in_viewport()
    stage.say(ANN, "Far below")
    down = phone(page, "Ann").get_by_role("button", name="1 new, go to the newest message")
    expect(down).to_be_visible()
    expect(log(page, "Ann").get_by_text("Line 0")).to_be_in_viewport()
    down.click()
    expect(log(page, "Ann").get_by_text("Far below")).to_be_in_viewport()
    expect(down).to_be_hidden()


@pytest.mark.deep
def test_times_are_those_of_the_phone_that_shows_them(page: Page, stage: Stage) -> None:
    start(page, stage, "Ann", "Ben")
    moment = {"type": "date_time", "offset": 8, "length": 5, "unix_time": int(EVENING.timestamp()) + 955}
    for user in (ANN, BEN):
        stage.say(user, "Back at 20:40.", entities=[moment | {"date_time_format": "t"}])
    expect(log(page, "Ann")).to_contain_text("Back at 20:40.")
    expect(log(page, "Ben")).to_contain_text("Back at 14:40.")
    told = log(page, "Ben").locator("time.moment")
    expect(told).to_have_attribute("title", "Ann 20:40 Berlin · Ben 14:40 New York")


@pytest.mark.deep
def test_a_card_travels_through_inline_mode(page: Page, stage: Stage) -> None:
    start(page, stage, "Ann", "Ben")
    stage.say(ANN, "Tell Ben", [{"text": "Share a card", "switch_inline_query": "warm"}])
    log(page, "Ann").get_by_role("button", name="Share a card").click()
    phone(page, "Ann").get_by_role("dialog", name="Share with").get_by_role("button", name="Ben").click()
    expect(field(page, "Ann")).to_have_value("@stillhere_bot warm")
    query = stage.hears("inline_query")
    assert query["query"] == "warm"
    card = {
        "type": "article",
        "id": "1",
        "title": "A warm line",
        "description": "No answer needed.",
        "input_message_content": {"message_text": "Thinking of you."},
        "reply_markup": {"inline_keyboard": [[press("Got it", "got")]]},
    }
    stage.call("answerInlineQuery", inline_query_id=query["id"], results=[card])
    phone(page, "Ann").get_by_role("option", name="A warm line").click()
    assert stage.hears("chosen_inline_result")["result_id"] == "1"
    expect(page.get_by_role("log", name="Ann’s chat with Ben")).to_contain_text("Thinking of you.")
    phone(page, "Ben").get_by_role("navigation", name="Chats").get_by_role("button", name="Ann 1 new").click()
    page.get_by_role("log", name="Ben’s chat with Ann").get_by_role("button", name="Got it").click()
    pressed = stage.hears("callback_query")
    stage.call("editMessageText", inline_message_id=pressed["inline_message_id"], text="Ben has seen it.")
    stage.call("answerCallbackQuery", callback_query_id=pressed["id"])
    expect(page.get_by_role("log", name="Ann’s chat with Ben")).to_contain_text("Ben has seen it.")


@pytest.mark.deep
def test_who_blocked_the_bot_can_unblock_it(page: Page, stage: Stage) -> None:
    start(page, stage, "Ann")
    phone(page, "Ann").get_by_role("button", name="About this chat").click()
    phone(page, "Ann").get_by_role("button", name="Block the bot").click()
    assert stage.hears("my_chat_member")["new_chat_member"]["status"] == "kicked"
    expect(field(page, "Ann")).to_be_hidden()
    phone(page, "Ann").get_by_role("button", name="Unblock").click()
    assert stage.hears("my_chat_member")["new_chat_member"]["status"] == "member"
    expect(field(page, "Ann")).to_be_visible()


@pytest.mark.deep
def test_the_bot_is_seen_typing(page: Page, stage: Stage) -> None:
    start(page, stage, "Ann")
    stage.call("sendChatAction", chat_id=ANN, action="typing")
    expect(phone(page, "Ann").get_by_text("typing…")).to_be_visible()
    stage.say(ANN, "Here I am.")
    expect(phone(page, "Ann").get_by_text("typing…")).to_be_hidden()
