"""What is stored of a project, and what takes most, for maintainers of it; owners can free some."""

from flask import Blueprint, redirect, render_template

from framework import config
from framework.accounts.signin.login import current_account, require_account
from framework.accounts.signin.reauthentication import reauthenticate
from framework.projects.branches.protection import protection_of
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.lifecycle import archiving, file_counts, old_versions
from framework.projects.views.forms import OldVersionsForm
from framework.repositories.cache.status import read_status
from framework.repositories.catalog.file_surveys import read_survey
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.catalog.storage_usage import read_storage_usage
from framework.storage.prices import NAMES, costs_of, present_dollars
from framework.web.answers import ViewResponse
from framework.web.forms import check_button

storage_settings = Blueprint("project_storage", __name__, url_prefix="/<owner>/<project>/settings/storage")


@storage_settings.get("")
def show(owner: str, project: str) -> str:
    """What is stored of the project, what a month of it costs, and when it was last verified."""
    access = _find_maintained(owner, project)
    holdings, status = read_storage_usage(access.repository_id), read_status(access.repository_id)
    return render_template(
        "projects/storage.html",
        project=access,
        holdings=holdings,
        status=status,
        survey=read_survey(access.repository_id),
        snapshot=read_snapshot(access.repository_id),
        costs=costs_of(holdings.classes),
        dollars=present_dollars(holdings.classes),
        idle_days=config.current().idle_days,
        archive_class=NAMES.get(config.current().archive_storage_class or ""),
    )


@storage_settings.post("/archive")
def archive(owner: str, project: str) -> ViewResponse:
    """Have the project packed neatly, and its copies dropped."""
    access = _find_maintained(owner, project)
    check_button()
    return redirect(f"/work/{archiving.ask_for_archive(require_account(), access)}")


@storage_settings.post("/count")
def count(owner: str, project: str) -> ViewResponse:
    """Have what the files take counted as of now."""
    access = _find_maintained(owner, project)
    check_button()
    return redirect(file_counts.ask_for_count(require_account(), access))


@storage_settings.route("/files/<key>", methods=["GET", "POST"])
def remove_versions(owner: str, project: str, key: str) -> ViewResponse:
    """What removing a file's old versions would change and free; asks for its name before it is done."""
    access = _find_owned(owner, project)
    file = old_versions.find_file(access, key)
    form = OldVersionsForm()
    given = {"confirmation": form.confirmation.data or "", "rewrites_protected": form.protected.data}
    watch = form.attempt(lambda: old_versions.ask_for_removal(reauthenticate().account, access, file, **given))
    if watch is not None:
        return redirect(watch)
    page = render_template(
        "projects/old_versions.html",
        project=access,
        form=form,
        file=file,
        survey=read_survey(access.repository_id),
        snapshot=read_snapshot(access.repository_id),
        protected=old_versions.list_protected(list(file.refs), protection_of(access.id)),
        kept_hours=config.current().longest_request_hours,
    )
    return page, form.status


def _find_maintained(owner: str, project: str) -> ProjectAccess:
    return project_for(current_account(), owner, project, "maintainer")


def _find_owned(owner: str, project: str) -> ProjectAccess:
    return project_for(current_account(), owner, project, "owner")
