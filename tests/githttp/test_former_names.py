"""Git and git-lfs by an address from before a rename, or another owner."""

import os
from urllib.request import urlopen

import pytest

from framework.groups.operations import create_group
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.lifecycle.operations import update_project
from framework.projects.lifecycle.transfers import transfer_project
from tests.githttp.client import Person, Work
from tests.githttp.conftest import House
from tests.githttp.lfs_client import ask, lfs_work, oid_of

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


@pytest.mark.long
def test_every_way_to_a_project_leads_on_after_it_went_to_a_group(
    house: House, alice: Person, project: ProjectAccess, work: Work
) -> None:
    owner, group = house.people["alice"], f"lab-{project.name}"
    create_group(owner, name=group)
    transfer_project(owner, project, to=group)
    assert project_for(owner, group, project.name).id == project.id
    clone = alice.clone(project.full_name, "again")
    assert (clone.folder / "film.bin").read_bytes() == FILM
    clone.commit("Second", film__bin=FILM[1:])
    clone.git("push", "-q")
    wanted = {"operation": "download", "objects": [{"oid": oid_of(FILM), "size": len(FILM)}]}
    status, batch, _headers = ask(alice, project.full_name, "objects/batch", wanted)
    assert (status, "download" in batch["objects"][0]["actions"]) == (200, True)
    now = f"{group}/{project.name}"
    update_project(
        owner, project_for(owner, group, project.name), name=project.name, description="", visibility="public"
    )
    for place in ("{}", "{}/blob/main/a.txt", "{}/raw/main/a.txt", "api/v1/projects/{}"):
        before, after = (f"{house.server.url}/{place.format(name)}" for name in (project.full_name, now))
        with urlopen(before) as answer:
            assert answer.url == after
