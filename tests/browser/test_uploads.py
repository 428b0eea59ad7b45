"""The main job: putting files into a project, seeing them, changing them, and getting old versions back."""

import io
import os
import zipfile
from itertools import pairwise
from pathlib import Path

import pytest

from framework.formatting import MIB
from framework.projects.core.access import ProjectAccess
from tests.browser import pages
from tests.browser.conftest import in_chromium, in_each_browser
from tests.browser.pages import UploadPage

FOLDER_FILES = ["2026/july/Größe.csv", "2026/july/plot 1.csv", "2026/photo.jpg", "readme.txt"]


def test_a_file_is_listed_as_soon_as_it_is_uploaded(page: UploadPage, secret: ProjectAccess, tmp_path: Path) -> None:
    report = tmp_path / "report 日本語.pdf"
    report.write_bytes(b"%PDF-1.7\n" + os.urandom(MIB - 9))
    page.choose(report)
    page.waits_for([report.name])
    assert page.message() == f"Add {report.name}"
    page.send()
    page.window.arrives(secret.path)
    page.window.reads("1 file uploaded.")
    assert pages.listed(page.window) == [report.name]
    page.window.press(report.name)
    page.window.press("Download")
    assert page.window.downloaded(report.name) == report.read_bytes()


@in_chromium
def test_a_folder_is_uploaded_with_everything_in_it(page: UploadPage, secret: ProjectAccess, folder: Path) -> None:
    page.choose_folder(folder)
    page.waits_for([f"field work/{name}" for name in FOLDER_FILES])
    assert page.message() == "Add field work (4 files)"
    page.window.fill("Message", "First summer")
    page.send()
    page.window.reads("4 files uploaded.")
    for name in ("field work", "2026", "july"):
        page.window.press(name)
    page.window.arrives(f"{secret.path}/tree/main/field%20work/2026/july")
    assert pages.listed(page.window) == ["Größe.csv", "plot 1.csv"]
    page.window.reads("First summer")


@in_chromium
def test_files_and_folders_can_be_dropped_on_the_page(page: UploadPage, folder: Path) -> None:
    page.drop(folder / "readme.txt", folder / "2026")
    page.waits_for(FOLDER_FILES)
    page.send()
    page.window.reads("4 files uploaded.")
    assert pages.listed(page.window) == ["2026", "readme.txt"]


@in_chromium
def test_what_was_chosen_by_mistake_is_left_out(page: UploadPage, folder: Path) -> None:
    page.choose(folder / "readme.txt", folder / "2026" / "photo.jpg")
    page.waits_for(["readme.txt", "photo.jpg"])
    page.window.press("Leave out photo.jpg")
    page.waits_for(["readme.txt"])
    page.send()
    page.window.reads("1 file uploaded.")
    assert pages.listed(page.window) == ["readme.txt"]


@pytest.mark.long
def test_every_version_of_a_file_can_be_had_again(page: UploadPage, secret: ProjectAccess, tmp_path: Path) -> None:
    file = tmp_path / "thesis.bin"
    versions = [os.urandom(300_000) for _ in range(2)]
    for content, message in zip(versions, ("First draft", "After the talk"), strict=True):
        file.write_bytes(content)
        page.window.open(f"{secret.path}/upload/main")
        page.choose(file)
        page.window.fill("Message", message)
        page.send()
        page.window.arrives(secret.path)
    page.window.press("thesis.bin")
    page.window.press("File history")
    page.window.press("Open this version: First draft")
    page.window.reads("You are looking at an older version")
    page.window.press("Download")
    assert page.window.downloaded("thesis.bin") == versions[0]


@in_each_browser
def test_a_file_over_the_limit_stays_behind_and_the_others_are_stored(
    page: UploadPage, secret: ProjectAccess, tmp_path: Path
) -> None:
    sizes = {"film.mp4": MIB + 1, "just-right.bin": MIB, "empty.txt": 0}
    for name, size_bytes in sizes.items():
        (tmp_path / name).write_bytes(bytes(size_bytes))
    page.choose(*(tmp_path / name for name in sizes))
    page.waits_for(list(sizes))
    page.is_told(
        {
            "film.mp4": "“film.mp4” is 1.1 MiB, over the 1 MiB limit. It will be skipped, the others will be uploaded.",
            "just-right.bin": "1 MiB · new",
            "empty.txt": "0 bytes · new",
        }
    )
    page.send()
    page.window.arrives(secret.path)
    page.window.reads("2 files uploaded.")
    skipped = "2 uploaded, 1 skipped: film.mp4, 1.1 MiB, over the limit of 1 MiB"
    page.window.reads(skipped)
    assert pages.listed(page.window) == ["empty.txt", "just-right.bin"]
    page.window.press("History")
    page.window.reads(skipped)
    page.window.leaves(lambda: page.window.press("Dismiss"))
    page.window.reads("Browse files")
    assert skipped not in page.window.text


def test_more_than_one_version_may_bring_is_told_before_it_is_sent(page: UploadPage, tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"{number}.bin").write_bytes(bytes(MIB))
    page.choose(*sorted(tmp_path.glob("*.bin")))
    page.window.reads("Together these files have 4 MiB; one version may bring 3 MiB.")
    page.window.press("Leave out 0.bin")
    page.send()
    page.window.reads("3 files uploaded.")


@pytest.mark.long
@in_chromium
def test_a_folder_of_500_files_is_one_version(page: UploadPage, secret: ProjectAccess, tmp_path: Path) -> None:
    root = tmp_path / "survey"
    for number in range(500):
        path = root / f"day {number % 10}" / f"plot {number % 5}" / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{number}\n")
    page.choose_folder(root)
    page.window.reads("500 files, ")
    page.window.reads("and 200 more files")
    page.send()
    page.window.reads("500 files uploaded.")
    page.window.press("History")
    page.window.reads("Add survey (500 files)")
    assert len(page.window.visible(".day li")) == 1


@pytest.mark.long
@in_chromium
def test_progress_is_shown_for_each_file_and_for_all(page: UploadPage, tmp_path: Path) -> None:
    for name in ("one.bin", "two.bin"):
        (tmp_path / name).write_bytes(os.urandom(MIB // 2))
    page.choose(tmp_path / "one.bin", tmp_path / "two.bin")
    with page.window.slow_line(bytes_per_second=400_000):
        page.window.element("#send:enabled").click()
        seen: list[dict[str, float]] = []

        def looks_until_it_is_stored() -> bool:
            seen.append(page.progress())
            return "2 files uploaded" in page.window.text

        page.window.wait(looks_until_it_is_stored, "The stored files")
    whole, one, two = ([bars.get(name, 0) for bars in seen] for name in ("All files", "one.bin", "two.bin"))
    for shown in (whole, one, two):
        assert any(0 < value < 1 for value in shown)
    assert all(before <= after for before, after in pairwise(one) if after)


@in_chromium
def test_a_cancelled_upload_stores_nothing_and_can_be_sent_again(
    page: UploadPage, secret: ProjectAccess, tmp_path: Path
) -> None:
    (tmp_path / "slow.bin").write_bytes(os.urandom(MIB))
    page.choose(tmp_path / "slow.bin")
    with page.window.slow_line(bytes_per_second=50_000):
        page.begin("slow.bin")
        page.window.press("Cancel the upload")
        page.window.reads("Cancelled; nothing was stored.")
    assert list(page.staged()) == ["slow.bin"]
    page.send()
    page.window.reads("1 file uploaded.")
    page.window.press("History")
    page.window.reads("Add slow.bin")
    assert len(page.window.visible(".day li")) == 1


@in_chromium
def test_a_file_that_is_cancelled_is_left_out_and_the_others_are_stored(page: UploadPage, tmp_path: Path) -> None:
    (tmp_path / "slow.bin").write_bytes(os.urandom(MIB))
    (tmp_path / "small.txt").write_text("small")
    page.choose(tmp_path / "slow.bin", tmp_path / "small.txt")
    with page.window.slow_line(bytes_per_second=50_000):
        page.begin("slow.bin")
        page.window.press("Cancel slow.bin")
        page.window.reads("1 file uploaded.")
    assert pages.listed(page.window) == ["small.txt"]


@in_chromium
def test_the_only_file_that_is_cancelled_stays_listed_and_is_not_ticked(page: UploadPage, tmp_path: Path) -> None:
    (tmp_path / "slow.bin").write_bytes(os.urandom(MIB))
    page.choose(tmp_path / "slow.bin")
    with page.window.slow_line(bytes_per_second=50_000):
        page.begin("slow.bin")
        page.window.press("Cancel slow.bin")
        page.window.reads("Cancelled; nothing was stored.")
    assert list(page.staged()) == ["slow.bin"]
    assert not page.window.visible("#send:enabled")
    page.window.element("[aria-label='Upload slow.bin']").click()
    page.send()
    page.window.reads("1 file uploaded.")


@in_chromium
def test_leaving_the_page_while_files_are_sent_asks(page: UploadPage, tmp_path: Path) -> None:
    (tmp_path / "slow.bin").write_bytes(os.urandom(MIB))
    page.choose(tmp_path / "slow.bin")
    assert not page.asks_before_it_is_left()
    with page.window.slow_line(bytes_per_second=50_000):
        page.begin("slow.bin")
        assert page.asks_before_it_is_left()
        assert not page.window.visible("#drop"), "what is chosen now would be no part of this version"
        page.window.press("Cancel the upload")
        page.window.reads("Cancelled; nothing was stored.")
    assert not page.asks_before_it_is_left()
    page.send()
    page.window.reads("1 file uploaded.")


def test_a_project_is_downloaded_as_a_zip(page: UploadPage, secret: ProjectAccess, folder: Path) -> None:
    page.choose(folder / "readme.txt")
    page.send()
    page.window.press("Download")
    address = page.window.element("#clone-address").get_property("value")
    assert address == f"{page.window.url}{secret.path}.git"
    page.window.press("Download ZIP")
    with zipfile.ZipFile(io.BytesIO(page.window.downloaded("secret-main.zip"))) as archive:
        assert archive.read("secret-main/readme.txt") == b"readme.txt"
