"""Pages of imports and exports."""

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from framework.accounts.core.account import Account
from framework.accounts.signin.login import require_account
from framework.accounts.signin.reauthentication import reauthenticate
from framework.errors import Invalid
from framework.import_export import exports, imports
from framework.import_export.forms import ImportForm
from framework.projects.core.access import project_for
from framework.storage.current import store
from framework.uploads.form.received_files import ReceivedFile
from framework.uploads.receiving import receive_form
from framework.uploads.refusals import too_large_sentence
from framework.web.answers import ViewResponse
from framework.web.byte_ranges import serve_range
from framework.web.forms import check_button

blueprint = Blueprint("transfer", __name__)

Files = list[tuple[str, ReceivedFile]]


class NothingToImport(Invalid):
    """Neither an address nor a file, or both."""

    field = "address"

    def __init__(self) -> None:
        super().__init__("Enter the address of a git repository, or choose a ZIP file; one of the two.")


@blueprint.get("/import")
def show_form() -> str:
    """The form of an import."""
    require_account()
    return render_template("transfer/import.html", form=ImportForm(None))


@blueprint.post("/import")
def begin_import() -> ViewResponse:
    """Make the project and begin to fill it; the page of the work shows how far it is."""
    account = require_account()
    with receive_form(request) as files:
        form = ImportForm()
        work_id = form.attempt(lambda: _begin(account, form, files))
    if work_id is None:
        return render_template("transfer/import.html", form=form), form.status
    return redirect(f"/work/{work_id}", 303)


@blueprint.post("/<owner>/<project>/settings/export")
def begin_export(owner: str, project: str) -> AnyResponse:
    """Begin an export; the page of the work shows how far it is."""
    account = require_account()
    access = project_for(account, owner, project, "maintainer")
    check_button()
    return redirect(f"/work/{exports.begin_export(reauthenticate().account, access)}", 303)


@blueprint.get("/exports/<export_id>")
def download(export_id: str) -> AnyResponse:
    """The export's file for whoever asked for it, or the range of its bytes that the request asks for."""
    found = exports.ready_export(require_account(), export_id)
    answer = serve_range(
        request, found.size_bytes, export_id, lambda start, length: store().stream(found.key, start, length)
    )
    answer.headers["Content-Type"] = "application/zip"
    answer.headers["Content-Disposition"] = f'attachment; filename="{found.file_name}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _begin(account: Account, form: ImportForm, files: Files) -> str:
    address = form.address.data or ""
    if bool(address) == bool(files):
        raise NothingToImport
    if address:
        return imports.import_address(account, form.project(), address)
    name, file = files[0]
    if file.over_limit:
        raise Invalid(too_large_sentence(name, file.size_bytes))
    return imports.import_zip(account, form.project(), file.path, form.encoding.data)
