"""Git and git-lfs by an address from before a rename."""

import os

import pytest

from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.lifecycle.operations import update_project
from tests.githttp.client import Person, Work
from tests.githttp.conftest import House
from tests.githttp.lfs_client import lfs_work

FILM = os.urandom(2 << 20)


@pytest.fixture
def work(alice: Person, project: ProjectAccess) -> Work:
    """Alice's working copy, with a remote and a large file that the project has."""
    made = lfs_work(alice)
    made.git("remote", "add", "origin", alice.address(project.full_name))
    made.commit("First", film__bin=FILM, a__txt="1")
    made.git("push", "-q", "-u", "origin", "main")
    return made


@pytest.mark.long
def test_an_old_clone_fetches_pushes_and_sends_large_files(
    house: House, alice: Person, project: ProjectAccess, work: Work
) -> None:
    owner = house.people["alice"]
    update_project(owner, project, name=f"{project.name}-b", description="", visibility="private")
    work.commit("Second", film__bin=FILM[1:], b__txt="2")
    work.git("push", "-q")
    work.git("fetch", "-q")
    again = alice.clone(project.full_name, "again")
    assert (again.folder / "film.bin").read_bytes() == FILM[1:]
    assert project_for(owner, "alice", project.name).name == f"{project.name}-b"  # none was created by the push
