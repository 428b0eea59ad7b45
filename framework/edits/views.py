"""The pages of changes without an upload: new file, new folder, edit, move, delete."""

from flask import Blueprint, Request, redirect, render_template, request
from werkzeug.wrappers import Response

from framework.accounts.core.account import Account
from framework.accounts.signin.login import require_account
from framework.edits import editing
from framework.edits.editing import Target
from framework.edits.forms import ChangeForm, EditForm, FolderForm, MoveForm, NewFileForm
from framework.edits.text import EDITABLE_BYTES
from framework.projects.core.access import ProjectAccess, project_for
from framework.repositories.write.operations import Written
from framework.uploads.flashes import flash_stored
from framework.web.answers import ViewResponse

blueprint = Blueprint("editing", __name__)

LONGEST_TEXT_FORM_BYTES = 4 * EDITABLE_BYTES


@blueprint.route("/<owner>/<project>/new", methods=["GET", "POST"])
@blueprint.route("/<owner>/<project>/new/<path:place>", methods=["GET", "POST"])
def new_file(owner: str, project: str, place: str = "") -> ViewResponse:
    """Write a new file in a folder."""
    account, access, where = _writer(owner, project, place)
    _allow_long_text(request)
    form = NewFileForm(base=where.tip, path=f"{where.path}/" if where.path else "")
    written = form.attempt(
        lambda: editing.create_file(
            access, account, form.edit_request(where), path=form.path.data, content=form.content.data or ""
        )
    )
    if written is None:
        return _page("uploads/edit.html", access, where, form)
    return _answer_stored(access, form, where, written, to=form.path.data)


@blueprint.route("/<owner>/<project>/edit/<path:place>", methods=["GET", "POST"])
def edit_file(owner: str, project: str, place: str) -> ViewResponse:
    """Change a file's text or its name."""
    account, access, where = _writer(owner, project, place)
    _allow_long_text(request)
    shown = {} if request.method == "POST" else {"content": editing.text_at(access, where.tip, where.path).text}
    form = EditForm(base=where.tip, path=where.path, **shown)
    written = form.attempt(
        lambda: editing.edit_file(
            access,
            account,
            form.edit_request(where),
            path=where.path,
            content=form.content.data or "",
            to=form.path.data,
        )
    )
    if written is None:
        newest = editing.text_if_any(access, where.tip, where.path) if form.is_overtaken else None
        return _page("uploads/edit.html", access, where, form, newest=newest)
    return _answer_stored(access, form, where, written, to=form.path.data)


@blueprint.route("/<owner>/<project>/new-folder", methods=["GET", "POST"])
@blueprint.route("/<owner>/<project>/new-folder/<path:place>", methods=["GET", "POST"])
def new_folder(owner: str, project: str, place: str = "") -> ViewResponse:
    """Make a folder in a folder."""
    account, access, where = _writer(owner, project, place)
    form = FolderForm(base=where.tip)
    path = "/".join(part for part in (where.path, (form.path.data or "").strip("/")) if part)
    written = form.attempt(lambda: editing.create_folder(access, account, form.edit_request(where), path=path))
    if written is None:
        return _page("uploads/new_folder.html", access, where, form)
    return _answer_stored(access, form, where, written, to=path, kind="tree")


@blueprint.route("/<owner>/<project>/move/<path:place>", methods=["GET", "POST"])
def move(owner: str, project: str, place: str) -> ViewResponse:
    """Rename or move a file or folder."""
    account, access, where = _writer(owner, project, place)
    entry, _inside = editing.entry_at(access, where)
    form = MoveForm(base=where.tip, path=where.path)
    written = form.attempt(
        lambda: editing.move(access, account, form.edit_request(where), path=where.path, to=form.path.data)
    )
    if written is None:
        return _page("uploads/move.html", access, where, form, entry=entry)
    return _answer_stored(
        access, form, where, written, to=form.path.data, kind="tree" if entry.kind == "tree" else "blob"
    )


@blueprint.route("/<owner>/<project>/delete/<path:place>", methods=["GET", "POST"])
def delete(owner: str, project: str, place: str) -> ViewResponse:
    """Delete a file, or what is chosen of a folder."""
    account, access, where = _writer(owner, project, place)
    entry, inside = editing.entry_at(access, where)
    form, chosen = ChangeForm(base=where.tip), request.form.getlist("paths")
    written = form.attempt(lambda: editing.delete(access, account, form.edit_request(where), paths=chosen))
    if written is None:
        return _page("uploads/delete.html", access, where, form, entry=entry, inside=inside, chosen=chosen)
    folder = editing.nearest_folder(access, form.branch_of(where), where.path if entry.kind == "tree" else where.folder)
    return _answer_stored(access, form, where, written, to=folder, kind="tree", said="Deleted, as a new version.")


def _writer(owner: str, project: str, place: str) -> tuple[Account, ProjectAccess, Target]:
    account = require_account()
    access = project_for(account, owner, project, "writer")
    return account, access, editing.target(access, place)


def _allow_long_text(asked: Request) -> None:
    asked.max_content_length = asked.max_form_memory_size = LONGEST_TEXT_FORM_BYTES


def _page(template: str, access: ProjectAccess, where: Target, form: ChangeForm, **more: object) -> ViewResponse:
    if form.is_overtaken:
        form.look_again(where)
    return render_template(template, project=access, where=where, form=form, tab="files", **more), form.status


def _answer_stored(
    access: ProjectAccess,
    form: ChangeForm,
    where: Target,
    written: Written,
    *,
    to: str,
    kind: str = "blob",
    said: str = "Stored as a new version.",
) -> Response:
    branch = form.branch_of(where)
    flash_stored(access, branch, written, said)
    return redirect(access.address(kind, branch, to) if to else access.address("tree", branch), 303)
