"""Signing up, in and out, and the links from mails."""

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from framework.accounts import operations
from framework.accounts.forms import ForgotForm, LoginForm, ResetForm, SignupForm
from framework.accounts.login import current_account, sign_in, sign_out
from framework.web.forms import check_button
from framework.web.security import own_path

accounts = Blueprint("accounts", __name__)

Answer = Response | tuple[str, int]


@accounts.route("/signup", methods=["GET", "POST"])
def signup() -> Answer:
    """A new account, signed in at once."""
    if current_account() is not None and request.method == "GET":
        return redirect("/")
    form = SignupForm(next=request.args.get("next"))
    account = form.attempt(
        lambda: operations.create_user(name=form.username.data, email=form.email.data, password=form.password.data)
    )
    if account is None:
        return render_template("accounts/signup.html", form=form), form.status
    sign_in(account)
    flash(f"Welcome, {account.name}. We have sent a mail to {account.email} to confirm the address.", "success")
    return redirect(own_path(form.next.data) or "/")


@accounts.route("/login", methods=["GET", "POST"])
def login() -> Answer:
    """Sign in and go back to where the person came from."""
    form = LoginForm(next=request.args.get("next"))
    if current_account() is not None and request.method == "GET":
        return redirect(own_path(form.next.data) or "/")
    address = request.remote_addr or ""
    account = form.attempt(lambda: operations.authenticate(form.username.data, form.password.data, address=address))
    if account is None:
        return render_template("accounts/login.html", form=form), form.status
    sign_in(account, remember=form.remember.data)
    return redirect(own_path(form.next.data) or "/")


@accounts.post("/logout")
def logout() -> Answer:
    """Sign out; the browser forgets the pages that it kept, so that nobody goes back to a private one."""
    check_button()
    sign_out()
    flash("You are signed out.", "info")
    answer = redirect("/")
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


@accounts.route("/forgot", methods=["GET", "POST"])
def forgot() -> Answer:
    """Ask for a link to choose a new password; the answer is the same for every address."""
    form = ForgotForm()
    answer = form.attempt(lambda: operations.ask_for_reset(form.email.data))
    return render_template("accounts/forgot.html", form=form, answer=answer), form.status


@accounts.route("/reset/<token>", methods=["GET", "POST"])
def reset(token: str) -> Answer:
    """Choose a new password by a link from a mail."""
    operations.check_reset(token)
    form = ResetForm()
    account = form.attempt(lambda: operations.reset_password(token, form.password.data))
    if account is None:
        return render_template("accounts/reset.html", form=form), form.status
    sign_in(account)
    flash("Your password is changed, and you are signed in.", "success")
    return redirect("/")


@accounts.get("/verify/<token>")
def verify(token: str) -> Answer:
    """Confirm an e-mail address by a link from a mail."""
    account = operations.verify_email(token)
    flash(f"Thank you, {account.email} is confirmed.", "success")
    return redirect("/")
