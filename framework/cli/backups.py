"""`flask backup` and `flask restore`: all tables to the object store and back; `flask backup-identity` for `age`."""

from functools import partial

import click

from framework.backup import operations
from framework.celery.jobs import track_items
from framework.cli.refusals import record_manual_run, report_refusals
from framework.cli.storage import become_owner, report, take_over_option
from framework.formatting import format_size
from framework.projects.lifecycle.adoption import restore_recorded_project, tell_of_recovery
from framework.repositories.recovery import recovery


@click.command("backup")
@report_refusals
def backup() -> None:
    """Write all tables into the object store, encrypted when BACKUP_KEY is set."""
    with record_manual_run("backup") as note:
        made = operations.back_up()
        note(made.name)
    click.echo(f"Stored {made.rows} rows in {made.name}, {format_size(made.size_bytes)}.")
    if not made.sealed:
        click.echo("It is not encrypted; whoever reads the object store can read it. BACKUP_KEY changes that.")


@click.command("restore")
@click.argument("name", required=False)
@click.option("--list", "listing", is_flag=True, help="Say which backups there are, oldest first, and change nothing.")
@click.option("--check", is_flag=True, help="Read the backup to its end with BACKUP_KEY, and change nothing.")
@take_over_option
@report_refusals
def restore(name: str | None, *, listing: bool, check: bool, take_over: bool) -> None:
    """Fill an empty database with the newest backup or the one of this NAME, then bring back what came after it.

    Stop the web processes and workers first.
    """
    if listing:
        _list()
    elif check:
        found = operations.check(name)
        click.echo(f"{found.name} can be read: {found.rows} rows, made on {found.made_at:%Y-%m-%d %H:%M} UTC.")
    else:
        done = operations.restore(name, own_bucket=partial(become_owner, force=take_over))
        click.echo(f"Restored {done.rows} rows from {done.name}.")
        report(
            track_items("resumption after a restore", recovery.resume(restore_recorded_project, tell=tell_of_recovery))
        )


@click.command("backup-identity")
@report_refusals
def backup_identity() -> None:
    """Print the identity that opens encrypted backups with the age tool; it is as secret as BACKUP_KEY."""
    click.echo(operations.identity())


def _list() -> None:
    found = operations.list_backups()
    for stored in found:
        kind = "encrypted" if stored.sealed else "not encrypted"
        click.echo(f"{stored.name}  {stored.made_at:%Y-%m-%d %H:%M} UTC, {format_size(stored.size_bytes)}, {kind}")
    if not found:
        click.echo("There is no backup in the object store. `flask backup` makes one.")
