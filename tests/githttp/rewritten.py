"""A history with old versions of a file, how they are removed, and what is compared before and after."""

import random
from collections.abc import Callable
from uuid import uuid4

import pytest
from sqlalchemy import select

from framework.database.session import read_transaction
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle import old_versions
from framework.projects.models import Event
from tests.githttp.client import Person, Work
from tests.githttp.conftest import House

SIGNATURE = "-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----\n"


TABLE_BYTES = (1 << 20) + 50_000
"""A little more than the least of a large file: among unrelated bytes each place is looked for in vain."""


def noise(seed: int, size_bytes: int = TABLE_BYTES) -> bytes:
    return random.Random(seed).randbytes(size_bytes)


@pytest.fixture
def remove(house: House, project: ProjectAccess) -> Callable[..., bool]:
    """Removes the old versions of a file of the project, as Alice's worker does."""

    def act(path: str, *, work_id: str = "", rewrites_protected: bool = True) -> bool:
        alice, named = house.people["alice"].id, work_id or uuid4().hex
        return old_versions.remove(project.id, alice, named, path, kept=(), rewrites_protected=rewrites_protected)

    return act


def history(work: Work, tip: str) -> list[str]:
    """The commits of a tip, newest first, merges where they belong: names change, the order does not."""
    return work.git("rev-list", "--topo-order", tip).stdout.split()


def told(work: Work, commit_sha: str) -> str:
    """What a commit says beside its tree and parents."""
    return work.git("show", "-s", "--format=%an %ae %ad%n%cn %ce %cd%n%B", "--date=raw", commit_sha).stdout


def files(work: Work, commit_sha: str) -> dict[str, str]:
    """The files of a commit: mode and name of each, by path."""
    listed = work.git("ls-tree", "-r", "-z", commit_sha).stdout.split("\0")
    return {path: facts for facts, _tab, path in (line.partition("\t") for line in listed) if path}


@pytest.fixture
def grown(alice: Person, project: ProjectAccess) -> Work:
    """A table in five versions: on two branches that were merged, with tags of each kind, beside files that stay."""
    work = alice.work()
    work.commit("Before the table", readme="1")
    work.commit("Table 1", table=noise(1), copy=noise(1))
    work.commit("Table 2\n\nWith a body.", table=noise(2))
    work.git("tag", "light")
    work.commit("Table 3", table=noise(3))
    work.git("tag", "-a", "signed", "-m", f"The third\n{SIGNATURE}")
    work.git("checkout", "-q", "-b", "side", "HEAD~1")
    work.commit("On the side", other="2")
    work.git("checkout", "-q", "main")
    work.git("merge", "-q", "--no-edit", "side")
    work.commit("Table 4", table=noise(4))
    work.git("mv", "table", "moved")
    work.git("commit", "-q", "-m", "Moved away")
    work.git("mv", "moved", "table")
    work.git("commit", "-q", "-m", "Moved back")
    work.commit("Table 5", table=noise(5))
    work.push(project.full_name, "main", "side", "light", "signed")
    return work


def kinds_of_events(project: ProjectAccess) -> list[str]:
    query = select(Event.kind).where(Event.project_id == project.id, Event.kind.in_(["purged", "versions_removed"]))
    with read_transaction() as session:
        return list(session.scalars(query.order_by(Event.id)))
