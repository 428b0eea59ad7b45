"""A person's settings: profile and password."""

from flask import Blueprint, flash, redirect, render_template
from werkzeug.wrappers import Response

from framework.accounts import operations
from framework.accounts.account import Account
from framework.accounts.forms import PasswordForm, ProfileForm
from framework.accounts.login import sign_in, signed_in

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
    account = signed_in()
    form = PasswordForm()
    changed = form.attempt(
        lambda: operations.change_password(account.id, current=form.current.data, new=form.password.data)
    )
    if changed is None:
        return _profile_page(_profile_form(account, typed=False), form, form.status)
    sign_in(changed)
    flash("Your password is changed. Every other browser was signed out.", "success")
    return redirect("/settings")


def _profile_form(account: Account, *, typed: bool = True) -> ProfileForm:
    saved = {"username": account.name, "full_name": account.full_name, "email": account.email}
    return ProfileForm(data=saved) if typed else ProfileForm(formdata=None, data=saved)


def _profile_page(profile_form: ProfileForm, password_form: PasswordForm, status: int) -> Answer:
    return render_template("accounts/settings.html", profile=profile_form, password=password_form), status
