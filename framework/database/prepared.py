"""A SELECT that every page needs, compiled once and handed to the driver: SQLAlchemy takes six times the CPU.

PostgreSQL keeps it parsed and planned, so it has to find its row by keys whatever the values are. One SELECT sees one
moment by itself, so it needs no transaction, which on PostgreSQL would be two round trips more.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection, Dialect, Select
from sqlalchemy.sql.compiler import SQLCompiler

from framework.database.engine import engine
from framework.database.session import one_at_a_time

Convert = Callable[[Any], Any]


class PreparedSelect:
    """A SELECT of columns that finds a row or none; its parameters are those that it leaves open."""

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def read_row(self, parameters: Mapping[str, object]) -> tuple[Any, ...] | None:
        """The first row for these values, if there is one, as SQLAlchemy would give it.

        Raises:
            SQLAlchemyError: as other statements do.
        """
        with one_at_a_time(), engine().connect() as connection:
            try:
                return self._compile(connection.dialect).read_row(connection, parameters)
            except cast("type[Exception]", connection.dialect.loaded_dbapi.Error):
                # once more in SQLAlchemy's own way, which closes a broken connection and names the failure
                row = connection.execute(self._statement, parameters).first()
                return tuple(row) if row else None

    def _compile(self, dialect: Dialect) -> "_Compiled":
        found = self._compiled.get(dialect.name)
        return found or self._compiled.setdefault(dialect.name, _compile(self._statement, dialect))


@dataclass(frozen=True)
class _Compiled:
    """The text in a dialect, the values that never change, in which order a driver takes them (None: by name)."""

    text: str
    values: Mapping[str, Any]
    order: tuple[str, ...] | None
    to_driver: tuple[tuple[str, Convert], ...]
    from_driver: tuple[Convert | None, ...]

    def read_row(self, connection: Connection, parameters: Mapping[str, object]) -> tuple[Any, ...] | None:
        driver = connection.connection
        cursor: Any = driver.cursor()
        values = self._bind(parameters)
        for listener in connection.engine.dispatch.before_cursor_execute:
            listener(connection, cursor, self.text, values, None, False)  # noqa: FBT003
        transactional = driver.driver_connection if connection.dialect.name == "postgresql" else None
        try:
            _set_autocommit(transactional, on=True)
            if transactional:
                cursor.execute(self.text, values, prepare=True)
            else:
                cursor.execute(self.text, values)
            row = cursor.fetchone()
        finally:
            cursor.close()
            with suppress(connection.dialect.loaded_dbapi.Error):  # it is broken, and somebody is told so already
                _set_autocommit(transactional, on=False)
        if row is None:
            return None
        return tuple(convert(value) if convert else value for value, convert in zip(row, self.from_driver, strict=True))

    def _bind(self, parameters: Mapping[str, object]) -> Any:
        values = {**self.values, **parameters}
        for name, convert in self.to_driver:
            values[name] = convert(values[name])
        return values if self.order is None else tuple(values[name] for name in self.order)


def _compile(statement: Select[Any], dialect: Dialect) -> _Compiled:
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    open_names = [bound.key for bound in compiled.binds.values() if bound.required]
    state = compiled.construct_expanded_state(dict.fromkeys(open_names))
    processors = {name: convert for name, convert in state.processors.items() if name in state.parameters}
    return _Compiled(
        state.statement,
        {name: value for name, value in state.parameters.items() if name not in open_names},
        tuple(state.positiontup) if state.positiontup is not None else None,
        tuple((name, cast("Convert", convert)) for name, convert in processors.items()),
        tuple(
            column.type.dialect_impl(dialect).result_processor(dialect, None) for column in statement.selected_columns
        ),
    )


def _set_autocommit(connection: Any, *, on: bool) -> None:
    """Have psycopg send no BEGIN before the statement; nothing is sent for this itself."""
    if connection is not None:
        connection.autocommit = on
