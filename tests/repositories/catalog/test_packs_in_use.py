"""What was superseded costs a write nothing, however much of it waits to be deleted."""

from typing import Any

from sqlalchemy import Engine, event

from framework.database.session import read_transaction
from tests.cast import on_each_deployment
from tests.repositories.conftest import Bench


@on_each_deployment
def test_a_write_looks_at_the_packs_of_the_newest_version_alone(bench: Bench) -> None:
    bench.write(bench.put("a", b"1"))
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if statement.startswith("SELECT") and "superseded_version IS NULL" in statement:
            asked.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        bench.write(bench.put("a", b"2"))
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert asked
    with read_transaction() as session:
        connection = session.connection()
        explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
        if explain == "EXPLAIN ":
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # of an empty table it would read all
        plans = [str(connection.exec_driver_sql(explain + text, given).all()) for text, given in asked]
    assert [plan for plan in plans if "ix_packs_in_use" not in plan] == []
