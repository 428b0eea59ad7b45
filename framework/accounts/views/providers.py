"""Signing in at a provider: there, back, and the page on which newcomers choose a name."""

from flask import Blueprint, flash, redirect, render_template, request

from framework.accounts.core import sessions
from framework.accounts.core.account import Account
from framework.accounts.identities import operations
from framework.accounts.identities.persons import ProviderRefused, Stranger
from framework.accounts.identities.protocol import finish
from framework.accounts.lifecycle.signup import receive
from framework.accounts.signin.login import require_account, require_session, sign_in
from framework.accounts.signin.providers import (
    AGAIN,
    ENTER,
    LINK,
    Errand,
    begin,
    keep_newcomer,
    provider_for,
    read_newcomer,
    take_errand,
)
from framework.accounts.signin.reauthentication import reauthenticate
from framework.accounts.signin.two_steps import complete_first_step
from framework.accounts.views.forms import NewcomerForm
from framework.web.answers import ViewResponse
from framework.web.forms import check_button, check_posted_button
from framework.web.security import own_path

providers = Blueprint("providers", __name__)


@providers.get("/login/with/<provider>")
def enter(provider: str) -> ViewResponse:
    """Go to the provider to sign in."""
    path = own_path(request.args.get("next")) or "/"
    return redirect(begin(provider_for(provider), ENTER, path=path))


@providers.get("/login/again/<provider>")
def show_again(provider: str) -> ViewResponse:
    """Go to the provider to show there again who one is."""
    account = require_account()
    return redirect(begin(provider_for(provider), AGAIN, account_id=account.id))


@providers.post("/settings/security/identities/<provider>/link")
def link(provider: str) -> ViewResponse:
    """A page that leads to the provider; a form that is sent may lead to our own pages only."""
    check_button()
    chosen, account = provider_for(provider), reauthenticate(sign_in_counts=False).account
    address = begin(chosen, LINK, account_id=account.id, path="/settings/security")
    return render_template("accounts/leave.html", provider=chosen, address=address), 200


@providers.post("/settings/security/identities/<int:identity_id>/remove")
def unlink(identity_id: int) -> ViewResponse:
    """Have an account elsewhere open this one no longer."""
    check_button()
    operations.unlink_identity(reauthenticate(sign_in_counts=False).account.id, identity_id)
    flash("The account is unlinked.", "success")
    return redirect("/settings/security")


@providers.post("/settings/security/identities/<int:identity_id>/show")
def show(identity_id: int) -> ViewResponse:
    """Tell others of an ORCID iD, or no longer."""
    check_button()
    shown = request.form.get("shown") == "y"
    operations.show_identity(require_account().id, identity_id, shown=shown)
    flash("Your ORCID iD is on your profile." if shown else "Your ORCID iD is hidden.", "success")
    return redirect("/settings/security")


@providers.get("/login/callback/<provider>")
def come_back(provider: str) -> ViewResponse:
    """Back from the provider, with a code that tells who has signed in there."""
    chosen, errand = provider_for(provider), take_errand()
    stranger = finish(chosen, errand.attempt, request.args.to_dict())
    if errand.purpose == ENTER:
        return redirect(_enter(stranger, errand.path))
    account = _require_same(errand)
    if errand.purpose == LINK:
        operations.link_identity(account, stranger)
        flash(f"You can now sign in with {chosen.name}.", "success")
        return redirect(errand.path)
    found = operations.find_account(stranger)
    if found is None or found.id != account.id:
        raise ProviderRefused(f"This is another account at {chosen.name} than the one that is linked to yours.")
    sessions.note_reauthentication(require_session())
    return render_template("accounts/came_back.html", provider=chosen), 200


@providers.route("/login/new", methods=["GET", "POST"])
def newcomer() -> ViewResponse:
    """Choose a user name, and begin an account that the provider's opens."""
    check_posted_button()
    new = read_newcomer()
    vouched = new.stranger.email if new.stranger.email_verified else ""
    suggested = {"username": new.stranger.nickname, "full_name": new.stranger.name, "email": new.stranger.email}
    form = NewcomerForm(data=suggested)
    here = {"name": form.username.data, "full_name": form.full_name.data, "email": vouched or form.email.data}
    here |= {"address": request.remote_addr or ""}
    account = form.attempt(lambda: operations.create_account(new.stranger, **here))
    if account is None:
        provider = provider_for(new.stranger.provider)
        return render_template("accounts/newcomer.html", form=form, provider=provider, vouched=vouched), form.status
    sign_in(account)
    arrival = receive(require_session(), new.path)
    flash(arrival.sentence if not vouched else f"Welcome, {account.name}.", "success")
    return redirect(arrival.path)


def _enter(stranger: Stranger, path: str) -> str:
    """Where somebody goes who has signed in at a provider: on, to the second step, or to choose a name."""
    account = operations.find_account(stranger)
    if account is not None:
        return complete_first_step(account, path=path)
    operations.refuse_known_address(stranger)
    keep_newcomer(stranger, path)
    return "/login/new"


def _require_same(errand: Errand) -> Account:
    """Who is signed in, who has to be the one who went to the provider."""
    account = require_account()
    if account.id != errand.account_id:
        raise ProviderRefused("You have signed in as somebody else meanwhile, so nothing was changed.")
    return account
