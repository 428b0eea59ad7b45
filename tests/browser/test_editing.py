"""Changes without an upload, in a window: writing, editing, conflicts, deleting, restoring, undoing; the trash."""

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from framework.accounts.core.account import Account
from framework.projects.core.access import ProjectAccess
from tests.browser import pages
from tests.browser.conftest import in_chromium
from tests.browser.window import Window
from tests.uploads.conftest import store_files


@pytest.fixture
def project(alice: Account, secret: ProjectAccess) -> ProjectAccess:
    """Alice's project with some files."""
    store_files(secret, alice, {"notes.txt": b"first\n", "docs/guide.md": b"# Guide\n"}, message="First")
    return secret


@pytest.fixture
def at_home(window: Window, alice: Account, project: ProjectAccess) -> Window:
    """Alice looks at her project."""
    pages.sign_in(window, alice)
    window.open(project.path)
    return window


@in_chromium
def test_a_file_is_edited_in_the_editor_with_colours(at_home: Window, project: ProjectAccess) -> None:
    at_home.press("notes.txt")
    at_home.press("Edit")
    host = at_home.element(".editor-host")
    typed = at_home.wait(lambda: host.shadow_root.find_element(By.CSS_SELECTOR, ".cm-content"), "The editor")
    typed.send_keys(Keys.CONTROL, Keys.END)
    typed.send_keys("second")
    at_home.fill("Message", "One more line")
    at_home.press("Save")
    at_home.arrives(f"{project.path}/blob/main/notes.txt")
    at_home.reads("second")
    at_home.reads("One more line")


@pytest.mark.long
def test_the_plain_editor_does_the_same(plain_window: Window, alice: Account, project: ProjectAccess) -> None:
    pages.sign_in(plain_window, alice)
    plain_window.open(f"{project.path}/edit/main/notes.txt")
    plain_window.field("Text").send_keys("second")
    plain_window.press("Save")
    plain_window.arrives(f"{project.path}/blob/main/notes.txt")
    plain_window.reads("second")
    plain_window.press("Undo")
    plain_window.reads("Undone, as a new version.")


def test_who_comes_second_sees_both_texts(plain_window: Window, alice: Account, project: ProjectAccess) -> None:
    pages.sign_in(plain_window, alice)
    plain_window.open(f"{project.path}/edit/main/notes.txt")
    store_files(project, alice, {"notes.txt": b"theirs\n"})
    plain_window.fill("Text", "mine")
    plain_window.press("Save")
    plain_window.reads("The newest version, by someone else")
    plain_window.reads("theirs")
    assert plain_window.field("Text").get_property("value") == "mine"
    plain_window.press("Save")
    plain_window.arrives(f"{project.path}/blob/main/notes.txt")
    plain_window.reads("mine")


def test_a_new_file_and_a_new_folder_are_made(at_home: Window, project: ProjectAccess) -> None:
    at_home.press("Add something else")
    at_home.press("New folder")
    at_home.fill("Name", "drafts")
    at_home.press("Create folder")
    at_home.arrives(f"{project.path}/tree/main/drafts")
    at_home.press("Add something else")
    at_home.press("New file")
    at_home.field("Name").send_keys("idea.txt")
    at_home.press("Save")
    at_home.arrives(f"{project.path}/blob/main/drafts/idea.txt")
    at_home.reads("An empty file")


def test_a_file_is_deleted_and_undone_and_deleted_and_restored(at_home: Window, project: ProjectAccess) -> None:
    at_home.open(f"{project.path}/blob/main/docs/guide.md")
    at_home.press("Delete guide.md")
    at_home.press("Delete")
    at_home.reads("Deleted, as a new version.")
    at_home.arrives(f"{project.path}/tree/main")
    at_home.press("Undo")
    at_home.reads("Undone, as a new version.")
    at_home.open(f"{project.path}/delete/main/docs/guide.md")
    at_home.press("Delete")
    at_home.press("More for this folder")
    at_home.press("Show deleted files")
    at_home.press("Restore docs/guide.md")
    at_home.reads("Will be restored")
    at_home.press("Restore this version")
    at_home.arrives(f"{project.path}/blob/main/docs/guide.md")
    at_home.reads("Restored, as a new version.")


@pytest.mark.long
def test_the_whole_project_goes_back_to_a_version_and_forward_again(
    at_home: Window, alice: Account, project: ProjectAccess
) -> None:
    store_files(project, alice, {"notes.txt": b"changed\n", "more.txt": b"1"}, message="Second")
    at_home.press("History")
    at_home.press("Restore this version: First")
    at_home.reads("more.txt")
    at_home.press("Restore this version")
    at_home.reads("Restored, as a new version.")
    assert pages.listed(at_home) == ["docs", "notes.txt"]
    at_home.press("Undo")
    at_home.reads("Undone, as a new version.")
    assert pages.listed(at_home) == ["docs", "more.txt", "notes.txt"]


def test_a_project_comes_back_from_the_trash(at_home: Window, project: ProjectAccess) -> None:
    at_home.open(f"{project.path}/settings")
    at_home.press("Put into the trash")
    at_home.arrives("/trash")
    at_home.reads("kept until")
    at_home.press(f"Restore {project.full_name}")
    at_home.arrives(project.path)
    assert pages.listed(at_home) == ["docs", "notes.txt"]
