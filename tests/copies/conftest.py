"""A project that is copied, and what became of it."""

import pytest

from framework.accounts.core.account import Account
from framework.projects.core.access import ProjectAccess, project_for
from tests.uploads.conftest import store_files


def find(owner: Account, name: str) -> ProjectAccess:
    """The project of this name that belongs to them, as it is now."""
    return project_for(owner, owner.name, name)


@pytest.fixture
def origin(website: ProjectAccess, alice: Account) -> ProjectAccess:
    """Alice's public website with two versions and a tag."""
    store_files(website, alice, {"a.txt": b"1", "big.bin": b"x" * (1 << 21)})
    store_files(website, alice, {"a.txt": b"2"})
    return find(alice, "website")
