"""The declarative base, and column types that mean the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import JSON, ColumnElement, DateTime, Dialect, Float, Index, MetaData, String, Table, literal, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator


def now() -> datetime:
    """The present moment in UTC, with its zone."""
    return datetime.now(UTC)


class UTCDateTime(TypeDecorator[datetime]):
    """A moment in UTC; what is read back always carries its zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a moment without a zone, and store the rest in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give SQLite's bare moments the zone that they were stored in."""
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class _FromNow(FunctionElement[datetime]):
    """So many seconds after the present moment of the database."""

    type = UTCDateTime()
    inherit_cache = True
    name = "from_now"


@compiles(_FromNow, "postgresql")
def _on_postgresql(element: _FromNow, compiler: SQLCompiler, **more: Any) -> str:
    seconds = compiler.process(element.clauses, **more)
    return f"(statement_timestamp() + make_interval(secs => {seconds}))"


@compiles(_FromNow, "sqlite")
def _on_sqlite(element: _FromNow, compiler: SQLCompiler, **more: Any) -> str:
    """A function that each connection is given: one machine has one clock, and SQLite's is coarser."""
    return f"from_now({compiler.process(element.clauses, **more)})"


def from_now(delta: timedelta = timedelta(0)) -> ColumnElement[datetime]:
    """A moment by the database's clock, in SQL: machines whose own clocks differ agree on when a lease ends."""
    return _FromNow(literal(delta.total_seconds(), Float()))


def sqlite_from_now(seconds: float) -> str:
    """What the function in SQLite returns: a moment in the form in which moments are stored there."""
    return _write_for_sqlite(now() + timedelta(seconds=seconds))


class _Later(FunctionElement[datetime]):
    """A moment so many seconds after another."""

    type = UTCDateTime()
    inherit_cache = True
    name = "later"


@compiles(_Later, "postgresql")
def _later_on_postgresql(element: _Later, compiler: SQLCompiler, **more: Any) -> str:
    moment, seconds = (compiler.process(clause, **more) for clause in element.clauses)
    return f"({moment} + make_interval(secs => {seconds}))"


@compiles(_Later, "sqlite")
def _later_on_sqlite(element: _Later, compiler: SQLCompiler, **more: Any) -> str:
    return f"later({compiler.process(element.clauses, **more)})"


def later(moment: ColumnElement[Any] | InstrumentedAttribute[Any], delta: timedelta) -> ColumnElement[Any]:
    """The moment so much later, or earlier where that is negative, in SQL; NULL where there is none."""
    return _Later(moment, literal(delta.total_seconds(), Float()))


def sqlite_later(moment: str | None, seconds: float) -> str | None:
    """What the function in SQLite returns for a moment in the form in which moments are stored there."""
    return moment and _write_for_sqlite(datetime.fromisoformat(moment) + timedelta(seconds=seconds))


def _write_for_sqlite(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}"


class Base(DeclarativeBase):
    """Every room's models share this metadata; the names of constraints are fixed so that migrations can drop them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    __table__: ClassVar[Table]
    type_annotation_map: ClassVar = {datetime: UTCDateTime(), dict[str, Any]: JSON(), list[Any]: JSON()}


def partial_index(name: str, *columns: str, where: str) -> Index:
    """An index of the rows that satisfy a condition in SQL: what is looked for among many that are done with."""
    return Index(name, *columns, postgresql_where=text(where), sqlite_where=text(where))


Id32 = String(32)
"""Sixteen random bytes in hex."""
