"""A person's settings: profile, password, and where they are signed in."""

from flask import Blueprint, flash, redirect, render_template

from framework.accounts.core import sessions
from framework.accounts.core.account import Account
from framework.accounts.core.addresses import NOWHERE
from framework.accounts.lifecycle import confirmation, operations
from framework.accounts.signin import tokens
from framework.accounts.signin.login import require_account, require_session, sign_in
from framework.accounts.signin.reauthentication import reauthenticate
from framework.accounts.views.forms import PasswordForm, ProfileForm
from framework.web.answers import ViewResponse
from framework.web.forms import check_button

settings = Blueprint("settings", __name__, url_prefix="/settings")


@settings.route("", methods=["GET", "POST"])
def profile() -> ViewResponse:
    """Full name, user name and e-mail address."""
    account = require_account()
    form = _profile_form(account)
    changed = form.attempt(lambda: _save_profile(account, form))
    if changed is None:
        return _profile_page(form, PasswordForm(formdata=None), form.status)
    flash(f"Your profile is saved.{_confirmation_hint(account, form.email.data)}", "success")
    return redirect("/settings")


@settings.post("/address/confirm")
def send_link_again() -> ViewResponse:
    """Send the link that confirms the address once more."""
    account = require_account()
    check_button()
    link = confirmation.send_link_again(account.id)
    if link.sent:
        flash(f"A link to confirm the address is on its way to {link.email}.", "success")
    else:
        several = f"The link was sent to {link.email} several times."
        flash(f"{several} Check your spam folder, or try again in a while.", "warning")
    return redirect("/settings")


@settings.post("/address/keep")
def keep_address() -> ViewResponse:
    """Cancel a change of address that nobody has confirmed."""
    account = require_account()
    check_button()
    confirmation.drop_claim(account.id)
    flash(f"{account.email} is kept.", "success")
    return redirect("/settings")


@settings.post("/password")
def password() -> ViewResponse:
    """Another password; this browser stays signed in, and of the others and the tokens those that are chosen."""
    live = require_session()
    form = PasswordForm()
    given = {"current": form.current.data, "new": form.password.data, "keep": form.kept}
    changed = form.attempt(lambda: operations.change_password(live.account.id, **given))
    if changed is None:
        return _profile_page(_profile_form(live.account, typed=False), form, form.status)
    sign_in(changed, remember=live.remembered, second_factor_shown=True)
    flash("Your password is changed. Every browser and access token that you did not keep was signed out.", "success")
    return redirect("/settings")


@settings.get("/sessions")
def browser_sessions() -> ViewResponse:
    """The browsers that the person is signed in with, this one first."""
    live = require_session()
    listed = sessions.list_sessions(live)
    lasting = {"open": sessions.NOT_REMEMBERED, "remembered": sessions.REMEMBERED, "longest": sessions.LONGEST}
    days = {name: lasts.days for name, lasts in lasting.items()}
    return render_template("accounts/sessions.html", sessions=listed, here=live.id, days=days), 200


@settings.post("/sessions/<int:session_id>/end")
def end_session(session_id: int) -> ViewResponse:
    """Sign one browser out."""
    account = require_account()
    check_button()
    sessions.end_session(account.id, session_id)
    flash("That browser is signed out.", "success")
    return redirect("/settings/sessions")


@settings.post("/sessions/end-others")
def end_other_sessions() -> ViewResponse:
    """Sign every browser out but this one."""
    live = require_session()
    check_button()
    sessions.end_other_sessions(live)
    flash("Every other browser is signed out.", "success")
    return redirect("/settings/sessions")


def _profile_form(account: Account, *, typed: bool = True) -> ProfileForm:
    email = "" if account.email.endswith(f"@{NOWHERE}") else account.email
    saved = {"username": account.name, "full_name": account.full_name, "email": email}
    return ProfileForm(data=saved) if typed else ProfileForm(formdata=None, data=saved)


def _save_profile(account: Account, form: ProfileForm) -> Account:
    if form.email.data != account.email:
        reauthenticate(sign_in_counts=False)
    saved = {"name": form.username.data, "full_name": form.full_name.data, "email": form.email.data}
    return operations.update_profile(account.id, **saved)


def _confirmation_hint(account: Account, email: str) -> str:
    if email.casefold() == account.email.casefold():
        return ""
    return f" Open the link that we have sent to {email} to confirm that address."


def _profile_page(profile_form: ProfileForm, password_form: PasswordForm, status: int) -> ViewResponse:
    live = require_session()
    facts = {
        "waiting": confirmation.read_pending_address(live.account.id),
        "sessions": [each for each in sessions.list_sessions(live) if each.id != live.id],
        "tokens": tokens.tokens_of(live.account.id),
    }
    return render_template("accounts/settings.html", profile=profile_form, password=password_form, **facts), status
