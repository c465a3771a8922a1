"""Which numbers may be shown to a person in danger: the rows of `dialogs/helplines.tsv` that several sources agree on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from bot.core.errors import ScriptError

COLUMNS = (
    "iso", "country", "emergency", "crisis_line", "number", "violence_line", "confidence", "sources",
    "checked_on", "checked_by",
)  # fmt: skip
"""The columns of the file. `checked_on` (YYYY-MM-DD) and `checked_by` stay empty until somebody has called the line."""

TRUSTED = "high"
"""Rows of any other confidence are kept for whoever checks them, and never shown."""

NO_COUNTRY = frozenset({"EU", "INT"})
"""Rows for where no single country is meant: said in words, not picked from a list."""

FRESH = timedelta(days=180)
"""How long a check counts. Source: the safety notes; a product choice."""


@dataclass(frozen=True, slots=True)
class Helpline:
    """
    What to call in one country.

    `emergency` holds one or two numbers, the one for an ambulance or for everything first; `crisis_line` and
    `violence_line` are names and numbers as people say them; `number` is the crisis line's own. `checked_on` is None until
    somebody has called.
    """

    iso: str
    country: str
    emergency: tuple[str, ...]
    crisis_line: str
    number: str
    violence_line: str
    confidence: str
    checked_on: date | None = None
    checked_by: str = ""


def read(path: Path) -> tuple[Helpline, ...]:
    """Every row of the file. Raises ScriptError, naming the line, for one that cannot be used."""
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    if tuple(header.split("\t")) != COLUMNS:
        raise ScriptError(f"{path.name}:1: the columns are {', '.join(COLUMNS)}, with a tab between them")
    return tuple(_row(path.name, number, line) for number, line in enumerate(lines, 2))


def shown(rows: Iterable[Helpline]) -> Mapping[str, Helpline]:
    """The rows that may be shown, by lower-case country code, in the order of their countries' names."""
    trusted = (row for row in rows if row.confidence == TRUSTED and row.iso not in NO_COUNTRY)
    return {row.iso.lower(): row for row in sorted(trusted, key=lambda row: row.country)}


def to_check(rows: Iterable[Helpline], today: date) -> list[Helpline]:
    """The shown rows that nobody has called for half a year, or ever: for whoever runs or releases the bot."""
    return [row for row in shown(rows).values() if row.checked_on is None or today - row.checked_on > FRESH]


def age(rows: Iterable[Helpline], today: date) -> str:
    """How many of the shown rows somebody should call again, in plain words: said to hosts and before a release, and no fault."""
    rows = list(rows)
    due = to_check(rows, today)
    never = sum(row.checked_on is None for row in due)
    told = f"{len(shown(rows))} countries shown, {never} never called by anybody, {len(due) - never} called over {FRESH.days} days ago"
    return f"{told}; call them, and note the day in helplines.tsv" if due else told


def named(text: str) -> str:
    """The code of the shown country that was written, by name or code; nothing if it is none."""
    written = text.strip().strip(".!").casefold().removeprefix("the ")
    code = _ALSO_CALLED.get(written, written)
    return next((iso for iso, row in carried().items() if code in {iso, row.country.casefold()}), "")


@cache
def carried() -> Mapping[str, Helpline]:
    """The rows to be shown from the file that comes with the program. Read once. Raises ScriptError."""
    return shown(read(next(path for path in _PLACES if path.is_file())))


_ROOM = Path(__file__).parents[1]
_PLACES = (_ROOM / "_carried/dialogs/helplines.tsv", _ROOM.parent / "dialogs/helplines.tsv")
"""Inside an installed wheel, or beside the folder `bot` in a checkout."""

_ALSO_CALLED = {
    "usa": "us", "america": "us", "united states of america": "us", "uk": "gb", "britain": "gb", "great britain": "gb",
    "england": "gb", "scotland": "gb", "wales": "gb", "holland": "nl", "china": "cn", "korea": "kr",
}  # fmt: skip


def _row(file: str, number: int, line: str) -> Helpline:
    cells = [cell.strip() for cell in line.split("\t")]
    if len(cells) != len(COLUMNS):
        raise ScriptError(f"{file}:{number}: {len(cells)} cells instead of {len(COLUMNS)}; put a tab between them")
    row = dict(zip(COLUMNS, cells, strict=True))
    if empty := [name for name in COLUMNS[:7] if not row[name]]:
        raise ScriptError(f"{file}:{number}: {empty[0]} is empty")
    if bool(row["checked_on"]) != bool(row["checked_by"]):
        raise ScriptError(f"{file}:{number}: a check needs both its day and who made it")
    try:
        checked_on = date.fromisoformat(row["checked_on"]) if row["checked_on"] else None
    except ValueError:
        raise ScriptError(f"{file}:{number}: checked_on is a day such as 2026-05-04") from None
    line_named = row["crisis_line"] if row["number"] in row["crisis_line"] else f"{row['crisis_line']} {row['number']}"
    return Helpline(
        iso=row["iso"],
        country=row["country"],
        emergency=tuple(row["emergency"].split("/")),
        crisis_line=line_named,
        number=row["number"],
        violence_line=row["violence_line"],
        confidence=row["confidence"],
        checked_on=checked_on,
        checked_by=row["checked_by"],
    )
