"""Tells Telegram what the bot is called to do: commands, descriptions and the menu button, in every language."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog
from telegram import Bot, BotCommand, BotCommandScopeAllPrivateChats, MenuButton, MenuButtonCommands

from bot.conversation.channel import ChannelError
from bot.core.effects import Phrase
from bot.dialog.library import Library
from bot.telegram.channel import TelegramChannel
from bot.telegram.errors import translated

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Profile:
    """
    What a person sees of the bot in one language.

    `commands` are (name, description), at most 256 characters each; `about` is the line in its profile (120);
    `description` stands in the chat before it begins (512). `name` is what it is called (64); empty: as BotFather has it.
    """

    commands: tuple[tuple[str, str], ...]
    about: str
    description: str
    name: str = ""


def profiles(library: Library, kind: str = "full", name: str = "") -> dict[str, Profile]:
    """What Telegram is told about the bot, in each locale: `full`, or `neutral` without a word about couples."""
    return {locale: _profile(library, locale, kind, name) for locale in library.catalog.locales}


async def publish(channel: TelegramChannel, profiles: Mapping[str, Profile], *, default: str = "en") -> int:
    """
    Set whatever differs from what Telegram has, and return how many things that were.

    The `default` locale is for everybody whose language is not among `profiles`; others are keyed by locale. A fault ends
    it with one log line: a bot with yesterday's description still works.
    """
    changed = 0
    try:
        with translated():
            for locale, profile in profiles.items():
                language = None if locale == default else locale.split("-")[0].split("_")[0].lower()
                for differs, change in _steps(channel.bot, profile, language):
                    if await differs():
                        await change()
                        changed += 1
            if (await channel.bot.get_chat_menu_button()).type != MenuButton.COMMANDS:
                await channel.bot.set_chat_menu_button(menu_button=MenuButtonCommands())
                changed += 1
    except ChannelError as fault:
        log.warning("commands and descriptions are not all up to date", fault=type(fault).__name__, reason=str(fault))
    return changed


_Step = tuple[Callable[[], Awaitable[bool]], Callable[[], Awaitable[bool]]]


def _steps(bot: Bot, profile: Profile, language: str | None) -> tuple[_Step, ...]:
    """Each thing to publish: how to see whether it differs, and how to set it."""
    scope = BotCommandScopeAllPrivateChats()
    commands = tuple(BotCommand(name, words) for name, words in profile.commands)

    async def other_commands() -> bool:
        return await bot.get_my_commands(scope=scope, language_code=language) != commands

    async def other_about() -> bool:
        return (await bot.get_my_short_description(language_code=language)).short_description != profile.about

    async def other_description() -> bool:
        return (await bot.get_my_description(language_code=language)).description != profile.description

    async def other_name() -> bool:
        return bool(profile.name) and (await bot.get_my_name(language_code=language)).name != profile.name

    return (
        (other_name, lambda: bot.set_my_name(profile.name, language_code=language)),
        (other_commands, lambda: bot.set_my_commands(commands, scope=scope, language_code=language)),
        (other_about, lambda: bot.set_my_short_description(profile.about, language_code=language)),
        (other_description, lambda: bot.set_my_description(profile.description, language_code=language)),
    )


def _profile(library: Library, locale: str, kind: str, name: str) -> Profile:
    def words(key: str) -> str:
        return library.catalog.render_plain(Phrase(f"common.{key}"), locale, "")

    def of_kind(key: str) -> str:
        return words(f"bot.neutral_{key}" if kind == "neutral" else f"bot.{key}")

    listed = [
        key.removeprefix("common.command.") for key in library.source.words[locale] if key.startswith("common.command.")
    ]
    commands = tuple(
        (command, words(f"command.{command}")) for command in listed if command in {*library.commands, "back", "cancel"}
    )
    called = name or (words("bot.neutral_name") if kind == "neutral" else "")
    return Profile(commands, of_kind("about"), of_kind("description"), called)
