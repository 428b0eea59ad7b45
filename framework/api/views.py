"""The API under its address, and its description."""

from flask import Blueprint, Flask, Response, abort, current_app, jsonify, request

from framework.api import openapi
from framework.api.resources.administration.audit import audit as admin_audit
from framework.api.resources.administration.invitations import invitations as admin_invitations
from framework.api.resources.administration.people import people as admin_people
from framework.api.resources.administration.plans import plans as admin_plans
from framework.api.resources.administration.projects import projects as admin_projects
from framework.api.resources.audit import audit
from framework.api.resources.commits import commits
from framework.api.resources.courses import courses, participants
from framework.api.resources.files import files
from framework.api.resources.groups import groups
from framework.api.resources.links import links
from framework.api.resources.people import people
from framework.api.resources.projects import projects
from framework.api.resources.sharing import sharing
from framework.api.resources.statuses import statuses
from framework.api.resources.transfers import offers
from framework.api.resources.trash import trash
from framework.api.resources.webhooks import group_webhooks, project_webhooks

ROOT = "/api/"

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
for _part in (
    people,
    groups,
    projects,
    sharing,
    offers,
    trash,
    audit,
    files,
    commits,
    statuses,
    links,
    courses,
    participants,
    project_webhooks,
    group_webhooks,
    admin_people,
    admin_invitations,
    admin_projects,
    admin_plans,
    admin_audit,
):
    blueprint.register_blueprint(_part)


def register(app: Flask) -> None:
    """Keep what is below `/api/` apart from the pages, some of whose addresses begin with any name."""
    app.before_request(_refuse_pages)


@blueprint.get("/openapi.json")
def describe() -> Response:
    """This API in the words of OpenAPI 3.1."""
    return jsonify(openapi.document(current_app))


def _refuse_pages() -> None:
    rule = request.url_rule
    if rule is not None and request.path.startswith(ROOT) and not rule.rule.startswith(ROOT):
        abort(404)
