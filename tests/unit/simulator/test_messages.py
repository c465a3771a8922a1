"""Messages: what a bot sends, changes and takes back, with the real python-telegram-bot."""

import aiohttp
import pytest
import telegram
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, InputMediaAnimation, InputMediaPhoto, ReplyParameters
from telegram.error import BadRequest, Forbidden

from bot.simulator import Person, Served, SimulatedClock, Simulator
from bot.simulator.errors import MisuseError
from bot.simulator.files import sample_picture

from .conftest import START, TOKEN, Caller, later

KEYBOARD = InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="y")]])
GIF = b"GIF89a" + bytes([8, 0, 6, 0]) + bytes(20)


async def test_a_text_arrives_with_its_entities_keyboard_and_date(bot: telegram.Bot, ann: Person) -> None:
    ann.starts()
    sent = await bot.send_message(ann.id, "<b>Hi</b> 🙂", parse_mode="HTML", reply_markup=KEYBOARD)
    assert sent.date == START
    assert sent.parse_entities() == {sent.entities[0]: "Hi"}
    shown = ann.last()
    assert (shown["text"], shown["out"], shown["silent"]) == ("Hi 🙂", False, False)
    assert shown["reply_markup"] == {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}


async def test_message_numbers_are_counted_per_bot_over_all_chats(bot: telegram.Bot, ann: Person, ben: Person) -> None:
    first, second = ann.starts()["message_id"], ben.starts()["message_id"]
    third = await bot.send_message(ann.id, "hello")
    assert (second, third.message_id) == (first + 1, first + 2)


async def test_a_reply_carries_the_message_it_answers(bot: telegram.Bot, ann: Person) -> None:
    question = ann.says("/start")["message_id"]
    answer = await bot.send_message(ann.id, "yes", reply_parameters=ReplyParameters(question, quote="start"))
    assert answer.reply_to_message is not None
    assert answer.reply_to_message.text == "/start"
    assert answer.quote is not None
    assert answer.quote.position == 1
    back = ann.says("no", reply_to=answer.message_id)
    assert back["reply_to_message"]["text"] == "yes"
    assert "reply_to_message" not in back["reply_to_message"]


async def test_a_reply_to_nothing_is_refused_unless_that_is_allowed(bot: telegram.Bot, ann: Person) -> None:
    ann.starts()
    with pytest.raises(BadRequest, match="Message to be replied not found"):
        await bot.send_message(ann.id, "x", reply_parameters=ReplyParameters(999))
    sent = await bot.send_message(ann.id, "x", reply_parameters=ReplyParameters(999, allow_sending_without_reply=True))
    assert sent.reply_to_message is None


async def test_an_edit_changes_words_and_keyboard_and_dates_it(
    bot: telegram.Bot, ann: Person, clock: SimulatedClock
) -> None:
    ann.starts()
    sent = await bot.send_message(ann.id, "one", reply_markup=KEYBOARD)
    clock.skip(later(minutes=5))
    edited = await sent.edit_text("two")
    assert isinstance(edited, telegram.Message)
    assert edited.edit_date == START + later(minutes=5)
    assert edited.reply_markup is None
    assert ann.last()["text"] == "two"
    with pytest.raises(BadRequest, match="Message is not modified: specified new message content and reply markup"):
        await sent.edit_text("two")
    assert await sent.edit_reply_markup(KEYBOARD)


async def test_a_text_may_become_a_picture_and_a_picture_a_film(bot: telegram.Bot, ann: Person) -> None:
    ann.starts()
    sent = await bot.send_message(ann.id, "breathe")
    picture = await sent.edit_media(InputMediaPhoto(sample_picture(), caption="in"))
    assert isinstance(picture, telegram.Message)
    assert (picture.text, picture.caption, picture.photo[-1].width) == (None, "in", 160)
    film = await sent.edit_media(InputMediaAnimation(GIF, caption="out"))
    assert isinstance(film, telegram.Message)
    assert film.animation is not None
    assert (film.animation.width, film.animation.height, film.photo) == (8, 6, ())
    with pytest.raises(BadRequest, match="There is no text in the message to edit"):
        await sent.edit_text("x")
    assert await sent.edit_caption("slow")
    assert ann.last()["caption"] == "slow"


async def test_a_file_is_uploaded_once_and_sent_again_by_its_id(bot: telegram.Bot, ann: Person) -> None:
    ann.starts()
    first = await bot.send_animation(ann.id, GIF, filename="calm.gif")
    assert first.animation is not None
    again = await bot.send_animation(ann.id, first.animation.file_id)
    assert again.animation is not None
    assert again.animation.file_id == first.animation.file_id
    assert again.animation.mime_type == "image/gif"
    with pytest.raises(BadRequest, match="Can't use file of type animation as photo"):
        await bot.send_photo(ann.id, first.animation.file_id)
    with pytest.raises(BadRequest, match="Wrong file identifier"):
        await bot.send_photo(ann.id, "AgACmadeup")


async def test_a_file_comes_back_as_it_was_sent(bot: telegram.Bot, served: Served, ann: Person) -> None:
    ann.sends_photo(sample_picture(40, 30), caption="us")
    update = (await bot.get_updates())[-1]
    assert update.message is not None
    assert update.message.caption == "us"
    file = await update.message.photo[-1].get_file()
    assert bytes(await file.download_as_bytearray()) == sample_picture(40, 30)
    async with aiohttp.ClientSession() as session:
        wrong = file.file_path.replace(TOKEN, "123456:wrong") if file.file_path else ""
        async with session.get(wrong) as answer:
            assert answer.status == 401
        async with session.get(f"{served.api_url}/file/bot{TOKEN}/photos/none.png") as answer:
            assert answer.status == 404


async def test_deleted_messages_are_gone_from_the_phone(bot: telegram.Bot, ann: Person) -> None:
    start = ann.starts()["message_id"]
    sent = [await bot.send_message(ann.id, str(each)) for each in range(3)]
    assert await sent[0].delete()
    assert await bot.delete_messages(ann.id, [start, sent[1].message_id, 999])
    assert [each["text"] for each in ann.messages()] == ["2"]
    with pytest.raises(BadRequest, match="Message to delete not found"):
        await sent[0].delete()
    with pytest.raises(BadRequest, match="Message to edit not found"):
        await sent[0].edit_text("x")


async def test_a_message_of_the_day_before_yesterday_stays(
    bot: telegram.Bot, ann: Person, clock: SimulatedClock
) -> None:
    ann.starts()
    sent = await bot.send_message(ann.id, "old")
    clock.skip(later(hours=48))
    with pytest.raises(BadRequest, match="Message can't be deleted for everyone"):
        await sent.delete()


async def test_the_bot_reaches_only_those_who_started_it_and_did_not_block_it(
    bot: telegram.Bot, ann: Person, ben: Person
) -> None:
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(ann.id, "psst")
    ann.starts()
    ann.blocks()
    with pytest.raises(Forbidden, match="Forbidden: bot was blocked by the user"):
        await bot.send_message(ann.id, "psst")
    ben.asks_inline("card")
    with pytest.raises(Forbidden, match="bot can't initiate conversation with a user"):
        await bot.send_message(ben.id, "psst")
    ann.unblocks()
    assert await bot.send_message(ann.id, "hello again")


async def test_blocking_and_coming_back_are_told_to_the_bot(bot: telegram.Bot, ann: Person) -> None:
    ann.starts()
    ann.blocks()
    ann.unblocks()
    changes = [each.my_chat_member for each in await bot.get_updates()][1:]
    assert [each.new_chat_member.status for each in changes if each] == ["kicked", "member"]


async def test_everything_a_person_can_send_is_understood(bot: telegram.Bot, ann: Person) -> None:
    ann.says("see https://example.org")
    number = ann.says("typo")["message_id"]
    ann.edits(number, "fixed")
    ann.sends_sticker("🙂")
    ann.sends_photo()
    ann.sends_voice(7)
    ann.sends_document("note.txt", b"words", caption="read")
    ann.shares_location(52.5, 13.4)
    ann.shares_contact()
    ann.sends({"dice": {"emoji": "🎲", "value": 3}})
    updates = await bot.get_updates()
    messages = [each.effective_message for each in updates]
    assert all(messages)
    assert updates[2].edited_message is not None
    assert updates[2].edited_message.text == "fixed"
    kinds = [telegram.helpers.effective_message_type(each) for each in messages if each]
    assert kinds == ["text", "text", "text", "sticker", "photo", "voice", "document", "location", "contact", "dice"]


async def test_copies_and_forwards(bot: telegram.Bot, ann: Person, ben: Person) -> None:
    ann.starts()
    ben.starts()
    sent = await bot.send_photo(ann.id, sample_picture(), caption="ours")
    copy = await bot.copy_message(ben.id, ann.id, sent.message_id, caption="yours")
    assert ben.last()["caption"] == "yours"
    assert copy.message_id == ben.last()["message_id"]
    forward = await bot.forward_message(ben.id, ann.id, sent.message_id)
    assert isinstance(forward.forward_origin, telegram.MessageOriginUser)
    assert len(await bot.copy_messages(ben.id, ann.id, [1, sent.message_id])) == 2
    assert len(await bot.forward_messages(ben.id, ann.id, [sent.message_id])) == 1


async def test_pins(bot: telegram.Bot, ann: Person) -> None:
    ann.starts()
    sent = await bot.send_message(ann.id, "keep")
    assert await sent.pin()
    assert [each["text"] for each in ann.messages() if each["pinned"]] == ["keep"]
    chat = await bot.get_chat(ann.id)
    assert chat.pinned_message is not None
    assert await bot.unpin_all_chat_messages(ann.id)
    assert not any(each["pinned"] for each in ann.messages())


async def test_reactions_go_both_ways(bot: telegram.Bot, ann: Person) -> None:
    said = ann.starts()["message_id"]
    assert await bot.set_message_reaction(ann.id, said, "👍")
    ann.reacts(said, "❤")
    assert ann.messages()[0]["reactions"] == [{"emoji": "👍", "from": "bot"}, {"emoji": "❤", "from": "user"}]
    await bot.get_updates(allowed_updates=["message", "message_reaction"])
    ann.reacts(said, None)
    told = (await bot.get_updates())[-1].message_reaction
    assert told is not None
    assert told.new_reaction == ()


async def test_a_press_is_answered_once_and_in_time(
    bot: telegram.Bot, sim: Simulator, ann: Person, clock: SimulatedClock
) -> None:
    ann.starts()
    sent = await bot.send_message(ann.id, "?", reply_markup=KEYBOARD)
    seen: list[dict[str, object]] = []
    sim.listen(seen.append)
    ann.presses(sent.message_id, "y")
    press = (await bot.get_updates())[-1].callback_query
    assert press is not None
    assert (press.data, press.message and press.message.message_id) == ("y", sent.message_id)
    assert await press.answer("saved", show_alert=True)
    assert (seen[-1]["type"], seen[-1]["text"], seen[-1]["show_alert"]) == ("answer", "saved", True)
    too_old = "Query is too old and response timeout expired or query id is invalid"
    with pytest.raises(BadRequest, match=too_old):
        await press.answer("again")
    late = ann.presses(sent.message_id, "y")
    clock.skip(later(seconds=151))
    with pytest.raises(BadRequest, match=too_old):
        await bot.answer_callback_query(late)


async def test_a_press_under_a_message_that_is_gone(bot: telegram.Bot, ann: Person) -> None:
    ann.starts()
    sent = await bot.send_message(ann.id, "?", reply_markup=KEYBOARD)
    await sent.delete()
    ann.presses(sent.message_id, "y")
    press = (await bot.get_updates())[-1].callback_query
    assert press is not None
    assert press.message is not None  # the library takes an inaccessible message for one of 1970
    assert press.message.message_id == sent.message_id
    assert press.message.date.timestamp() == 0


async def test_keyboards_for_places_and_numbers(bot: telegram.Bot, ann: Person) -> None:
    ann.starts()
    rows = [
        [telegram.KeyboardButton("Here", request_location=True), telegram.KeyboardButton("Me", request_contact=True)]
    ]
    await bot.send_message(ann.id, "Where?", reply_markup=telegram.ReplyKeyboardMarkup(rows, resize_keyboard=True))
    assert ann.last()["reply_markup"]["keyboard"][0][0] == {"text": "Here", "request_location": True}
    assert ann.taps("Here")["location"]["latitude"] == 52.52
    assert ann.taps("Me")["contact"]["user_id"] == ann.id
    with pytest.raises(MisuseError, match="There is no button 'Nowhere'"):
        ann.taps("Nowhere")
    sent = await bot.send_message(ann.id, "Thanks", reply_markup=telegram.ReplyKeyboardRemove())
    assert sent.reply_markup is None
    assert ann.last()["reply_markup"] == {"remove_keyboard": True}


async def test_groups_tell_the_bot_only_what_concerns_it(bot: telegram.Bot, sim: Simulator, ann: Person) -> None:
    group = sim.add_group("Friends", ann)
    group.says(ann, "just talk")
    group.says(ann, "/space")
    updates = await bot.get_updates()
    assert [each.message.text for each in updates if each.message] == ["/space"]
    assert await bot.send_message(group.id, "not here")
    assert (await bot.get_chat_member(group.id, ann.id)).status == "creator"
    group.removes_bot(ann)
    with pytest.raises(Forbidden, match="bot was kicked from the supergroup chat"):
        await bot.send_message(group.id, "x")
    channel = sim.add_group("News", ann, kind="channel")
    channel.posts("hello")
    post = (await bot.get_updates())[-1].channel_post
    assert post is not None
    assert post.sender_chat is not None


async def test_the_journal_keeps_every_call_in_order_and_no_token(
    bot: telegram.Bot, sim: Simulator, call: Caller, ann: Person
) -> None:
    ann.starts()
    await bot.send_message(ann.id, "one")
    await call("sendMessage", chat_id=999, text="two")
    kept = sim.calls("sendMessage")
    assert [(each.parameters["text"], each.ok) for each in kept] == [("one", True), ("two", False)]
    assert TOKEN not in repr(list(sim.journal))
