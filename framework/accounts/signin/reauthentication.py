"""Sensitive acts ask again who somebody is; it holds for ten minutes in the browser where they have shown it.

They show the password, a code of their second factor, or a passkey, or sign in again at a provider.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta

from flask import Flask, Response, make_response, render_template, request

from framework import config
from framework.accounts.core import sessions
from framework.accounts.core.account import Account
from framework.accounts.core.sessions import LiveSession
from framework.accounts.factors.checking import check_code, read_ways
from framework.accounts.factors.passkeys import ask_for_assertion, show_passkey
from framework.accounts.identities.operations import list_identities
from framework.accounts.lifecycle import operations
from framework.accounts.signin.ceremonies import ceremony
from framework.accounts.signin.login import read_known_browser, require_session
from framework.database.types import now
from framework.environment.providers import OIDC, Provider
from framework.errors import Forbidden, HoldfastError
from framework.web.errors import problem, wants_json
from framework.web.forms import check_button

HOLDS = timedelta(minutes=10)


class ReauthenticationNeeded(Forbidden):
    """Nothing was shown lately, or what was is wrong; the page that asks sends the same form once more.

    `field` is the one that was wrong.
    """

    own_page = True

    def __init__(self, refusal: HoldfastError | None = None, field: str | None = None) -> None:
        super().__init__(refusal.sentence if refusal else "Show again that it is you. Nothing was changed yet.")
        self.refusal, self.field = refusal, field


def register(app: Flask) -> None:
    """Ask with a page of its own, whatever form was sent."""
    app.register_error_handler(ReauthenticationNeeded, _ask)


def reauthenticate(*, sign_in_counts: bool = True) -> LiveSession:
    """The session that this browser is signed in with, where its person has lately shown again who they are.

    Signing in counts, unless told otherwise: what outlives the session, such as a token, wants it again.

    Raises:
        SignInRequired: nobody is signed in.
        ReauthenticationNeeded: they have not, or what they have shown is wrong.
        FormExpired: the form that brings it has no valid CSRF token.
    """
    live = require_session()
    given_at = live.reauthenticated_at or (live.created_at if sign_in_counts else None)
    if given_at and now() < given_at + HOLDS:
        return live
    field = next((name for name in FIELDS if request.form.get(name)), None)
    if field is None:
        raise ReauthenticationNeeded
    check_button()
    try:
        FIELDS[field](live.account, request.form[field])
    except HoldfastError as refusal:
        raise ReauthenticationNeeded(refusal, field) from refusal
    sessions.note_reauthentication(live)
    return live


def _check_password(account: Account, typed: str) -> None:
    operations.check_password(account.id, typed)


def _check_code(account: Account, typed: str) -> None:
    check_code(account, typed, address=request.remote_addr or "", browser=read_known_browser())


def _check_passkey(account: Account, credential: str) -> None:
    show_passkey(account, credential, ceremony("again", account.id))


FIELDS: Mapping[str, Callable[[Account, str], None]] = {
    "current_password": _check_password,
    "current_code": _check_code,
    "current_passkey": _check_passkey,
}
"""What a form may carry at once, and the page that asks adds to it."""


def _list_providers(account_id: int) -> list[Provider]:
    """The providers at which this account's person can show again who they are: those that tell when they did."""
    linked = {identity.provider for identity in list_identities(account_id)}
    return [each for each in config.current().providers if each.key in linked and each.kind == OIDC]


def _ask(error: ReauthenticationNeeded) -> Response:
    status, headers = (error.refusal.status, error.refusal.headers) if error.refusal else (error.status, {})
    if wants_json():
        return problem(status, error.sentence, headers)
    account = require_session().account
    ways = read_ways(account.id)
    page = render_template(
        "accounts/reauthenticate.html",
        fields=[(name, text) for name, text in request.form.items(multi=True) if name not in {*FIELDS, "csrf_token"}],
        wrong={error.field: error.sentence} if error.refusal else {},
        ways=ways,
        again_at=_list_providers(account.id) if ways.identities else [],
        passkey=ask_for_assertion(ceremony("again", account.id)) if ways.passkeys else None,
    )
    return make_response(page, status, headers)
