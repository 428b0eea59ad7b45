"""What Alembic runs: the migrations, on the connection that `framework.database.schema` hands over."""

from alembic import context

from framework.database.types import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    user_module_prefix="framework.database.types.",
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
