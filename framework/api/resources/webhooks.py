"""Webhooks of a project, and of all projects of a group."""

from typing import Any

from flask import Blueprint, Response

from framework.accounts.core.account import Account
from framework.api import callers
from framework.api.answers import LOCATION, answer, no_content
from framework.api.bodies import read_body
from framework.api.calls import Call, describe
from framework.api.documents.webhooks import Delivery, NewWebhook, Webhook
from framework.api.hook_bodies import WebhookBody, WebhookChanges
from framework.groups.access import group_for
from framework.projects.core.access import project_for
from framework.projects.core.groups import OWNER
from framework.webhooks import operations
from framework.webhooks.operations import WebhookText
from framework.webhooks.places import Place
from framework.webhooks.standing import ROLE

project_webhooks = Blueprint("webhooks", __name__, url_prefix="/projects/<owner>/<project>/webhooks")
group_webhooks = Blueprint("group_webhooks", __name__, url_prefix="/groups/<group>/webhooks")

LIST = Call({200: [Webhook]}, needs="admin")
SET = Call({201: NewWebhook}, needs="admin", body=WebhookBody, refusals=(409, 429))
SHOW = Call({200: Webhook}, needs="admin")
CHANGE = Call({200: Webhook}, needs="admin", body=WebhookChanges)
DELETE = Call({204: None}, needs="admin")
DELIVERIES = Call({200: [Delivery]}, needs="admin")
TEST = Call({202: Delivery}, needs="admin", refusals=(429,))
REDELIVER = Call({202: Delivery}, needs="admin", refusals=(409, 429))


@project_webhooks.get("")
@describe(LIST)
def list_webhooks(owner: str, project: str) -> Response:
    """The webhooks of a project; for maintainers, as all of these."""
    return _list(_find_project(owner, project)[1])


@project_webhooks.post("")
@describe(SET)
def set_webhook(owner: str, project: str) -> Response:
    """Set a webhook, to which a `ping` is sent at once; the secret is never told again."""
    return _set(*_find_project(owner, project))


@project_webhooks.get("/<int:webhook_id>")
@describe(SHOW)
def show_webhook(owner: str, project: str, webhook_id: int) -> Response:
    """One webhook."""
    return answer(Webhook.of(operations.read_webhook(_find_project(owner, project)[1], webhook_id)))


@project_webhooks.patch("/<int:webhook_id>")
@describe(CHANGE)
def change_webhook(owner: str, project: str, webhook_id: int) -> Response:
    """Change what is given; a webhook that waits for somebody to save it goes on."""
    return _change(*_find_project(owner, project), webhook_id)


@project_webhooks.delete("/<int:webhook_id>")
@describe(DELETE)
def delete_webhook(owner: str, project: str, webhook_id: int) -> Response:
    """Delete a webhook, and what was sent to it."""
    operations.delete_webhook(*_find_project(owner, project), webhook_id)
    return no_content()


@project_webhooks.get("/<int:webhook_id>/deliveries")
@describe(DELIVERIES)
def list_deliveries(owner: str, project: str, webhook_id: int) -> Response:
    """What was sent last, the newest first."""
    return _list_deliveries(_find_project(owner, project)[1], webhook_id)


@project_webhooks.post("/<int:webhook_id>/deliveries/<delivery_id>/redeliver")
@describe(REDELIVER)
def redeliver(owner: str, project: str, webhook_id: int, delivery_id: str) -> Response:
    """Send something once more, with the same id and body; 409 while it is on its way."""
    return _redeliver(*_find_project(owner, project), webhook_id, delivery_id)


@project_webhooks.post("/<int:webhook_id>/test")
@describe(TEST)
def test_webhook(owner: str, project: str, webhook_id: int) -> Response:
    """Send a `ping`, also to a webhook that is off."""
    return answer(Delivery.of(operations.send_test(*_find_project(owner, project), webhook_id)), 202)


@group_webhooks.get("")
@describe(LIST)
def list_group_webhooks(group: str) -> Response:
    """The webhooks for all projects of a group; for its owners, as all of these."""
    return _list(_find_group(group)[1])


@group_webhooks.post("")
@describe(SET)
def set_group_webhook(group: str) -> Response:
    """Set a webhook for all projects of a group, those to come included, to which a `ping` is sent at once."""
    return _set(*_find_group(group))


@group_webhooks.get("/<int:webhook_id>")
@describe(SHOW)
def show_group_webhook(group: str, webhook_id: int) -> Response:
    """One webhook."""
    return answer(Webhook.of(operations.read_webhook(_find_group(group)[1], webhook_id)))


@group_webhooks.patch("/<int:webhook_id>")
@describe(CHANGE)
def change_group_webhook(group: str, webhook_id: int) -> Response:
    """Change what is given."""
    return _change(*_find_group(group), webhook_id)


@group_webhooks.delete("/<int:webhook_id>")
@describe(DELETE)
def delete_group_webhook(group: str, webhook_id: int) -> Response:
    """Delete a webhook, and what was sent to it."""
    operations.delete_webhook(*_find_group(group), webhook_id)
    return no_content()


@group_webhooks.get("/<int:webhook_id>/deliveries")
@describe(DELIVERIES)
def list_group_deliveries(group: str, webhook_id: int) -> Response:
    """What was sent last, the newest first."""
    return _list_deliveries(_find_group(group)[1], webhook_id)


@group_webhooks.post("/<int:webhook_id>/deliveries/<delivery_id>/redeliver")
@describe(REDELIVER)
def redeliver_to_group(group: str, webhook_id: int, delivery_id: str) -> Response:
    """Send something once more, with the same id and body; 409 while it is on its way."""
    return _redeliver(*_find_group(group), webhook_id, delivery_id)


@group_webhooks.post("/<int:webhook_id>/test")
@describe(TEST)
def test_group_webhook(group: str, webhook_id: int) -> Response:
    """Send a `ping`, also to a webhook that is off."""
    return answer(Delivery.of(operations.send_test(*_find_group(group), webhook_id)), 202)


def _find_project(owner: str, project: str) -> tuple[Account, Place]:
    account = callers.administrator()
    return account, Place(project=project_for(account, owner, project, ROLE))


def _find_group(name: str) -> tuple[Account, Place]:
    account = callers.administrator()
    return account, Place(group=group_for(account, name, OWNER))


def _list(place: Place) -> Response:
    return answer([Webhook.of(hook) for hook in operations.list_webhooks(place)])


def _set(account: Account, place: Place) -> Response:
    told: dict[str, Any] = read_body(WebhookBody).model_dump()
    number, secret = operations.create_webhook(account, place, WebhookText(**told))
    kind = "projects" if place.project else "groups"
    location = f"/api/v1/{kind}{place.path.replace('/settings/', '/')}/{number}"
    made = NewWebhook.with_secret(operations.read_webhook(place, number), secret)
    return answer(made, 201, headers={LOCATION: location})


def _change(account: Account, place: Place, webhook_id: int) -> Response:
    told: dict[str, Any] = read_body(WebhookChanges).model_dump()
    operations.change_webhook(account, place, webhook_id, WebhookText(**told))
    return answer(Webhook.of(operations.read_webhook(place, webhook_id)))


def _list_deliveries(place: Place, webhook_id: int) -> Response:
    return answer([Delivery.of(row) for row in operations.list_deliveries(place, webhook_id)])


def _redeliver(account: Account, place: Place, webhook_id: int, delivery_id: str) -> Response:
    return answer(Delivery.of(operations.redeliver(account, place, webhook_id, delivery_id)), 202)
