"""The audit log itself: what is recorded stays, with its transaction or not at all, until it is old."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from framework.accounts.core.account import Account
from framework.audit import log, reading, tasks
from framework.audit.models import AuditEntry
from framework.audit.reading import AuditQuery, read_entries, read_entries_of
from framework.config import Config
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.deletion import delete_from_trash
from framework.projects.lifecycle.leaving import delete_person
from framework.projects.lifecycle.operations import create_project, trash_project, update_project
from framework.projects.members.people import add_person
from tests.cast import SignIn, new_account, on_each_deployment

OTHERS = {"account_created", "address_confirmed"}
"""What the people of a test have done before."""
PROJECT = log.ToldProject(7, "alice/notes")


def record(kind: str, **told: Any) -> None:
    """One entry more."""
    with transaction() as session:
        log.record(session, kind, **{"actor": None, **told})


def kinds(**asked: Any) -> list[str]:
    """What is read, the newest first, but for `OTHERS`."""
    return [entry.kind for entry in read_entries(AuditQuery(**asked)).entries if entry.kind not in OTHERS]


def age(days: float) -> None:
    """Have the log hold one entry that is so old."""
    row = {"kind": "restored", "created_at": now() - timedelta(days=days), "details": {}}
    with transaction() as session:
        session.execute(insert(AuditEntry).values(**row))


@on_each_deployment
@pytest.mark.parametrize(
    "change",
    [
        update(AuditEntry).values(actor="somebody else"),
        delete(AuditEntry),
        text("DELETE FROM audit_entries WHERE kind = 'suspended'"),
        text("UPDATE audit_entries SET created_at = '2000-01-01'"),
    ],
    ids=["update", "delete", "delete by SQL", "make it old"],
)
def test_the_database_refuses_every_change(alice: Account, change: Any) -> None:
    record("suspended", actor=alice, person=alice, reason="x")
    with pytest.raises(DBAPIError, match="entries of the audit log stay as they are"), transaction() as session:
        session.execute(change)
    assert kinds() == ["suspended"]


@pytest.mark.deployments("production-like")
def test_the_table_is_not_emptied_at_once(alice: Account) -> None:
    record("suspended", actor=alice)
    with pytest.raises(DBAPIError, match="stay as they are"), transaction() as session:
        session.execute(text("TRUNCATE audit_entries"))


@on_each_deployment
def test_only_the_retention_deletes_what_is_old(settings: Config, app: Flask) -> None:
    for days in (settings.audit_days + 1, settings.audit_days - 1, 0):
        age(days)
    assert tasks.forget_entries() == 1
    assert kinds() == ["restored", "restored"]
    age(29.5)
    with pytest.raises(DBAPIError, match="stay as they are"):
        reading.forget_older_than(29)
    age(30.5)
    assert reading.forget_older_than(30) == 2, "the database lets go of what is older than thirty days"


@on_each_deployment
def test_what_was_rolled_back_is_not_told(alice: Account) -> None:
    class Undone(Exception):
        pass

    def fail() -> None:
        with transaction() as session:
            log.record(session, "suspended", actor=alice)
            raise Undone

    with pytest.raises(Undone):
        fail()
    assert kinds() == []


def test_a_kind_that_nobody_knows_is_a_mistake(alice: Account) -> None:
    with pytest.raises(ValueError, match="no kind of entry"), transaction() as session:
        log.record(session, "teleported", actor=alice)


@on_each_deployment
def test_entries_are_found_by_person_kind_day_and_project(alice: Account, bob: Account) -> None:
    record("person_added", actor=alice, person=bob, project=PROJECT, role="writer")
    record("sign_in", actor=bob, person=bob)
    record("trashed", actor=alice, project=PROJECT)
    assert kinds() == ["trashed", "sign_in", "person_added"]
    assert kinds(person_id=alice.id) == ["trashed", "person_added"]
    assert kinds(person_id=bob.id) == ["sign_in", "person_added"], "each once, though bob is both in one"
    assert kinds(person_id=bob.id, kind="person_added") == ["person_added"]
    assert kinds(kind="trashed") == ["trashed"]
    today = datetime.now(UTC).date()
    assert kinds(day=today) == ["trashed", "sign_in", "person_added"]
    assert kinds(day=today - timedelta(days=1)) == []
    assert [entry.kind for entry in read_entries_of(PROJECT.id).entries] == ["trashed", "person_added"]
    assert read_entries_of(8).entries == []


def test_pages_follow_each_other(alice: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PAGE", 2)
    for number in range(5):
        record("sign_in", actor=alice, person=alice, number=number)
    seen, before = [], None
    while True:
        page = read_entries(AuditQuery(person_id=alice.id, kind="sign_in", before=before))
        seen += [entry.details["number"] for entry in page.entries]
        before = page.older
        if before is None:
            break
        record("sign_in", actor=alice, person=alice, number=9)  # a new one moves nothing
    assert seen == [4, 3, 2, 1, 0]


def test_an_entry_outlives_what_it_tells_of(alice: Account) -> None:
    record("deleted", actor=alice, project=PROJECT)
    with read_transaction() as session:
        row = session.scalars(select(AuditEntry).where(AuditEntry.kind == "deleted")).one()
    assert (row.actor, row.project, row.address) == ("alice", "alice/notes", None)
    assert not AuditEntry.__table__.foreign_keys


@on_each_deployment
def test_a_number_that_is_given_again_brings_no_entries_of_before(alice: Account, bob: Account) -> None:
    old = create_project(alice, name="old", description="", visibility="private")
    trash_project(alice, old)
    delete_from_trash(alice, old, confirmation="old")
    new = create_project(bob, name="new", description="", visibility="private")
    update_project(bob, new, visibility="public")
    assert [(entry.kind, entry.actor) for entry in read_entries_of(new.id).entries] == [("visibility", "bob")]


@on_each_deployment
def test_an_account_does_not_take_over_the_entries_of_a_deleted_one(
    alice: Account, secret: ProjectAccess, signed_in: SignIn
) -> None:
    old = new_account("old")
    add_person(alice, secret, person="old", role="owner")
    signed_in(old).submit(f"{secret.path}/settings", name="secret", visibility="public", publish="y")
    delete_person("old")
    fresh = new_account("fresh")
    add_person(alice, secret, person="fresh", role="owner")
    assert kinds(person_id=fresh.id) == ["person_added"]
    page = signed_in(fresh).get(f"{secret.path}/settings/audit").text
    assert "by old" in page
    assert "from 127.0.0.1" not in page, "owners see only their own addresses"
