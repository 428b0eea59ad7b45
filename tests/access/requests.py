"""The example request of each row: its address and what is sent with it."""

import re
from collections.abc import Mapping
from typing import Any

from werkzeug.routing import Rule

from tests.access.routes import PUSH

TOKENS = {
    "projects.invitation": "invitation",
    "groups.invitation": "group_invitation",
    "inboxes.ask": "unsubscribe",
    "inboxes.stop": "unsubscribe",
    "view_links.open_link": "view",
    "view_links.show_files": "blind",
    "view_links.send_file": "blind",
    "view_links.download": "blind",
    "view_links.show_picture": "blind",
    "view_links.show_subtitles": "blind",
}
"""Which of the world's tokens an address has; those of mails about an account have none that is right."""
NAMES = {"admin.mail": "reset", "admin.run": "news", "admin_plans.edit": "free", "admin_plans.reset": "free"}
DROP_OFFS = {
    *("links.show_drop_off", "links.close", "links.reopen", "links.extend"),
    *("api.links.change_link", "api.links.extend_link", "api.links.list_hand_ins", "api.links.download_hand_ins"),
}
NO_FORM_TOKEN = {"editing.edit_file", "restoring.restore", "restoring.undo"}
"""Forms that make a version when nothing is filled in; without their token they are refused, after the access."""


def address_of(rule: Rule, row: str, things: Mapping[str, str]) -> str:
    """Where the row's request goes."""
    endpoint = rule.endpoint
    token = ("mine" if "/mine/" in rule.rule else "drop") if endpoint.startswith("drop") else TOKENS.get(endpoint, "")
    mine = {"token": things.get(token, "x"), "name": NAMES.get(endpoint, "reader"), "plan": "free"}
    if endpoint.startswith("courses."):
        mine |= {"owner": things["group"], "person": "reader"}
    if endpoint.startswith("group_webhooks."):
        mine |= {name: things[f"group_{name}"] for name in ("webhook_id", "delivery_id")}
    if endpoint.startswith("api.group_webhooks."):
        mine |= {name: things[f"group_{name}"] for name in ("webhook_id", "delivery_id")} | {"group": things["owner"]}
    if endpoint.startswith("api.groups."):
        mine["group"] = things["owner"]
    if endpoint in DROP_OFFS:
        mine["link_id"] = things["drop_id"]
    address = re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", lambda found: {**things, **mine}[found[1]], rule.rule)
    service = "git-receive-pack" if row.endswith(PUSH) else "git-upload-pack"
    return f"{address}?service={service}" if endpoint == "git.advertise_refs" else address


def body_of(rule: Rule, row: str, things: Mapping[str, str]) -> dict[str, Any]:
    """What is sent: as little as gets past everything that is looked at before the project."""
    endpoint, method = rule.endpoint, row.partition(" ")[0]
    if endpoint.startswith(("tus.", "drop_uploads.")):
        headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": "1", "X-HTTP-Method-Override": "HEAD"}
        return {"headers": headers, "content_type": "application/offset+octet-stream" if method == "PATCH" else None}
    if method in {"GET", "HEAD"}:
        return {}
    if endpoint.startswith("git."):
        return {"data": b"0000", "content_type": f"application/x-{rule.rule.rpartition('/')[2]}-request"}
    if endpoint.startswith(("api.", "lfs.")) or endpoint.endswith(".preflight"):
        return {"json": _document_of(endpoint, row, things)}
    return {"data": {"csrf_token": ""}} if endpoint in NO_FORM_TOKEN else {}


def _document_of(endpoint: str, row: str, things: Mapping[str, str]) -> dict[str, object]:
    documents: dict[str, dict[str, object]] = {
        "lfs.batch": {"operation": "upload" if row.endswith(PUSH) else "download", "objects": []},
        "lfs.verify": {"oid": things["oid"], "size": 1},
        "api.projects.create_project": {"name": "new"},
        "api.statuses.make_status": {"state": "success"},
        "api.courses.set_assignment": {"title": "New", "deadline": "2090-01-31T18:00:00Z"},
    }
    return documents.get(endpoint, {})
