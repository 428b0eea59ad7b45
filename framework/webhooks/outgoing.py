"""Events for webhooks: deliveries are written in the transaction of what happened, so that none is lost or untrue."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from framework.celery.outbox import enqueue
from framework.projects.models import Project
from framework.repositories import object_keys
from framework.repositories.catalog.changes import Change
from framework.repositories.models import Repository
from framework.repositories.write.follow_up import Follower
from framework.webhooks.models import Delivery, Webhook

PUSH, HAND_IN, STATUS, PING = "push", "hand_in", "status", "ping"
EVENTS = (PUSH, HAND_IN, STATUS)
"""What can be chosen, in the order in which pages list it."""
TOLD_REFS = 10
"""Of a version that moves more branches and tags, the first are told."""
MOST_WAITING, MOST_OF_ONE = 1000, 100
"""So many deliveries wait for a webhook, and of these for a group's so many of one of its projects."""
TASK = "framework.webhooks.tasks.deliver"


def covers_project() -> ColumnElement[bool]:
    """Whether a webhook is the project's, or its group's; the project belongs to whom it did when it was set."""
    its_own = or_(Webhook.project_id == Project.id, Webhook.project_id.is_(None))
    return (Webhook.owner_id == Project.owner_id) & its_own


def queue_event(session: Session, project_id: int, event: str, *told: Mapping[str, Any]) -> None:
    """Have each of these facts sent to the webhooks that want the event, once the transaction is committed.

    One for which many deliveries wait is told nothing more until some have ended. That of a group hears of its other
    projects still, so that what one participant does in their copy cannot hide what others hand in.
    """
    waiting = select(func.count()).where(Delivery.webhook_id == Webhook.id, Delivery.state == "waiting")
    counts = waiting.scalar_subquery(), waiting.where(Delivery.project_id == project_id).scalar_subquery()
    query = select(Webhook.id, Webhook.events, Webhook.project_id, *counts).join(Project, covers_project())
    for row in session.execute(query.where(Project.id == project_id, Webhook.active)).all():
        webhook_id, events, of_project, count, of_this = row
        is_full = count >= MOST_WAITING or (of_project is None and of_this >= MOST_OF_ONE)
        if event in events.split() and not is_full:
            for facts in told:
                queue_delivery(session, webhook_id, event, facts, project_id=project_id)


def queue_delivery(
    session: Session, webhook_id: int, event: str, facts: Mapping[str, Any], *, project_id: int | None
) -> Delivery:
    """Have this sent to one webhook, once the transaction is committed."""
    row = Delivery(
        id=object_keys.new_id(), webhook_id=webhook_id, project_id=project_id, event=event, facts=dict(facts)
    )
    session.add(row)
    session.flush()
    enqueue(session, TASK, row.id)
    return row


def _is_watched(repository_id: str) -> ColumnElement[bool]:
    watched = select(Webhook.id).join(Project, covers_project())
    return exists(watched.where(Project.repository_id == repository_id, Webhook.active).correlate(None))


def _tell_version(session: Session, repository: Repository, change: Change) -> None:
    project_id = session.scalars(select(Project.id).where(Project.repository_id == repository.id)).one()
    told = [{"ref": ref.name, "before": ref.old, "after": ref.new, "actor": change.actor} for ref in change.updates]
    queue_event(session, project_id, PUSH, *told[:TOLD_REFS])


VERSIONS = Follower(_is_watched, _tell_version)
"""What tells webhooks of versions, by whichever way they came."""
