"""`/settings/delete`: somebody deletes their own account, and sees first what becomes of their projects."""

from flask import Blueprint, flash, redirect, render_template

from framework import config
from framework.accounts.signin.login import require_account, sign_out
from framework.accounts.signin.reauthentication import reauthenticate
from framework.projects.lifecycle.own_deletion import delete_own_account, preview
from framework.projects.views.forms import ConfirmNameForm
from framework.web.answers import ViewResponse

own_account = Blueprint("own_account", __name__)


@own_account.route("/settings/delete", methods=["GET", "POST"])
def delete() -> ViewResponse:
    """What becomes of each project, and the button."""
    account = require_account()
    form = ConfirmNameForm()
    done = form.attempt(lambda: _delete(form.confirmation.data))
    if done is None:
        facts = {"form": form, "leaving": preview(account), "trash_days": config.current().trash_days}
        return render_template("accounts/delete.html", **facts), form.status
    sign_out()
    flash("Your account is being deleted. Thank you for having been here.", "info")
    return redirect("/")


def _delete(confirmation: str) -> bool:
    delete_own_account(reauthenticate(sign_in_counts=False).account, confirmation)
    return True
