"""The part of the audit log that tells of one project, for its owners."""

from flask import Blueprint, render_template, request

from framework import config
from framework.accounts.signin.login import current_account, require_account
from framework.audit.reading import find_own, read_entries_of
from framework.projects.core.access import project_for
from framework.web.paging import read_entry_number

audit = Blueprint("project_audit", __name__, url_prefix="/<owner>/<project>/settings/audit")


@audit.get("")
def show(owner: str, project: str) -> str:
    """Who changed what about the project's people, visibility and branches, the newest first."""
    access = project_for(current_account(), owner, project, "owner")
    page = read_entries_of(access.id, read_entry_number(request.args.get("before", "")))
    own = find_own(page, require_account().id)
    return render_template("projects/audit.html", project=access, page=page, own=own, days=config.current().audit_days)
