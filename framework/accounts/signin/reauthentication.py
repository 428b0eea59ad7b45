"""Sensitive acts ask for the password again; it holds for ten minutes in the browser where it was given."""

from datetime import timedelta

from flask import Flask, Response, make_response, render_template, request

from framework.accounts.core import sessions
from framework.accounts.core.sessions import LiveSession
from framework.accounts.lifecycle import operations
from framework.accounts.signin.login import require_session
from framework.database.types import now
from framework.errors import Forbidden, HoldfastError
from framework.web.errors import problem, wants_json
from framework.web.forms import check_button

HOLDS = timedelta(minutes=10)
FIELD = "current_password"
"""What a form may carry at once, and the page that asks adds to it."""


class ReauthenticationNeeded(Forbidden):
    """The password was not given lately, or a wrong one is; the page that asks sends the same form once more."""

    own_page = True

    def __init__(self, refusal: HoldfastError | None = None) -> None:
        super().__init__(refusal.sentence if refusal else "Enter your password to go on. Nothing was changed yet.")
        self.refusal = refusal


def register(app: Flask) -> None:
    """Ask with a page of its own, whatever form was sent."""
    app.register_error_handler(ReauthenticationNeeded, _ask)


def reauthenticate(*, sign_in_counts: bool = True) -> LiveSession:
    """The session that this browser is signed in with, where its person has given the password lately.

    Signing in counts as giving it, unless told otherwise: what outlives the session, such as a token, wants it again.

    Raises:
        SignInRequired: nobody is signed in.
        ReauthenticationNeeded: they have not, or a wrong one.
        FormExpired: the form that brings the password has no valid CSRF token.
    """
    live = require_session()
    given_at = live.reauthenticated_at or (live.created_at if sign_in_counts else None)
    if given_at and now() < given_at + HOLDS:
        return live
    if FIELD not in request.form:
        raise ReauthenticationNeeded
    check_button()
    try:
        operations.check_password(live.account.id, request.form[FIELD])
    except HoldfastError as refusal:
        raise ReauthenticationNeeded(refusal) from refusal
    sessions.note_reauthentication(live)
    return live


def _ask(error: ReauthenticationNeeded) -> Response:
    status, headers = (error.refusal.status, error.refusal.headers) if error.refusal else (error.status, {})
    if wants_json():
        return problem(status, error.sentence, headers)
    fields = [(name, text) for name, text in request.form.items(multi=True) if name not in {FIELD, "csrf_token"}]
    wrong = error.sentence if error.refusal else None
    page = render_template("accounts/reauthenticate.html", fields=fields, field=FIELD, wrong=wrong)
    return make_response(page, status, headers)
