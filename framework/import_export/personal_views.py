"""`/settings/data`: everything that is kept of somebody, for them to download."""

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from framework.accounts.signin.login import require_account
from framework.accounts.signin.reauthentication import reauthenticate
from framework.import_export import personal
from framework.storage.current import store
from framework.web.answers import ViewResponse
from framework.web.byte_ranges import serve_range
from framework.web.forms import PageForm, check_posted_button

own_data = Blueprint("own_data", __name__, url_prefix="/settings/data")


@own_data.get("")
def show() -> ViewResponse:
    """What an export has, and the newest one."""
    return _page(PageForm(formdata=None))


@own_data.post("")
def begin() -> ViewResponse:
    """Have the data put together; a mail tells when it is ready."""
    form = PageForm()
    done = form.attempt(_begin)
    if done is None:
        return _page(form)
    flash("Your data is being put together. A mail will tell you when it is ready.", "success")
    return redirect("/settings/data")


@own_data.route("/download", methods=["GET", "POST"])
def download() -> AnyResponse | ViewResponse:
    """The newest export for its person, who has signed in or given the password lately; a POST brings the password."""
    check_posted_button()
    found = personal.find_own_export(reauthenticate().account)
    if found is None:
        flash("There is nothing to download: your last export has expired. Ask for a new one.", "info")
        return redirect("/settings/data")
    if request.method == "POST":
        return redirect("/settings/data/download", 303)
    answer = serve_range(
        request, found.size_bytes, found.id, lambda start, length: store().stream(found.key, start, length)
    )
    answer.headers["Content-Type"] = "application/zip"
    answer.headers["Content-Disposition"] = 'attachment; filename="holdfast-data.zip"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _begin() -> bool:
    personal.begin_own_export(reauthenticate(sign_in_counts=False).account)
    return True


def _page(form: PageForm) -> ViewResponse:
    found = personal.find_own_export(require_account())
    return render_template("accounts/data.html", form=form, found=found), form.status
