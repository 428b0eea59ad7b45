"""Statuses of commits: what programs say about them."""

from flask import Blueprint, Response

from framework.api import callers
from framework.api.answers import answer
from framework.api.bodies import read_body
from framework.api.calls import Call, describe
from framework.api.documents.statuses import Combined, Status
from framework.api.hook_bodies import StatusBody
from framework.projects.core.access import project_for
from framework.statuses.operations import StatusText, read_statuses, set_status

statuses = Blueprint("statuses", __name__, url_prefix="/projects/<owner>/<project>/commits/<string(length=40):sha>")


@statuses.get("/statuses")
@describe(Call({200: [Status]}))
def list_statuses(owner: str, project: str, sha: str) -> Response:
    """What was last said about a commit in each context, the contexts in alphabetical order."""
    access = project_for(callers.visitor(), owner, project)
    return answer([Status.of(status) for status in read_statuses(access, sha).statuses])


@statuses.get("/status")
@describe(Call({200: Combined}))
def show_combined_status(owner: str, project: str, sha: str) -> Response:
    """The statuses of a commit together."""
    access = project_for(callers.visitor(), owner, project)
    return answer(Combined.of(sha, read_statuses(access, sha)))


@statuses.post("/statuses")
@describe(Call({201: Status}, needs="write", body=StatusBody, refusals=(409,)))
def make_status(owner: str, project: str, sha: str) -> Response:
    """Say something about a commit, instead of what was said in the same context before."""
    account = callers.writer()
    access = project_for(account, owner, project, "writer")
    body = read_body(StatusBody)
    told = StatusText(body.state, body.context, body.description, body.target_url)
    return answer(Status.of(set_status(account, access, sha, told)), 201)
