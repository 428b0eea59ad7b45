"""What a plan limits is refused at every door with a sentence that names a way, and nothing is taken away."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from html import unescape
from itertools import pairwise

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from framework.accounts.core.account import Account
from framework.accounts.lifecycle import administration
from framework.accounts.models import PlanLimits
from framework.celery.models import OutboxRow
from framework.config import Config
from framework.database.session import read_transaction, transaction
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.lifecycle.operations import create_project, trash_project, update_project
from framework.projects.members import quota
from framework.projects.members.admission import Admission
from framework.projects.members.limits import TooManyPrivateProjects
from framework.projects.members.people import add_person
from framework.repositories.catalog.changes import Change
from framework.repositories.catalog.pack_records import NewPack
from framework.repositories.models import Repository
from framework.repositories.write import commit
from tests.api.program import Program
from tests.cast import SignIn, on_each_deployment
from tests.statements import noted_statements
from tests.uploads.form import paths, upload

MIB = 1 << 20


@pytest.fixture
def small_plan(secret: ProjectAccess) -> None:
    """The free plan allows one private project, which Alice has, and files of 1 MiB."""
    with transaction() as session:
        session.add(PlanLimits(name="free", stored_bytes=8 * MIB, private_projects=1, file_bytes=MIB))


@pytest.mark.usefixtures("small_plan")
def test_one_private_project_more_is_refused_at_every_door(
    alice: Account, website: ProjectAccess, signed_in: SignIn
) -> None:
    browser = signed_in(alice)
    page = browser.submit("/new", name="more", visibility="private")
    assert page.status_code == 409
    assert "The plan free allows 1 private project, the trash included" in unescape(page.text)
    assert "/trash" in page.text
    hidden = browser.submit(f"{website.path}/settings", name="website", visibility="private", publish="y")
    assert hidden.status_code == 409
    program = Program.of(browser.client.application, alice)
    for answer in (
        program.post("/projects", {"name": "more", "visibility": "private"}),
        program.call("PATCH", f"/projects{website.path}", json={"visibility": "private"}),
    ):
        assert (answer.status_code, "allows 1 private project" in answer.json["detail"]) == (409, True)
    assert browser.submit("/new", name="open", visibility="public").location == "/alice/open"


@on_each_deployment
@pytest.mark.usefixtures("small_plan")
def test_what_is_there_already_stays(alice: Account, secret: ProjectAccess) -> None:
    trash_project(alice, secret)
    with pytest.raises(TooManyPrivateProjects):
        create_project(alice, name="more", description="", visibility="private")
    administration.give_plan("alice", "unlimited")
    more = create_project(alice, name="more", description="", visibility="private")
    administration.give_plan("alice", None)
    assert update_project(alice, more, description="Still private") == "more"


@pytest.mark.deployments("production-like")
@pytest.mark.parametrize("has_room", [True, False])
def test_what_becomes_public_at_the_same_moment_asks_for_room_again(
    alice: Account, secret: ProjectAccess, monkeypatch: pytest.MonkeyPatch, has_room: bool
) -> None:
    """Both would be told that theirs was done, and the project stay public, or there be one more than allowed."""
    with transaction() as session:
        session.add(PlanLimits(name="free", stored_bytes=8 * MIB, private_projects=int(has_room), file_bytes=MIB))
    lock = commit.lock_repository

    def lock_after_the_other(session: Session, repository_id: str) -> Repository:
        monkeypatch.setattr(commit, "lock_repository", lock)
        with ThreadPoolExecutor(1) as other:
            other.submit(update_project, alice, secret, visibility="public").result()
        return lock(session, repository_id)

    monkeypatch.setattr(commit, "lock_repository", lock_after_the_other)
    with nullcontext() if has_room else pytest.raises(TooManyPrivateProjects):
        update_project(alice, secret, visibility="private")
    assert project_for(alice, "alice", "secret").visibility == ("private" if has_room else "public")


@pytest.mark.usefixtures("small_plan")
def test_a_file_over_the_plan_is_refused_in_the_browser(
    alice: Account, secret: ProjectAccess, signed_in: SignIn
) -> None:
    browser = signed_in(alice)
    said = upload(browser, {"fits.bin": os.urandom(10), "film.mp4": os.urandom(2 * MIB)})
    assert said.status_code == 413
    assert "“film.mp4” is 2 MiB; a file may have 1 MiB in projects with the plan free." in unescape(said.text)
    assert paths(secret) == set()
    administration.give_plan("alice", "unlimited")
    assert upload(browser, {"film.mp4": os.urandom(2 * MIB)}).status_code == 303


@pytest.mark.usefixtures("small_plan")
def test_a_file_over_the_plan_is_refused_in_the_api(alice: Account, secret: ProjectAccess, signed_in: SignIn) -> None:
    program = Program.of(signed_in(alice).client.application, alice)
    put = {"op": "put", "path": "film.mp4", "content": "x" * (MIB + 1)}
    answer = program.commit(secret.full_name, put)
    assert (answer.status_code, "with the plan free" in answer.json["detail"]) == (413, True)


def test_without_a_limit_everything_fits_and_nobody_is_warned(
    alice: Account, secret: ProjectAccess, with_settings: Callable[..., Config], signed_in: SignIn
) -> None:
    with_settings(quota_bytes=10)
    administration.give_plan("alice", "unlimited")
    browser = signed_in(alice)
    assert upload(browser, {"a.bin": os.urandom(1000)}).status_code == 303
    assert quota.read_room(secret).room_bytes > MIB
    page = browser.get("/settings/usage").text
    assert "No limit" in page
    assert "An administrator gave you this plan." in page
    told = Program.of(browser.client.application, alice).get("/usage").json
    assert (told["plan"], told["allowed_bytes"]) == ("unlimited", None)


@pytest.mark.parametrize(
    ("holdings", "percents"),
    [
        ([700, 799], []),
        ([800, 850, 940], [80]),
        ([800, 950, 999], [80, 95]),
        ([990], [99]),  # one mail, though both are passed
        ([800, 790, 810], [80]),  # a repacking alone freed this
        ([800, 500, 820], [80, 82]),
        ([960, 850, 970], [96, 97]),
    ],
)
def test_an_owner_is_told_once_each_time_that_the_plan_is_nearly_used(
    alice: Account,
    secret: ProjectAccess,
    with_settings: Callable[..., Config],
    holdings: list[int],
    percents: list[int],
) -> None:
    with_settings(quota_bytes=1000)
    precheck = Admission(secret)
    for before, after in pairwise([0, *holdings]):
        with transaction() as session:
            session.get_one(Repository, secret.repository_id).stored_bytes = min(before, after)
        with transaction() as session:
            precheck(session, change_of(secret, after - min(before, after)))
    with read_transaction() as session:
        newest = select(OutboxRow).where(OutboxRow.id.like("quota-%")).order_by(OutboxRow.created_at)
        told = [(row.args[0], row.args[1]) for row in session.scalars(newest)]
    assert told == [("alice@example.org", f"Your projects use {percent}% of your storage") for percent in percents]


def change_of(project: ProjectAccess, size_bytes: int) -> Change:
    """A change that adds one pack of this size."""
    pack = NewPack(
        name="p" * 32,
        kind="history",
        pack_bytes=size_bytes,
        pack_sha256="",
        idx_bytes=0,
        idx_sha256="",
        object_count=1,
    )
    return Change(repository_id=project.repository_id, actor="alice", packs=(pack,))


@on_each_deployment
@pytest.mark.usefixtures("small_plan")
def test_the_most_room_takes_as_many_statements_however_many_owners(
    alice: Account, bob: Account, charlie: Account, secret: ProjectAccess
) -> None:
    counts = []
    for owner, size in ((alice, 5 * MIB), (bob, 3 * MIB), (charlie, MIB)):
        theirs = secret if owner is alice else create_project(owner, name="lab", description="", visibility="private")
        if owner is not alice:
            add_person(owner, theirs, person="alice", role="writer")
        with transaction() as session:
            session.execute(update(Repository).where(Repository.id == theirs.repository_id).values(stored_bytes=size))
        with read_transaction() as session, noted_statements() as asked:
            assert quota.most_room_bytes(session, alice.id) == 8 * MIB - size
        counts.append(len(asked))
    assert len(set(counts)) == 1
