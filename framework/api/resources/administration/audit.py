"""`/admin/audit`: the whole audit log, by person, kind and day."""

from datetime import date

from flask import Response, request

from framework.admin import lists
from framework.api.answers import answer
from framework.api.calls import Call, describe
from framework.api.documents.audit import ServerAuditEntry
from framework.api.paging import link_to_next
from framework.api.resources.administration.access import BadFilter, administrators_only, refuse_unknown
from framework.api.resources.audit import OLDER
from framework.audit.log import KINDS
from framework.audit.reading import AuditPage, AuditQuery, read_entries
from framework.web.paging import read_entry_number

audit = administrators_only("admin_audit", "/audit")

FILTERS = {
    "person": "Only what this person or group did, or what happened to them: a name, or a confirmed address.",
    "kind": "Only entries of this kind, such as `sign_in_failed`.",
    "day": "Only entries of this day in UTC, as 2027-05-31.",
}


@audit.get("")
@describe(Call({200: [ServerAuditEntry]}, needs="administrator", query=FILTERS | OLDER))
def read_audit_log() -> Response:
    """Who did what, when and from where, the newest first."""
    page = _read_page(request.args.get("person", "").strip())
    told = [ServerAuditEntry.of(entry) for entry in page.entries]
    return answer(told, headers=link_to_next("before", page.older))


def _read_page(person: str) -> AuditPage:
    refuse_unknown("kind", KINDS, "a kind that entries have")
    day, before = _read_day(request.args.get("day", "")), _read_number(request.args.get("before", ""))
    person_id = lists.find_person_id(person) if person else None
    if person and person_id is None:
        return AuditPage([], None)
    return read_entries(AuditQuery(person_id, request.args.get("kind") or None, day, before))


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise BadFilter("day", "a day such as 2027-05-31") from error


def _read_number(text: str) -> int | None:
    number = read_entry_number(text)
    if text and number is None:
        raise BadFilter("before", "the id of an entry")
    return number
