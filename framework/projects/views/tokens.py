"""The page of a person's access tokens; each is for one of their projects or for all."""

from flask import Blueprint, flash, redirect, render_template

from framework.accounts.signin import tokens
from framework.accounts.signin.login import require_account
from framework.accounts.signin.reauthentication import reauthenticate
from framework.projects.core import queries
from framework.projects.views.forms import ALL_PROJECTS, TokenForm
from framework.web.answers import ViewResponse
from framework.web.forms import check_button

token_settings = Blueprint("tokens", __name__, url_prefix="/settings/tokens")


@token_settings.route("", methods=["GET", "POST"])
def access_tokens() -> ViewResponse:
    """The account's tokens, and a form for another one, whose text is shown this once."""
    account = require_account()
    names = queries.names_of(account)
    form = _form(names)
    days = int(form.days.data) if str(form.days.data).isdecimal() else None
    made = form.attempt(
        lambda: tokens.create_token(
            account.id,
            form.name.data,
            [form.scopes.data],
            shown=reauthenticate(sign_in_counts=False).account,
            days=days,
            repository_id=form.project.data or None,
        )
    )
    form = form if made is None else _form(names, typed=False)
    listed = tokens.tokens_of(account.id)
    return render_template("accounts/tokens.html", form=form, made=made, tokens=listed, names=names), form.status


@token_settings.post("/<int:token_id>/delete")
def delete_token(token_id: int) -> ViewResponse:
    """End a token."""
    account = require_account()
    check_button()
    tokens.revoke_token(account.id, token_id)
    flash("The token is deleted; whatever used it is signed out.", "success")
    return redirect("/settings/tokens")


def _form(names: dict[str, str], *, typed: bool = True) -> TokenForm:
    form = TokenForm() if typed else TokenForm(formdata=None)
    form.project.choices = ALL_PROJECTS | names
    return form
