"""`flask users …`: accounts from the command line, the only way to the first administrator."""

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

import click
from flask.cli import AppGroup

from framework import config
from framework.accounts.core import plans
from framework.accounts.factors import administration as factors
from framework.accounts.lifecycle import administration
from framework.accounts.lifecycle.account_invitations import invite_to_sign_up
from framework.accounts.lifecycle.operations import create_user
from framework.cli.refusals import report_refusals
from framework.formatting import format_size
from framework.projects.core.directory import ListedPerson, list_every_person
from framework.projects.lifecycle.leaving import delete_person, plan_leaving

AUTOMATIC = "automatic"
users_commands = AppGroup("users", help="People's accounts.")
password_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input, its first line."
)
force_option = click.option("--force", is_flag=True, help="Even if nobody else is an administrator.")


@users_commands.command("create")
@click.argument("name")
@click.argument("email")
@click.option("--admin", is_flag=True, help="Make this an administrator.")
@password_option
@report_refusals
def create(name: str, email: str, *, admin: bool, password_stdin: bool) -> None:
    """Create an account, whose address counts as confirmed; the password is asked for."""
    password = _password(from_stdin=password_stdin)
    account = create_user(name=name, email=email, password=password, admin=admin, confirmed=True)
    click.echo(f"Created {'the administrator' if admin else 'the account'} {account.name}.")


@users_commands.command("invite")
@click.argument("email")
@report_refusals
def invite(email: str) -> None:
    """Let an address sign up, whatever SIGNUP says: a link is sent there, and is valid for 14 days."""
    click.echo(f"An invitation is on its way to {invite_to_sign_up(email)}.")


@users_commands.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array, for programs.")
@report_refusals
def list_people(*, as_json: bool) -> None:
    """List every account: confirmed, administrator, suspended, projects, bytes, last seen."""
    people = list_every_person()
    if as_json:
        click.echo(json.dumps([asdict(person) for person in people], default=datetime.isoformat, indent=1))
        return
    for line in _table(people):
        click.echo(line)


@users_commands.command("promote")
@click.argument("name")
@report_refusals
def promote(name: str) -> None:
    """Make somebody an administrator."""
    click.echo(f"{administration.set_admin(name, admin=True)} is an administrator.")


@users_commands.command("demote")
@click.argument("name")
@force_option
@report_refusals
def demote(name: str, *, force: bool) -> None:
    """Make somebody an administrator no longer."""
    click.echo(f"{administration.set_admin(name, admin=False, force=force)} is not an administrator any more.")


@users_commands.command("plan")
@click.argument("name")
@click.argument("plan", type=click.Choice([*plans.PLANS, AUTOMATIC]))
@report_refusals
def give_plan(name: str, plan: str) -> None:
    """Give somebody a plan; automatic lets their confirmed address decide between free and student."""
    changed = administration.give_plan(name, None if plan == AUTOMATIC else plan)
    click.echo(f"{changed} has the plan {plan}.")


@users_commands.command("password")
@click.argument("name")
@password_option
@report_refusals
def password(name: str, *, password_stdin: bool) -> None:
    """Set somebody's password, which is asked for; their sessions and tokens end."""
    changed = administration.replace_password(name, _password(from_stdin=password_stdin))
    click.echo(f"The password of {changed} is changed; all sessions and tokens have ended.")


@users_commands.command("reset")
@click.argument("name")
@report_refusals
def reset(name: str) -> None:
    """Send somebody a link to choose a new password."""
    click.echo(f"A link to choose a new password is on its way to {administration.send_reset(name)}.")


@users_commands.command("reset-second-factor")
@click.argument("name")
@click.option("--reason", default="", help="What the person is told by mail.")
@report_refusals
def reset_second_factor(name: str, *, reason: str) -> None:
    """Remove somebody's authenticator app, passkeys and recovery codes; their sessions and tokens end."""
    changed = factors.reset_second_factor(name, reason=reason)
    click.echo(f"{changed} has no second factor any more, and is signed out everywhere.")


@users_commands.command("suspend")
@click.argument("name")
@click.option("--reason", default="", help="What the person is told by mail.")
@force_option
@report_refusals
def suspend(name: str, *, reason: str, force: bool) -> None:
    """Let an account do nothing until it is resumed: sessions end, passwords and tokens are refused."""
    suspended = administration.suspend(name, reason=reason, force=force)
    click.echo(f"{suspended} is suspended; `flask users resume {suspended}` ends that. Their projects are unchanged.")


@users_commands.command("resume")
@click.argument("name")
@report_refusals
def resume(name: str) -> None:
    """Let a suspended account in again."""
    click.echo(f"{administration.resume(name)} can sign in again.")


@users_commands.command("delete")
@click.argument("name")
@click.option("--with-projects", is_flag=True, help="Move the projects that nobody else owns to the trash.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@force_option
@report_refusals
def delete(name: str, *, with_projects: bool, yes: bool, force: bool) -> None:
    """Delete an account; what will become of its projects is told first."""
    leaving = plan_leaving(name)
    for sentence in leaving.sentences:
        click.echo(sentence)
    if leaving.alone and with_projects:
        click.echo(f"The trash is emptied after {config.current().trash_days} days.")
    if not yes and click.prompt(f"Type {leaving.name} to delete the account") != leaving.name:
        raise click.ClickException("This is another name, so nothing was deleted.")
    delete_person(leaving.name, with_projects=with_projects, force=force)
    click.echo(f"Deleted the account {leaving.name}.")


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


def _table(people: Iterable[ListedPerson]) -> Iterable[str]:
    yield _line("name", "e-mail", "is", "projects", "stored", "last seen")
    for person in people:
        seen = f"{person.last_seen_at:%Y-%m-%d %H:%M}" if person.last_seen_at else "-"
        yield _line(person.name, person.email, _states(person), f"{person.projects:,}", format_size(person.bytes), seen)


def _states(person: ListedPerson) -> str:
    states = {"admin": person.admin, "suspended": person.suspended, "unconfirmed": not person.confirmed}
    return ",".join(name for name, holds in states.items() if holds) or "-"


def _line(name: str, email: str, states: str, projects: str, stored: str, seen: str) -> str:
    return f"{name:<24} {email:<32} {states:<28} {projects:>8} {stored:>10}  {seen}"
