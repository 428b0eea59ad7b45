"""Forms that rename branches and delete branches and tags."""

from flask import Blueprint, flash, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from framework.accounts.signin.login import current_account, require_account
from framework.gitcore.ref_names import HEADS, TAGS
from framework.projects.branches import operations
from framework.projects.core.access import ProjectAccess, project_for
from framework.web.forms import check_button

blueprint = Blueprint("refs", __name__)


@blueprint.post("/<owner>/<project>/branches/rename")
def rename_branch(owner: str, project: str) -> AnyResponse:
    """Give a branch another name."""
    access = _writable(owner, project)
    branch, name = request.form.get("branch", ""), request.form.get("name", "").strip()
    operations.rename_branch(require_account(), access, branch, name)
    flash(f"{branch} is called {name} now. Existing clones need: git branch -m {branch} {name}", "success")
    return redirect(access.address("branches"))


@blueprint.post("/<owner>/<project>/branches/delete")
def delete_branch(owner: str, project: str) -> AnyResponse:
    """Delete a branch that is not protected."""
    access = _writable(owner, project)
    branch = request.form.get("branch", "")
    operations.delete_ref(require_account(), access, HEADS + branch)
    flash(f"The branch {branch} is deleted.", "success")
    return redirect(access.address("branches"))


@blueprint.post("/<owner>/<project>/tags/delete")
def delete_tag(owner: str, project: str) -> AnyResponse:
    """Delete a tag, where a rule allows it."""
    access = _writable(owner, project)
    tag = request.form.get("tag", "")
    operations.delete_ref(require_account(), access, TAGS + tag)
    flash(f"The tag {tag} is deleted.", "success")
    return redirect(access.address("tags"))


def _writable(owner: str, project: str) -> ProjectAccess:
    access = project_for(current_account(), owner, project, "writer")
    check_button()
    return access
