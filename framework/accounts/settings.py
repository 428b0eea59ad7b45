"""A person's settings: profile, password, and where they are signed in."""

from flask import Blueprint, flash, redirect, render_template
from werkzeug.wrappers import Response

from framework.accounts import operations, sessions
from framework.accounts.account import Account
from framework.accounts.forms import PasswordForm, ProfileForm
from framework.accounts.login import sign_in, signed_in, signed_in_session
from framework.web.forms import check_button

settings = Blueprint("settings", __name__, url_prefix="/settings")

Answer = Response | tuple[str, int]


@settings.route("", methods=["GET", "POST"])
def profile() -> Answer:
    """Full name, user name and e-mail address."""
    account = signed_in()
    form = _profile_form(account)
    changed = form.attempt(
        lambda: operations.update_profile(
            account.id, name=form.username.data, full_name=form.full_name.data, email=form.email.data
        )
    )
    if changed is None:
        return _profile_page(form, PasswordForm(formdata=None), form.status)
    flash("Your profile is saved.", "success")
    return redirect("/settings")


@settings.post("/password")
def password() -> Answer:
    """Another password; this browser stays signed in, every other one does not."""
    live = signed_in_session()
    form = PasswordForm()
    changed = form.attempt(
        lambda: operations.change_password(live.account.id, current=form.current.data, new=form.password.data)
    )
    if changed is None:
        return _profile_page(_profile_form(live.account, typed=False), form, form.status)
    sign_in(changed, remember=live.remembered)
    flash("Your password is changed. Every other browser was signed out.", "success")
    return redirect("/settings")


@settings.get("/sessions")
def browser_sessions() -> Answer:
    """The browsers that the person is signed in with, this one first."""
    live = signed_in_session()
    listed = sessions.sessions_beside(live)
    days = {"open": sessions.NOT_REMEMBERED.days, "remembered": sessions.REMEMBERED.days}
    return render_template("accounts/sessions.html", sessions=listed, here=live.id, days=days), 200


@settings.post("/sessions/<int:session_id>/end")
def end_session(session_id: int) -> Answer:
    """Sign one browser out."""
    account = signed_in()
    check_button()
    sessions.end_session(account.id, session_id)
    flash("That browser is signed out.", "success")
    return redirect("/settings/sessions")


@settings.post("/sessions/end-others")
def end_other_sessions() -> Answer:
    """Sign every browser out but this one."""
    live = signed_in_session()
    check_button()
    sessions.end_other_sessions(live)
    flash("Every other browser is signed out.", "success")
    return redirect("/settings/sessions")


def _profile_form(account: Account, *, typed: bool = True) -> ProfileForm:
    saved = {"username": account.name, "full_name": account.full_name, "email": account.email}
    return ProfileForm(data=saved) if typed else ProfileForm(formdata=None, data=saved)


def _profile_page(profile_form: ProfileForm, password_form: PasswordForm, status: int) -> Answer:
    return render_template("accounts/settings.html", profile=profile_form, password=password_form), status
