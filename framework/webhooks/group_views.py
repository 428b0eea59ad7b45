"""Pages of a group's webhooks for all of its projects, for its owners."""

from flask import Blueprint

from framework.accounts.signin.login import current_account
from framework.groups.access import group_for
from framework.projects.core.groups import OWNER
from framework.web.answers import ViewResponse
from framework.webhooks import pages
from framework.webhooks.places import Place

group_webhooks = Blueprint("group_webhooks", __name__, url_prefix="/<owner>/settings/webhooks")


@group_webhooks.get("")
def show_all(owner: str) -> str:
    """The webhooks, and the form for a new one."""
    return pages.show_all(_find(owner))


@group_webhooks.post("")
def create(owner: str) -> ViewResponse | str:
    """Set a webhook."""
    return pages.create(_find(owner))


@group_webhooks.get("/<int:webhook_id>")
def show(owner: str, webhook_id: int) -> str:
    """A webhook, and what was sent to it last."""
    return pages.show(_find(owner), webhook_id)


@group_webhooks.post("/<int:webhook_id>")
def change(owner: str, webhook_id: int) -> ViewResponse:
    """Change a webhook."""
    return pages.change(_find(owner), webhook_id)


@group_webhooks.post("/<int:webhook_id>/delete")
def delete(owner: str, webhook_id: int) -> ViewResponse:
    """Delete a webhook."""
    return pages.delete(_find(owner), webhook_id)


@group_webhooks.post("/<int:webhook_id>/test")
def test(owner: str, webhook_id: int) -> ViewResponse:
    """Send a webhook a ping."""
    return pages.test(_find(owner), webhook_id)


@group_webhooks.post("/<int:webhook_id>/deliveries/<delivery_id>/redeliver")
def redeliver(owner: str, webhook_id: int, delivery_id: str) -> ViewResponse:
    """Send something once more."""
    return pages.redeliver(_find(owner), webhook_id, delivery_id)


def _find(owner: str) -> Place:
    return Place(group=group_for(current_account(), owner, OWNER))
