"""Statements in the cheapest shape that drivers take: a list is one parameter, and many rows are one call."""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    Boolean,
    ClauseElement,
    ColumnElement,
    Dialect,
    Executable,
    String,
    TableValuedAlias,
    TypeDecorator,
    bindparam,
    column,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from bot.storage.database import Transaction

_Bare = tuple[str, Callable[[Mapping[str, Any]], tuple[Any, ...]]]
_BARE: dict[tuple[Executable, str, tuple[str, ...]], _Bare] = {}
_NOTHING: Mapping[str, Any] = {}


def several(name: str, kind: TypeEngine[Any]) -> ColumnElement[Any]:
    """The parameter `name`, which takes a list of values of this kind: one JSON text on SQLite, an array on PostgreSQL."""
    return bindparam(name, type_=_Several(kind))


class among(FunctionElement[bool]):  # noqa: N801 - reads as a function, like SQLAlchemy's own
    """
    Whether `column` is one of the values in the parameter `name`.

    Unlike SQLAlchemy's `in_` the text stays the same however many there are, so that it is prepared once.
    """

    type = Boolean()
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        super().__init__(column, several(name, column.type))

    def self_group(self, against: Any = None) -> "among":  # noqa: ARG002 - SQLAlchemy's signature
        """Itself: SQLAlchemy would write `… = 1` behind it for SQLite, which then looks at every row instead of an index."""
        return self


def each(name: str, kind: TypeEngine[Any]) -> TableValuedAlias:
    """The values in the parameter `name` as rows, with the one column `value`."""
    return _Each(several(name, kind)).table_valued(column("value", kind), name="value")


async def many(tx: Transaction, statement: UpdateBase, rows: Sequence[Mapping[str, Any]]) -> None:
    """
    Run `statement` once for each of `rows`, which all have the same names. Nothing happens without rows.

    SQLAlchemy writes the text, once; the rows go to the driver as they are, so they hold only what it takes itself:
    numbers, texts, bytes and None.
    """
    if not rows:
        return
    text, values = _bare(statement, tx.connection.dialect, tuple(rows[0]))
    ordered = [values(row) for row in rows]
    if tx.driver is not None and tx.driver.stays:
        tx.driver.each(text, ordered)
    else:
        await tx.connection.exec_driver_sql(text, ordered)


async def found(tx: Transaction, statement: Executable, given: Mapping[str, Any] = _NOTHING) -> Sequence[Sequence[Any]]:
    """
    The rows that `statement` finds or returns: tuples, with the driver's own values (SQLite's truths are numbers).

    SQLAlchemy writes the text, once. In a brief transaction on SQLite the driver runs it at once: SQLAlchemy's way to it and
    back, through contexts, results and a greenlet, costs three times what the statement itself does.
    """
    if tx.driver is None or not tx.driver.stays:
        result = await tx.connection.execute(statement, given)
        return result.all() if result.returns_rows else []
    text, values = _bare(statement, tx.connection.dialect, tuple(given))
    return tx.driver.rows(text, values(given))


class _Each(FunctionElement[Any]):
    inherit_cache = True


class _Several(TypeDecorator[Sequence[Any]]):
    impl = ARRAY
    cache_ok = True

    def __init__(self, kind: TypeEngine[Any]) -> None:
        super().__init__(kind)

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return String() if dialect.name == "sqlite" else self.impl_instance

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return _as_list(value, dialect)

    def coerce_compared_value(self, op: Any, value: Any) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        return self


@compiles(among, "sqlite")
def _among_json(element: among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(part, **options) for part in element.clauses)
    return f"({column} IN (SELECT value FROM json_each({values})))"  # noqa: S608 - SQLAlchemy's own text


@compiles(among, "postgresql")
def _among_array(element: among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(part, **options) for part in element.clauses)
    return f"({column} = ANY ({values}))"


@compiles(_Each, "sqlite")
def _each_json(element: _Each, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(_Each, "postgresql")
def _each_array(element: _Each, compiler: SQLCompiler, **options: Any) -> str:
    return f"unnest({compiler.process(element.clauses, **options)})"


def _bare(statement: Executable, dialect: Dialect, names: tuple[str, ...]) -> _Bare:
    """`_written`, once for each kind of database: opening another of the same kind writes nothing anew."""
    key = (statement, dialect.name, names)
    if (bare := _BARE.get(key)) is None:
        bare = _BARE[key] = _written(statement, dialect, names)
    return bare


def _written(statement: Executable, dialect: Dialect, names: tuple[str, ...]) -> _Bare:
    """The statement's text for the driver, and what puts a row's values into the order of its parameters."""
    assert isinstance(statement, ClauseElement)  # noqa: S101 - what all of ours are
    columns = list(names) if isinstance(statement, UpdateBase) else None
    compiled = statement.compile(dialect=dialect, column_keys=columns)
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 - what a statement compiles to
    assert not compiled.post_compile_params  # noqa: S101 - `among` instead of `in_`
    order = list(compiled.positiontup or ())
    fixed = {name: value for name, value in compiled.params.items() if name not in names}
    lists = [name for name, bind in compiled.binds.items() if isinstance(bind.type, _Several)]
    pick = itemgetter(*order) if len(order) > 1 else lambda row: tuple(row[name] for name in order)
    if not lists:
        return str(compiled), (lambda row: pick({**fixed, **row})) if fixed else pick

    def values(row: Mapping[str, Any]) -> tuple[Any, ...]:
        return pick({**fixed, **row, **{name: _as_list(row[name], dialect) for name in lists}})

    return str(compiled), values


def _as_list(values: Sequence[Any], dialect: Dialect) -> Any:
    return orjson.dumps(list(values)).decode() if dialect.name == "sqlite" else list(values)
