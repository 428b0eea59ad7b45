"""`flask users …`: accounts from the command line, the only way to an administrator."""

import sys

import click
from flask.cli import AppGroup

from framework.accounts.operations import create_user
from framework.errors import HoldfastError

users_commands = AppGroup("users", help="People's accounts.")


@users_commands.command("create")
@click.argument("name")
@click.argument("email")
@click.option("--admin", is_flag=True, help="Make this an administrator.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, its first line.")
def create(name: str, email: str, *, admin: bool, password_stdin: bool) -> None:
    """Create an account; the password is asked for."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else _asked()
    try:
        account = create_user(name=name, email=email, password=password, admin=admin)
    except HoldfastError as refusal:
        raise click.ClickException(refusal.sentence) from refusal
    click.echo(f"Created {'the administrator' if admin else 'the account'} {account.name}.")


def _asked() -> str:
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
