"""`/settings/data`: what is stored about somebody, for them alone, and nothing secret in it."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from framework.accounts.core.account import Account
from framework.accounts.models import AuthenticatorApp, BrowserSession, Identity, Passkey, RecoveryCode
from framework.accounts.signin.reauthentication import HOLDS
from framework.accounts.signin.tokens import create_token
from framework.config import Config
from framework.database.session import read_transaction, transaction
from framework.database.types import Base, now
from framework.gitcore import git
from framework.groups.operations import create_group
from framework.groups.people import add_person as add_to_group
from framework.import_export import exports, personal
from framework.import_export.models import PersonalExport
from framework.import_export.personal import TASK
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.lifecycle.operations import create_project, update_project
from framework.projects.members.people import add_person
from framework.projects.members.roles import leave
from framework.projects.models import MailChoice
from framework.projects.notify.preferences import choose
from framework.statuses.operations import StatusText, set_status
from framework.storage.current import store
from framework.webhooks.operations import WebhookText, create_webhook
from framework.webhooks.places import Place
from tests.cast import PASSWORD, SignIn, Visitor, asked_for, new_account, on_each_deployment, posted_texts
from tests.profiles.images import new_picture
from tests.uploads.form import upload

PAGE = "/settings/data"


def ask(browser: Visitor) -> None:
    """Ask for the export, and do what the worker does."""
    assert browser.submit(PAGE, current_password=PASSWORD).status_code == 302
    account_id, work_id = asked_for(TASK)[-1]
    assert [personal.export(account_id, work_id) for _again in range(2)] == [True, True]


def opened(browser: Visitor) -> zipfile.ZipFile:
    """The ZIP file that is downloaded."""
    answer = browser.get(f"{PAGE}/download")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/zip")
    return zipfile.ZipFile(io.BytesIO(answer.data))


@on_each_deployment
def test_it_has_what_is_known_and_the_history_and_nothing_secret(
    alice: Account, bob: Account, website: ProjectAccess, secret: ProjectAccess, signed_in: SignIn, tmp_path: Path
) -> None:
    carol = new_account("carol", full_name="Carol Hidden")
    add_person(alice, website, person="carol@example.org", role="reader")
    add_person(alice, website, person="bob", role="writer")
    browser, token = signed_in(alice), create_token(alice.id, "laptop", ["read"])
    upload(browser, {"a.txt": b"1"}, page="/alice/website/upload/main", message="First")
    browser.submit("/settings/profile", about="Botanist", links="example.org")
    new_picture(alice)
    _number, key = create_webhook(alice, Place(website), WebhookText("https://8.8.8.8/hooks"))
    ask(browser)
    found = opened(browser)
    read = {name: json.loads(found.read(name)) for name in found.namelist() if name.endswith(".json")}
    assert read["account.json"]["email"] == alice.email
    assert read["account.json"]["profile"] == {"about": "Botanist", "links": ["https://example.org"]}
    assert found.read("picture.webp").startswith(b"RIFF")
    assert [each["name"] for each in read["sign-in.json"]["tokens"]] == ["laptop"]
    assert {"person_added", "data_exported"} <= {entry["kind"] for entry in read["audit.json"]}
    assert {each["name"]: each["history"] for each in read["projects.json"]} == {
        "secret": "projects/secret.bundle",
        "website": "projects/website.bundle",
    }
    assert b"http://localhost" in found.read("README.txt")
    everything = b"".join(found.read(name) for name in found.namelist() if not name.endswith(".bundle"))
    assert [each["url"] for each in read["webhooks.json"]["webhooks"]] == ["https://8.8.8.8/hooks"]
    for word in ("argon2", token, key, f'"{carol.name}"', carol.full_name):
        assert word.encode() not in everything, word
    found.extract("projects/website.bundle", tmp_path)
    bundle = tmp_path / "projects" / "website.bundle"
    git.run(tmp_path, "clone", "-q", str(bundle), str(tmp_path / "clone"))
    assert (tmp_path / "clone" / "a.txt").read_bytes() == b"1"
    assert sum("Your data is ready to download" in text for text in posted_texts()) == 1


def test_what_is_too_large_is_left_out_with_the_reason(
    alice: Account, website: ProjectAccess, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in(alice)
    upload(browser, {"a.txt": b"1"}, page="/alice/website/upload/main", message="First")
    monkeypatch.setattr(personal, "MOST_PROJECT_BYTES", 10)
    ask(browser)
    found = opened(browser)
    assert not [name for name in found.namelist() if name.endswith(".bundle")]
    [project] = json.loads(found.read("projects.json"))
    assert project["left_out"].endswith("Export it in its settings: http://localhost/alice/website/settings")


def test_it_is_for_its_person_only_and_asks_for_the_password(alice: Account, bob: Account, signed_in: SignIn) -> None:
    browser = signed_in(alice)
    assert browser.submit(PAGE).status_code == 403
    assert asked_for(TASK) == []
    ask(browser)
    assert signed_in(bob).get(f"{PAGE}/download").location == PAGE


def test_it_expires_with_its_object(alice: Account, signed_in: SignIn) -> None:
    browser = signed_in(alice)
    ask(browser)
    with transaction() as session:
        session.execute(update(PersonalExport).values(expires_at=now() - timedelta(seconds=1)))
    assert browser.get(f"{PAGE}/download").location == PAGE
    assert exports.forget_expired() == 1
    assert [found.key for found in store().list(exports.PLACE)] == []


def test_three_a_day(alice: Account, signed_in: SignIn) -> None:
    browser = signed_in(alice)
    answers = [browser.submit(PAGE, current_password=PASSWORD).status_code for _each in range(4)]
    assert answers == [302, 302, 302, 429]


def test_it_tells_nothing_new_of_a_project_that_its_person_has_left(
    alice: Account, bob: Account, secret: ProjectAccess, signed_in: SignIn
) -> None:
    add_person(alice, secret, person="bob", role="maintainer")
    browser, shared = signed_in(bob), project_for(bob, "alice", "secret")
    upload(browser, {"a.txt": b"1"}, page="/alice/secret/upload/main", message="First")
    create_webhook(bob, Place(shared), WebhookText("https://8.8.8.8/hooks"))
    set_status(bob, shared, "main", StatusText("success"))
    choose(bob.id, secret.id, "off")
    with read_transaction() as session:
        assert session.get(MailChoice, (bob.id, secret.id))
    leave(bob, shared)
    update_project(alice, project_for(alice, "alice", "secret"), name="renamed-since")
    ask(browser)
    found = opened(browser)
    acted = json.loads(found.read("activity.json"))
    assert {(row["owner"], row["project"], row["project_id"]) for row in acted} == {(None, None, secret.id)}
    assert json.loads(found.read("account.json"))["mail_choices"] == []
    told = json.loads(found.read("webhooks.json"))
    assert [(row["owner"], row["project_id"]) for row in (*told["webhooks"], *told["statuses"])] == [
        (None, secret.id)
    ] * 2
    assert not any(b"renamed-since" in found.read(name) for name in found.namelist())


def test_it_names_no_project_that_others_have_added_an_unconfirmed_person_to(
    alice: Account, secret: ProjectAccess, signed_in: SignIn, with_settings: Callable[..., Config]
) -> None:
    anna = new_account("anna", confirmed=False)
    add_person(alice, secret, person="anna", role="reader")
    add_to_group(alice, create_group(alice, name="laboratory"), person="anna", role="member")
    create_project(alice, name="notes", description="", visibility="private", owner="laboratory")
    browser = signed_in(anna)
    with_settings(smtp_url="smtp://mail.example")
    ask(browser)
    found = opened(browser)
    assert json.loads(found.read("memberships.json")) == {"projects": [], "groups": [], "invitations_sent": []}
    everything = b"".join(found.read(name) for name in found.namelist())
    assert [word for word in (b"alice/", b"laboratory", b"notes") if word in everything] == []
    with_settings(smtp_url=None)
    ask(browser)
    found = opened(browser)
    told = json.loads(found.read("memberships.json"))
    assert ([each["project"] for each in told["projects"]], [each["group"] for each in told["groups"]]) == (
        ["secret"],
        ["laboratory"],
    )
    assert b"alice/secret" in found.read("audit.json")


def test_it_names_every_way_to_sign_in_without_its_secret(alice: Account, signed_in: SignIn) -> None:
    moment = now()
    rows: list[Base] = [
        AuthenticatorApp(user_id=alice.id, sealed="sealed-secret", key_name="k", last_step=0, created_at=moment),
        RecoveryCode(user_id=alice.id, digest="digest-secret", created_at=moment),
        Passkey(user_id=alice.id, name="Phone", credential_id="id-secret", public_key="key", handle="h", sign_count=0),
        Identity(user_id=alice.id, provider="orcid", issuer="https://orcid.org", subject="0000", name="Alice A."),
    ]
    browser = signed_in(alice)
    with transaction() as session:
        session.add_all(rows)
    ask(browser)
    text = opened(browser).read("sign-in.json").decode()
    read = json.loads(text)
    assert read["authenticator_apps"] == read["unused_recovery_codes"] == [{"created_at": _shown(moment)}]
    assert [each["name"] for each in read["passkeys"]] == ["Phone"]
    assert [(each["provider"], each["name"]) for each in read["linked_accounts"]] == [("orcid", "Alice A.")]
    assert "secret" not in text


def _shown(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def test_a_forged_form_does_not_lead_to_the_file(alice: Account, signed_in: SignIn) -> None:
    browser = signed_in(alice)
    ask(browser)
    sent = {"current_password": PASSWORD}
    assert browser.client.post(f"{PAGE}/download", data=sent).status_code == 400
    with transaction() as session:
        session.execute(update(BrowserSession).values(created_at=now() - HOLDS, reauthenticated_at=None))
    assert browser.client.post(f"{PAGE}/download", data=sent).status_code == 400
    assert browser.get(f"{PAGE}/download").status_code == 403, "the forged form has shown nothing"
    assert browser.submit(PAGE, to=f"{PAGE}/download", **sent).location == f"{PAGE}/download"
