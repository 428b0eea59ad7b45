"""Webhooks set, changed, tried and deleted, by maintainers of a project or owners of a group."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from framework.accounts.core.account import Account, name_person
from framework.accounts.core.budgets import spend
from framework.accounts.core.ways_in.sealing import Unreadable, current_key_name, seal, unseal
from framework.accounts.lifecycle.signup import require_confirmed
from framework.accounts.models import User
from framework.audit import log as audit
from framework.celery.outbox import enqueue
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.errors import Conflict, Invalid, NotFound
from framework.webhooks.delivering import KEPT, WAITING
from framework.webhooks.models import Delivery, Webhook
from framework.webhooks.outgoing import EVENTS, PING, TASK, queue_delivery
from framework.webhooks.places import Place
from framework.webhooks.sending import check_address
from framework.webhooks.standing import why_waiting

MOST_WEBHOOKS = 20
LEAST_SECRET, LONGEST_SECRET = 16, 200


class WebhookAbsent(NotFound):
    """There is no such webhook, or delivery of it."""

    def __init__(self) -> None:
        super().__init__("There is no such webhook; somebody may have deleted it.")


class TooManyWebhooks(Conflict):
    """As many webhooks are set as may be."""

    def __init__(self) -> None:
        super().__init__(f"There can be {MOST_WEBHOOKS} webhooks. Delete one that is not used any more.")


class InvalidWebhook(Invalid):
    """The events or the secret break a rule; `field` says which."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class StillWaiting(Conflict):
    """A delivery is on its way already."""

    def __init__(self) -> None:
        super().__init__("This delivery is on its way. Look again in a moment.")


@dataclass(frozen=True)
class WebhookText:
    """What somebody sets; what is None stays, and a new webhook's secret is made up then."""

    url: str | None = None
    events: Collection[str] | None = None
    secret: str | None = field(default=None, repr=False)
    active: bool | None = None


@dataclass(frozen=True)
class ReadWebhook:
    """A webhook without its secret; `waits_because` says why it waits for somebody to save it, and is empty else.

    `maker` is what people call who set it.
    """

    id: int
    url: str
    events: Sequence[str]
    active: bool
    waits_because: str
    made_by: str | None
    created_at: datetime
    failing_since: datetime | None
    switched_off_at: datetime | None
    maker: str | None


def create_webhook(account: Account, place: Place, told: WebhookText) -> tuple[int, str]:
    """A new webhook, which is told at once that it is there; its number, and its secret, which is never told again.

    Raises:
        BadAddress, InvalidWebhook, TooManyWebhooks, AddressUnconfirmed, and what `Place.recheck` raises.
    """
    url = _check(told)
    if url is None:
        raise InvalidWebhook("url", "Enter an address.")
    secret = told.secret or secrets.token_hex(32)
    with transaction() as session:
        owner_id = _recheck_reachable(session, account, place)
        if (session.scalar(select(func.count()).select_from(Webhook).where(place.condition)) or 0) >= MOST_WEBHOOKS:
            raise TooManyWebhooks
        spend(session, [f"webhook-test:{account.id}"])
        row = Webhook(owner_id=owner_id, project_id=place.project.id if place.project else None, made_by_id=account.id)
        _write(row, url, told, secret)
        session.add(row)
        session.flush()
        _queue_ping(session, row)
        _tell_audit(session, "webhook_added", account, place, row)
    return row.id, secret


def change_webhook(account: Account, place: Place, webhook_id: int, told: WebhookText) -> None:
    """Other values; it is the caller's from then on, and goes on if it waited or was switched off.

    Raises:
        BadAddress, InvalidWebhook, WebhookAbsent, AddressUnconfirmed, and what `Place.recheck` raises.
    """
    url = _check(told)
    with transaction() as session:
        owner_id = _recheck_reachable(session, account, place)
        row = _find(session, place, webhook_id)
        row.owner_id, row.made_by_id, row.failing_since, row.paused_until = owner_id, account.id, None, None
        _write(row, url, told, told.secret)
        _tell_audit(session, "webhook_changed", account, place, row)


def delete_webhook(account: Account, place: Place, webhook_id: int) -> None:
    """Delete a webhook, and what was sent to it.

    Raises:
        WebhookAbsent, and what `Place.recheck` raises.
    """
    with transaction() as session:
        place.recheck(session, account)
        row = _find(session, place, webhook_id)
        _tell_audit(session, "webhook_removed", account, place, row)
        session.delete(row)


def list_webhooks(place: Place) -> list[ReadWebhook]:
    """All webhooks, the oldest first."""
    with read_transaction() as session:
        rows = session.scalars(select(Webhook).where(place.condition).order_by(Webhook.id)).all()
        return [_read(session, row) for row in rows]


def read_webhook(place: Place, webhook_id: int) -> ReadWebhook:
    """One webhook.

    Raises:
        WebhookAbsent.
    """
    with read_transaction() as session:
        return _read(session, _find(session, place, webhook_id))


def list_deliveries(place: Place, webhook_id: int) -> Sequence[Delivery]:
    """What was sent to a webhook last, or waits, the newest first.

    Raises:
        WebhookAbsent.
    """
    with read_transaction() as session:
        row = _find(session, place, webhook_id)
        theirs = select(Delivery).where(Delivery.webhook_id == row.id)
        return session.scalars(theirs.order_by(Delivery.created_at.desc(), Delivery.id).limit(KEPT)).all()


def send_test(account: Account, place: Place, webhook_id: int) -> Delivery:
    """Send a webhook that is for nothing but to see whether it arrives, also to one that is off.

    Raises:
        WebhookAbsent, BudgetSpent, and what `Place.recheck` raises.
    """
    with transaction() as session:
        place.recheck(session, account)
        row = _find(session, place, webhook_id)
        spend(session, [f"webhook-test:{account.id}"])
        return _queue_ping(session, row)


def redeliver(account: Account, place: Place, webhook_id: int, delivery_id: str) -> Delivery:
    """Send a delivery once more, with the same id and body.

    Raises:
        WebhookAbsent, StillWaiting, BudgetSpent, and what `Place.recheck` raises.
    """
    with transaction() as session:
        place.recheck(session, account)
        hook = _find(session, place, webhook_id)
        row = session.get(Delivery, delivery_id, with_for_update=True)
        if row is None or row.webhook_id != hook.id:
            raise WebhookAbsent
        if row.state == WAITING:
            raise StillWaiting
        spend(session, [f"webhook-test:{account.id}"])
        hook.paused_until = None
        row.state, row.attempts, row.queued_at = WAITING, 0, now()
        enqueue(session, TASK, row.id)
        return row


def seal_anew(most: int = 500) -> int:
    """Seal secrets with the newest key that an earlier one has sealed, so that it can be forgotten; how many."""
    count, last = 0, 0
    while True:
        with transaction() as session:
            old = (Webhook.key_name != current_key_name(), Webhook.id > last)
            rows = session.scalars(select(Webhook).where(*old).order_by(Webhook.id).limit(most)).all()
            count += sum(_seal_again(row) for row in rows)
        if len(rows) < most:
            return count
        last = rows[-1].id


def _seal_again(row: Webhook) -> bool:
    try:
        secret = unseal(row.sealed)
    except Unreadable:
        return False
    row.sealed, row.key_name = seal(secret), current_key_name()
    return True


def _recheck_reachable(session: Session, account: Account, place: Place) -> int:
    """The same as `Place.recheck`, for somebody who has confirmed an address, where mail can confirm it.

    Who has other people's servers sent something can be found, and is told when it fails.
    """
    owner_id = place.recheck(session, account)
    require_confirmed(session, account.id)
    return owner_id


def _check(told: WebhookText) -> str | None:
    """Refuse what breaks a rule; the address without blanks around it."""
    url = told.url.strip() if told.url is not None else None
    if url is not None:
        check_address(url)
    if told.events is not None and (not told.events or not set(told.events) <= set(EVENTS)):
        raise InvalidWebhook("events", f"Choose at least one of {', '.join(EVENTS)}.")
    if told.secret is not None and not (
        LEAST_SECRET <= len(told.secret) <= LONGEST_SECRET and told.secret.isascii() and told.secret.isprintable()
    ):
        raise InvalidWebhook("secret", f"A secret has {LEAST_SECRET} to {LONGEST_SECRET} letters, digits and signs.")
    return url


def _write(row: Webhook, url: str | None, told: WebhookText, secret: str | None) -> None:
    if url is not None:
        row.url = url
    if told.events is not None or row.events is None:
        wanted = told.events if told.events is not None else EVENTS[:1]
        row.events = " ".join(event for event in EVENTS if event in wanted)
    if secret is not None:
        row.sealed, row.key_name = seal(secret), current_key_name()
    if told.active is not None or row.active is None:
        row.active = told.active is not False
    if row.active:
        row.switched_off_at = None


def _read(session: Session, row: Webhook) -> ReadWebhook:
    maker = session.get(User, row.made_by_id) if row.made_by_id else None
    moments = row.created_at, row.failing_since, row.switched_off_at
    waits, made_by = why_waiting(session, row), maker.name if maker else None
    called = name_person(maker.name, maker.full_name) if maker else None
    return ReadWebhook(row.id, row.url, row.events.split(), row.active, waits, made_by, *moments, called)


def _find(session: Session, place: Place, webhook_id: int) -> Webhook:
    row = session.scalars(select(Webhook).where(place.condition, Webhook.id == webhook_id)).one_or_none()
    if row is None:
        raise WebhookAbsent
    return row


def _queue_ping(session: Session, row: Webhook) -> Delivery:
    row.paused_until = None
    return queue_delivery(session, row.id, PING, {}, project_id=row.project_id)


def _tell_audit(session: Session, kind: str, account: Account, place: Place, row: Webhook) -> None:
    """The address without its query, which may hold a secret."""
    url = row.url.partition("?")[0]
    if place.project:
        project = audit.ToldProject(place.project.id, place.project.full_name)
        audit.record(session, kind, actor=account, project=project, url=url)
    elif place.group:
        audit.record(session, kind, actor=account, person=place.group, group=place.group, url=url)
