"""Real git-lfs against the real server: what is sent once, what comes back, and what nobody gets."""

import hashlib
import json
import os
from base64 import b64encode
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from sqlalchemy import select

from framework.accounts.tokens import create_token
from framework.database.session import reading
from framework.lfs.pointer import Pointer
from framework.projects.access import ProjectAccess
from framework.projects.operations import create_project
from framework.repositories import lfs
from framework.repositories.models import LfsObject, Repository, StagedLfs
from framework.repositories.snapshot import read_snapshot
from framework.storage.current import store
from tests.git.client import Person, Work
from tests.git.conftest import MIB, House

FILM = os.urandom(3 * MIB)


def lfs_work(person: Person, name: str = "work") -> Work:
    """A working copy where git-lfs keeps every `.bin`."""
    person.git("lfs", "install", "--skip-repo")
    work = person.work(name)
    work.git("lfs", "install", "--local")
    work.git("lfs", "track", "*.bin")
    return work


@pytest.fixture
def work(alice: Person, project: ProjectAccess) -> Work:
    """Alice's working copy, with a large file that the project has."""
    made = lfs_work(alice)
    made.commit("First", film__bin=FILM, a__txt="1")
    made.push(project.full_name, "main")
    return made


def oid_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def objects_in_store(project: ProjectAccess) -> list[str]:
    return [entry.key for entry in store().list(f"repos/{project.repository_id}/lfs/")]


def named(project: ProjectAccess) -> set[str]:
    with reading() as session:
        return set(session.scalars(select(LfsObject.oid).where(LfsObject.repository_id == project.repository_id)))


def waiting(project: ProjectAccess) -> dict[str, str]:
    """The objects that no version names, with the states of their rows."""
    with reading() as session:
        rows = session.scalars(select(StagedLfs).where(StagedLfs.repository_id == project.repository_id))
        return {row.oid: row.state for row in rows}


def ask(person: Person, project: str, place: str, document: object, method: str = "POST") -> tuple[int, Any, Any]:
    """Status, JSON and headers of the answer to a request of Git LFS."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    headers = {"Content-Type": "application/vnd.git-lfs+json", "Accept": "application/vnd.git-lfs+json"}
    if person.name:
        headers["Authorization"] = "Basic " + b64encode(f"{person.name}:{person.password}".encode()).decode()
    request = Request(f"{person.url}/{project}.git/info/lfs/{place}", body, headers, method=method)
    try:
        with urlopen(request) as answer:
            return answer.status, json.loads(answer.read()), answer.headers
    except HTTPError as refusal:
        with refusal:
            return refusal.code, json.loads(refusal.read()), refusal.headers


def batch(person: Person, project: str, operation: str, *contents: bytes) -> list[dict[str, Any]]:
    """The lines of a batch's answer."""
    objects = [{"oid": oid_of(content), "size": len(content)} for content in contents]
    status, said, _headers = ask(person, project, "objects/batch", {"operation": operation, "objects": objects})
    assert status == 200, said
    return list(said["objects"])


def test_a_large_file_goes_up_and_comes_back(work: Work, alice: Person, project: ProjectAccess) -> None:
    assert named(project) == {oid_of(FILM)}
    assert waiting(project) == {}
    assert len(objects_in_store(project)) == 1
    copy = alice.clone(project.full_name, "copy")
    assert (copy.folder / "film.bin").read_bytes() == FILM
    assert copy.git("show", "HEAD:film.bin").stdout == Pointer(oid_of(FILM), len(FILM)).text.decode()
    copy.git("lfs", "fsck")
    assert "film.bin" in copy.git("lfs", "ls-files").stdout
    assert copy.git("fsck", "--strict").stderr == ""
