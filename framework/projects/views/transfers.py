"""Handing a project over: the owner's page, and the receiver's."""

from flask import Blueprint, flash, redirect, render_template

from framework.accounts.signin.login import require_account
from framework.accounts.signin.reauthentication import reauthenticate
from framework.projects.core.access import project_for
from framework.projects.lifecycle import transfers
from framework.projects.views.forms import TransferForm
from framework.web.answers import ViewResponse
from framework.web.forms import PageForm, check_button

project_transfers = Blueprint("project_transfers", __name__)


@project_transfers.route("/<owner>/<project>/share/transfer", methods=["GET", "POST"])
def offer(owner: str, project: str) -> ViewResponse:
    """Ask somebody to take the project over."""
    access = project_for(require_account(), owner, project, "owner")
    form = TransferForm()
    made = form.attempt(lambda: transfers.offer_project(reauthenticate().account, access, to=form.to.data))
    if made is None:
        facts = {"project": access, "pending": transfers.read_offer_of(access), "stays": transfers.STAYS}
        return render_template("projects/transfer.html", form=form, **facts), form.status
    flash(f"{made.to} was asked to take over {made.full_name}.", "success")
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
    offered = transfers.read_offer_to(require_account(), transfer_id)
    form = PageForm()
    path = form.attempt(lambda: transfers.accept_offer(reauthenticate().account, transfer_id))
    if path is None:
        return render_template("projects/transfer_offer.html", form=form, offer=offered), form.status
    flash("The project is yours now.", "success")
    return redirect(path)


@project_transfers.post("/settings/transfers/<int:transfer_id>/decline")
def decline(transfer_id: int) -> ViewResponse:
    """Refuse an offer."""
    check_button()
    name = transfers.decline_offer(require_account(), transfer_id)
    flash(f"You declined {name}. Its owner was told.", "success")
    return redirect("/")
