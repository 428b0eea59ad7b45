"""When a doctorate ends: a project becomes the lab's, and what knows its old address finds it."""

from pathlib import Path

import pytest

from framework.accounts.core.account import Account
from framework.groups.operations import create_group
from framework.projects.core.access import ProjectAccess
from tests.browser import pages
from tests.browser.conftest import Site
from tests.browser.window import Window
from tests.githttp.client import Person
from tests.uploads.conftest import store_files


@pytest.mark.long
def test_a_project_goes_to_a_lab_and_is_cloned_by_its_old_address(
    plain_window: Window, here: Site, alice: Account, bob: Account, secret: ProjectAccess, tmp_path: Path
) -> None:
    window, lab = plain_window, create_group(bob, name=alice.name.replace("alice", "lab"), title="The lab")
    store_files(secret, alice, {"notes.txt": b"Day one\n"})
    pages.sign_in(window, alice)
    window.open(secret.path)
    window.press("Share")
    window.press("Hand over…")
    window.fill("Person or group", lab.name)
    window.leaves(lambda: window.press("Hand over"))
    window.reads("can accept until")
    pages.sign_out(window, alice.name)

    pages.sign_in(window, bob)
    window.open("/inbox")
    window.press("Answer")
    window.reads("owners decide who sees it")
    window.leaves(lambda: window.press("Accept"))
    window.arrives(f"{lab.path}/secret")
    window.open(lab.path)
    window.press("secret")
    window.arrives(f"{lab.path}/secret")
    window.open(f"{secret.path}/blob/main/notes.txt")
    window.arrives(f"{lab.path}/secret/blob/main/notes.txt")
    window.reads("Day one")
    clone = Person(alice.name, tmp_path, here.url).clone(secret.full_name, "work")
    assert (clone.folder / "notes.txt").read_text() == "Day one\n"
    clone.commit("Day two", notes__txt="Day two\n")
    clone.git("push", "-q")
    window.open(f"{secret.path}/blob/main/notes.txt")
    window.reads("Day two")
