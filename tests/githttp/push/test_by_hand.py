"""Packs that git indexes as they come, and that a push must not bring all the same."""

import pytest

from framework.gitcore.packs import BLOB, COMMIT, TREE
from framework.projects.core.access import ProjectAccess
from tests.githttp.client import Person
from tests.githttp.conftest import House
from tests.githttp.protocol.wire import NOTHING, post, push_body
from tests.githttp.push.leftovers import state
from tests.packs_by_hand import push_by_hand

PADDING = [(b"100644", b"file-%06d" % number, b"") for number in range(30_000)]
SUBMODULE = (b"160000", b".gitmodules", bytes([0x22] * 20))


@pytest.mark.usefixtures("work")
@pytest.mark.parametrize("kind", [BLOB, TREE, COMMIT])
def test_objects_that_no_git_could_read(house: House, alice: Person, project: ProjectAccess, kind: int) -> None:
    before = state(house, project)
    tip, pack = push_by_hand([(b"100644", b"file", b"")], long=kind)
    status, said = post(alice, project.full_name, push_body([(NOTHING, tip, "refs/heads/side")], pack))
    assert status == 200
    assert b"Git cannot take these objects" in said
    assert b"ng refs/heads/side " in said
    assert state(house, project) == before


@pytest.mark.usefixtures("work")
@pytest.mark.parametrize("beside", [[], PADDING], ids=["a small folder", "a folder over a MiB"])
def test_names_that_have_rules(
    house: House, alice: Person, project: ProjectAccess, beside: list[tuple[bytes, bytes, bytes]]
) -> None:
    before = state(house, project)
    tip, pack = push_by_hand([SUBMODULE, *beside])
    status, said = post(alice, project.full_name, push_body([(NOTHING, tip, "refs/heads/side")], pack))
    assert status == 200
    assert b"ng refs/heads/side " in said
    assert b".gitmodules" in said
    assert state(house, project) == before
