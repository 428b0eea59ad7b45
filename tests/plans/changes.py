"""What people and programs change, in an order in which each finds what it needs: the requests and their answers."""

import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.test import TestResponse

from tests.access.world import LARGE, World
from tests.cast import PASSWORD

PROJECT = "/lab/quicksand"
CALL = f"/api/v1/projects{PROJECT}"
NEW = b"Another large file."
NEW_OID = hashlib.sha256(NEW).hexdigest()
TUS = {"Tus-Resumable": "1.0.0", "Upload-Length": "3"}


@dataclass(frozen=True)
class Change:
    """One request of a caller: `fields` of a form, a `document` of the API, or `sent` bytes; `keeps` of its answer.

    Braces in an address stand for what the world has there, or what an earlier answer kept.
    """

    caller: str
    request: str
    status: int
    fields: Mapping[str, Any] | None = None
    document: Any = None
    sent: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    keeps: str = ""

    def ask(self, world: World, things: dict[str, str]) -> TestResponse:
        """Send it; what it keeps is among the things then."""
        method, address = self.request.format_map(things).split(" ")
        endpoint, _arguments = world.app.url_map.bind("localhost").match(address.partition("?")[0], method)
        answer = world.callers[self.caller].ask(world.app, endpoint, method, address, self._given())
        if self.keeps:
            things[self.keeps] = str((answer.json or {}).get("id")) if answer.json else answer.headers["Location"]
        return answer

    def _given(self) -> dict[str, Any]:
        given: dict[str, Any] = {"headers": dict(self.headers)} if self.headers else {}
        if self.document is not None:
            return {**given, "json": self.document}
        if self.sent is not None:
            return {**given, "data": self.sent, "content_type": "application/offset+octet-stream"}
        return {**given, "data": {**(self.fields or {}), **_files(self.fields or {})}}


def _files(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: (io.BytesIO(value), f"{name}.txt") for name, value in fields.items() if isinstance(value, bytes)}


def list_changes(things: Mapping[str, str]) -> Iterator[Change]:
    """Everything, the deletion of the project last."""
    yield from _of_accounts()
    yield from _of_files(things)
    yield from _of_people()
    yield from _of_links()
    yield from _of_groups_and_courses()
    yield from _of_settings()


def _of_accounts() -> Iterator[Change]:
    again = {"current_password": PASSWORD}
    yield Change("stranger", "POST /login", 302, {"username": "owner", "password": PASSWORD})
    yield Change("stranger", "POST /login", 302, {"username": "owner@example.org", "password": PASSWORD})
    yield Change("stranger", "POST /login", 400, {"username": "nobody", "password": PASSWORD})
    new = {"username": "newcomer", "email": "new@example.org", "password": PASSWORD}
    yield Change("stranger", "POST /signup", 302, new)
    yield Change("stranger", "POST /forgot", 200, {"email": "owner@example.org"})
    named = {"username": "owner", "full_name": "An Owner", "email": "owner@example.org", **again}
    yield Change("owner", "POST /settings", 302, named)
    token = {"name": "laptop", "scopes": "write", "project": "", "days": "90", **again}
    yield Change("owner", "POST /settings/tokens", 200, token)
    yield Change("owner", "POST /settings/tokens/{token_id}/delete", 302)
    yield Change("owner", "POST /settings/profile", 302, {"about": "I dig."})
    yield Change("owner", "POST /settings/mail", 302, {"frequency": "daily", "project": "0"})
    yield Change("owner", "POST /inbox/{notice_id}/read", 302)
    yield Change("owner", "POST /inbox/read", 302)
    yield Change("owner", "POST /settings/sessions/end-others", 302)
    yield Change("maintainer", "POST /logout", 302)


def _of_files(things: Mapping[str, str]) -> Iterator[Change]:
    upload = {"branch": "main", "path": "", "message": "", "files": b"Some text."}
    yield Change("owner", f"POST {PROJECT}/upload/main", 303, upload)
    yield Change("group member", f"POST {PROJECT}/upload/main", 303, {**upload, "files": b"Some other text."})
    put = {"op": "put", "path": "figures.csv", "content": "1,2"}
    commit = {"branch": "main", "message": "Add figures", "operations": [put]}
    for _time in range(2):
        key = {"Idempotency-Key": "one"}
        yield Change("write token", f"POST {CALL}/commits", 201, document=commit, headers=key)
    yield Change("owner", "POST /api/v1/uploads", 201, fields={}, headers=TUS, keeps="upload")
    patch = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0"}
    yield Change("owner", "PATCH {upload}", 204, sent=b"abc", headers=patch)
    status = {"state": "success", "context": "tests"}
    yield Change("write token", f"POST {CALL}/commits/{{sha}}/statuses", 201, document=status)
    batch = f"POST {PROJECT}.git/info/lfs/objects/batch"
    stored, new = {"oid": things["oid"], "size": len(LARGE)}, {"oid": NEW_OID, "size": len(NEW)}
    yield Change("owner", batch, 200, document={"operation": "upload", "objects": [stored, new]})
    yield Change("reader", batch, 200, document={"operation": "download", "objects": [stored]})
    yield Change("owner", f"PUT {PROJECT}.git/info/lfs/objects/{NEW_OID}", 200, sent=NEW)


def _of_people() -> Iterator[Change]:
    yield Change("owner", f"POST {PROJECT}/share", 302, {"person": "person-7, late@example.org", "role": "writer"})
    yield Change("owner", f"POST {PROJECT}/share/invitations/{{invitation_id}}/resend", 302)
    yield Change("owner", f"POST {PROJECT}/share/invitations/{{invitation_id}}/withdraw", 302)
    yield Change("owner", f"POST {PROJECT}/share/people/{{person_id}}/remove", 302)
    yield Change("owner", f"POST {CALL}/people", 201, document={"person": "person-8", "role": "reader"})
    yield Change("owner", f"PATCH {CALL}/people/8", 200, document={"role": "writer"})
    yield Change("owner", f"DELETE {CALL}/people/8", 204)
    invited = {"person": "later@example.org", "role": "reader"}
    yield Change("owner", f"POST {CALL}/invitations", 201, document=invited, keeps="invited")
    yield Change("owner", f"DELETE {CALL}/invitations/{{invited}}", 204)


def _of_links() -> Iterator[Change]:
    yield Change("owner", f"POST {CALL}/links", 201, document={"kind": "view"}, keeps="made")
    yield Change("owner", f"DELETE {CALL}/links/{{made}}", 204)
    drop = {"kind": "drop", "title": "Essays", "folder": "essays-2", "deadline": "2090-01-31T18:00:00Z"}
    yield Change("owner", f"POST {CALL}/links", 201, document=drop)
    handed_in = {"name": "Sam", "email": "sam@example.org", "files": b"An essay."}
    yield Change("stranger", "POST /drop/{drop}", 303, handed_in)
    yield Change("owner", f"POST {PROJECT}/settings/links/{{drop_id}}/close", 302)
    yield Change("owner", f"POST {PROJECT}/settings/links/{{drop_id}}/open", 302)
    yield Change("owner", f"POST {PROJECT}/settings/links/{{link_id}}/revoke", 302)
    hook = {"url": "https://8.8.8.8/others", "events": ["push"]}
    yield Change("owner", f"POST {CALL}/webhooks", 201, document=hook, keeps="hook")
    yield Change("owner", f"POST {CALL}/webhooks/{{hook}}/test", 202)
    yield Change("owner", f"DELETE {CALL}/webhooks/{{hook}}", 204)


def _of_groups_and_courses() -> Iterator[Change]:
    yield Change("owner", "POST /groups/new", 302, {"name": "diggers", "title": "Diggers"})
    yield Change("owner", "POST /diggers/people", 302, {"person": "person-9, x@example.org", "role": "participant"})
    member = {"person": "person-10", "role": "member"}
    yield Change("owner", "POST /api/v1/groups/diggers/members", 201, document=member)
    new = {"name": "sandbox", "description": "", "visibility": "private", "owner": "diggers"}
    yield Change("owner", "POST /new", 302, new)
    assignment = {"title": "Dig", "deadline": "2090-01-31T18:00:00Z"}
    yield Change("owner", "POST /api/v1/groups/school/assignments", 201, document=assignment)
    one = "/school/assignments/{assignment_id}"
    yield Change("owner", f"POST {one}/people/reader/extend", 302, {"until": "2091-01-31T18:00"})
    yield Change("reader", "POST /api/v1/groups/school/assignments/{assignment_id}/open", 201)
    yield Change("owner", f"POST {one}/people/reader/feedback", 302, {"text": "Dig deeper."})
    yield Change("owner", f"POST {one}/archive", 302)
    copy = {"name": "quicksand", "visibility": "private", "owner": "owner"}
    yield Change("owner", f"POST {PROJECT}/copy", 303, copy)


def _of_settings() -> Iterator[Change]:
    described = {"name": "quicksand", "description": "Sand", "visibility": "private"}
    yield Change("owner", f"POST {PROJECT}/settings", 302, described)
    yield Change("owner", f"POST {PROJECT}/settings/branches", 302, {"kind": "branch", "pattern": "main"})
    yield Change("owner", f"POST {PROJECT}/settings/template", 302, {"template": "1"})
    yield Change("owner", f"POST {PROJECT}/settings/storage/count", 302)
    yield Change("owner", f"PATCH {CALL}", 200, document={"description": "Sand and water"})
    yield Change("administrator", "POST /admin/people/passer-by/plan", 302, {"plan": ""})
    yield Change("group owner", f"POST {CALL}/transfer", 202, document={"to": "passer-by"})
    yield Change("group owner", f"DELETE {CALL}/transfer", 204)
    yield Change("owner", "POST /trash/{project_id}/restore", 302)
    yield Change("owner", f"DELETE {CALL}", 204)
