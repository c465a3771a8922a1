"""What a host does once in a while: `init`, `backup`, `db upgrade`, and `health` for supervisors."""

import json
import os
import sqlite3
import urllib.error
import urllib.request
from contextlib import closing, suppress
from pathlib import Path

from bot.config import Settings, address
from bot.core.clock import SystemClock
from bot.core.errors import SettingError, StillhereError
from bot.hosting import guard

ALIVE = 45.0
"""Seconds: a sign of life in the lock file is given every 15."""

_ASK_WITHIN = 5.0


class NotDone(StillhereError):  # noqa: N818 - reads as a sentence where it is raised
    """A host's wish that was not carried out; nothing was changed."""


# ------------------------------------------------------------------------------------------------------- init


def init(settings: Settings, folder: Path = Path()) -> list[str]:
    """Write `.env` and the key file, where there are none yet; what was done, line by line. Raises VaultError, NotDone."""
    from bot.storage.key_file import make_key_file

    told = [_write_env(folder / ".env")]
    if settings.key_file.exists():
        told.append(f"{settings.key_file} exists already and is left as it is.")
    elif (database := database_path(settings)) and database.exists():
        raise NotDone(
            f"There is a database ({database}) and no key at {settings.key_file}. A new key could not open it: put the old "
            "one back from your copy, or set STILLHERE_KEY_FILE to where it lies."
        )
    else:
        make_key_file(settings.key_file)
        told.append(
            f"{settings.key_file} is the new master key. Keep a copy of it away from this machine, and away from backups of "
            "the database: without it nobody can read them."
        )
    told.append("Next: put the token from @BotFather into .env, then run `stillhere doctor` and `stillhere run`.")
    return told


def _write_env(path: Path) -> str:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(env_text())
    except FileExistsError:
        return f"{path} exists already and is left as it is."
    except OSError as fault:
        raise NotDone(f"{path} cannot be written ({fault.strerror}). Let this user write to this folder.") from None
    return f"{path} holds every setting, with a word on each."


def env_text() -> str:
    """Every setting with its meaning and its default, ready to be filled in."""
    lines = ["# Settings of Stillhere. Lines that begin with # show what holds without them.", ""]
    for name, field in Settings.model_fields.items():
        default = field.get_default()
        shown = default.get_secret_value() if hasattr(default, "get_secret_value") else default
        mark = "" if name == "bot_token" else "# "
        lines += [f"# {field.description}", f"{mark}STILLHERE_{name.upper()}={'' if shown is None else shown}", ""]
    return "\n".join(lines)


# ----------------------------------------------------------------------------------------------------- backup


def backup(settings: Settings, to: Path) -> list[str]:
    """Copy the database to the new file `to`, also while the bot runs; what was done. Raises NotDone."""
    source = database_path(settings)
    if source is None:
        raise NotDone(
            "This database is on PostgreSQL, which makes its own backups: `pg_dump --format=custom --file=stillhere.dump …`. "
            f"Keep the key file {settings.key_file} somewhere else."
        )
    if not source.exists():
        raise NotDone(f"There is no database at {source} yet.")
    if to.exists():
        raise NotDone(f"{to} exists already and is left as it is. Name a new file.")
    part = to.with_name(f"{to.name}.part")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        copy_database(source, part)
        part.rename(to)
    except (OSError, sqlite3.Error) as fault:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        why = getattr(fault, "strerror", None) or getattr(fault, "sqlite_errorname", type(fault).__name__)
        raise NotDone(
            f"The backup to {to} did not succeed ({why}). Check the folder, and the room on its disk."
        ) from None
    apart = (
        f"The key is not in it. Keep a copy of {settings.key_file} in another place than this one: whoever has both can read "
        "everything, whoever has only this one nothing."
    )
    return [f"{to} is a whole copy of the database ({to.stat().st_size / 1e6:.1f} MB), checked.", apart]


def copy_database(source: Path, to: Path) -> None:
    """
    One consistent moment of the database, though others write to it, in a file of its own, checked and on the disk.

    Raises OSError, sqlite3.Error.
    """
    reading = f"{source.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(reading, uri=True)) as live, closing(sqlite3.connect(to)) as copy:
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        if copy.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise sqlite3.DatabaseError
    handle = os.open(to, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# ------------------------------------------------------------------------------------------------- db upgrade


async def upgrade(settings: Settings) -> str:
    """Bring the database to this program's schema; what was done. Raises DatabaseUnavailable while the bot runs (SQLite)."""
    from bot.storage.database import Database
    from bot.storage.migration import migrate, newest

    database = Database(settings.database_url.get_secret_value(), SystemClock())
    await database.open()
    try:
        held = guard.Guard(database.path) if database.path else None
        try:
            changed = await migrate(database)
        finally:
            if held:
                held.release()
    finally:
        await database.close()
    return f"The database is at revision {newest()}, {'just now' if changed else 'as it was'}."


# ----------------------------------------------------------------------------------------------------- health


def health(settings: Settings) -> tuple[bool, str]:
    """Whether the running bot is well, and a line that says so: from its listener, or else from its lock file."""
    if settings.health_listen:
        return _ask(settings.health_listen)
    path = database_path(settings)
    if path is None:
        raise SettingError(
            "With PostgreSQL, `stillhere health` needs STILLHERE_HEALTH_LISTEN, for example 127.0.0.1:8082."
        )
    if not guard.is_running(path):
        return False, "bad: Stillhere does not run"
    silent = SystemClock().machine() - guard.last_sign(path)
    return (True, "ok") if silent <= ALIVE else (False, "bad: no sign of life; see the log")


def _ask(listen: str) -> tuple[bool, str]:
    host, port = address(listen)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - the host's own choice, asked from within
    url = f"http://[{host}]:{port}/health" if ":" in host else f"http://{host}:{port}/health"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=_ASK_WITHIN) as answer:
            return answer.status == 200, "ok"  # noqa: PLR2004 - an HTTP status
    except urllib.error.HTTPError as fault:
        return False, f"bad: {_reasons(fault.read())}"
    except (OSError, ValueError) as fault:
        why = getattr(fault, "reason", fault)
        return False, f"bad: nobody answers at {listen} ({getattr(why, 'strerror', None) or type(why).__name__})"


def _reasons(answer: bytes) -> str:
    try:
        return "; ".join(map(str, json.loads(answer)["reasons"]))
    except (ValueError, KeyError, TypeError):
        return "the answer is not Stillhere's; see STILLHERE_HEALTH_LISTEN"


def database_path(settings: Settings) -> Path | None:
    """The SQLite file; None on PostgreSQL. Raises SettingError."""
    from bot.storage.database import Database

    return Database(settings.database_url.get_secret_value(), SystemClock()).path
