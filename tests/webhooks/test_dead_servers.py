"""Webhooks that lead nowhere: few looks at what waits, no more rows than others, and what is said of them."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from framework import config
from framework.accounts.core.account import Account
from framework.accounts.lifecycle.administration import suspend
from framework.database.session import transaction
from framework.database.types import now
from framework.projects.core.access import ProjectAccess
from framework.webhooks.delivering import KEPT
from framework.webhooks.models import Webhook
from framework.webhooks.operations import WebhookText, create_webhook
from framework.webhooks.outgoing import queue_delivery
from framework.webhooks.places import Place
from tests.uploads.conftest import store_files
from tests.webhooks.conftest import Receiver, deliver_due, deliveries, pass_time


def test_what_waits_for_a_dead_server_is_looked_at_rarely_however_short_its_pauses_are(
    alice: Account, secret: ProjectAccess, to_private_networks: None
) -> None:
    create_webhook(alice, Place(secret), WebhookText("http://127.0.0.1:1025/closed"))
    deliver_due()
    store_files(secret, alice, {"a.txt": b"1"})
    looks, minutes = 0, 0
    while deliveries()[-1].state == "waiting":
        with transaction() as session:
            session.scalars(select(Webhook)).one().paused_until = now() + timedelta(minutes=1)
        looks, minutes = looks + len(deliver_due()), minutes + 10
        pass_time(minutes=10)
    assert (deliveries()[-1].state, deliveries()[-1].attempts) == ("failed", 0)
    assert looks < 40 < minutes / 10


def test_deliveries_that_nobody_is_told_of_are_forgotten_like_others(
    alice: Account, secret: ProjectAccess, receiver: Receiver
) -> None:
    number, _secret = create_webhook(alice, Place(secret), WebhookText(receiver.url))
    suspend("alice")
    with transaction() as session:
        for _each in range(KEPT + 3):
            queue_delivery(session, number, "ping", {}, project_id=secret.id)
    assert set(deliver_due()) == {"dropped"}
    assert len(deliveries()) == KEPT


def test_an_address_that_is_allowed_no_longer_is_named_in_one_sentence(
    alice: Account, secret: ProjectAccess, receiver: Receiver
) -> None:
    create_webhook(alice, Place(secret), WebhookText(receiver.url))
    config.use(replace(config.current(), webhooks_to_private_networks=False))
    assert deliver_due() == ["failed"]
    assert deliveries()[0].problem == "127.0.0.1 is not on the public internet"  # pages and mails end it with a stop
    assert receiver.received == []
