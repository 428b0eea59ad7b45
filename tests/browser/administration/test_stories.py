"""What administrators and owners do when room runs out, or when somebody has to be stopped."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from framework.accounts.core.account import Account
from framework.accounts.core.plans import Plan
from framework.accounts.lifecycle import administration, plan_editing
from framework.accounts.models import User
from framework.database.session import transaction
from framework.formatting import MIB
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.operations import create_project, trash_project
from framework.repositories.catalog.snapshot import read_snapshot
from tests.browser import pages
from tests.browser.conftest import Site, in_chromium
from tests.browser.pages import UploadPage
from tests.browser.window import Window
from tests.githttp.client import Person
from tests.repositories.conftest import Bench
from tests.servers.proxies.gate import Gate


@pytest.fixture
def ada(bob: Account) -> Account:
    """Runs the server, which somebody else does, too."""
    with transaction() as session:
        session.execute(update(User).where(User.id == bob.id).values(admin=True))
    return bob


@pytest.fixture
def full(ada: Account, alice: Account, secret: ProjectAccess, tmp_path: Path) -> Iterator[ProjectAccess]:
    """Alice's project, while a project in her trash takes most of the 1.5 MiB that her plan allows."""
    films = create_project(alice, name="films", description="", visibility="private")
    bench = Bench(films.repository_id, tmp_path)
    bench.write(bench.put("film.mp4", os.urandom(MIB)))
    trash_project(alice, films)
    plan_editing.edit_plan(Plan("student", stored_bytes=3 * MIB // 2), by=ada)
    administration.give_plan(alice.name, "student")
    yield secret
    plan_editing.reset_plan("student", by=ada)


def test_a_full_owner_frees_room_and_uploads(
    plain_window: Window, alice: Account, full: ProjectAccess, tmp_path: Path
) -> None:
    table = tmp_path / "table.bin"
    table.write_bytes(os.urandom(MIB - 1024))
    pages.sign_in(plain_window, alice)
    plain_window.open(f"{full.path}/upload/main")
    UploadPage(plain_window).choose(table)
    UploadPage(plain_window).send()
    plain_window.reads("together may hold 1.5 MiB (plan: student)")
    plain_window.reads("deleting projects for good from the trash")
    plain_window.open("/settings/usage")
    plain_window.reads("of that by projects in the trash")
    plain_window.press("Delete films for good")
    plain_window.fill("Project name", "films")
    plain_window.press("Delete for good")
    plain_window.reads("was deleted for good.")
    plain_window.open(f"{full.path}/upload/main")
    UploadPage(plain_window).choose(table)
    UploadPage(plain_window).send()
    plain_window.reads("1 file uploaded.")
    assert pages.listed(plain_window) == ["table.bin"]


@in_chromium
def test_an_administrator_suspends_somebody_in_the_middle_of_a_push(
    window: Window, here: Site, ada: Account, alice: Account, secret: ProjectAccess, tmp_path: Path
) -> None:
    gate = Gate(here.url)
    work = Person(alice.name, tmp_path, gate.url).work()
    work.commit("First", a__txt="1")
    work.push(secret.full_name, "main")
    before = read_snapshot(secret.repository_id).refs
    work.commit("Second", a__txt="2", film__mp4=os.urandom(MIB // 2))
    pages.sign_in(window, ada)

    def suspend() -> None:
        """When the server has asked who pushes, and reads what comes."""
        window.wait(lambda: list((here.settings.data / "scratch").glob("push-*")), "A push under way")
        window.open(f"/admin/people?q={alice.name}")
        window.press(alice.name)
        window.fill("Reason", "Films without a licence")
        window.press(f"Suspend {alice.name}")
        window.reads(f"{alice.name} is suspended, and signed out everywhere.")

    with gate.pausing_before_the_end(f"/{secret.full_name}.git/git-receive-pack", suspend):
        pushed = work.push(secret.full_name, "main", check=False)
    gate.close()
    assert pushed.returncode != 0
    assert f"! [remote rejected] main -> main (The account {alice.name} is suspended." in pushed.stderr
    assert read_snapshot(secret.repository_id).refs == before
    window.open(f"/admin/audit?person={alice.name}&kind=suspended")
    window.reads("reason: Films without a licence")
    again = work.push(secret.full_name, "main", check=False)
    assert again.returncode != 0


@in_chromium
def test_the_administrators_pages_fit_a_phone(
    window: Window, ada: Account, alice: Account, secret: ProjectAccess
) -> None:
    pages.sign_in(window, ada)
    with window.narrowed(width=390, height=800):
        for place in (
            "/admin/people",
            f"/admin/people/{alice.name}",
            "/admin/projects",
            f"/admin/projects/{secret.id}",
            "/admin/plans",
            "/admin/audit",
            "/settings/usage",
        ):
            window.open(place)
            assert (place, window.hidden_pixels()) == (place, 0)
