"""A group's private project and a public one, with everything that an address can name, and everybody who asks."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from framework.accounts.core.account import Account
from framework.accounts.lifecycle.administration import suspend
from framework.accounts.models import BrowserSession
from framework.accounts.signin.tokens import tokens_of
from framework.celery.jobs import track_progress
from framework.courses.access import course_for
from framework.courses.assignments import AssignmentText, create_assignment
from framework.database.session import read_transaction
from framework.database.types import now
from framework.gitcore.lfs.pointer import Pointer
from framework.groups.access import group_for
from framework.groups.operations import create_group
from framework.groups.people import add_people as add_to_group
from framework.import_export import exports
from framework.lfs.batch import UPLOAD, Batch, answer
from framework.lfs.receiving import receive
from framework.links.owning import extend, make_view_link
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.file_counts import count_again
from framework.projects.lifecycle.operations import create_project, trash_project
from framework.projects.lifecycle.transfers import offer_project
from framework.projects.members.invitations import invitations_to
from framework.projects.members.people import add_people
from framework.projects.models import Notice
from framework.projects.notify.preferences import unsubscribe_link
from framework.repositories.catalog.file_surveys import read_survey
from framework.uploads.tus.resumable import create_upload
from framework.webhooks.operations import WebhookText, create_webhook, list_deliveries
from framework.webhooks.places import Place
from tests.access.callers import Caller, browser, person, program
from tests.access.kinds import IN_GROUP
from tests.cast import Visitor, link_in_mail, new_account
from tests.courses.conftest import new_group
from tests.links.conftest import make_drop, path_of
from tests.profiles.images import new_picture
from tests.uploads.conftest import store_files

LARGE = b"A large file, for Git LFS."
MEMBERS = ("reader", "writer", "maintainer", "owner")


@dataclass(frozen=True)
class World:
    """The application, who asks, and what the parts of an address stand for, in the private and the public project."""

    app: Flask
    callers: dict[str, Caller]
    private: dict[str, str]
    public: dict[str, str]


def make_world(app: Flask) -> World:
    """Everybody and everything; both projects belong to a group of Alice's, and `owner` is another owner of theirs."""
    alice = new_account("alice")
    people = {name: new_account(name) for name in (*MEMBERS, "suspended", "passer-by", "helper")}
    lab = create_group(alice, name="lab")
    in_group = {name: new_account(name.replace(" ", "-")) for name in IN_GROUP}
    for name, account in in_group.items():
        add_to_group(alice, lab, people=[account.name], role=name.removeprefix("group "))
    add_to_group(alice, lab, people=["helper"], role="participant")
    add_to_group(alice, lab, people=["newcomer@example.com"], role="member")
    secret = create_project(alice, name="quicksand", description="", visibility="private", owner="lab")
    website = create_project(alice, name="website", description="", visibility="public", owner="lab")
    for project in (secret, website):
        for role in MEMBERS:
            add_people(alice, project, people=[role], role=role)
        add_people(alice, project, people=["suspended"], role="owner")
        add_people(alice, project, people=["helper"], role="reader")
        add_people(alice, project, people=["guest@example.com"], role="reader")
    plain, blind = (make_view_link(alice, secret, title="", expires_at=None, anonymous=kind) for kind in (False, True))
    drop = make_drop(alice, secret)
    mine = extend(alice, secret, drop.id, email="late@example.com", until=now() + timedelta(days=2))
    links = {"view": path_of(plain), "blind": path_of(blind), "drop": path_of(drop), "mine": mine.path}
    links |= {
        "group_invitation": link_in_mail("groups/invitations"),
        "invitation": link_in_mail("invitations"),
        "unsubscribe": unsubscribe_link(alice.id, secret.id),
    }
    tokens = {name: link.rpartition("/")[2] for name, link in links.items()}
    callers = {
        "stranger": browser(Visitor(app)),
        "passer-by": person(app, people["passer-by"]),
        **{role: person(app, people[role]) for role in MEMBERS},
        "suspended": person(app, people["suspended"]),
        **{name: person(app, account) for name, account in in_group.items()},
        "view link": _looker(app, links["view"]),
        "anonymised link": _looker(app, links["blind"]),
        "drop-off link": _looker(app, links["drop"]),
        "read token": program(app, people["owner"], "read"),
        "write token": program(app, people["owner"], "write"),
        "token elsewhere": program(app, people["owner"], "admin", repository_id=_other(people["owner"]).repository_id),
        "administrator": person(app, new_account("ada", admin=True)),
    }
    suspend("suspended")
    owner = people["owner"]
    course = _hold_course(people)
    shared = {**tokens, **course, **_things_of(owner), "person_id": str(people["helper"].id)}
    return World(
        app,
        callers,
        {**shared, **_furnish(alice, owner, secret), "drop_id": str(drop.id)},
        {**shared, **_furnish(alice, owner, website), "drop_id": "999999"},
    )


def _hold_course(people: dict[str, Account]) -> dict[str, str]:
    """A group with an assignment: who reads takes part, who writes is a member, and the owner owns it."""
    roles = {people["owner"]: "owner", people["writer"]: "member", people["reader"]: "participant"}
    new_group("school", "School", {**roles, people["suspended"]: "owner"})
    teacher = people["owner"]
    told = AssignmentText("Exercise", "", now() + timedelta(days=9))
    return {"group": "school", "assignment_id": str(create_assignment(teacher, course_for(teacher, "school"), told))}


def _looker(app: Flask, page: str) -> Caller:
    """Whoever has opened the link; git sends its last part as the password."""
    visitor = Visitor(app)
    assert visitor.get(page).status_code in {200, 302}
    return browser(visitor, git_password=page.rpartition("/")[2])


def _other(owner: Account) -> ProjectAccess:
    return create_project(owner, name="other", description="", visibility="private")


def _things_of(owner: Account) -> dict[str, str]:
    """What belongs to one person."""
    trashed = create_project(owner, name="trashed", description="", visibility="private")
    trash_project(owner, trashed)
    with read_transaction() as session:
        session_id = session.scalar(select(BrowserSession.id).where(BrowserSession.user_id == owner.id))
        notice_id = session.scalar(select(Notice.id).where(Notice.user_id == owner.id))
    giver = new_account("giver")
    gift = create_project(giver, name="gift", description="", visibility="private")
    return {
        "project_id": str(trashed.id),
        "session_id": str(session_id),
        "digest": new_picture(owner),
        "notice_id": str(notice_id),
        "token_id": str(tokens_of(owner.id)[0].id),
        "transfer_id": str(offer_project(giver, gift, to=owner.name).id),
        "upload_id": create_upload(owner, size_bytes=9, info="", name="a").id,
    }


def _furnish(alice: Account, owner: Account, project: ProjectAccess) -> dict[str, str]:
    """Files in two versions, an object of Git LFS, counted files, an export, an invitation and links."""
    store_files(project, alice, {"a.txt": b"1"})
    sha = store_files(project, alice, {"a.txt": b"2"})
    large = Pointer(hashlib.sha256(LARGE).hexdigest(), len(LARGE))
    answer(project, Batch(UPLOAD, [large]), str)
    receive(project.repository_id, large.oid, [LARGE], alice.id)
    with track_progress("counting", project_id=project.id, owner_id=alice.id) as work:
        count_again(project.repository_id, work)
    survey = read_survey(project.repository_id)
    assert survey
    webhook_id, _secret = create_webhook(alice, Place(project), WebhookText("https://8.8.8.8/hooks"))
    group = Place(group=group_for(alice, "lab"))
    group_webhook_id, _secret = create_webhook(alice, group, WebhookText("https://8.8.8.8/hooks"))
    return {
        "webhook_id": str(webhook_id),
        "group_webhook_id": str(group_webhook_id),
        "delivery_id": list_deliveries(Place(project), webhook_id)[0].id,
        "group_delivery_id": list_deliveries(group, group_webhook_id)[0].id,
        "owner": "lab",
        "project": project.name,
        "sha": sha,
        "version": sha,
        "oid": large.oid,
        "key": survey.files[0].key,
        "work_id": work.id,
        "export_id": exports.export(project.id, owner.id, exports.begin_export(owner, project)),
        "invitation_id": str(invitations_to(project)[0].id),
        "link_id": str(make_view_link(alice, project, title="", expires_at=None).id),
        "place": "main/a.txt",
        "ref": "main",
        "branch": "spare",
        "tag": "spare",
        "spec": "main...main",
        "path": "a.txt",
        "filename": "base.css",
        "lock": "1",
        "passkey_id": "999999",
        "identity_id": "999999",
        "provider": "none",
        "task_id": "1",
    }
