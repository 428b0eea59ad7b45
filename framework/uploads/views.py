"""The upload page: a plain form that stores its files in one commit, and the same for the page's script."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from framework import config
from framework.accounts.signin.login import require_account
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.members.quota import read_plan_of, read_room
from framework.projects.visits import note_visit
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.history.refs import split_branch
from framework.repositories.write.operations import Written
from framework.uploads.flashes import flash_stored
from framework.uploads.form.received_files import ReceivedFile
from framework.uploads.forms import DEFAULT_MESSAGE, UploadForm
from framework.uploads.junk import explain_junk, name_junk
from framework.uploads.operations import store_upload
from framework.uploads.preflight import LONGEST_BYTES, PreflightRequest, look_ahead
from framework.uploads.receiving import receive_form
from framework.uploads.skipped import dismiss_skipped, read_skipped, warn_of_skipped
from framework.web.answers import ViewResponse
from framework.web.errors import problem, wants_json
from framework.web.forms import check_button, check_header
from framework.web.security import own_path

ReceivedFiles = Sequence[tuple[str, ReceivedFile]]

blueprint = Blueprint("uploads", __name__)
blueprint.add_app_template_global(read_skipped)


@dataclass(frozen=True)
class UploadTarget:
    """Where an upload goes, and whether the project has a version yet."""

    branch: str
    folder: str
    has_versions: bool


@blueprint.get("/<owner>/<project>/upload")
@blueprint.get("/<owner>/<project>/upload/<path:place>")
def show_form(owner: str, project: str, place: str = "") -> str:
    """The form for uploading into a folder of a branch."""
    access = project_for(require_account(), owner, project, "writer")
    target = _target(access, place)
    return _page(access, target, UploadForm(None, branch=target.branch, path=target.folder, message=DEFAULT_MESSAGE))


@blueprint.post("/<owner>/<project>/upload")
@blueprint.post("/<owner>/<project>/upload/<path:place>")
def upload(owner: str, project: str, place: str = "") -> ViewResponse:
    """Store the form's files in one commit, or tell about each file why none was stored."""
    account = require_account()
    access = project_for(account, owner, project, "writer")
    target = _target(access, place)
    with receive_form(request, into_git=True) as files:
        form = UploadForm(branch=target.branch, path=target.folder)
        written = form.attempt(lambda: store_upload(access, account, form.upload(files)))
    if written is not None:
        count = len(files) + form.upload_count
        _flash(access, form, written, files)
        warn_of_skipped(access, form.left_out, count)
    if wants_json():
        return _answer(access, form, written)
    if written is None:
        return _page(access, target, form), form.status
    return redirect(_folder_address(access, form), 303)


@blueprint.post("/<owner>/<project>/preflight/<path:branch>")
def preflight(owner: str, project: str, branch: str) -> AnyResponse:
    """What an upload to this branch would do, as JSON."""
    access = project_for(require_account(), owner, project, "writer")
    check_header()
    request.max_content_length = LONGEST_BYTES
    asked = PreflightRequest.of(request.get_data(cache=False))
    usage = read_room(access)
    files = [asdict(one) for one in look_ahead(access, branch, asked, usage.plan)]
    return jsonify(files=files, room_bytes=max(0, usage.room_bytes))


@blueprint.post("/<owner>/<project>/skipped/dismiss")
def dismiss(owner: str, project: str) -> AnyResponse:
    """Tell no longer what the last upload left out."""
    access = project_for(require_account(), owner, project)
    check_button()
    dismiss_skipped(access)
    return redirect(own_path(request.form.get("next")) or access.path, 303)


def _target(access: ProjectAccess, place: str) -> UploadTarget:
    """Where to, as SQL knows the branches; the local copy is opened once, for the files."""
    note_visit(access)
    snapshot = read_snapshot(access.repository_id)
    return UploadTarget(*split_branch(snapshot, place), has_versions=bool(snapshot.branches))


def _page(access: ProjectAccess, target: UploadTarget, form: UploadForm) -> str:
    settings = config.current()
    limits = {
        "file": read_plan_of(access).limit_file(settings.max_file_bytes),
        "form": settings.max_request_bytes,
        "version": settings.max_push_bytes,
    }
    shown = {"project": access, "form": form, "limits": limits, "has_versions": target.has_versions, "tab": "files"}
    return render_template("uploads/upload.html", **shown)


def _answer(access: ProjectAccess, form: UploadForm, written: Written | None) -> AnyResponse:
    """The same outcome for the page's script: 201 with the folder's address, or a problem with one line a file."""
    if written is None:
        outcomes: list[dict[str, Any]] = [asdict(outcome) for outcome in form.outcomes]
        return problem(form.status, " ".join(form.problems), files=outcomes)
    answer = jsonify(sha=written.sha, changed=written.changed, location=_folder_address(access, form))
    answer.status_code = 201
    return answer


def _folder_address(access: ProjectAccess, form: UploadForm) -> str:
    folder = (form.path.data or "").strip("/")
    if folder or form.new_branch.data:
        return access.address("tree", form.landed_on, folder)
    return access.path


def _flash(
    access: ProjectAccess, form: UploadForm, written: Written, files: Sequence[tuple[str, ReceivedFile]]
) -> None:
    if written.changed:
        count = len(files) + form.upload_count
        said = f"{count:,} file{'' if count == 1 else 's'} uploaded."
        if form.left_out.ignored:
            said += f" {form.left_out.ignored:,} left out: by a .gitignore, or as what programs leave behind."
        junk = [name_junk(name) for name, _file in files if explain_junk(name)]
        said += f" {junk[0]} is what programs leave behind; delete it if nobody needs it." if junk else ""
        flash_stored(access, form.landed_on, written, said)
    else:
        flash("Everything was there already with the same content, so there is no new version.", "info")
