"""`stillhere dialogs …`: read, draw, try and check what the bot says, without touching code."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.dialog.library import Library
    from bot.dialog.loader import Source

dialogs = typer.Typer(
    name="dialogs",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Read, draw, try and check what the bot says.",
)

_Name = Annotated[str, typer.Argument(help="The dialog: a folder in `dialogs/`, such as soothe.")]
_Locale = Annotated[str, typer.Option(help="In which language, where it has words of its own.")]
_Folder = Annotated[
    Path | None,
    typer.Option(
        "--dialogs", envvar="STILLHERE_DIALOGS", help="A folder of your own dialogs, on top of the carried ones."
    ),
]


@dialogs.command()
def lint(
    folder: Annotated[
        Path | None, typer.Argument(help="A folder of your own dialogs.", envvar="STILLHERE_DIALOGS")
    ] = None,
    locale: Annotated[str, typer.Option(help="Only findings about this language's words.")] = "",
) -> None:
    """Look for every mistake that can be seen without talking: file, line, and what to do."""
    from bot.dialog import linter
    from bot.dialogs import fault_of_lexicons, registry, withheld

    source = _source(folder)
    typer.echo(f"Looking through {len(source.scripts)} dialogs …", err=True)
    findings = linter.lint(source, registry())
    if locale:
        findings = [
            one for one in findings if one.file.endswith(f"/{locale}.yaml") or f" in {locale}.yaml" in one.detail
        ]
    for finding in findings:
        typer.echo(str(finding) + ("" if finding.stops else " – advice"))
    if not (fault := fault_of_lexicons(folder)):
        for name, line in withheld(source, folder).items():
            if locale in {"", name}:
                typer.echo(line)
    typer.echo(_summary(source, len(findings), sum(finding.stops for finding in findings)))
    if fault:
        typer.echo(fault)
    if findings or fault:
        raise typer.Exit(1)


@dialogs.command()
def read(name: _Name, locale: _Locale = "en", folder: _Folder = None) -> None:
    """Print a whole dialog as a script to read aloud: what is said, what may come back, where it leads."""
    from bot.dialog.reading import read_aloud

    library = _library(folder, name)
    typer.echo(read_aloud(library, name, locale), nl=False)


@dialogs.command()
def draw(
    name: _Name,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="The picture's file; <name>.svg if not given.")
    ] = None,
    locale: _Locale = "en",
    folder: _Folder = None,
) -> None:
    """Draw the flow of a dialog as a picture that any browser shows."""
    from bot.dialog import draw as drawing

    library = _library(folder, name)
    path = out or Path(f"{name}.svg")
    path.write_text(drawing.draw(library, name, locale), encoding="utf-8")
    typer.echo(f"Drawn: {path}. Open it in a browser; it suits light and dark.")


@dialogs.command()
def play(name: _Name = "start", locale: _Locale = "en", folder: _Folder = None) -> None:
    """Talk with a dialog here in the terminal. Nothing is stored, nothing is sent."""
    from bot.commands.play import talk

    talk(_library(folder, name), name, locale)


@dialogs.command()
def words() -> None:
    """List every guard, action, list and value that a script may name."""
    from bot.dialog.arguments import usage
    from bot.dialogs import registry

    titles = (
        "Guards, for `when` and `unless`",
        "Actions, for `do`",
        "Lists, for `pick: {from: …}`",
        "Values, for {placeholders}",
    )
    for title, shelf in zip(titles, registry().shelves(), strict=True):
        typer.echo(f"\n{title}\n{'─' * len(title)}")
        for name, word in sorted(shelf.items()):
            typer.echo(f"  {usage(name, word)}")
            typer.echo(f"      {' '.join((word.function.__doc__ or '').split())}")
            if word.options:
                typer.echo(f"      options: {', '.join(word.options)}")
            if word.sets:
                typer.echo(f"      sets: {', '.join(sorted(word.sets))}")


@dialogs.command()
def publish(
    folder: _Folder = None,
    anyway: Annotated[bool, typer.Option("--anyway", help="Even where people have to begin a dialog again.")] = False,
) -> None:
    """Note down which states are released, and write the schema for editors. Refuses if a released state vanished."""
    from bot.dialog import released, schema

    home, source = _home(folder), _source(folder)
    lost = list(released.vanished(released.read(home), source))
    for sentence in lost:
        typer.echo(sentence)
    if lost and not anyway:
        typer.echo("Nothing was written. People who stand there would have to begin again; `--anyway` accepts that.")
        raise typer.Exit(1)
    released.write(home, source)
    (home / schema.FILE).write_bytes(schema.schema())
    typer.echo(f"Written: {home / released.FILE} and {schema.FILE}. {_summary(source, 0, 0)}")


@dialogs.command()
def status(folder: _Folder = None) -> None:
    """Say what changed since the last `publish`, whether anybody would have to begin again, and what nobody has checked yet."""
    from bot.core.clock import SystemClock
    from bot.dialog import released
    from bot.safety import helplines

    source, before = _source(folder), released.read(_home(folder))
    lost = list(released.vanished(before, source))
    for line in (*released.changes(before, source), *lost):
        typer.echo(line)
    unreviewed = sum(not script.about.reviewer for script in source.scripts.values())
    typer.echo(f"{len(source.scripts)} dialogs; {unreviewed} not reviewed by a clinician yet.")
    typer.echo(f"Help lines: {helplines.age(helplines.carried().values(), SystemClock().now().date())}.")
    if lost:
        raise typer.Exit(1)


@dialogs.command("schema")
def print_schema() -> None:
    """Print the JSON schema of `dialog.yaml`, for editors."""
    from bot.dialog.schema import schema

    typer.echo(schema(), nl=False)


def _source(folder: Path | None) -> "Source":
    from bot.dialog import loader
    from bot.dialogs import CARRIED

    return loader.load([CARRIED, *([folder] if folder else [])])


def _library(folder: Path | None, name: str) -> "Library":
    """The dialogs, usable even with advice open. Raises ScriptError, naming what keeps them from running."""
    from bot.core.errors import ScriptError
    from bot.dialog import linter
    from bot.dialog.library import Library
    from bot.dialogs import registry

    source = _source(folder)
    stops = [finding for finding in linter.lint(source, registry()) if finding.stops]
    if stops:
        raise ScriptError("\n".join(map(str, stops)))
    if name not in source.scripts:
        raise ScriptError(f"There is no dialog {name!r}. There are: {', '.join(sorted(source.scripts))}.")
    return Library(source, registry())


def _home(folder: Path | None) -> Path:
    from bot.dialogs import CARRIED

    return folder or CARRIED


def _summary(source: "Source", findings: int, stopping: int) -> str:
    phrases = len({key for words in source.words.values() for key in words})
    told = "no findings" if not findings else "1 finding" if findings == 1 else f"{findings} findings"
    if findings:
        told += f", {stopping} of them keep a bot from starting" if stopping else ", all of them advice"
    return ", ".join(_counts(source, phrases)) + f", {told}"


def _counts(source: "Source", phrases: int) -> Iterator[str]:
    yield f"{len(source.scripts)} dialogs"
    yield f"{phrases:,} phrases"
    if len(source.words) > 1:
        yield f"{len(source.words)} languages"
