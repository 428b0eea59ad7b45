"""What who may change the schema can do to the audit log, as tests do that put a database back."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.orm import Session

TABLE = "audit_entries"


@contextmanager
def lifted_triggers(session: Session) -> Iterator[None]:
    """Let this transaction delete entries of the audit log."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"ALTER TABLE {TABLE} DISABLE TRIGGER USER"))
        yield
        session.execute(text(f"ALTER TABLE {TABLE} ENABLE TRIGGER USER"))
        return
    query = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table")
    triggers = session.execute(query, {"table": TABLE}).all()
    for name, _sql in triggers:
        session.execute(text(f'DROP TRIGGER "{name}"'))
    yield
    for _name, sql in triggers:
        session.execute(text(sql))
