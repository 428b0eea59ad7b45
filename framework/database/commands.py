"""`flask database …`: the schema from the command line."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask.cli import AppGroup
from sqlalchemy.exc import SQLAlchemyError

from framework.database import schema
from framework.database.causes import explain_cause
from framework.errors import HoldfastError

database_commands = AppGroup("database", help="The schema of the database.")


@contextmanager
def plainly() -> Iterator[None]:
    """Have a command end with a refusal's sentence, or with what the database lacks, instead of a traceback."""
    try:
        yield
    except HoldfastError as refusal:
        raise click.ClickException(f"{refusal.sentence} {refusal.command_hint}".rstrip()) from refusal
    except SQLAlchemyError as failure:
        cause = explain_cause(failure)
        if cause is None:
            raise
        raise click.ClickException(f"The database: {cause}") from failure


@database_commands.command("upgrade")
def upgrade() -> None:
    """Bring the schema to the newest revision."""
    upgrade_plainly()


def upgrade_plainly() -> None:
    """The same, for a program that has no application.

    Raises:
        ClickException: it cannot be; in plain words.
    """
    with plainly():
        schema.upgrade()
        newer = schema.is_newer()
    if newer:
        click.echo("The database is newer than this release: nothing to do.")
    else:
        click.echo("The database is up to date.")


@database_commands.command("revision")
@click.argument("message")
def revision(message: str) -> None:
    """Write a migration from what the models say and the database has."""
    schema.new_revision(message)
