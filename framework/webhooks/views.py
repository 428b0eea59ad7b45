"""Pages of a project's webhooks, for its maintainers."""

from flask import Blueprint

from framework.accounts.signin.login import current_account
from framework.projects.core.access import project_for
from framework.web.answers import ViewResponse
from framework.webhooks import pages
from framework.webhooks.places import Place
from framework.webhooks.standing import ROLE

project_webhooks = Blueprint("project_webhooks", __name__, url_prefix="/<owner>/<project>/settings/webhooks")


@project_webhooks.get("")
def show_all(owner: str, project: str) -> str:
    """The webhooks, and the form for a new one."""
    return pages.show_all(_find(owner, project))


@project_webhooks.post("")
def create(owner: str, project: str) -> ViewResponse | str:
    """Set a webhook."""
    return pages.create(_find(owner, project))


@project_webhooks.get("/<int:webhook_id>")
def show(owner: str, project: str, webhook_id: int) -> str:
    """A webhook, and what was sent to it last."""
    return pages.show(_find(owner, project), webhook_id)


@project_webhooks.post("/<int:webhook_id>")
def change(owner: str, project: str, webhook_id: int) -> ViewResponse:
    """Change a webhook."""
    return pages.change(_find(owner, project), webhook_id)


@project_webhooks.post("/<int:webhook_id>/delete")
def delete(owner: str, project: str, webhook_id: int) -> ViewResponse:
    """Delete a webhook."""
    return pages.delete(_find(owner, project), webhook_id)


@project_webhooks.post("/<int:webhook_id>/test")
def test(owner: str, project: str, webhook_id: int) -> ViewResponse:
    """Send a webhook a ping."""
    return pages.test(_find(owner, project), webhook_id)


@project_webhooks.post("/<int:webhook_id>/deliveries/<delivery_id>/redeliver")
def redeliver(owner: str, project: str, webhook_id: int, delivery_id: str) -> ViewResponse:
    """Send something once more."""
    return pages.redeliver(_find(owner, project), webhook_id, delivery_id)


def _find(owner: str, project: str) -> Place:
    return Place(project=project_for(current_account(), owner, project, ROLE))
