"""The pages that get old versions back, each with a look at what will change; and the files that were deleted."""

from flask import Blueprint, redirect, render_template, request

from framework.accounts.core.account import Account
from framework.accounts.signin.login import current_account, require_account
from framework.edits import editing, restoring
from framework.edits.forms import ChangeForm
from framework.projects.core.access import ProjectAccess, project_for
from framework.uploads.flashes import flash_stored
from framework.web.answers import ViewResponse

blueprint = Blueprint("restoring", __name__)


@blueprint.route("/<owner>/<project>/restore/<path:place>", methods=["GET", "POST"])
def restore(owner: str, project: str, place: str) -> ViewResponse:
    """Restore a file, a folder or the whole project, on this branch, to `?version=`."""
    account, access = _writer(owner, project)
    where, version = editing.target(access, place), request.args.get("version", "")
    preview = restoring.preview_restore(access, where, version)
    form = ChangeForm(base=where.tip)
    written = form.attempt(
        lambda: restoring.restore(access, account, form.edit_request(where), where=where, version=version)
    )
    if written is None:
        if form.is_overtaken:
            form.look_again(where)
        page = render_template(
            "uploads/restore.html", project=access, where=where, form=form, preview=preview, tab="files"
        )
        return page, form.status
    branch = form.branch_of(where)
    flash_stored(access, branch, written, "Restored, as a new version.")
    return redirect(_place_of(access, branch, where.path), 303)


@blueprint.route("/<owner>/<project>/undo/<version>", methods=["GET", "POST"])
def undo(owner: str, project: str, version: str) -> ViewResponse:
    """Undo what one version changed, on `?branch=`."""
    account, access = _writer(owner, project)
    branch = request.args.get("branch") or access.default_branch
    preview = restoring.preview_undo(access, version)
    where, form = editing.target(access, branch), ChangeForm()
    written = form.attempt(
        lambda: restoring.undo(access, account, branch, version=version, message=form.message.data or "")
    )
    if written is None:
        page = render_template(
            "uploads/undo.html", project=access, where=where, form=form, preview=preview, tab="history"
        )
        return page, form.status
    flash_stored(access, branch, written, "Undone, as a new version.")
    return redirect(access.address("tree", branch), 303)


@blueprint.get("/<owner>/<project>/deleted/<path:place>")
def show_deleted(owner: str, project: str, place: str) -> str:
    """The files that a folder had once and has no more."""
    access = project_for(current_account(), owner, project)
    where = editing.target(access, place)
    files = restoring.list_deleted(access, where)
    return render_template("uploads/deleted.html", project=access, where=where, files=files, tab="files")


def _writer(owner: str, project: str) -> tuple[Account, ProjectAccess]:
    account = require_account()
    return account, project_for(account, owner, project, "writer")


def _place_of(access: ProjectAccess, branch: str, path: str) -> str:
    """The page of what was restored; a file's leads on to a folder's where it is one."""
    return access.address("blob", branch, path) if path else access.address("tree", branch)
