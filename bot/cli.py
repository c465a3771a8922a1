"""The command line `stillhere`: every command prints what it did, or one clear line that says what to do."""

import asyncio
import gc
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

import bot.core.bare  # noqa: F401 - before what it is about
from bot.commands.scripts import dialogs
from bot.core.errors import StillhereError

T = TypeVar("T")

cli = typer.Typer(
    name="stillhere",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help=(
        "A Telegram bot for the anxious-avoidant loop. Begin with `stillhere demo`; a host begins with `stillhere init`."
    ),
)
db = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The database.")
cli.add_typer(db, name="db")
keys = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The master key.")
cli.add_typer(keys, name="keys")
cli.add_typer(dialogs, name="dialogs")


def main() -> None:
    """
    Run the command line.

    Exit code 1 and one line for what somebody can mend, 2 for a wrong command or a fault of the program.
    """
    gc.disable()  # until all is in place (`commands/run.py::settle`): a million objects that stay need no looking through
    try:
        typer.main.get_command(cli)()
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
    _start_logs("warning")
    from bot.commands import demo as room

    _finish(room.run(folder, port=port, api_port=api_port, fresh=fresh))


@cli.command()
def run() -> None:
    """Run the bot on Telegram. Needs STILLHERE_BOT_TOKEN and nothing else."""
    _start_logs("info")
    from bot import config

    settings = config.read()
    _start_logs(settings.log_level)
    from bot.commands.run import compile_ahead
    from bot.commands.run import run as keep_running

    _finish(keep_running(settings, compile_ahead(settings)))


@cli.command()
def init() -> None:
    """Write .env, with a word on every setting, and the master key. What is there already is left as it is."""
    _start_logs("warning")
    from bot import config
    from bot.commands import host

    _tell(host.init(config.read()))


@cli.command()
def doctor() -> None:
    """Look at everything the bot needs, and say what to do about what is amiss. Changes nothing."""
    _start_logs("error")
    from bot.commands.doctor import examine

    async def tell() -> bool:
        well = True
        async for line in examine():
            typer.echo(str(line))
            well = well and line.well
        return well

    if not _finish(tell()):
        sys.exit(1)


@cli.command()
def health() -> None:
    """Ask the running bot whether it is well; exit code 1 if not. For Docker and other supervisors."""
    _start_logs("warning")
    from bot import config
    from bot.commands import host

    well, words = host.health(config.read())
    typer.echo(words)
    if not well:
        sys.exit(1)


@cli.command()
def backup(to: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")]) -> None:
    """Copy the database into a file, also while the bot runs. Never the key."""
    _start_logs("warning")
    from bot import config
    from bot.commands import host

    _tell(host.backup(config.read(), to))


@cli.command()
def restore(
    backup: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A backup; none with PostgreSQL, after pg_restore.")
    ] = None,
) -> None:
    """Put a backup back, while the bot is stopped, and erase again who was erased since. The present database is kept beside it."""
    _start_logs("warning")
    from bot import config
    from bot.commands.restore import restore as put_back

    _tell(_finish(put_back(config.read(), backup)))


@cli.command()
def invite(
    days: Annotated[int, typer.Option(min=1, max=365, help="How long the link works.")] = 7,
) -> None:
    """Print a link that lets one person in, once. For STILLHERE_ACCESS=invite; the bot may be running."""
    _start_logs("warning")
    from bot import config
    from bot.commands.invite import invite as make

    _tell(_finish(make(config.read(), days)))


@db.command()
def upgrade() -> None:
    """Bring the database to this program's schema. `run` does it by itself."""
    _start_logs("warning")
    from bot import config
    from bot.commands import host

    typer.echo(_finish(host.upgrade(config.read())))


@keys.command()
def rotate(
    prepare: Annotated[
        bool,
        typer.Option("--prepare", help="Only write the new key into the key file, to be copied to other machines."),
    ] = False,
) -> None:
    """Change the master key, also while the bot runs. May be interrupted: run it again."""
    _start_logs("warning")
    from bot import config
    from bot.commands.keys import rotate as change

    async def tell() -> None:
        async for line in change(config.read(), prepare=prepare):
            typer.echo(line)

    _finish(tell())


def _start_logs(level: str) -> None:
    """From here on nothing prints a traceback, which could quote somebody."""
    from bot import logs

    sys.excepthook = logs.last_words
    logs.start(level)


def _tell(lines: list[str]) -> None:
    for line in lines:
        typer.echo(line)


def _finish(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end, on the faster event loop where there is one."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    return uvloop.run(work)
