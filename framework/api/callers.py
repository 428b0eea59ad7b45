"""Who calls: a bearer token (RFC 6750) for everything but tokens themselves, which need the password (RFC 7617).

Cookies are not looked at, so no page of somebody else can make a browser call in its person's name.
"""

from flask import request

from framework.accounts.core.account import Account, AccountSuspended
from framework.accounts.signin.http_auth import account_from_bearer, account_from_password
from framework.accounts.signin.tokens import Caller
from framework.errors import Forbidden


class TokenNeeded(Forbidden):
    """No token came, or one that is wrong, has ended or was deleted."""

    status = 401

    def __init__(self) -> None:
        super().__init__(
            "Send a token in the header Authorization: Bearer TOKEN. What came is none, or has ended; make one in your"
            " settings, under Access tokens, or by POST /api/v1/tokens."
        )

    @property
    def headers(self) -> dict[str, str]:
        """Which kind of credentials are taken."""
        return {"WWW-Authenticate": 'Bearer realm="Holdfast"'}


class PasswordNeeded(Forbidden):
    """No password came, or a wrong one; a token is not enough."""

    status = 401

    def __init__(self) -> None:
        super().__init__("Tokens are made and deleted with your user name and password, by HTTP Basic. No token can.")

    @property
    def headers(self) -> dict[str, str]:
        """Which kind of credentials are taken."""
        return {"WWW-Authenticate": 'Basic realm="Holdfast", charset="UTF-8"'}


def visitor() -> Account | None:
    """Who reads; None without a token, since what is public needs none.

    Raises:
        TokenNeeded: a token came, and it is wrong.
    """
    return reader() if "Authorization" in request.headers else None


def reader() -> Account:
    """Who reads, where somebody has to be known.

    Raises:
        TokenNeeded.
    """
    return _caller().account


def writer() -> Account:
    """Who changes something.

    Raises:
        TokenNeeded. TokenOnlyReads: the token has not the scope.
    """
    caller = _caller()
    caller.refuse_unless_writing()
    return caller.account


def administrator() -> Account:
    """Who changes what a project is: its name, visibility and people, or whether it is there.

    Raises:
        TokenNeeded. TokenNoAdmin: the token has not the scope.
    """
    caller = _caller()
    caller.refuse_unless_admin()
    return caller.account


def find_server_administrator() -> Account | None:
    """Who administers the server, by a token of the scope `admin` for all projects; None for everybody else."""
    try:
        caller = account_from_bearer(request.authorization)
    except AccountSuspended:
        return None
    return caller.account if caller and caller.account.admin and "admin" in caller.scopes else None


def administers() -> bool:
    """Whether the token has the scope that `administrator` needs.

    Raises:
        TokenNeeded.
    """
    return {"write", "admin"} <= _caller().scopes


def holder_of_password() -> Account:
    """Who makes and deletes tokens.

    Raises:
        PasswordNeeded. BudgetSpent.
    """
    account = account_from_password(request.authorization)
    if account is None:
        raise PasswordNeeded
    return account


def _caller() -> Caller:
    caller = account_from_bearer(request.authorization)
    if caller is None:
        raise TokenNeeded
    return caller
