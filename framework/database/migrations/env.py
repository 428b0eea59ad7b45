"""What Alembic runs: the migrations, on the connection that `framework.database.schema` hands over."""

from alembic import context
from sqlalchemy import Connection, event, text

from framework.database.types import Base


def wait_politely(begun: Connection) -> None:
    """Let a transaction wait this long for a table: whoever asks for it meanwhile waits behind."""
    if begun.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        begun.execute(text(f"SET LOCAL lock_timeout = '{context.config.attributes['lock_timeout']}'"))


connection = context.config.attributes["connection"]
on_sqlite = connection.dialect.name == "sqlite"
if not on_sqlite:
    event.listen(connection, "begin", wait_politely)
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=on_sqlite,
    transaction_per_migration=not on_sqlite,
    user_module_prefix="framework.database.types.",
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
