"""The part of the audit log that tells of one group, for its owners."""

from flask import Blueprint, render_template, request

from framework import config
from framework.accounts.signin.login import current_account, require_account
from framework.audit.reading import find_own, read_entries_of_group
from framework.groups.access import group_for
from framework.projects.core.groups import OWNER
from framework.web.paging import read_entry_number

group_audit = Blueprint("group_audit", __name__, url_prefix="/<owner>/settings/audit")


@group_audit.get("")
def show(owner: str) -> str:
    """Who came and went, and what was decided about the group, the newest first."""
    group = group_for(current_account(), owner, OWNER)
    page = read_entries_of_group(group.id, read_entry_number(request.args.get("before", "")))
    own = find_own(page, require_account().id)
    return render_template("groups/audit.html", group=group, page=page, own=own, days=config.current().audit_days)
