"""The part of the audit log that tells of one project, for its owners."""

from flask import Blueprint, Response, request

from framework.api import callers
from framework.api.answers import answer
from framework.api.calls import Call, describe
from framework.api.documents.audit import AuditEntry
from framework.api.paging import link_to_next
from framework.audit.reading import find_own, read_entries_of
from framework.projects.core.access import project_for
from framework.web.paging import read_entry_number

audit = Blueprint("audit", __name__, url_prefix="/projects/<owner>/<project>/audit")

OLDER = {"before": "The id of the entry that the page follows. The header Link leads to the next page."}


@audit.get("")
@describe(Call({200: [AuditEntry]}, needs="admin", query=OLDER))
def list_audit(owner: str, project: str) -> Response:
    """Who changed what about the project's people, visibility, links and branches, the newest first; for owners."""
    account = callers.administrator()
    access = project_for(account, owner, project, "owner")
    page = read_entries_of(access.id, read_entry_number(request.args.get("before", "")))
    own = find_own(page, account.id)
    told = [AuditEntry.of(entry, is_own=entry.id in own) for entry in page.entries]
    return answer(told, headers=link_to_next("before", page.older))
