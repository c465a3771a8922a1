"""The command line `stillhere`: every command prints what it did, or one clear line that says what to do."""

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.core.errors import StillhereError

cli = typer.Typer(
    name="stillhere",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help=(
        "A Telegram bot for the anxious-avoidant loop. Begin with `stillhere demo`; a host begins with `stillhere init`."
    ),
)


def main() -> None:
    """Run the command line; our own errors become one line and exit code 1."""
    try:
        cli()
    except StillhereError as error:
        typer.echo(f"stillhere: {error}", err=True)
        sys.exit(1)


@cli.command()
def demo(
    port: Annotated[int, typer.Option(help="Where the page with the two phones is served.")] = 8080,
    api_port: Annotated[int, typer.Option(help="Where the simulated Bot API is served.")] = 8081,
    folder: Annotated[Path, typer.Option(help="Where its chats and its database are kept.")] = Path("var/demo"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget earlier chats and begin anew.")] = False,
) -> None:
    """Talk with the real bot in your browser, on two simulated phones. Nothing leaves this machine."""
    from bot import demo as room
    from bot import logs

    logs.start("warning")
    _finish(room.run(folder, port=port, api_port=api_port, fresh=fresh))


@cli.command()
def run() -> None:
    """Run the bot on Telegram. Needs STILLHERE_BOT_TOKEN and nothing else."""
    from bot import config, logs
    from bot.running import run as keep_running

    settings = config.read()
    logs.start(settings.log_level)
    _finish(keep_running(settings))


def _finish(work: Coroutine[Any, Any, None]) -> None:
    """Run `work` to its end, on the faster event loop where there is one."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(work)
    else:
        uvloop.run(work)
