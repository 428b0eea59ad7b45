"""The list of an upload: what would happen is told beforehand, and it can be changed before anything is sent."""

import re
from pathlib import Path

import pytest

from framework.accounts.core.account import Account
from framework.projects.core.access import ProjectAccess
from tests.browser import pages
from tests.browser.conftest import in_chromium
from tests.browser.pages import UploadPage
from tests.uploads.conftest import store_files


def test_names_that_cannot_be_stored_are_told_one_by_one(page: UploadPage, tmp_path: Path) -> None:
    for name in ("good.txt", "a\\b.txt"):
        (tmp_path / name).write_text(name)
    page.choose(tmp_path / "good.txt", tmp_path / "a\\b.txt")
    page.window.wait(lambda: "backslash" in page.staged()["a\\b.txt"], "The reason")
    page.rename("a\\b.txt", "b.txt")
    page.is_told({"good.txt": "8 bytes · new", "b.txt": "7 bytes · new"})
    page.send()
    page.window.reads("2 files uploaded.")
    assert pages.listed(page.window) == ["b.txt", "good.txt"]


def test_what_would_happen_is_told_before_a_byte_is_sent(
    page: UploadPage, alice: Account, secret: ProjectAccess, tmp_path: Path
) -> None:
    there = {"same.txt": b"same", "other.txt": b"old", ".gitignore": b"*.tmp\n", "dir/x": b"x"}
    store_files(secret, alice, there)
    sent = {"same.txt": b"same", "other.txt": b"new", "x.tmp": b"1", "dir": b"2", "Other.txt": b"3"}
    for name, content in sent.items():
        (tmp_path / name).write_bytes(content)
    page.choose(*(tmp_path / name for name in sent))
    page.is_told(
        {
            "same.txt": "4 bytes · unchanged, skipped",
            "other.txt": "3 bytes · new version",
            "x.tmp": "1 byte · A .gitignore leaves it out.",
            "dir": "“dir” is a folder already; give the file another name. It will be skipped, the others"
            " will be uploaded.",
            "Other.txt": "1 byte · new · It differs from “other.txt” in large and small letters only; on Windows and"
            " macOS one hides the other.",
        }
    )
    assert page.message() == "Add 1 file and update 1 file"
    page.window.element("[aria-label='Upload x.tmp']").click()
    page.send()
    page.window.reads("3 files uploaded.")
    assert pages.listed(page.window) == ["dir", ".gitignore", "Other.txt", "other.txt", "same.txt", "x.tmp"]


def test_files_of_one_name_stay_apart(page: UploadPage, tmp_path: Path) -> None:
    for number, folder in enumerate(("a", "b")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "notes.txt").write_text("x" * (number + 1))
        page.choose(tmp_path / folder / "notes.txt")
    page.is_told({"notes.txt": "1 byte · new", "notes (2).txt": "2 bytes · new"})
    page.send()
    assert pages.listed(page.window) == ["notes (2).txt", "notes.txt"]


@in_chromium
def test_files_dropped_on_the_list_of_files_go_into_that_folder(
    page: UploadPage, alice: Account, secret: ProjectAccess, folder: Path
) -> None:
    store_files(secret, alice, {"photos/first.jpg": b"1"})
    (folder / "2026" / "raw").mkdir()
    page.window.open(f"{secret.path}/tree/main/photos")
    page.window.drop(page.window.element(".files"), [folder / "2026"])
    page.window.arrives(f"{secret.path}/upload/main/photos")
    page.waits_for(["2026/july/Größe.csv", "2026/july/plot 1.csv", "2026/photo.jpg"])
    page.window.reads("Left out: 1 empty folder (2026/raw/), since Git keeps files only.")
    page.send()
    page.window.arrives(f"{secret.path}/tree/main/photos")
    assert pages.listed(page.window) == ["2026", "first.jpg"]


def test_an_upload_begins_a_branch(page: UploadPage, alice: Account, secret: ProjectAccess, folder: Path) -> None:
    store_files(secret, alice, {"readme.txt": b"old"})
    page.window.open(f"{secret.path}/upload/main")
    page.choose(folder / "readme.txt")
    page.window.element(".more summary").click()
    page.window.fill("New branch", "idea")
    page.send()
    page.window.arrives(f"{secret.path}/tree/idea")
    page.window.reads("1 file uploaded.")


def test_a_refused_version_loses_no_byte(page: UploadPage, secret: ProjectAccess, folder: Path) -> None:
    page.choose(folder / "readme.txt")
    page.window.driver.execute_script("document.getElementById('branch').value = 'nowhere'")
    page.window.element("#send:enabled").click()
    page.window.reads("What has arrived is kept; you need not send it again.")
    page.window.driver.execute_script("document.getElementById('branch').value = 'main'")
    page.send()
    page.window.reads("1 file uploaded.")


@in_chromium
def test_an_image_is_pasted(page: UploadPage) -> None:
    page.window.driver.execute_script(
        """
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(10)], "image.png", { type: "image/png" }));
        dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        """
    )
    page.window.wait(lambda: len(page.staged()) == 1, "The picture")
    (name,) = page.staged()
    assert re.fullmatch(r"Pasted \d{4}-\d\d-\d\d \d{6}\.png", name)
    page.send()
    assert pages.listed(page.window) == [name]


@pytest.mark.long
@in_chromium
def test_a_folder_that_would_hide_the_readme_can_be_left_off(page: UploadPage, tmp_path: Path) -> None:
    (tmp_path / "lab" / "data").mkdir(parents=True)
    for name in ("README.md", "data/a.csv", ".DS_Store"):
        (tmp_path / "lab" / name).write_text("x")
    page.choose_folder(tmp_path / "lab")
    page.window.reads("All files lie in “lab”")
    page.window.element("#unwrap").click()
    page.is_told({
        "README.md": "1 byte · new",
        "data/a.csv": "1 byte · new",
        ".DS_Store": "1 byte · macOS keeps this for itself.",
    })  # fmt: skip
    page.send()
    page.window.reads("2 files uploaded. 1 left out")
    assert pages.listed(page.window) == ["data", "README.md"]
