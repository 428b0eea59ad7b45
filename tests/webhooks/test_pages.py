"""The pages and calls of webhooks: set, changed, tried and deleted, and a secret that is told once."""

import re

from flask import Flask
from sqlalchemy import select

from framework.accounts.core.account import Account
from framework.audit.models import AuditEntry
from framework.database.session import read_transaction
from framework.groups.operations import create_group
from framework.projects.core.access import ProjectAccess
from framework.projects.members.people import add_person
from tests.api.program import Program
from tests.cast import SignIn
from tests.uploads.conftest import store_files
from tests.webhooks.conftest import Receiver, deliver_due, deliveries, only_hook

PAGE = "/alice/secret/settings/webhooks"


def test_a_webhook_is_set_looked_at_and_deleted(
    alice: Account, secret: ProjectAccess, signed_in: SignIn, receiver: Receiver
) -> None:
    browser = signed_in(alice)
    assert "No webhooks yet" in browser.get(PAGE).text
    made = browser.submit(PAGE, url=receiver.url, push="y", active="y")
    found = re.search(r'value="([0-9a-f]{64})"', made.text)
    assert found, made.text
    shown = browser.get(f"{PAGE}/{only_hook().id}").text
    assert found[1] not in shown
    assert deliver_due() == ["delivered"]
    receiver.statuses, receiver.answer = [500], b"<b>broken</b>"
    store_files(secret, alice, {"a.txt": b"1"})
    deliver_due()
    place = f"{PAGE}/{only_hook().id}"
    shown = browser.get(place).text
    assert "&lt;b&gt;broken&lt;/b&gt;" in shown
    assert "refs/heads/main" in shown
    ping = deliveries()[0]
    again = browser.submit(place, to=f"{place}/deliveries/{ping.id}/redeliver")
    assert again.status_code == 302
    assert browser.submit(place, to=f"{place}/test").status_code == 302
    assert deliver_due() == ["delivered", "delivered"]
    assert browser.submit(place, url=receiver.url, statuses="y").status_code == 302
    assert (only_hook().events, only_hook().active) == ("status", False)
    assert browser.submit(place, to=f"{place}/delete").status_code == 302
    assert "No webhooks yet" in browser.get(PAGE).text
    with read_transaction() as session:
        kinds = session.scalars(select(AuditEntry.kind).where(AuditEntry.kind.startswith("webhook"))).all()
        urls = [row.details["url"] for row in session.scalars(select(AuditEntry)) if "url" in row.details]
    assert sorted(kinds) == ["webhook_added", "webhook_changed", "webhook_removed"]
    assert not any("key=1" in url for url in urls), "a query may hold a secret"


def test_what_is_wrong_is_said_beside_the_field(alice: Account, secret: ProjectAccess, signed_in: SignIn) -> None:
    browser = signed_in(alice)
    for wrong in ({"url": "http://127.0.0.1/"}, {"url": "ftp://example.org"}, {"push": ""}, {"secret": "short"}):
        fields = {"url": "https://8.8.8.8/", "push": "y", "active": "y"} | wrong
        refused = browser.submit(PAGE, **fields)
        assert refused.status_code == 400
        assert 'class="field-error' in refused.text or "is-error" in refused.text or "-error" in refused.text


def test_programs_set_and_try_them(
    app: Flask, alice: Account, bob: Account, secret: ProjectAccess, receiver: Receiver
) -> None:
    program, calls = Program.of(app, alice), "/projects/alice/secret/webhooks"
    made = program.post(calls, {"url": receiver.url})
    assert made.status_code == 201
    assert made.headers["Location"].endswith(f"{calls}/{made.json['id']}")
    told = {name: value for name, value in made.json.items() if name != "secret"}
    one = f"{calls}/{made.json['id']}"
    assert program.get(calls).json == [told] == [program.get(one).json]
    assert program.post(f"{one}/test", {}).status_code == 202
    deliver_due()
    deliveries = program.get(f"{one}/deliveries").json
    assert [row["state"] for row in deliveries] == ["delivered"] * 2
    again = f"{one}/deliveries/{deliveries[0]['id']}/redeliver"
    sent = program.post(again, {})
    assert (sent.status_code, sent.json["id"], sent.json["state"]) == (202, deliveries[0]["id"], "waiting")
    assert program.post(again, {}).status_code == 409
    deliver_due()
    ids = [one.headers["X-Holdfast-Delivery"] for one in receiver.received]
    assert ids[-1] in ids[:-1]
    assert program.post(f"{one}/deliveries/{'0' * 32}/redeliver", {}).status_code == 404
    changed = program.call("PATCH", one, json={"active": False})
    assert (changed.status_code, changed.json["active"], changed.json["events"]) == (200, False, ["push"])
    assert program.post(calls, {"url": "https://10.0.0.1.", "events": []}).status_code == 400
    assert Program.of(app, alice, "write").get(calls).status_code == 403
    add_person(alice, secret, person="bob", role="writer")
    assert Program.of(app, bob).get(calls).status_code == 403
    assert program.call("DELETE", one).status_code == 204
    assert program.get(one).status_code == 404


def test_owners_of_a_group_set_them_for_all_of_its_projects(
    app: Flask, alice: Account, bob: Account, signed_in: SignIn, receiver: Receiver
) -> None:
    create_group(alice, name="lab")
    program, calls = Program.of(app, alice), "/groups/lab/webhooks"
    made = program.post(calls, {"url": receiver.url, "events": ["push", "hand_in"]})
    assert made.json["events"] == ["push", "hand_in"]
    assert Program.of(app, bob).get(calls).status_code == 404
    browser = signed_in(alice)
    assert receiver.url in browser.get("/lab/settings/webhooks").text.replace("&amp;", "&")
    assert browser.get(f"/lab/settings/webhooks/{made.json['id']}").status_code == 200
    assert "/lab/settings/webhooks" in browser.get("/lab/settings").text
