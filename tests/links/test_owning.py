"""What owners do with drop-off links: make them, see who handed in, download all, end them; and their daily mail."""

import io
import re
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, select, text, update

from framework.accounts.core.account import Account
from framework.database.session import read_rows, transaction
from framework.database.types import now
from framework.links.drop.digests import send_digests
from framework.links.listing import list_links
from framework.links.models import DropOff, HandIn
from framework.links.owning import HAND_INS_PAGE, make_view_link
from framework.links.rules import drop_types
from framework.projects.core.access import ProjectAccess, ProjectNotFound
from framework.projects.core.links import revoke_view_links
from framework.projects.members.people import add_people, add_person
from framework.projects.models import Member, Project
from framework.repositories import object_keys
from framework.repositories.write.commit import lock_repository
from tests.cast import SignIn, Visitor, new_account, on_each_deployment, posted_texts
from tests.celery.test_workers import eventually
from tests.links.conftest import ADA, mails_to, make_drop, path_of, personal_link, send

PAGE = "/alice/secret/settings/links"
BOB = {"name": "Bob", "email": "bob@example.com"}


def test_an_owner_makes_a_link_that_is_shown_once(
    app: Flask, signed_in: SignIn, alice: Account, secret: ProjectAccess
) -> None:
    owner = signed_in(alice)
    fields = {"title": "Essay 1", "text": "PDF, please", "folder": "essays", "types": "pdf", "total_size": "10"}
    deadline = {"deadline": "2099-12-04T23:59", "time_zone": "Europe/Berlin"}
    answer = owner.submit(PAGE, to=f"{PAGE}/drop", **fields, **deadline)
    assert answer.status_code == 200
    found = re.search(r"/drop/hl_\w+", answer.text)
    assert found
    assert found[0] not in owner.get(PAGE).text
    assert answer.text.count("Essay 1") == owner.get(PAGE).text.count("Essay 1"), "the form is for another link"
    assert "deadline Friday, 4 December 2099, 23:59 (Europe/Berlin)" in owner.get(PAGE).text
    assert "Essay 1" in owner.get("/alice/secret/share").text
    page = Visitor(app).get(found[0]).text
    assert "PDF, please" in page
    assert "Friday, 4 December 2099, 23:59 (Europe/Berlin)" in page
    (link,) = list_links(secret)
    assert link.deadline == datetime(2099, 12, 4, 22, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"title": ""}, "Enter a title."),
        ({"deadline": "tomorrow"}, "Write the deadline as a date and a time"),
        ({"deadline": "2020-01-01T10:00"}, "This moment has passed."),
        ({"time_zone": "Mars/Olympus"}, "Choose a time zone"),
        ({"types": "../x"}, "Write endings of file names"),
        ({"folder": "a/../b"}, "a/../b"),
        ({"total_size": "0"}, "Number must be"),
    ],
)
def test_a_link_that_cannot_be_is_refused_beside_its_field(
    signed_in: SignIn, alice: Account, secret: ProjectAccess, fields: dict[str, str], sentence: str
) -> None:
    whole = {"title": "Essay 1", "time_zone": "UTC", "total_size": "10", **fields}
    answer = signed_in(alice).submit(PAGE, to=f"{PAGE}/drop", **whole)
    assert answer.status_code == 400
    assert sentence in answer.text
    assert not list_links(secret)


def test_only_who_may_change_settings_sees_links(
    app: Flask, signed_in: SignIn, alice: Account, bob: Account, shared: ProjectAccess
) -> None:
    make_drop(alice, shared)
    (link,) = list_links(shared)
    for page in (PAGE, f"{PAGE}/{link.id}"):
        assert signed_in(bob).get(page).status_code == 403
        assert Visitor(app).get(page).status_code == 404


def test_a_public_project_collects_nothing(signed_in: SignIn, alice: Account, website: ProjectAccess) -> None:
    owner = signed_in(alice)
    page = "/alice/website/settings/links"
    assert "in a private project only" in owner.get(page).text
    answer = owner.submit("/alice/website/settings", to=f"{page}/drop", title="Essay 1", time_zone="UTC", total_size=1)
    assert answer.status_code == 409
    assert not list_links(website)


def test_a_link_of_another_project_is_none(
    signed_in: SignIn, alice: Account, secret: ProjectAccess, website: ProjectAccess
) -> None:
    make_drop(alice, secret)
    (link,) = list_links(secret)
    assert signed_in(alice).get(f"/alice/website/settings/links/{link.id}").status_code == 404


def test_the_owner_sees_who_handed_in_and_downloads_all(
    app: Flask, signed_in: SignIn, alice: Account, secret: ProjectAccess, drop: str
) -> None:
    send(Visitor(app), drop, {"essay.txt": b"Ada's"}, **ADA)
    send(Visitor(app), drop, {"essay.txt": b"Bob's"}, **BOB)
    owner = signed_in(alice)
    (link,) = list_links(secret)
    page = owner.get(f"{PAGE}/{link.id}").text
    assert "ada@example.com" in page
    found = re.search(r'href="([^"]+\.zip[^"]*)"', page)
    assert found
    archive = zipfile.ZipFile(io.BytesIO(owner.get(found[1]).data))
    files = {name.partition("/")[2]: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    assert files == {"essays/Ada Lovelace/essay.txt": b"Ada's", "essays/Bob/essay.txt": b"Bob's"}
    assert "handed in 1 file" in owner.get("/alice/secret/activity").text


def test_the_pages_buttons_close_extend_and_revoke(
    app: Flask, signed_in: SignIn, alice: Account, secret: ProjectAccess, drop: str
) -> None:
    owner, stranger = signed_in(alice), Visitor(app)
    (link,) = list_links(secret)
    page = f"{PAGE}/{link.id}"
    assert owner.submit(page, to=f"{page}/close").status_code == 302
    assert "closed by its owner" in stranger.get(drop).text
    assert owner.submit(page, to=f"{page}/open").status_code == 302
    late = owner.submit(page, to=f"{page}/extend", email="ada@example.com", deadline="2099-01-01T10:00")
    assert late.status_code == 302
    assert "2099" in stranger.get(personal_link(mails_to("ada@example.com", posted_texts())[0])).text
    bad = owner.submit(page, to=f"{page}/extend", email="ada@example.com", deadline="2020-01-01T10:00")
    assert (bad.status_code, "This moment has passed." in bad.text) == (400, True)
    assert owner.submit(page, to=f"{page}/revoke").status_code == 302
    assert stranger.get(drop).status_code == 404
    assert owner.submit(PAGE, to=f"{page}/revoke").status_code == 404


def test_hand_ins_are_shown_a_page_at_a_time(
    signed_in: SignIn, alice: Account, secret: ProjectAccess, drop: str
) -> None:
    (link,) = list_links(secret)
    files = [{"path": "a.txt", "size": 1, "sha256": ""}]
    with transaction() as session:
        for number in range(HAND_INS_PAGE + 1):
            facts = {"name": f"Person {number:03}", "folder": f"{number:03}", "folder_key": f"{number:03}"}
            told = {"email": "p@example.com", "key": object_keys.new_id(), "handed_in_at": now(), "files": files}
            session.add(HandIn(link_id=link.id, **facts, **told))
    owner = signed_in(alice)
    first, second = (owner.get(f"{PAGE}/{link.id}?page={number}").text for number in (1, 2))
    assert (first.count("Person "), second.count("Person ")) == (HAND_INS_PAGE, 1)
    assert f'<span class="count">{HAND_INS_PAGE + 1}</span>' in second
    assert f"{PAGE}/{link.id}?page=2" in first


@pytest.mark.deployments("production-like")
def test_no_link_survives_the_removal_of_its_maker(alice: Account, bob: Account, secret: ProjectAccess) -> None:
    """Made at the same moment, it waits for the removal, and is refused then."""
    add_person(alice, secret, person="bob", role="maintainer")
    waits = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with ThreadPoolExecutor(1) as pool:
        with transaction() as session:
            lock_repository(session, secret.repository_id)
            session.execute(delete(Member).where(Member.project_id == secret.id, Member.user_id == bob.id))
            revoke_view_links(session, session.get_one(Project, secret.id), bob.id, by=alice)
            made = pool.submit(make_view_link, bob, secret, title="", expires_at=None)

            def is_waiting() -> bool:
                session.execute(text("SELECT pg_stat_clear_snapshot()"))
                return made.done() or bool(session.scalar(waits))

            eventually(is_waiting)
        with pytest.raises(ProjectNotFound):
            made.result()
    assert list_links(secret) == []


@on_each_deployment
def test_each_owner_gets_one_mail_about_all_of_it(app: Flask, alice: Account, secret: ProjectAccess, drop: str) -> None:
    assert send_digests() == 0
    other = path_of(make_drop(alice, secret, title="Essay 2", folder="second"))
    for page, sender in ((drop, ADA), (drop, BOB), (other, ADA)):
        send(Visitor(app), page, {"essay.txt": b"1"}, **sender)
    assert send_digests() == 1
    assert send_digests() == 0
    (mail,) = mails_to("alice@example.org", posted_texts())
    assert "3 hand-ins: Essay 1" in mail
    assert "Essay 2" in mail
    assert "Ada Lovelace" in mail
    add_people(alice, secret, people=[new_account("carla").name], role="owner")
    add_people(alice, secret, people=[new_account("dora").name], role="maintainer")
    send(Visitor(app), drop, {"essay.txt": b"2"}, **BOB)
    assert send_digests() == 2
    assert mails_to("carla@example.org", posted_texts())


@on_each_deployment
def test_what_the_previous_release_hands_in_is_told_too(
    app: Flask, alice: Account, secret: ProjectAccess, drop: str
) -> None:
    with transaction() as session:
        session.execute(update(DropOff).values(has_news=True))  # as the migration leaves older links
    assert send_digests() == 0
    send(Visitor(app), drop, {"essay.txt": b"1"}, **ADA)
    assert send_digests() == 1
    with transaction() as session:  # the database says it, whoever writes the row
        session.execute(update(HandIn).values(handed_in_at=now()))
    assert send_digests() == 1
    with read_rows() as connection:
        assert connection.scalars(select(DropOff.has_news)).all() == [False]


@pytest.mark.parametrize(
    ("typed", "kept"), [("", ""), ("pdf, .IPYNB", ".pdf .ipynb"), ("*.tar.gz pdf .pdf", ".tar.gz .pdf")]
)
def test_types_are_taken_as_people_write_them(typed: str, kept: str) -> None:
    assert drop_types(typed) == kept


def test_a_drop_off_may_be_without_a_deadline(app: Flask, alice: Account, secret: ProjectAccess) -> None:
    page = path_of(make_drop(alice, secret, deadline=None, folder="", expires_at=now() + timedelta(days=1)))
    assert send(Visitor(app), page, {"a": b"1"}, **ADA).status_code == 303
