"""`/admin/audit`: the whole audit log, by person, kind and day."""

from datetime import date

from flask import render_template, request

from framework import config
from framework.admin import lists
from framework.admin.guard import administrators_only
from framework.audit.log import KINDS
from framework.audit.reading import AuditPage, AuditQuery, read_entries
from framework.web.paging import read_entry_number

audit = administrators_only("admin_audit", "/admin/audit")

LONGEST_NAME = 100
NOTHING = AuditPage([], None)


@audit.get("")
def show() -> str:
    """What happened, the newest first."""
    person = request.args.get("person", "").replace("\0", "").strip()[:LONGEST_NAME]
    kind, day = request.args.get("kind", ""), _read_day(request.args.get("day", ""))
    person_id = lists.find_person_id(person) if person else None
    before = read_entry_number(request.args.get("before", ""))
    asked = AuditQuery(person_id, kind if kind in KINDS else None, day, before)
    page = NOTHING if person and person_id is None else read_entries(asked)
    facts = {"person": person, "kind": kind, "day": day, "kinds": KINDS, "days": config.current().audit_days}
    return render_template("doctor/audit.html", page=page, **facts)


def _read_day(text: str) -> date | None:
    """The day, written as 2026-03-31; what is none counts as none given."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
