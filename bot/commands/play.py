"""Talk with the pure engine in a terminal: numbers press buttons, words are words, `skip 20m` lets time pass."""

import secrets
from collections.abc import Callable, Iterable

import typer

from bot.core.clock import Clock, SystemClock
from bot.core.events import SentMedia
from bot.core.facts import User
from bot.corner import pins
from bot.dialog.library import Library
from bot.dialog.play import Heard, Play
from bot.dialog.turn import spell

_ROW = 70
_HELP = "A number presses a button; words are said; /command; skip 20m lets time pass; sticker sends one; quit."


def talk(
    library: Library,
    name: str,
    locale: str,
    *,
    ask: Callable[[], str] = lambda: str(typer.prompt("you", prompt_suffix="> ")),
    clock: Clock | None = None,
) -> None:
    """Begin the dialog `name` and go on until `quit` or the end of input. The person has agreed, and has a clock."""
    person = User(1, 1, locale=library.catalog.suiting(locale), nickname="Sam", zone="Europe/Berlin", consent=1, seed=1)
    salt = secrets.token_bytes(pins.SALT_BYTES)
    talking = Play(library, (clock or SystemClock()).now(), person, lambda pin: pins.hashed(pin, salt))
    typer.echo(_HELP)
    command = next((word for word, dialog in library.commands.items() if dialog == name), "")
    if command:
        _show(talking.say(f"/{command}"))
    else:
        typer.echo(f"Nothing begins {name} by a command: it opens by itself. Write something.")
    while True:
        try:
            said = ask().strip()
        except (EOFError, KeyboardInterrupt, typer.Abort):
            return
        if said in {"quit", "exit"}:
            return
        _answer(talking, said)


def _answer(talking: Play, said: str) -> None:
    word, _, rest = said.partition(" ")
    if not said:
        typer.echo(_HELP)
    elif word == "skip":
        _skip(talking, rest)
    elif said == "sticker":
        _show(talking.hear(SentMedia("sticker")))
    elif (n := _meant(talking, said)) is not None:
        button, label = talking.buttons[n]
        typer.echo(f"      [{label}]{'' if button.data else f' {_aside(talking, n)}'}")
        _show(talking.press(n))
    else:
        _show(talking.say(said))


def _meant(talking: Play, said: str) -> int | None:
    """Which button a number means: one that is called so (on a scale), else the one it counts to."""
    labels = [label for _, label in talking.buttons]
    if said in labels:
        return labels.index(said)
    return int(said) - 1 if said.isdecimal() and 0 < int(said) <= len(labels) else None


def _skip(talking: Play, length: str) -> None:
    try:
        span = spell(length)
    except ValueError as wrong:
        typer.echo(f"      {wrong}")
        return
    for at, heard in talking.skip(span):
        typer.echo(f"      --- {at:%a %H:%M} UTC ---")
        _show(heard)
    typer.echo(f"      --- it is {talking.now:%a %H:%M} UTC ---")


def _aside(talking: Play, n: int) -> str:
    button, _ = talking.buttons[n]
    if button.copy is not None:
        return f"copied: {talking.plain(button.copy)}"
    return f"opens {button.url}" if button.url else "would share the location; write a city instead"


def _show(heard: Iterable[Heard]) -> None:
    for one in heard:
        typer.echo("")
        if one.picture:
            typer.echo(f"bot   (picture {one.picture})")
        for n, line in enumerate(one.words.split("\n")):
            typer.echo(f"{'toast ' if one.is_toast else 'bot   ' if n == 0 and not one.picture else '      '}{line}")
        row = ""
        for n, (_, label) in enumerate(one.buttons, 1):
            row += f"  [{label}]" if label.isdecimal() else f"  {n} [{label}]"
            if len(row) > _ROW or n == len(one.buttons):
                typer.echo(f"    {row}")
                row = ""
