"""`flask projects …`: projects that somebody put into the trash, and the way back for whose owner is away."""

from datetime import timedelta

import click
from flask.cli import AppGroup

from framework import config
from framework.accounts.core.account import AccountSuspended
from framework.cli.refusals import report_refusals
from framework.projects.core.directory import find_project, list_trashed_projects, owner_of
from framework.projects.lifecycle.leaving import hand_over
from framework.projects.lifecycle.operations import restore_for_owner, restore_project

projects_commands = AppGroup("projects", help="Deleted projects.")


@projects_commands.command("trash")
@report_refusals
def trash() -> None:
    """Say which projects are in the trash, and when each will be deleted for good; the next one first."""
    days = timedelta(days=config.current().trash_days)
    found = list_trashed_projects()
    for listed, trashed_at in found:
        click.echo(
            f"{listed.full_name}: in the trash since {trashed_at:%Y-%m-%d %H:%M} UTC, "
            f"will be deleted for good on {trashed_at + days:%Y-%m-%d}"
        )
    if not found:
        click.echo("The trash is empty.")


@projects_commands.command("restore")
@click.argument("project", metavar="OWNER/PROJECT")
@click.option("--to", "person", metavar="NAME", help="Give it to this person, such as when its owner was deleted.")
@report_refusals
def restore(project: str, person: str | None) -> None:
    """Take a project out of the trash for its owner, with its history, people and settings."""
    listed = find_project(project)
    if listed not in [one for one, _at in list_trashed_projects()]:
        raise click.ClickException(f"{listed.full_name} is not in the trash. `flask projects trash` says what is.")
    try:
        if person:
            hand_over(listed.id, person)
        owner = owner_of(listed)
        full_name = restore_project(owner, listed.id).removeprefix("/") if owner else restore_for_owner(listed.id)
    except AccountSuspended as refusal:  # its sentence is for whoever is suspended
        name = person or listed.full_name.partition("/")[0]
        raise click.ClickException(
            f"{name} is suspended or deleted, so the project stays in the trash. Give it to somebody who can sign in "
            "with --to NAME; `flask users resume NAME` lets somebody in again."
        ) from refusal
    address = f"{config.current().base_url}/{full_name}"  # another one than before when it was given to somebody
    click.echo(f"{full_name} is back, with its history, people and settings: {address}")
