"""The upload story with JavaScript switched off: the same job by plain forms."""

from pathlib import Path

import pytest

from framework.accounts.core.account import Account
from framework.formatting import MIB
from framework.projects.core.access import ProjectAccess
from tests.browser import pages
from tests.browser.pages import UploadPage
from tests.browser.window import Window


@pytest.fixture
def page(plain_window: Window, alice: Account, secret: ProjectAccess) -> UploadPage:
    """The upload page of Alice's empty project."""
    pages.sign_in(plain_window, alice)
    plain_window.open(secret.path)
    plain_window.press("Upload files")
    plain_window.arrives(f"{secret.path}/upload/main")
    return UploadPage(plain_window)


def test_the_whole_job_is_done_without_script(page: UploadPage, secret: ProjectAccess, tmp_path: Path) -> None:
    names = ["notes.txt", "table.csv"]
    for content in ("first", "second"):
        for name in names:
            (tmp_path / name).write_text(f"{content} {name}")
        page.window.open(f"{secret.path}/upload/main")
        assert "Drop files" not in page.window.text
        page.choose(*(tmp_path / name for name in names))
        page.window.fill("Message", f"The {content} one")
        page.send()
        page.window.reads("2 files uploaded.")
    assert pages.listed(page.window) == names
    page.window.press("notes.txt")
    page.window.press("File history")
    page.window.press("Open this version: The first one")
    page.window.reads("first notes.txt")
    page.window.press("Download")
    assert page.window.downloaded("notes.txt") == b"first notes.txt"


def test_a_file_over_the_limit_brings_the_form_back_with_each_files_fate(
    page: UploadPage, secret: ProjectAccess, tmp_path: Path
) -> None:
    sizes = {"film.mp4": MIB + 1, "good.txt": 4}
    for name, size_bytes in sizes.items():
        (tmp_path / name).write_bytes(bytes(size_bytes))
    page.choose(*(tmp_path / name for name in sizes))
    page.window.fill("Message", "Two files")
    page.send()
    page.window.reads("Nothing of this upload was stored.")
    told = page.outcomes()
    assert told["film.mp4"] == "“film.mp4” is 1.1 MiB, over the 1 MiB limit."
    assert told["good.txt"].startswith("Not saved, since an upload is saved as a whole.")
    assert page.window.field("Message").get_property("value") == "Two files"
    page.window.open(secret.path)
    page.window.reads("Add the first files")


def test_a_form_without_a_file_says_what_to_do(page: UploadPage) -> None:
    page.send()
    page.window.reads("No file was chosen.")


def test_a_menu_opens_and_a_person_signs_out_without_script(plain_window: Window, alice: Account) -> None:
    pages.sign_in(plain_window, alice)
    pages.sign_out(plain_window, alice.name)
    plain_window.reads("You are signed out.")
