"""Pages of long work: a bar that moves by itself, for programs as JSON."""

from flask import Blueprint, Response, jsonify, make_response, render_template

from framework.accounts.signin.login import current_account, require_account
from framework.projects.core.jobs import job_for, list_jobs
from framework.web.errors import wants_json

jobs = Blueprint("jobs", __name__, url_prefix="/work")


@jobs.get("")
def show_jobs() -> str:
    """What was started lately."""
    return render_template("projects/works.html", jobs=list_jobs(require_account()))


@jobs.get("/<work_id>")
def watch(work_id: str) -> Response:
    """How far one work is."""
    work = job_for(current_account(), work_id)
    answer = (
        jsonify(work.as_json()) if wants_json() else make_response(render_template("projects/work.html", work=work))
    )
    answer.vary.add("Accept")
    return answer
