"""Pages that copy a project, begin from a template, and compare a copy with its origin."""

from flask import Blueprint, flash, redirect, render_template

from framework.accounts.core.account import Account
from framework.accounts.signin.login import current_account, require_account
from framework.copies import operations, origins
from framework.copies.forms import CopyForm, FromTemplateForm
from framework.copies.operations import AT_ONCE_BYTES
from framework.errors import NotFound
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.core.creators import list_creating_owners
from framework.web.answers import ViewResponse
from framework.web.forms import check_button

blueprint = Blueprint("copies", __name__, url_prefix="/<owner>/<project>")
blueprint.add_app_template_global(origins.is_copy)


@blueprint.route("/copy", methods=["GET", "POST"])
def copy(owner: str, project: str) -> ViewResponse:
    """A full copy of the project, the caller's own."""
    account = require_account()
    origin = project_for(account, owner, project)
    form = CopyForm(data={"name": origin.name, "description": origin.description, "visibility": origin.visibility})
    return _make(account, origin, form)


@blueprint.route("/use", methods=["GET", "POST"])
def use_template(owner: str, project: str) -> ViewResponse:
    """A new project that begins with the template's newest files."""
    account = require_account()
    origin = project_for(account, owner, project)
    return _make(account, origin, FromTemplateForm(data={"visibility": "private"}))


@blueprint.get("/origin")
def compare(owner: str, project: str) -> str:
    """How far the project and the one that it was copied from have gone since."""
    account = current_account()
    access = project_for(account, owner, project)
    try:
        comparison = origins.compare(account, access)
    except NotFound:
        comparison = None
    return render_template("copies/origin.html", project=access, comparison=comparison, tab="files")


@blueprint.post("/origin/bring-in")
def bring_in(owner: str, project: str) -> ViewResponse:
    """Add the origin's new versions."""
    account = current_account()
    access = project_for(account, owner, project, "writer")
    check_button()
    origins.bring_in(require_account(), access)
    flash("The original's new versions are here.", "success")
    return redirect(f"{access.path}/origin")


@blueprint.post("/settings/template")
def set_template(owner: str, project: str) -> ViewResponse:
    """Make the project a template, or take that back."""
    access = project_for(current_account(), owner, project, "maintainer")
    check_button()
    wanted = not operations.is_template(access.id)
    operations.set_template(require_account(), access, wanted=wanted)
    flash(f"{access.full_name} is {'now' if wanted else 'no longer'} a template.", "success")
    return redirect(f"{access.path}/settings")


def _make(account: Account, origin: ProjectAccess, form: CopyForm | FromTemplateForm) -> ViewResponse:
    form.owner.choices = list_creating_owners(account)
    if origin.visibility == "private":
        del form.visibility
    begun = form.attempt(lambda: operations.copy_project(account, origin, form.new_copy()))
    if begun is None:
        facts: dict[str, object] = {
            "is_template": operations.is_template(origin.id),
            "original": origins.find_origin(account, origin),
        }
        facts |= {"project": origin, "form": form}
        return render_template("copies/copy.html", **facts, tab="files"), form.status
    if origin.stored_bytes > AT_ONCE_BYTES:
        return redirect(f"/work/{begun.work_id}", 303)
    return redirect(begun.project.path, 303)
