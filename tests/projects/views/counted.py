"""A project with a table in four versions, whose owner has had its files counted, and how she removes the old ones."""

import random
import re
from pathlib import Path

import pytest

from framework.accounts.core.account import Account
from framework.projects import tasks
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.file_counts import COUNT_TASK
from framework.projects.lifecycle.old_versions import TASK
from tests.cast import SignIn, Visitor, asked_for, asked_for_options
from tests.repositories.conftest import MIB, Bench

PAGE = "/alice/website/settings/storage"
PATH = "data/table.csv"


@pytest.fixture
def bench(website: ProjectAccess, tmp_path: Path) -> Bench:
    """The website with a table in four versions."""
    made = Bench(website.repository_id, tmp_path)
    for number in range(4):
        made.write(made.put(PATH, random.Random(number).randbytes(MIB)), message=f"Table {number}")
    return made


@pytest.fixture
def owner(bench: Bench, alice: Account, signed_in: SignIn) -> Visitor:
    """Alice, who has had the files counted."""
    person = signed_in(alice)
    count(person)
    return person


def count(person: Visitor) -> None:
    answer = person.submit(PAGE, to=f"{PAGE}/count")
    work = asked_for(COUNT_TASK)[-1]
    assert answer.location == f"/work/{work[2]}"
    assert tasks.count_files.run(*work)
    assert "Counting the files of alice/website" in person.get(answer.location).text


def page_of_file(person: Visitor) -> str:
    """The address that the storage page gives for the removal."""
    found = re.search(
        rf'href="({PAGE}/files/[0-9a-f]+)" aria-label="Remove old versions of {PATH}"', person.get(PAGE).text
    )
    assert found
    return found[1]


def run_removal() -> bool:
    return bool(tasks.remove_old_versions.run(*asked_for(TASK)[-1], **asked_for_options(TASK)[-1]))
