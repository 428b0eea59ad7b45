"""Handing projects over: offers by owners, and the answers to them."""

from flask import Blueprint, Response

from framework.api import callers
from framework.api.answers import LOCATION, answer, no_content
from framework.api.bodies import TransferBody, read_body
from framework.api.calls import Call, describe
from framework.api.documents.people import Transfer
from framework.api.documents.projects import Project
from framework.projects.core import offers as waiting
from framework.projects.core.access import project_for
from framework.projects.lifecycle import transfers

offers = Blueprint("transfers", __name__)


@offers.post("/projects/<owner>/<project>/transfer")
@describe(Call({200: Project, 202: Transfer}, needs="admin", body=TransferBody, refusals=(409, 413, 429)))
def offer_project(owner: str, project: str) -> Response:
    """Ask a person or group to take the project over, in place of an earlier offer; for whom it belongs to.

    It moves when the person, or an owner of the group, accepts; at once, with 200, where that is the caller. Its
    address of before leads to the new one then.
    """
    account = callers.administrator()
    access = project_for(account, owner, project, "owner")
    made = transfers.transfer_project(account, access, to=read_body(TransferBody).to)
    if made.offer is not None:
        return answer(Transfer.of(made.offer), 202, headers={LOCATION: f"/api/v1/transfers/{made.offer.id}"})
    _nothing, owner, name = made.path.split("/")
    return answer(Project.of(project_for(account, owner, name)))


@offers.delete("/projects/<owner>/<project>/transfer")
@describe(Call({204: None}, needs="admin"))
def withdraw_offer(owner: str, project: str) -> Response:
    """Withdraw the offer of the project."""
    account = callers.administrator()
    transfers.withdraw_offer(account, project_for(account, owner, project, "owner"))
    return no_content()


@offers.get("/transfers")
@describe(Call({200: [Transfer]}, needs="admin"))
def list_offers() -> Response:
    """The projects that others want to hand over to the caller."""
    return answer([Transfer.of(one) for one in waiting.list_offers_to(callers.administrator())])


@offers.post("/transfers/<int:transfer_id>/accept")
@describe(Call({200: Project}, needs="admin", refusals=(409, 413)))
def accept_offer(transfer_id: int) -> Response:
    """Take a project over."""
    account = callers.administrator()
    _nothing, owner, name = transfers.accept_offer(account, transfer_id).split("/")
    return answer(Project.of(project_for(account, owner, name)))


@offers.delete("/transfers/<int:transfer_id>")
@describe(Call({204: None}, needs="admin"))
def decline_offer(transfer_id: int) -> Response:
    """Decline to take a project over."""
    transfers.decline_offer(callers.administrator(), transfer_id)
    return no_content()
