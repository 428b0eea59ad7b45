"""Who a program acts for: HTTP Basic with a token or the password, or a bearer token (RFC 7617, RFC 6750)."""

from flask import request
from werkzeug.datastructures import Authorization

from framework.accounts.core.account import Account
from framework.accounts.factors.checking import read_ways
from framework.accounts.lifecycle.operations import WrongLogin, authenticate
from framework.accounts.signin import tokens
from framework.accounts.signin.tokens import Caller
from framework.errors import Forbidden
from framework.observability.requests import note_person


class TokenNeededInstead(Forbidden):
    """The password is right, and alone it is not enough: a program cannot be asked for the second factor."""

    def __init__(self) -> None:
        super().__init__(
            "Your account has a second factor, so the password alone is not accepted here. Use an access token instead"
            " of the password: create one in your settings, under Access tokens."
        )


def account_from_basic(authorization: Authorization | None) -> Caller | None:
    """Who user name and token, or user name and password, stand for; None when nobody or when they are wrong.

    A token names its account by itself, so any user name goes with it. A password may do everything.

    Raises:
        BudgetSpent: signing in failed too often lately.
        AccountSuspended.
        TokenNeededInstead: it is the password, and the account has a second factor.
    """
    if authorization is None or authorization.type != "basic":
        return None
    secret = authorization.password or ""
    if tokens.is_well_formed(secret) and (caller := _caller_of_token(secret)):
        return caller
    account = account_from_password(authorization)
    return Caller(account, frozenset(tokens.SCOPES)) if account else None


def account_from_password(authorization: Authorization | None) -> Account | None:
    """Who user name and password stand for, where a token is not enough; None when nobody or when they are wrong.

    Raises:
        BudgetSpent: signing in failed too often lately.
        AccountSuspended.
        TokenNeededInstead: the account has a second factor.
    """
    if authorization is None or authorization.type != "basic":
        return None
    secret = authorization.password or ""
    try:
        account = authenticate(authorization.username or "", secret, address=request.remote_addr or "")
    except WrongLogin:
        return None
    note_person(account.name)
    if read_ways(account.id).second_factor:
        raise TokenNeededInstead
    return account


def account_from_bearer(authorization: Authorization | None) -> Caller | None:
    """Who a bearer token stands for; None when there is none or it is wrong.

    Raises:
        AccountSuspended.
    """
    if authorization is None or authorization.type != "bearer" or not authorization.token:
        return None
    return _caller_of_token(authorization.token)


def _caller_of_token(secret: str) -> Caller | None:
    if caller := tokens.caller_of_token(secret):
        note_person(caller.account.name)
    return caller
