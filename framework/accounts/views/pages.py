"""Signing up, in and out, and the links from mails."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request

from framework import config
from framework.accounts.core.account import Account
from framework.accounts.factors.passkeys import ask_for_assertion, sign_in_with_passkey
from framework.accounts.lifecycle import confirmation, operations, resets
from framework.accounts.lifecycle.account_invitations import read_invited_address
from framework.accounts.lifecycle.signup import CLOSED, ask_for_reset, receive, sign_up
from framework.accounts.signin.ceremonies import ceremony
from framework.accounts.signin.login import (
    current_account,
    current_session,
    read_known_browser,
    require_session,
    sign_in,
    sign_out,
)
from framework.accounts.signin.two_steps import complete_first_step
from framework.accounts.views.forms import ConfirmForm, ForgotForm, LoginForm, PasskeyForm, ResetForm, SignupForm
from framework.web.answers import ViewResponse
from framework.web.forms import PageForm, check_button
from framework.web.security import own_path

accounts = Blueprint("accounts", __name__)


@accounts.route("/signup", methods=["GET", "POST"])
def signup() -> ViewResponse:
    """A new account, signed in at once."""
    if current_account() is not None and request.method == "GET":
        return redirect("/")
    args = request.args
    email = args.get("email") or read_invited_address(args.get("invitation", ""))
    form = SignupForm(next=args.get("next"), email=email, invitation=args.get("invitation"))
    account = form.attempt(lambda: _sign_up(form))
    if account is None:
        closed = CLOSED if config.current().signup == "closed" and not form.invitation.data else None
        return render_template("accounts/signup.html", form=form, closed=closed), form.status
    sign_in(account)
    arrival = receive(require_session(), own_path(form.next.data) or "/")
    flash(arrival.sentence, "success")
    return redirect(arrival.path)


def _sign_up(form: SignupForm) -> Account:
    names = {"name": form.username.data, "full_name": form.full_name.data or "", "email": form.email.data}
    return sign_up(
        **names,
        password=form.password.data,
        invitation=form.invitation.data or "",
        address=request.remote_addr or "",
    )


@accounts.route("/login", methods=["GET", "POST"])
def login() -> ViewResponse:
    """Sign in and go back to where the person came from."""
    form = LoginForm(next=request.args.get("next"))
    if current_account() is not None and request.method == "GET":
        return redirect(own_path(form.next.data) or "/")
    here: dict[str, Any] = {"address": request.remote_addr or "", "browser": read_known_browser()}
    account = form.attempt(lambda: operations.authenticate(form.username.data, form.password.data, **here))
    if account is None:
        return _login_page(form)
    path = own_path(form.next.data) or "/"
    return redirect(complete_first_step(account, remember=form.remember.data, path=path))


@accounts.post("/login/passkey")
def login_with_passkey() -> ViewResponse:
    """Sign in with a passkey and nothing else."""
    form, address = PasskeyForm(), request.remote_addr or ""
    account = form.attempt(lambda: sign_in_with_passkey(form.credential.data, ceremony("alone"), address=address))
    if account is None:
        return _login_page(LoginForm(formdata=None, next=form.next.data), form)
    sign_in(account, remember=form.remember.data, second_factor_shown=True)
    return redirect(own_path(form.next.data) or "/")


@accounts.post("/logout")
def logout() -> ViewResponse:
    """Sign out; the browser forgets the pages that it kept, so that nobody goes back to a private one."""
    check_button()
    sign_out()
    flash("You are signed out.", "info")
    answer = redirect("/")
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


@accounts.route("/forgot", methods=["GET", "POST"])
def forgot() -> ViewResponse:
    """Ask for a link to choose a new password; the answer is the same for every address."""
    form = ForgotForm()
    address = request.remote_addr or ""
    answer = form.attempt(lambda: ask_for_reset(form.email.data, address=address))
    return render_template("accounts/forgot.html", form=form, answer=answer), form.status


@accounts.route("/reset/<token>", methods=["GET", "POST"])
def reset(token: str) -> ViewResponse:
    """Choose a new password by a link from a mail."""
    resets.check_reset(token)
    form = ResetForm()
    account = form.attempt(lambda: resets.reset_password(token, form.password.data))
    if account is None:
        return render_template("accounts/reset.html", form=form), form.status
    path = complete_first_step(account)
    flash("Your password is changed.", "success")
    return redirect(path)


@accounts.route("/verify/<token>", methods=["GET", "POST"])
def verify(token: str) -> ViewResponse:
    """Confirm an e-mail address by a link from a mail: at once for who is signed in, else with the password."""
    claim, live = confirmation.read_claim(token), current_session()
    if claim.done or (live and live.account.id == claim.account_id):
        account, path = confirmation.confirm_address(token, keep=live), "/"
    else:
        form = ConfirmForm()
        here: dict[str, Any] = {"address": request.remote_addr or "", "browser": read_known_browser()}
        shown = form.attempt(lambda: operations.authenticate(claim.name, form.password.data, **here))
        if shown is None:
            return render_template("accounts/verify.html", form=form, claim=claim), form.status
        account = confirmation.confirm_address(token)
        path = complete_first_step(account)
    flash(f"Thank you, {account.email} is confirmed.", "success")
    return redirect(path)


@accounts.route("/undo/<token>", methods=["GET", "POST"])
def undo(token: str) -> ViewResponse:
    """Bring back the address that was replaced; a new password has to be chosen then."""
    email = confirmation.check_undo(token)
    form = PageForm()
    reset_token = form.attempt(lambda: confirmation.undo_change(token))
    if reset_token is None:
        return render_template("accounts/undo.html", form=form, email=email), form.status
    flash(f"{email} is the address of your account again. Everyone is signed out; choose a new password.", "success")
    return redirect(f"/reset/{reset_token}")


def _login_page(form: LoginForm, passkey: PasskeyForm | None = None) -> ViewResponse:
    asked, refused = ask_for_assertion(ceremony("alone")), passkey.reasons if passkey else []
    page = render_template("accounts/login.html", form=form, passkey=asked, refused=refused)
    return page, max(form.status, passkey.status if passkey else 200)
