"""`flask backup` and `flask restore`: all tables to the object store and back."""

import click

from framework.backup import operations
from framework.celery.work import followed
from framework.projects.recovery import adopt
from framework.repositories import recovery
from framework.upkeep.refusals import told_plainly
from framework.upkeep.storage import report
from framework.web.pages import size


@click.command("backup")
@told_plainly
def backup() -> None:
    """Write all tables into the object store, encrypted when BACKUP_KEY is set."""
    made = operations.back_up()
    click.echo(f"Stored {made.rows} rows in {made.name}, {size(made.size_bytes)}.")
    if not made.sealed:
        click.echo("It is not encrypted; whoever reads the object store can read it. BACKUP_KEY changes that.")


@click.command("restore")
@click.argument("name", required=False)
@told_plainly
def restore(name: str | None) -> None:
    """Fill an empty database with the newest backup or the one of this NAME, then bring back what came after it.

    Stop the web processes and workers first.
    """
    done = operations.restore(name)
    click.echo(f"Restored {done.rows} rows from {done.name}.")
    report(followed("resumption after a restore", recovery.resume(adopt)))
