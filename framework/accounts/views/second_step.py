"""The second step of signing in, after the password: a code or a passkey."""

from typing import Any

from flask import Blueprint, redirect, render_template, request

from framework.accounts.factors.checking import check_code, read_ways
from framework.accounts.factors.passkeys import ask_for_assertion, show_passkey
from framework.accounts.signin.ceremonies import ceremony
from framework.accounts.signin.login import read_known_browser
from framework.accounts.signin.two_steps import FirstStep, complete_second_step, read_first_step
from framework.accounts.views.forms import CodeForm, PasskeyForm
from framework.web.answers import ViewResponse
from framework.web.forms import check_posted_button

second_step = Blueprint("second_step", __name__, url_prefix="/login")


@second_step.route("/second", methods=["GET", "POST"])
def show() -> ViewResponse:
    """Show a code of the app or a recovery code, and go on to where the person was going."""
    check_posted_button()
    first, form = read_first_step(), CodeForm()
    here: dict[str, Any] = {"address": request.remote_addr or "", "browser": read_known_browser()}
    path = form.attempt(lambda: _show_code(first, form.code.data, here))
    return _page(first, form) if path is None else redirect(path)


@second_step.post("/second/passkey")
def passkey() -> ViewResponse:
    """Show a passkey after the password."""
    check_posted_button()
    first, form = read_first_step(), PasskeyForm()
    path = form.attempt(lambda: _show_passkey(first, form.credential.data))
    return _page(first, CodeForm(formdata=None), form) if path is None else redirect(path)


def _show_code(first: FirstStep, code: str, here: dict[str, Any]) -> str:
    check_code(first.account, code, **here)
    return complete_second_step(first)


def _show_passkey(first: FirstStep, credential: str) -> str:
    show_passkey(first.account, credential, ceremony("second", first.account.id))
    return complete_second_step(first)


def _page(first: FirstStep, form: CodeForm, passkey_form: PasskeyForm | None = None) -> ViewResponse:
    ways, account = read_ways(first.account.id), first.account
    asked = ask_for_assertion(ceremony("second", account.id)) if ways.passkeys else None
    refused = passkey_form.reasons if passkey_form else []
    page = render_template(
        "accounts/second_step.html", form=form, name=account.name, ways=ways, passkey=asked, refused=refused
    )
    return page, max(form.status, passkey_form.status if passkey_form else 200)
