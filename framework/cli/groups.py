"""`flask groups …`: labs, courses and teams, for whoever runs this server."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict

import click
from flask.cli import AppGroup

from framework.cli.refusals import report_refusals
from framework.formatting import format_size
from framework.groups.suspension import resume_group, suspend_group
from framework.projects.core.directory import ListedGroup, list_every_group

groups_commands = AppGroup("groups", help="Labs, courses and teams.")


@groups_commands.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array, for programs.")
@report_refusals
def list_groups(*, as_json: bool) -> None:
    """List every group: title, suspended, owners, people, projects, bytes."""
    groups = list_every_group()
    if as_json:
        click.echo(json.dumps([asdict(group) for group in groups], indent=1))
        return
    for line in _table(groups):
        click.echo(line)


@groups_commands.command("suspend")
@click.argument("name")
@click.option("--reason", default="", help="What the owners are told by mail.")
@report_refusals
def suspend(name: str, *, reason: str) -> None:
    """Have nobody act through a group until it is resumed: its people keep only roles in the projects themselves."""
    suspended = suspend_group(name, reason=reason)
    click.echo(f"{suspended} is suspended; `flask groups resume {suspended}` ends that. Its projects are unchanged.")


@groups_commands.command("resume")
@click.argument("name")
@report_refusals
def resume(name: str) -> None:
    """Have a suspended group's roles count again."""
    click.echo(f"{resume_group(name)} can be used again.")


def _table(groups: Iterable[ListedGroup]) -> Iterable[str]:
    yield _line("name", "is", ("owners", "people", "projects", "stored"), "title")
    for group in groups:
        state = "suspended" if group.suspended else "-"
        counts = [f"{count:,}" for count in (group.owners, group.people, group.projects)]
        yield _line(group.name, state, (*counts, format_size(group.bytes)), group.title)


def _line(name: str, state: str, numbers: Sequence[str], title: str) -> str:
    owners, people, projects, stored = numbers
    return f"{name:<24} {state:<10} {owners:>7} {people:>7} {projects:>8} {stored:>10}  {title}".rstrip()
