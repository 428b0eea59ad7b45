"""Who may read `/metrics`: the machine itself at home, who has METRICS_TOKEN, and administrators; see DESIGN.md."""

import hmac
from ipaddress import ip_address

from flask import Request

from framework import config
from framework.accounts.signin.login import current_account
from framework.errors import Forbidden

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via")


class MetricsClosed(Forbidden):
    """Neither an administrator nor the bearer of the token."""

    status = 401

    def __init__(self) -> None:
        super().__init__(
            "The numbers of this server are for its administrators: sign in as one, or send METRICS_TOKEN as a bearer "
            "token."
        )

    @property
    def headers(self) -> dict[str, str]:
        """Which kind of password a program can send."""
        return {"WWW-Authenticate": 'Bearer realm="Holdfast metrics"'}


def refuse_strangers(asked: Request) -> None:
    """Let who may read the metrics pass.

    Raises:
        MetricsClosed.
    """
    if _has_token(asked) or _is_at_home(asked):
        return
    account = current_account()
    if account is None or not account.admin:
        raise MetricsClosed


def _has_token(asked: Request) -> bool:
    token, given = config.current().metrics_token, asked.authorization
    if token is None or given is None or given.type != "bearer":
        return False
    return hmac.compare_digest((given.token or "").encode(), token.encode())


def _is_at_home(asked: Request) -> bool:
    """The same machine, on a deployment without a router, and nothing in between that speaks for others."""
    settings = config.current()
    if settings.production or settings.metrics_token is not None or any(name in asked.headers for name in FORWARDED):
        return False
    peer = asked.remote_addr  # empty behind a socket file
    return ip_address(peer).is_loopback if peer else False
