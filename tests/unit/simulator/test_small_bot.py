"""The calls a small bot lives on: python-telegram-bot makes each one, and reads what comes back."""

import io
from collections.abc import Awaitable, Callable

import pytest
import telegram
from telegram import (
    BotCommand,
    BotCommandScopeAllGroupChats,
    ChatAdministratorRights,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputMediaDocument,
    InputMediaPhoto,
    InputTextMessageContent,
    LinkPreviewOptions,
    MenuButtonDefault,
    MessageEntity,
    ReactionTypeEmoji,
    ReplyParameters,
)

from bot.simulator import Person, Simulator
from bot.simulator.files import sample_picture

from .conftest import START

Deed = Callable[[telegram.Bot, Person, Simulator], Awaitable[object]]
A = 1001
KEYBOARD = InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="y")]])
PICTURE = sample_picture(16, 16)
MOMENT = MessageEntity("date_time", 0, 5, unix_time=START, date_time_format="t")
TEXT, PHOTO, POLL, PLACE = 2, 3, 4, 5  # what stands in the chat before each deed


def _inline(bot: telegram.Bot, ann: Person) -> Awaitable[object]:
    article = InlineQueryResultArticle("1", "Card", InputTextMessageContent("Us"), reply_markup=KEYBOARD)
    return bot.answer_inline_query(ann.asks_inline("us"), [article], cache_time=0, is_personal=True)


DEEDS: dict[str, Deed] = {
    "getMe": lambda bot, _ann, _sim: bot.get_me(),
    "getUpdates": lambda bot, _ann, _sim: bot.get_updates(timeout=0, allowed_updates=["message"]),
    "setWebhook": lambda bot, _ann, _sim: bot.set_webhook("https://example.org/hook", secret_token="s"),
    "deleteWebhook": lambda bot, _ann, _sim: bot.delete_webhook(drop_pending_updates=True),
    "getWebhookInfo": lambda bot, _ann, _sim: bot.get_webhook_info(),
    "sendMessage": lambda bot, _ann, _sim: bot.send_message(A, "hi", reply_markup=KEYBOARD),
    "sendMessage silent": lambda bot, _ann, _sim: bot.send_message(A, "hi", disable_notification=True),
    "sendMessage reply": lambda bot, _ann, _sim: bot.send_message(A, "hi", reply_parameters=ReplyParameters(TEXT)),
    "sendMessage moment": lambda bot, _ann, _sim: bot.send_message(A, "20:00", entities=[MOMENT]),
    "sendMessage HTML": lambda bot, _ann, _sim: bot.send_message(A, "<i>hi</i>", "HTML", protect_content=True),
    "sendMessage MarkdownV2": lambda bot, _ann, _sim: bot.send_message(A, "*hi*\\.", "MarkdownV2"),
    "sendMessage preview": lambda bot, _ann, _sim: bot.send_message(
        A, "https://example.org", link_preview_options=LinkPreviewOptions(is_disabled=True)
    ),
    "sendMessage force reply": lambda bot, _ann, _sim: bot.send_message(A, "?", reply_markup=telegram.ForceReply()),
    "editMessageText": lambda bot, _ann, _sim: bot.edit_message_text("new", A, TEXT, reply_markup=KEYBOARD),
    "editMessageReplyMarkup": lambda bot, _ann, _sim: bot.edit_message_reply_markup(A, TEXT),
    "editMessageCaption": lambda bot, _ann, _sim: bot.edit_message_caption(A, PHOTO, caption="new"),
    "editMessageMedia": lambda bot, _ann, _sim: bot.edit_message_media(InputMediaPhoto(PICTURE), A, PHOTO),
    "editMessageLiveLocation": lambda bot, _ann, _sim: bot.edit_message_live_location(
        A, PLACE, latitude=1, longitude=2
    ),
    "stopMessageLiveLocation": lambda bot, _ann, _sim: bot.stop_message_live_location(A, PLACE),
    "deleteMessage": lambda bot, _ann, _sim: bot.delete_message(A, TEXT),
    "deleteMessages": lambda bot, _ann, _sim: bot.delete_messages(A, [1, TEXT]),
    "answerCallbackQuery": lambda bot, ann, _sim: bot.answer_callback_query(ann.presses(TEXT, "y"), "ok"),
    "answerInlineQuery": lambda bot, ann, _sim: _inline(bot, ann),
    "sendPhoto": lambda bot, _ann, _sim: bot.send_photo(A, PICTURE, caption="us"),
    "sendAnimation": lambda bot, _ann, _sim: bot.send_animation(
        A, io.BytesIO(b"GIF89a\x08\0\x06\0"), width=8, height=6
    ),
    "sendDocument": lambda bot, _ann, _sim: bot.send_document(A, b"x", filename="x.txt", thumbnail=PICTURE),
    "sendVideo": lambda bot, _ann, _sim: bot.send_video(A, b"\0\0\0\x18ftypmp42", duration=3),
    "sendAudio": lambda bot, _ann, _sim: bot.send_audio(A, b"ID3", title="Calm", performer="Nobody"),
    "sendVoice": lambda bot, _ann, _sim: bot.send_voice(A, b"OggS", duration=2),
    "sendVideoNote": lambda bot, _ann, _sim: bot.send_video_note(A, b"x"),
    "sendSticker": lambda bot, _ann, _sim: bot.send_sticker(A, PICTURE, emoji="🙂"),
    "sendMediaGroup": lambda bot, _ann, _sim: bot.send_media_group(A, [InputMediaPhoto(PICTURE, caption="1")] * 2),
    "sendMediaGroup documents": lambda bot, _ann, _sim: bot.send_media_group(A, [InputMediaDocument(b"x")] * 2),
    "sendLocation": lambda bot, _ann, _sim: bot.send_location(A, 52.5, 13.4),
    "sendVenue": lambda bot, _ann, _sim: bot.send_venue(A, 52.5, 13.4, "Home", "Street 1"),
    "sendContact": lambda bot, _ann, _sim: bot.send_contact(A, "+491512345", "Ann"),
    "sendDice": lambda bot, _ann, _sim: bot.send_dice(A),
    "sendPoll": lambda bot, _ann, _sim: bot.send_poll(A, "How full?", ["little", "much"], is_anonymous=False),
    "stopPoll": lambda bot, _ann, _sim: bot.stop_poll(A, POLL),
    "sendChatAction": lambda bot, _ann, _sim: bot.send_chat_action(A, "typing"),
    "copyMessage": lambda bot, _ann, _sim: bot.copy_message(A, A, TEXT),
    "copyMessages": lambda bot, _ann, _sim: bot.copy_messages(A, A, [TEXT, PHOTO]),
    "forwardMessage": lambda bot, _ann, _sim: bot.forward_message(A, A, TEXT),
    "forwardMessages": lambda bot, _ann, _sim: bot.forward_messages(A, A, [TEXT, PHOTO]),
    "pinChatMessage": lambda bot, _ann, _sim: bot.pin_chat_message(A, TEXT, disable_notification=True),
    "unpinAllChatMessages": lambda bot, _ann, _sim: bot.unpin_all_chat_messages(A),
    "setMessageReaction": lambda bot, _ann, _sim: bot.set_message_reaction(A, 1, [ReactionTypeEmoji("👍")]),
    "getChat": lambda bot, _ann, _sim: bot.get_chat(A),
    "getChatMember": lambda bot, _ann, _sim: bot.get_chat_member(A, A),
    "getChatMember self": lambda bot, ann, sim: bot.get_chat_member(sim.add_group("G", ann).id, bot.id),
    "getChatMemberCount": lambda bot, _ann, _sim: bot.get_chat_member_count(A),
    "getChatAdministrators": lambda bot, ann, sim: bot.get_chat_administrators(sim.add_group("G", ann).id),
    "leaveChat": lambda bot, ann, sim: bot.leave_chat(sim.add_group("G", ann).id),
    "getUserProfilePhotos": lambda bot, _ann, _sim: bot.get_user_profile_photos(A),
    "getFile": lambda bot, ann, _sim: bot.get_file(ann.sends_photo()["photo"][0]["file_id"]),
    "setMyCommands": lambda bot, _ann, _sim: bot.set_my_commands([BotCommand("help", "Help")], language_code="de"),
    "getMyCommands": lambda bot, _ann, _sim: bot.get_my_commands(BotCommandScopeAllGroupChats()),
    "deleteMyCommands": lambda bot, _ann, _sim: bot.delete_my_commands(),
    "setMyName": lambda bot, _ann, _sim: bot.set_my_name("Stillhere"),
    "getMyName": lambda bot, _ann, _sim: bot.get_my_name(),
    "setMyDescription": lambda bot, _ann, _sim: bot.set_my_description("About"),
    "getMyDescription": lambda bot, _ann, _sim: bot.get_my_description(),
    "setMyShortDescription": lambda bot, _ann, _sim: bot.set_my_short_description("About"),
    "getMyShortDescription": lambda bot, _ann, _sim: bot.get_my_short_description(),
    "setMyDefaultAdministratorRights": lambda bot, _ann, _sim: bot.set_my_default_administrator_rights(
        ChatAdministratorRights.no_rights()
    ),
    "getMyDefaultAdministratorRights": lambda bot, _ann, _sim: bot.get_my_default_administrator_rights(),
    "setChatMenuButton": lambda bot, _ann, _sim: bot.set_chat_menu_button(A, MenuButtonDefault()),
    "getChatMenuButton": lambda bot, _ann, _sim: bot.get_chat_menu_button(A),
    "createChatInviteLink": lambda bot, ann, sim: bot.create_chat_invite_link(sim.add_group("G", ann).id),
    "createForumTopic": lambda bot, ann, sim: bot.create_forum_topic(sim.add_group("G", ann).id, "Us"),
    "getMyStarBalance": lambda bot, _ann, _sim: bot.get_my_star_balance(),
    "getForumTopicIconStickers": lambda bot, _ann, _sim: bot.get_forum_topic_icon_stickers(),
    "logOut": lambda bot, _ann, _sim: bot.log_out(),
    "close": lambda bot, _ann, _sim: bot.close(),
}


@pytest.mark.parametrize("name", DEEDS)
async def test_the_call_is_answered_and_read(bot: telegram.Bot, sim: Simulator, ann: Person, name: str) -> None:
    ann.starts()
    await bot.send_message(A, "words", reply_markup=KEYBOARD)
    await bot.send_photo(A, PICTURE, caption="picture")
    await bot.send_poll(A, "Well?", ["yes", "no"])
    await bot.send_location(A, 1, 1, live_period=900)
    assert await DEEDS[name](bot, ann, sim) is not None
    method = name.partition(" ")[0]
    made = sim.calls(method)
    assert made
    assert made[-1].ok
