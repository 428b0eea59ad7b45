"""Real git pushes to the real server: what lands, and what others see of it."""

from tests.git.client import Person
from framework.projects.access import ProjectAccess


def test_the_first_push_into_an_empty_project(alice: Person, project: ProjectAccess) -> None:
    work = alice.work()
    first = work.commit("First", a__txt="1")
    said = work.push(project.full_name, "main").stderr
    print(said)
    assert "[new branch]" in said
    copy = alice.clone(project.full_name, "copy")
    assert copy.sha("HEAD") == first
    assert copy.git("fsck", "--strict").stderr == ""
