"""Who may see the administrators' pages: nobody else is told that they exist."""

from flask import Blueprint

from framework.accounts.signin.login import current_account
from framework.errors import NotFound


class NoSuchPage(NotFound):
    """The page is for administrators, and nobody else is told that it exists."""


def administrators_only(name: str, prefix: str) -> Blueprint:
    """A blueprint below this address whose pages only administrators find."""
    blueprint = Blueprint(name, __name__, url_prefix=prefix)
    blueprint.before_request(refuse_others)
    return blueprint


def refuse_others() -> None:
    """Let administrators pass.

    Raises:
        NoSuchPage: it is somebody else.
    """
    account = current_account()
    if account is None or not account.admin:
        raise NoSuchPage
