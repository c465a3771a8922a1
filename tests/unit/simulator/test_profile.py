"""What a bot says of itself, by language and by place."""

from typing import Any

import telegram
from telegram import BotCommandScopeAllPrivateChats, BotCommandScopeChat, MenuButtonCommands, MenuButtonDefault

from bot.simulator import Person, Simulator


async def test_commands_by_scope_and_language(bot: telegram.Bot, sim: Simulator, ann: Person, ben: Person) -> None:
    ann.starts()
    await bot.set_my_commands([("soothe", "Calm down")])
    await bot.set_my_commands([("space", "Ask for room")], scope=BotCommandScopeAllPrivateChats())
    await bot.set_my_commands([("raum", "Raum erbitten")], BotCommandScopeAllPrivateChats(), language_code="de")
    await bot.set_my_commands([("mine", "Only Ann's")], scope=BotCommandScopeChat(ann.id))

    def shown(person: Person) -> list[str]:
        return [each["command"] for each in sim.user_view(person.user)["commands"]]

    assert (shown(ann), shown(ben)) == (["mine"], ["raum"])
    assert [each.command for each in await bot.get_my_commands()] == ["soothe"]
    assert await bot.get_my_commands(language_code="fr") == ()
    await bot.delete_my_commands(scope=BotCommandScopeChat(ann.id))
    assert shown(ann) == ["space"]


async def test_names_and_descriptions_fall_back_to_the_one_for_everybody(bot: telegram.Bot, sim: Simulator) -> None:
    assert (await bot.get_my_name()).name == "Stillhere"
    await bot.set_my_description("For both of you", language_code="en")
    await bot.set_my_description("For two")
    await bot.set_my_short_description("Two")
    await bot.set_my_name("Still Here")
    assert (await bot.get_my_description("en")).description == "For both of you"
    assert (await bot.get_my_description("fr")).description == "For two"
    assert (await bot.get_my_short_description()).short_description == "Two"
    assert (await bot.get_my_name("de")).name == "Still Here"
    shown = sim.bot_view(sim.world.accounts[123456])
    assert (shown["first_name"], shown["description"]) == ("Still Here", "For two")


async def test_menu_buttons(bot: telegram.Bot, ann: Person) -> None:
    ann.starts()
    assert isinstance(await bot.get_chat_menu_button(), MenuButtonCommands)
    assert isinstance(await bot.get_chat_menu_button(ann.id), MenuButtonDefault)
    assert await bot.set_chat_menu_button(ann.id, MenuButtonCommands())
    assert isinstance(await bot.get_chat_menu_button(ann.id), MenuButtonCommands)


async def test_every_phone_hears_of_a_new_name_and_new_commands(bot: telegram.Bot, sim: Simulator, ann: Person) -> None:
    told: list[dict[str, Any]] = []
    sim.listen(told.append)
    await bot.set_my_commands([("help", "Help")])
    assert [each["type"] for each in told] == ["bot"]
    assert told[0]["users"][0]["id"] == ann.id
    assert told[0]["users"][0]["commands"] == [{"command": "help", "description": "Help"}]
