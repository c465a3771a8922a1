"""Two documents from the same sheets: a page to read, in the reader's language and on their clock, and JSON for programs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from html import escape

import orjson

from bot.core.effects import Phrase
from bot.core.facts import User
from bot.i18n import formatting, locales
from bot.i18n.catalog import Catalog

WORDS = "common.export"
"""Where the page's headings stand in the catalog; a kind or a name without words there is shown as it is called."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: `columns` are what its columns are called. One with two columns is a list of names and values."""

    name: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Copy:
    """What is kept about `user`, as of `now`; `whole` if nothing was left out."""

    catalog: Catalog
    user: User
    now: datetime
    sheets: Sequence[Sheet]
    whole: bool

    def files(self) -> list[dict[str, str]]:
        """Each document's name and text. The names say nothing to somebody who looks over a shoulder."""
        name = f"my-copy-{formatting.local(self.now, self.user.zone):%Y-%m-%d}"
        return [{"name": f"{name}.html", "text": self._page()}, {"name": f"{name}.json", "text": self._json()}]

    # JSON ---------------------------------------------------------------------------------------------------------------

    def _json(self) -> str:
        told: dict[str, object] = {"made_at": self._plain(self.now), "whole": self.whole}
        for sheet in self.sheets:
            rows = [[self._plain(value) for value in row] for row in sheet.rows]
            if len(sheet.columns) == 2:  # noqa: PLR2004 - names and values
                told[sheet.name] = {str(name): value for name, value in rows}
            else:
                told[sheet.name] = [dict(zip(sheet.columns, row, strict=True)) for row in rows]
        return orjson.dumps(told, option=orjson.OPT_INDENT_2).decode()

    def _plain(self, value: object) -> object:
        """The value as JSON has it: instants with the offset of the person's zone, lengths of time in seconds."""
        match value:
            case datetime():
                return formatting.local(value, self.user.zone).isoformat(timespec="seconds")
            case time():
                return value.strftime("%H:%M")
            case timedelta():
                return value.total_seconds()
        return value

    # The page -----------------------------------------------------------------------------------------------------------

    def _page(self) -> str:
        locale = self.user.locale
        direction = "rtl" if locales.is_right_to_left(locale) else "ltr"
        notes = [self._says("title_note", at=self.now), *([] if self.whole else [self._says("left_out")])]
        return "\n".join(
            [
                f'<!doctype html><html lang="{escape(locale)}" dir="{direction}"><head><meta charset="utf-8">',
                '<meta name="viewport" content="width=device-width">',
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
                f"<title>{self._says('title')}</title><style>{_STYLE}</style></head><body>",
                f"<h1>{self._says('title')}</h1>",
                *(f"<p>{note}</p>" for note in notes),
                *(line for sheet in self.sheets if sheet.rows for line in self._table(sheet)),
                "</body></html>\n",
            ]
        )

    def _table(self, sheet: Sheet) -> Iterator[str]:
        yield f"<h2>{self._says(f'sheet.{sheet.name}')}</h2><table><tr>"
        yield from (f"<th>{self._says(f'column.{column}')}</th>" for column in sheet.columns)
        yield "</tr>"
        for row in sheet.rows:
            cells = (
                self._named(value) if column in _NAMES else self._shown(value)
                for column, value in zip(sheet.columns, row, strict=True)
            )
            yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
        yield "</table>"

    def _shown(self, value: object) -> str:
        """The value as a reader of the page sees it, ready to stand in HTML."""
        locale = self.user.locale
        match value:
            case None:
                return ""
            case bool():
                return self._says("yes" if value else "no")
            case datetime():
                at = formatting.local(value, self.user.zone)
                return escape(f"{formatting.date(at, locale)}, {formatting.clock(at, locale)}")
            case time():
                return escape(formatting.clock(value, locale))
            case timedelta():
                return escape(formatting.duration(value, locale))
        return escape(str(value))

    def _named(self, value: object) -> str:
        """A name of ours, in the reader's words if there are any."""
        known = self.catalog.keys(self.catalog.default)
        if f"{WORDS}.word.{value}" in known:
            return self._says(f"word.{value}")
        if f"{_TECHNIQUES}.{value}" in known:
            return escape(self.catalog.render_plain(Phrase(f"{_TECHNIQUES}.{value}"), self.user.locale, ""))
        return self._shown(value)

    def _says(self, key: str, **values: datetime) -> str:
        phrase = Phrase(f"{WORDS}.{key}", values)
        user = self.user
        return escape(self.catalog.render_plain(phrase, user.locale, user.zone, user.seed, self.now))


_NAMES = {"what", "how", "state", "answer"}
"""Columns that hold names of the program's, not what a person wrote."""

_TECHNIQUES = "soothe.technique"

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222;background:#fff}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:start;vertical-align:top;padding:.3em .8em .3em 0;"
    "border-bottom:1px solid #ddd;overflow-wrap:anywhere;white-space:pre-wrap}"
)
