"""Steps of a migration that runs while the previous release serves requests, and that can be repeated from its middle.

A migration only adds: tables, columns that are nullable or have a server default, indexes. What a release no longer
uses is removed by a later one, when no process of the release before it is left (expand and contract). Each step leaves
alone what is there already: on PostgreSQL `create_index`, `drop_index` and `backfill` commit what came before them, and
a migration that was stopped after that begins again at its first line.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

BATCH_ROWS = 1000


def add_column(table: str, column: "sa.Column[Any]") -> None:
    """Add a column in which the previous release's rows fit: nullable, or with a server default."""
    if not column.nullable and column.server_default is None:
        raise ValueError(f"{table}.{column.name} is NOT NULL without a server default: older rows do not fit")
    if column.name not in {known["name"] for known in sa.inspect(op.get_bind()).get_columns(table)}:
        op.add_column(table, column)


def create_table(name: str, *parts: Any) -> None:
    """Create a table from its columns and constraints."""
    op.create_table(name, *parts, if_not_exists=True)


def create_index(
    table: str, *columns: str, name: str | None = None, where: str | None = None, unique: bool = False
) -> None:
    """Create an index while others write to the table; without a name it has the one that the models' convention makes.

    A column may have an order, as in `"created_at DESC"`; `where` makes the index partial.
    """
    name = name or index_name(table, columns)
    condition = sa.text(where) if where else None
    if _is_sqlite():
        op.create_index(name, table, _terms(columns), unique=unique, if_not_exists=True, sqlite_where=condition)
        return
    with op.get_context().autocommit_block():
        if not _is_valid(op.get_bind(), name):  # what a stopped creation leaves behind serves nobody
            op.execute(text(f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"'))
        op.create_index(
            name,
            table,
            _terms(columns),
            unique=unique,
            if_not_exists=True,
            postgresql_where=condition,
            postgresql_concurrently=True,
        )


def create_word_index(name: str, table: str, words: str) -> None:
    """Create an index for searches in the middle of a text, an expression in SQL, where the database lets it.

    It needs PostgreSQL's extension pg_trgm, which the database's owner may not be allowed to create; a search then
    reads every row. The index stands in no model.
    """
    if _is_sqlite():
        return
    with op.get_context().autocommit_block():
        try:
            op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        except DBAPIError:
            return
        found = "SELECT nspname FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace"
        schema = op.get_bind().scalar(text(f"{found} WHERE extname = 'pg_trgm'"))
        if not _is_valid(op.get_bind(), name):
            op.execute(text(f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"'))
        made = f'CREATE INDEX CONCURRENTLY IF NOT EXISTS "{name}" ON {table}'
        op.execute(text(f'{made} USING gin (({words}) "{schema}".gin_trgm_ops)'))


def drop_index(table: str, *columns: str, name: str | None = None) -> None:
    """Drop an index that no release needs, while others write to the table."""
    name = name or index_name(table, columns)
    if _is_sqlite():
        op.drop_index(name, table, if_exists=True)
        return
    with op.get_context().autocommit_block():
        op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)


def backfill(table: str, assignments: str, *, key: str, where: str, rows: int = BATCH_ROWS) -> None:
    """Change old rows in the order of an indexed column, each batch a transaction of its own on PostgreSQL.

    `assignments` and `where` are SQL. A row that satisfies `where` is changed once.
    """
    if _is_sqlite():
        op.execute(text(f"UPDATE {table} SET {assignments} WHERE {where}"))  # noqa: S608
        return
    with op.get_context().autocommit_block():
        begin = None
        while (end := _end_of_batch(table, key, begin, rows)) is not None:
            after = "" if begin is None else f"{key} > :begin AND "
            batch = text(f"UPDATE {table} SET {assignments} WHERE {after}{key} <= :end AND ({where})")  # noqa: S608
            op.get_bind().execute(batch, {"end": end} | ({} if begin is None else {"begin": begin}))
            begin = end


def index_name(table: str, columns: Sequence[str]) -> str:
    """What the models' naming convention calls an index of these columns."""
    return f"ix_{table}_{'_'.join(column.split()[0] for column in columns)}"


def _terms(columns: Sequence[str]) -> list[Any]:
    return [column if column.isidentifier() else sa.text(column) for column in columns]


def _end_of_batch(table: str, key: str, begin: object, rows: int) -> object:
    """The largest key of the next batch, None at the end."""
    after = "" if begin is None else f"WHERE {key} > :begin"
    batch = f"SELECT {key} AS key FROM {table} {after} ORDER BY {key} LIMIT {rows}"  # noqa: S608
    largest = text(f"SELECT max(key) FROM ({batch}) AS batch")  # noqa: S608
    return op.get_bind().scalar(largest, {} if begin is None else {"begin": begin})


def _is_valid(connection: Connection, name: str) -> bool:
    """Whether PostgreSQL has this index and uses it."""
    found = text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")
    return bool(connection.scalar(found, {"name": f'"{name}"'}))


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
