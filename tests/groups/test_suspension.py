"""A suspended group: nobody has a role through it, what people have of their own is kept, and it all comes back."""

from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import select

from framework.accounts.core.account import Account
from framework.audit.models import AuditEntry
from framework.courses.access import course_for
from framework.database.session import read_transaction
from framework.groups import operations, people
from framework.groups.access import GroupAccess, group_for
from framework.groups.suspension import resume_group, suspend_group
from framework.links.owning import make_view_link
from framework.projects.core.access import ProjectAccess, ProjectNotFound, RoleTooLow, project_for, recheck
from framework.projects.core.creators import list_creating_owners
from framework.projects.core.groups import GroupSuspended
from framework.projects.core.queries import search
from framework.projects.lifecycle.operations import create_project
from framework.projects.members.people import add_person
from framework.projects.models import Notice
from tests.api.program import Program
from tests.cast import PASSWORD, SignIn, Visitor, new_account, on_each_deployment, posted_texts
from tests.cli.test_suspension import basic
from tests.uploads.conftest import store_files


@pytest.fixture
def lab(alice: Account, bob: Account) -> GroupAccess:
    """A group that Alice owns, with Bob as a member, which shows its people."""
    lab = operations.create_group(alice, name="lab", title="The lab")
    people.add_person(alice, lab, person="bob", role="member")
    return lab


@pytest.fixture
def data(alice: Account, lab: GroupAccess) -> ProjectAccess:
    """A private project of the group, in which Charlie writes by a role of his own."""
    return create_project(alice, name="data", description="", visibility="private", owner=lab.name)


@on_each_deployment
def test_nobody_acts_through_it(
    app: Flask, alice: Account, bob: Account, charlie: Account, lab: GroupAccess, data: ProjectAccess
) -> None:
    page = create_project(alice, name="page", description="", visibility="public", owner="lab")
    add_person(alice, data, person="charlie", role="writer")
    suspend_group("lab", reason="Films")
    for account in (alice, bob):
        with pytest.raises(GroupSuspended):
            project_for(account, "lab", "data")
        with pytest.raises(GroupSuspended):
            project_for(account, "lab", "page", "writer")
        assert project_for(account, "lab", "page").role is None
        with pytest.raises(GroupSuspended), read_transaction() as session:
            recheck(session, page.id, account, "writer")
        with pytest.raises(GroupSuspended):
            group_for(account, "lab", "member")
        with pytest.raises(GroupSuspended):
            course_for(account, "lab")
        assert [project.full_name for project in search(account).projects] == ["lab/page"]
        assert list_creating_owners(account) == [account.name]
    with pytest.raises(ProjectNotFound):
        project_for(new_account("eve"), "lab", "data")
    with pytest.raises(ProjectNotFound):
        project_for(None, "lab", "data")
    assert project_for(charlie, "lab", "data").role == "writer"
    with pytest.raises(RoleTooLow):
        project_for(charlie, "lab", "data", "maintainer")
    assert "The group lab is suspended" in Program.of(app, bob).get("/projects/lab/data").json["detail"]
    refs, header = "/lab/data.git/info/refs?service=git-upload-pack", basic("bob", PASSWORD)
    refused = app.test_client().get(refs, headers=header)
    assert (refused.status_code, "The group lab is suspended" in refused.text) == (403, True)
    resume_group("lab")
    assert [project_for(one, "lab", "data").role for one in (alice, bob)] == ["owner", "writer"]
    assert app.test_client().get(refs, headers=header).status_code == 200


def test_nobody_looks_by_its_links(alice: Account, data: ProjectAccess, visitor: Visitor) -> None:
    link = make_view_link(alice, data, title="", expires_at=None)
    visitor.get(urlsplit(link.url).path)
    assert visitor.get(data.path).status_code == 200
    suspend_group("lab")
    assert visitor.get(data.path).status_code == 404
    assert visitor.get(urlsplit(link.url).path).status_code == 404
    resume_group("lab")
    assert visitor.get(data.path).status_code == 200


def test_its_people_hear_nothing_of_what_others_do_there(
    alice: Account, bob: Account, charlie: Account, lab: GroupAccess, data: ProjectAccess
) -> None:
    add_person(alice, data, person="charlie", role="writer")
    suspend_group("lab", reason="Films")
    store_files(data, charlie, {"a.txt": b"a"})
    theirs = select(Notice.user_id).where(Notice.user_id.in_([alice.id, bob.id])).order_by(Notice.user_id)
    with read_transaction() as session:
        assert session.scalars(theirs).all() == []
    resume_group("lab")
    store_files(data, charlie, {"a.txt": b"b"})
    with read_transaction() as session:
        assert session.scalars(theirs).all() == [alice.id, bob.id]


def test_an_administrator_suspends_it_and_owners_are_told_why(
    ada: Account, alice: Account, bob: Account, lab: GroupAccess, data: ProjectAccess, signed_in: SignIn
) -> None:
    admin, page = signed_in(ada), "/admin/people/lab"
    assert admin.submit(page, to=f"{page}/suspend", reason=" ").status_code == 400
    assert admin.submit(page, to=f"{page}/suspend", reason="Copies of <films>.").location == page
    told = [text for text in posted_texts() if "The group lab was suspended" in text]
    assert len(told) == 1
    assert "alice@example.org" in told[0]
    assert "The reason: Copies of <films>." in told[0]
    assert "Resume the group" in admin.get(page).text
    assert "lab" in admin.get("/admin/people?state=suspended").text
    member = signed_in(bob)
    assert "Suspended" in member.get("/groups").text
    closed = member.get("/lab/data")
    assert (closed.status_code, "The group lab is suspended" in closed.text) == (403, True)
    assert admin.submit(page, to=f"{page}/resume").location == page
    assert any("The group lab can be used again" in text for text in posted_texts())
    assert member.get("/lab/data").status_code == 200
    with read_transaction() as session:
        theirs = select(AuditEntry).where(AuditEntry.person == "lab", AuditEntry.actor == "ada")
        entries = session.scalars(theirs.order_by(AuditEntry.id)).all()
    assert [(entry.kind, entry.details) for entry in entries] == [
        ("group_suspended", {"reason": "Copies of <films>."}),
        ("group_resumed", {}),
    ]


@pytest.fixture
def ada(app: Flask) -> Account:
    """Runs the server."""
    return new_account("ada", admin=True)
