"""Handing a project over: the giver's page, and the receiver's."""

from flask import Blueprint, flash, redirect, render_template

from framework.accounts.signin.login import require_account
from framework.accounts.signin.reauthentication import reauthenticate
from framework.projects.core import offers
from framework.projects.core.access import project_for
from framework.projects.lifecycle import transfers
from framework.projects.lifecycle.moving import STAYS
from framework.projects.views.forms import TransferForm
from framework.web.answers import ViewResponse
from framework.web.forms import PageForm, check_button

project_transfers = Blueprint("project_transfers", __name__)


@project_transfers.route("/<owner>/<project>/share/transfer", methods=["GET", "POST"])
def offer(owner: str, project: str) -> ViewResponse:
    """Hand the project over to a person or group, who is asked; at once to oneself or a group of one's own."""
    access = project_for(require_account(), owner, project, "owner")
    form = TransferForm()
    made = form.attempt(lambda: transfers.transfer_project(reauthenticate().account, access, to=form.to.data))
    if made is None:
        facts = {"project": access, "pending": offers.read_offer_of(access), "stays": STAYS}
        is_own = access.owner == require_account().name
        return render_template("projects/transfer.html", form=form, is_own=is_own, **facts), form.status
    if made.offer is None:
        flash(f"The project belongs to {made.to} now.", "success")
        return redirect(made.path)
    flash(f"{made.to} was asked to take over {made.offer.full_name}.", "success")
    return redirect(f"{access.path}/share/transfer")


@project_transfers.post("/<owner>/<project>/share/transfer/withdraw")
def withdraw(owner: str, project: str) -> ViewResponse:
    """Take the offer back."""
    access = project_for(require_account(), owner, project, "owner")
    check_button()
    transfers.withdraw_offer(require_account(), access)
    flash("The offer is withdrawn. The project stays where it is.", "success")
    return redirect(f"{access.path}/share/transfer")


@project_transfers.route("/settings/transfers/<int:transfer_id>", methods=["GET", "POST"])
def answer(transfer_id: int) -> ViewResponse:
    """Look at an offer, and accept it."""
    offered = offers.read_offer_to(require_account(), transfer_id)
    form = PageForm()
    path = form.attempt(lambda: transfers.accept_offer(reauthenticate().account, transfer_id))
    if path is None:
        return render_template("projects/transfer_offer.html", form=form, offer=offered), form.status
    flash(f"The project belongs to {offered.to} now.", "success")
    return redirect(path)


@project_transfers.post("/settings/transfers/<int:transfer_id>/decline")
def decline(transfer_id: int) -> ViewResponse:
    """Refuse an offer."""
    check_button()
    name = transfers.decline_offer(require_account(), transfer_id)
    flash(f"You declined {name}. Its owner was told.", "success")
    return redirect("/")
