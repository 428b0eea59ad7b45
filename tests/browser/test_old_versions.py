"""An owner finds what takes the space and removes a file's old versions, with JavaScript switched off, on a phone."""

import random
from pathlib import Path

import pytest

from framework.accounts.core.account import Account
from framework.projects import tasks
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.file_counts import COUNT_TASK
from framework.projects.lifecycle.old_versions import TASK
from tests.browser import pages
from tests.browser.conftest import in_chromium
from tests.browser.window import Window
from tests.cast import asked_for, asked_for_options
from tests.repositories.conftest import MIB, Bench

NAME = "a-long-name-that-nobody-would-type-in-a-table-" * 2 + ".csv"


@pytest.fixture
def grown(secret: ProjectAccess, tmp_path: Path) -> ProjectAccess:
    """Alice's project with a table in three versions."""
    bench = Bench(secret.repository_id, tmp_path)
    for number in range(3):
        bench.write(bench.put(f"data/{NAME}", random.Random(number).randbytes(MIB)))
    return secret


def test_old_versions_are_removed_without_script(plain_window: Window, alice: Account, grown: ProjectAccess) -> None:
    pages.sign_in(plain_window, alice)
    plain_window.open(f"{grown.path}/settings/storage")
    plain_window.press("Count now")
    plain_window.reads("Counting the files")
    tasks.count_files.run(*asked_for(COUNT_TASK)[-1])
    plain_window.open(f"{grown.path}/settings/storage")
    plain_window.reads("All 3 versions take 3 MiB, of which the newest is 1 MiB.")
    plain_window.press(f"Remove old versions of data/{NAME}")
    plain_window.reads("Removing 2 old versions frees 2 MiB.")
    plain_window.fill("File name", NAME)
    plain_window.press("Rewrite these protected branches and tags, too, this once")
    plain_window.press("Remove old versions")
    plain_window.reads("Removing old versions of a file")
    tasks.remove_old_versions.run(*asked_for(TASK)[-1], **asked_for_options(TASK)[-1])
    plain_window.reads("2 old versions of data/")
    plain_window.open(f"{grown.path}/settings/storage")
    plain_window.reads("Its only version takes 1 MiB.")


@in_chromium
def test_its_pages_fit_a_phone(window: Window, alice: Account, grown: ProjectAccess) -> None:
    pages.sign_in(window, alice)
    window.open(f"{grown.path}/settings/storage")
    window.press("Count now")
    window.reads("Counting the files")
    tasks.count_files.run(*asked_for(COUNT_TASK)[-1])
    with window.narrowed(width=390, height=800):
        window.open(f"{grown.path}/settings/storage")
        assert window.hidden_pixels() == 0
        window.press(f"Remove old versions of data/{NAME}")
        window.reads("What it means for clones")
        assert window.hidden_pixels() == 0
