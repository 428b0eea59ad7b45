"""`/settings/security`: second factors, and what stands in for them."""

from flask import Blueprint, flash, redirect, render_template, request

from framework import config
from framework.accounts.core.account import Account
from framework.accounts.core.ways_in.reading import list_groups_that_ask
from framework.accounts.factors import passkeys, recovery, totp
from framework.accounts.factors.checking import read_ways
from framework.accounts.factors.qr import draw
from framework.accounts.identities.operations import list_identities
from framework.accounts.lifecycle import passwordless
from framework.accounts.signin.ceremonies import ceremony
from framework.accounts.signin.login import require_account
from framework.accounts.signin.reauthentication import reauthenticate
from framework.accounts.views.forms import AppForm, NewPasskeyForm, ResetForm
from framework.web.answers import ViewResponse
from framework.web.forms import check_button, check_posted_button

security = Blueprint("security", __name__, url_prefix="/settings/security")


@security.get("")
def show() -> ViewResponse:
    """How this account is signed in to."""
    account = require_account()
    return _page(account, ResetForm(formdata=None))


@security.post("/password")
def set_password() -> ViewResponse:
    """A first password, for an account that has none."""
    account, form = require_account(), ResetForm()
    done = form.attempt(lambda: _set_password(form.password.data))
    if done is None:
        return _page(account, form)
    flash("Your password is set.", "success")
    return redirect("/settings/security")


@security.post("/password/remove")
def remove_password() -> ViewResponse:
    """Have no password open the account."""
    check_button()
    passwordless.remove_password(reauthenticate(sign_in_counts=False).account)
    flash("Your password is removed.", "success")
    return redirect("/settings/security")


@security.route("/app", methods=["GET", "POST"])
def set_up_app() -> ViewResponse:
    """A QR code for an authenticator app; the first code that it shows turns it on."""
    check_posted_button()
    account = reauthenticate(sign_in_counts=False).account
    if "sealed" not in request.form:
        return _app_page(AppForm(formdata=None), totp.begin_set_up(account))
    form = AppForm()
    codes = form.attempt(lambda: totp.turn_on(account, form.sealed.data, form.code.data))
    if codes is None:
        return _app_page(form, totp.go_on(account, form.sealed.data))
    if not codes:
        flash("The authenticator app is set up.", "success")
        return redirect("/settings/security")
    return _codes_page(codes, "The authenticator app is set up.")


@security.post("/app/remove")
def remove_app() -> ViewResponse:
    """Ask for codes of the app no longer."""
    check_button()
    totp.turn_off(reauthenticate(sign_in_counts=False).account.id)
    flash("The authenticator app is removed.", "success")
    return redirect("/settings/security")


@security.post("/codes")
def replace_codes() -> ViewResponse:
    """Ten new recovery codes, shown this once."""
    check_button()
    codes = recovery.replace_codes(reauthenticate(sign_in_counts=False).account.id)
    return _codes_page(codes, "Your new recovery codes are ready. The earlier ones no longer work.")


@security.route("/passkeys/add", methods=["GET", "POST"])
def add_passkey() -> ViewResponse:
    """Add a passkey of this device or of a security key."""
    check_posted_button()
    account = reauthenticate(sign_in_counts=False).account
    adding = ceremony("add", account.id)
    form = NewPasskeyForm() if "name" in request.form else NewPasskeyForm(formdata=None)
    codes = None
    if "name" in request.form:
        given = {"name": form.name.data, "credential": form.credential.data}
        codes = form.attempt(lambda: passkeys.add_passkey(account, adding, **given))
    if codes is None:
        asked = passkeys.ask_for_creation(account, adding)
        return render_template("accounts/add_passkey.html", form=form, passkey=asked), form.status
    if not codes:
        flash("The passkey is added.", "success")
        return redirect("/settings/security")
    return _codes_page(codes, "The passkey is added.")


@security.post("/passkeys/<int:passkey_id>/remove")
def remove_passkey(passkey_id: int) -> ViewResponse:
    """Have a passkey open the account no longer."""
    check_button()
    passkeys.remove_passkey(reauthenticate(sign_in_counts=False).account.id, passkey_id)
    flash("The passkey is removed.", "success")
    return redirect("/settings/security")


def _set_password(password: str) -> bool:
    passwordless.set_first_password(reauthenticate(sign_in_counts=False).account, password)
    return True


def _page(account: Account, form: ResetForm) -> ViewResponse:
    page = render_template(
        "accounts/security.html",
        form=form,
        ways=read_ways(account.id),
        passkeys=passkeys.list_passkeys(account.id),
        identities=list_identities(account.id),
        asked_by=list_groups_that_ask(account.id),
        names={provider.key: provider.name for provider in config.current().providers},
    )
    return page, form.status


def _app_page(form: AppForm, set_up: totp.SetUp) -> ViewResponse:
    form.sealed.data = set_up.sealed
    return render_template("accounts/app.html", form=form, set_up=set_up, qr=draw(set_up.address)), form.status


def _codes_page(codes: list[str], done: str) -> ViewResponse:
    return render_template("accounts/codes.html", codes=codes, done=done), 200
