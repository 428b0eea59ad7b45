"""Whom the administrators' calls answer: for everybody else there is nothing at their addresses."""

from collections.abc import Container

from flask import Blueprint, g, request

from framework.accounts.core.account import Account
from framework.admin.guard import NoSuchPage
from framework.api import callers
from framework.errors import Invalid


class BadFilter(Invalid):
    """A list is asked to be filtered or sorted by what it does not know; everything would be a wrong answer."""

    def __init__(self, name: str, words: str) -> None:
        super().__init__(f"{name} is {words}, or left out.")
        self.field = name


def administrators_only(name: str, prefix: str) -> Blueprint:
    """A blueprint below `/admin` and this address whose calls only administrators find."""
    blueprint = Blueprint(name, __name__, url_prefix=f"/admin{prefix}")
    blueprint.before_request(_refuse_others)
    return blueprint


def current_administrator() -> Account:
    """Who calls; for views of `administrators_only`."""
    account: Account = g.server_administrator
    return account


def refuse_unknown(name: str, known: Container[str], words: str) -> None:
    """Let a request pass whose parameter of this name is known, or empty; `words` say what is.

    Raises:
        BadFilter.
    """
    given = request.args.get(name, "")
    if given and given not in known:
        raise BadFilter(name, words)


def _refuse_others() -> None:
    account = callers.find_server_administrator()
    if account is None:
        raise NoSuchPage
    g.server_administrator = account
