"""Passkeys in this browser: what its session binds a challenge to."""

from typing import Any

from flask import session
from flask_wtf.csrf import generate_csrf

from framework.accounts.core.credentials import digest
from framework.accounts.factors.challenges import Ceremony

FIELD = "credential"
"""The field that the page's script fills in with the authenticator's answer."""


def ceremony(purpose: str, account_id: int | None = None) -> Ceremony:
    """The ceremony of this purpose in this browser; a challenge of another session, or of before, is none of it."""
    generate_csrf()  # gives the session its secret, if it has none
    kept: Any = session["csrf_token"]
    return Ceremony(purpose, digest(str(kept)), account_id)
