"""Webhooks: what is sent, signed and repeated, to whom, and what a version without any costs."""

import hashlib
import hmac
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from framework import config
from framework.accounts.core import budgets
from framework.accounts.core.account import Account
from framework.accounts.lifecycle.administration import suspend
from framework.celery.models import OutboxRow
from framework.database.session import read_transaction, transaction
from framework.groups.access import group_for
from framework.groups.operations import create_group
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.lifecycle.operations import create_project, trash_project
from framework.projects.lifecycle.transfers import accept_offer, offer_project
from framework.projects.members.people import add_person
from framework.projects.members.roles import remove_person
from framework.statuses.operations import StatusText, set_status
from framework.webhooks import operations, outgoing
from framework.webhooks.delivering import DELAYS, KEPT, deliver
from framework.webhooks.operations import StillWaiting, TooManyWebhooks, WebhookText, create_webhook, redeliver
from framework.webhooks.outgoing import TASK, queue_delivery
from framework.webhooks.places import Place
from tests.cast import on_each_deployment, posted_texts
from tests.statements import noted_statements
from tests.uploads.conftest import store_files
from tests.webhooks.conftest import Receiver, deliver_due, deliveries, only_hook, pass_time

SECRET = "a secret that is long enough"


def add_hook(alice: Account, place: Place, url: str, *events: str) -> int:
    """A webhook of this place, after its first ping."""
    told = WebhookText(url, events or ("push",), SECRET, active=True)
    number, secret = create_webhook(alice, place, told)
    assert secret == SECRET
    return number


@on_each_deployment
def test_a_version_is_sent_signed_with_its_commits(alice: Account, secret: ProjectAccess, receiver: Receiver) -> None:
    first = store_files(secret, alice, {"a.txt": b"1"}, message="First")
    add_hook(alice, Place(secret), receiver.url)
    second = store_files(secret, alice, {"a.txt": b"2"}, message="Second\n\nwith more")
    assert deliver_due() == ["delivered", "delivered"]
    assert receiver.events() == ["ping", "push"]
    got = receiver.received[-1]
    digest = hmac.new(SECRET.encode(), got.body, hashlib.sha256).hexdigest()
    assert (got.path, got.headers["X-Holdfast-Signature-256"]) == ("/hooks?key=1", f"sha256={digest}")
    told = got.json
    assert (told["ref"], told["before"], told["after"], told["pusher"]) == (
        "refs/heads/main",
        first,
        second,
        {"name": "alice"},
    )
    assert [(one["id"], one["message"]) for one in told["commits"]] == [(second, "Second\n\nwith more")]
    assert (told["repository"]["full_name"], told["repository"]["private"]) == ("alice/secret", True)
    row = deliveries()[-1]
    assert (row.id, row.status, row.answer) == (got.headers["X-Holdfast-Delivery"], 200, "thanks")


def test_a_version_costs_no_statement_more_without_a_webhook(alice: Account, secret: ProjectAccess) -> None:
    def count() -> int:
        with noted_statements() as statements:
            store_files(secret, alice, {"a.txt": str(count_up()).encode()})
        assert not any("FROM webhooks" in one and "FROM packs" not in one for one in statements)
        assert any("webhooks" in one for one in statements)
        return len(statements)

    numbers = iter(range(9))

    def count_up() -> int:
        return next(numbers)

    store_files(secret, alice, {"a.txt": b"first"})
    before = count()
    add_hook(alice, Place(create_project(alice, name="other", description="", visibility="private")), "https://8.8.8.8")
    assert count() == before


def test_a_refused_version_is_not_sent(alice: Account, secret: ProjectAccess, receiver: Receiver) -> None:
    add_hook(alice, Place(secret), receiver.url)
    deliver_due()
    trash_project(alice, secret)
    with pytest.raises(Exception, match="no such project"):
        store_files(secret, alice, {"a.txt": b"1"})
    assert len(deliveries()) == 1


def test_a_failed_delivery_is_tried_again_with_the_same_id_and_body(
    alice: Account, secret: ProjectAccess, receiver: Receiver
) -> None:
    add_hook(alice, Place(secret), receiver.url)
    deliver_due()
    receiver.statuses = [500, 302]
    store_files(secret, alice, {"a.txt": b"1"})
    assert deliver_due() == ["waiting"]
    assert deliver_due() == [], "not before a minute has passed"
    pass_time(minutes=1)
    assert deliver_due() == ["waiting"], "no redirect is followed"
    pass_time(minutes=5)
    assert deliver_due() == ["delivered"]
    tries = receiver.received[1:]
    assert len(tries) == 3
    assert len({(one.headers["X-Holdfast-Delivery"], one.body) for one in tries}) == 1
    assert only_hook().failing_since is None


def _fail_for_a_day(alice: Account, secret: ProjectAccess, content: bytes) -> None:
    """Something happens, and is tried until it is given up."""
    store_files(secret, alice, {"a.txt": content})
    for delay in (*DELAYS, *[DELAYS[-1]] * 6):
        deliver_due()
        pass_time(minutes=delay.total_seconds() / 60)


def test_after_a_day_it_is_given_up_and_after_three_days_of_tries_the_webhook_is_off(
    alice: Account, secret: ProjectAccess, receiver: Receiver
) -> None:
    number = add_hook(alice, Place(secret), receiver.url)
    deliver_due()
    receiver.statuses = [500] * 100
    _fail_for_a_day(alice, secret, b"1")
    assert deliveries()[-1].state == "failed"
    pass_time(days=30)
    _fail_for_a_day(alice, secret, b"2")
    assert only_hook().active, "in the quiet month nothing has failed"
    _fail_for_a_day(alice, secret, b"3")
    assert not only_hook().active
    assert any("was switched off" in text and receiver.url.partition("?")[0] in text for text in posted_texts())
    store_files(secret, alice, {"a.txt": b"4"})
    assert len(deliveries()) == 4
    operations.change_webhook(alice, Place(secret), number, WebhookText(active=True))
    assert only_hook().switched_off_at is None


def test_a_server_that_does_not_answer_is_left_alone_meanwhile(
    alice: Account, secret: ProjectAccess, to_private_networks: None
) -> None:
    add_hook(alice, Place(secret), "http://127.0.0.1:1025/closed")
    assert deliver_due() == ["failed"]
    for number in range(3):
        store_files(secret, alice, {"a.txt": str(number).encode()})
    assert only_hook().paused_until
    assert deliver_due() == ["waiting"] * 3
    assert [row.attempts for row in deliveries()] == [1, 0, 0, 0]
    assert {row.state for row in deliveries()[1:]} == {"waiting"}


def test_a_webhook_of_a_group_hears_of_all_of_its_projects_and_of_no_other(alice: Account, receiver: Receiver) -> None:
    create_group(alice, name="lab")
    add_hook(alice, Place(group=group_for(alice, "lab")), receiver.url, "push", "status")
    inside = create_project(alice, name="inside", description="", visibility="private", owner="lab")
    outside = create_project(alice, name="outside", description="", visibility="private")
    sha = store_files(inside, alice, {"a.txt": b"1"})
    store_files(outside, alice, {"a.txt": b"1"})
    set_status(alice, inside, sha, StatusText("failure", "tests", "2 of 3"))
    assert set(deliver_due()) == {"delivered"}
    assert receiver.events() == ["ping", "push", "status"]
    told = receiver.received[-1].json
    assert (told["sha"], told["state"], told["context"]) == (sha, "failure", "tests")
    assert told["repository"]["full_name"] == "lab/inside"


def test_a_project_that_was_handed_over_is_told_no_more_until_its_new_owner_says_so(
    alice: Account, bob: Account, secret: ProjectAccess, receiver: Receiver
) -> None:
    number = add_hook(alice, Place(secret), receiver.url)
    store_files(secret, alice, {"a.txt": b"1"})
    accept_offer(bob, offer_project(alice, secret, to="bob").id)
    moved = project_for(bob, "bob", "secret")
    store_files(moved, bob, {"a.txt": b"2"})
    assert deliver_due() == ["dropped", "dropped"], "not what waited either"
    assert receiver.received == []
    assert "another owner" in operations.read_webhook(Place(moved), number).waits_because
    operations.change_webhook(bob, Place(moved), number, WebhookText(active=True))
    store_files(moved, bob, {"a.txt": b"3"})
    assert deliver_due() == ["delivered"]


def test_whoever_set_it_and_may_no_more_is_told_nothing(
    alice: Account, bob: Account, secret: ProjectAccess, receiver: Receiver
) -> None:
    add_person(alice, secret, person="bob", role="maintainer")
    number = add_hook(bob, Place(project_for(bob, "alice", "secret")), receiver.url)
    assert deliver_due() == ["delivered"]
    store_files(secret, alice, {"a.txt": b"1"})
    remove_person(alice, secret, person_id=bob.id)
    assert deliver_due() == ["dropped"]
    assert receiver.events() == ["ping"]
    operations.change_webhook(alice, Place(secret), number, WebhookText(active=True))
    store_files(secret, alice, {"a.txt": b"2"})
    assert deliver_due() == ["delivered"]


def test_no_more_than_so_many_wait(
    alice: Account, secret: ProjectAccess, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "MOST_WAITING", 2)
    add_hook(alice, Place(secret), receiver.url)
    for number in range(3):
        store_files(secret, alice, {"a.txt": str(number).encode()})
    assert len(deliveries()) == 2
    pass_time(days=3)
    assert deliver_due() == ["failed", "failed"], "and for two days at most"
    assert receiver.received == []


def test_one_project_of_a_group_leaves_room_for_the_others(
    alice: Account, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "MOST_OF_ONE", 2)
    monkeypatch.setitem(budgets.LIMITS, "webhook-project", budgets.Limit(1, timedelta(hours=1), "deliveries"))
    create_group(alice, name="lab")
    add_hook(alice, Place(group=group_for(alice, "lab")), receiver.url)
    loud, calm = (create_project(alice, name=name, description="", visibility="private", owner="lab") for name in "ab")
    for number in range(3):
        store_files(loud, alice, {"a.txt": str(number).encode()})
    store_files(calm, alice, {"a.txt": b"1"})
    assert deliver_due() == ["delivered", "delivered", "waiting", "delivered"], "of the loud one two, and one an hour"
    assert receiver.received[-1].json["repository"]["full_name"] == "lab/b"


def test_nobody_is_told_of_a_suspended_owners_project(
    alice: Account, secret: ProjectAccess, receiver: Receiver
) -> None:
    add_hook(alice, Place(secret), receiver.url)
    suspend("alice")
    assert deliver_due() == ["dropped"]
    assert deliveries()[0].problem == "The owner is suspended"


def test_a_delivery_is_sent_again_by_hand_and_not_twice_at_once(
    alice: Account, secret: ProjectAccess, receiver: Receiver
) -> None:
    number = add_hook(alice, Place(secret), receiver.url)
    (row,) = deliveries()
    with pytest.raises(StillWaiting):
        redeliver(alice, Place(secret), number, row.id)
    deliver_due()
    redeliver(alice, Place(secret), number, row.id)
    assert deliver_due() == ["delivered"]
    assert [one.headers["X-Holdfast-Delivery"] for one in receiver.received] == [row.id] * 2
    assert deliver(row.id) == "delivered", "a message that comes twice"
    assert len(receiver.received) == 2


def test_the_newest_deliveries_are_kept(alice: Account, secret: ProjectAccess, receiver: Receiver) -> None:
    number = add_hook(alice, Place(secret), receiver.url)
    deliver_due()
    first = deliveries()[0]
    with transaction() as session:
        for _each in range(KEPT):
            queue_delivery(session, number, "ping", {}, project_id=secret.id)
    deliver_due()
    assert len(operations.list_deliveries(Place(secret), number)) == KEPT
    assert first.id not in {row.id for row in deliveries()}


def test_an_owner_has_so_many_webhooks(alice: Account, secret: ProjectAccess) -> None:
    for number in range(operations.MOST_WEBHOOKS):
        add_hook(alice, Place(secret), f"https://8.8.8.8/{number}")
    with pytest.raises(TooManyWebhooks):
        add_hook(alice, Place(secret), "https://8.8.8.8/more")


def test_the_hour_s_deliveries_end_and_the_rest_waits(
    alice: Account, secret: ProjectAccess, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(budgets.LIMITS, "webhook", budgets.Limit(1, timedelta(hours=1), "deliveries"))
    add_hook(alice, Place(secret), receiver.url)
    store_files(secret, alice, {"a.txt": b"1"})
    assert deliver_due() == ["delivered", "waiting"]
    assert deliver_due() == []
    with read_transaction() as session:
        assert len(session.scalars(select(OutboxRow).where(OutboxRow.task == TASK)).all()) == 1


def test_secrets_follow_the_key(app: Flask, alice: Account, secret: ProjectAccess, receiver: Receiver) -> None:
    add_hook(alice, Place(secret), receiver.url)
    old = config.current().secret_key
    config.use(replace(config.current(), secret_key="k" * 40, secret_key_fallbacks=(old,)))
    assert operations.seal_anew() == 1
    assert operations.seal_anew() == 0
    config.use(replace(config.current(), secret_key_fallbacks=()))
    assert deliver_due() == ["delivered"]
