"""A database as after years: projects, people, versions and events made by SQL alone, in seconds; PostgreSQL only.

Nothing of it is in an object store: the pages that list need none. `python -m benchmarks.setting.population URL
[PROJECTS]` fills an empty, migrated database; `python -m benchmarks.setting.population URL sizes` prints what its
tables take.
"""

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection, create_engine, text

PROJECTS = 100_000
PROJECTS_EACH = 10
"""Projects of a person; the first owns one of 200 of all, and takes part in as many others."""

PEOPLE_OF_A_GROUP = 5

YEARS = timedelta(days=3 * 365)
"""Over which activity and tasks are spread."""

STATEMENTS = Path(__file__).with_suffix(".sql")
"""What is in each table that grows; each statement ends with a line."""

SIZES = """
SELECT relname, pg_table_size(oid), pg_indexes_size(oid), reltuples::bigint
FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
ORDER BY pg_total_relation_size(oid) DESC LIMIT 12
"""


def fill(url: str, projects: int = PROJECTS, span: timedelta = YEARS, *, people: int | None = None) -> None:
    """Fill an empty, migrated database with so many projects, ten versions and six events each, and analyse it.

    Activity is spread over the `span`. There are a tenth as many people, unless told otherwise.
    """
    people = people or max(projects // PROJECTS_EACH, 3)
    big = projects // 200
    numbers = {
        "projects": projects,
        "people": people,
        "groups": max(people // PEOPLE_OF_A_GROUP, 1),
        "big": big,
        "pace": span / projects,
    }
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in STATEMENTS.read_text().strip().split(";\n"):
            wanted = {name: value for name, value in numbers.items() if f":{name}" in statement}
            connection.execute(text(statement.rstrip(";")), wanted)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()


def sizes(connection: Connection) -> Iterator[tuple[str, int, int, int]]:
    """The largest tables: name, bytes of rows, bytes of indexes, number of rows."""
    yield from connection.execute(text(SIZES))


def print_sizes(url: str) -> None:
    """A line for each of the largest tables, and one for the whole database."""
    mib = 1 << 20
    engine = create_engine(url)
    with engine.connect() as connection:
        for name, rows_bytes, index_bytes, rows in sizes(connection):
            print(f"{name:<20} {rows:>10,} rows {rows_bytes / mib:>8.1f} MiB, indexes {index_bytes / mib:>8.1f} MiB")
        whole = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
        print(f"{'the whole database':<36} {whole / mib:>8.1f} MiB")
    engine.dispose()


if __name__ == "__main__":
    address, *more = sys.argv[1:]
    if more == ["sizes"]:
        print_sizes(address)
    else:
        fill(address, int(more[0]) if more else PROJECTS)
