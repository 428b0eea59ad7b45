"""Git LFS as its clients speak it, and what became of the objects."""

import hashlib
import json
import os
from base64 import b64encode
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from sqlalchemy import select

from framework.database.session import read_transaction
from framework.projects.core.access import ProjectAccess
from framework.repositories.models import LfsObject, StagedLfs
from framework.storage.current import store
from tests.githttp.client import Person, Work
from tests.githttp.conftest import MIB


def lfs_work(person: Person, name: str = "work") -> Work:
    """A working copy where git-lfs keeps every `.bin`."""
    person.git("lfs", "install", "--skip-repo")
    work = person.work(name)
    work.git("lfs", "install", "--local")
    work.git("lfs", "track", "*.bin")
    return work


def oid_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def objects_in_store(project: ProjectAccess) -> list[str]:
    return [entry.key for entry in store().list(f"repos/{project.repository_id}/lfs/")]


def named(project: ProjectAccess) -> set[str]:
    with read_transaction() as session:
        return set(session.scalars(select(LfsObject.oid).where(LfsObject.repository_id == project.repository_id)))


def waiting(project: ProjectAccess) -> dict[str, str]:
    """The objects that no version names, with the states of their rows."""
    with read_transaction() as session:
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


def fetched(action: dict[str, Any]) -> bytes:
    """What lies at an address of a batch's answer, asked for with the headers that it tells and no others."""
    with urlopen(Request(action["href"], headers=action.get("header", {}))) as answer:
        return bytes(answer.read())


def batch(person: Person, project: str, operation: str, *contents: bytes) -> list[dict[str, Any]]:
    """The lines of a batch's answer."""
    objects = [{"oid": oid_of(content), "size": len(content)} for content in contents]
    status, said, _headers = ask(person, project, "objects/batch", {"operation": operation, "objects": objects})
    assert status == 200, said
    return list(said["objects"])


def fetch(person: Person, project: ProjectAccess, content: bytes, **headers: str) -> tuple[int, bytes, Any]:
    """What the application sends of an object."""
    secret = b64encode(f"{person.name}:{person.password}".encode()).decode()
    address = f"{person.url}/{project.full_name}.git/info/lfs/objects/{oid_of(content)}"
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    try:
        with urlopen(Request(address, headers={"Authorization": f"Basic {secret}", **named})) as answer:
            return answer.status, answer.read(), answer.headers
    except HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read(), refusal.headers


def put(person: Person | None, address: str, body: bytes) -> int:
    """The status of a PUT to an address that a batch gave."""
    headers = {"Content-Type": "application/octet-stream"}
    if person:
        headers["Authorization"] = "Basic " + b64encode(f"{person.name}:{person.password}".encode()).decode()
    try:
        with urlopen(Request(address, body, headers, method="PUT")) as answer:
            return int(answer.status)
    except HTTPError as refusal:
        with refusal:
            return refusal.code


FILM = os.urandom(3 * MIB)
SHORT_FILM = FILM[:1000]
WRONG = {"short": SHORT_FILM[:-1], "other": SHORT_FILM[1:] + b"x", "long": SHORT_FILM + b"x", "empty": b""}
GOOD = {"oid": "0" * 64, "size": 1}


@pytest.fixture
def work(alice: Person, project: ProjectAccess) -> Work:
    """Alice's working copy, with a large file that the project has."""
    made = lfs_work(alice)
    made.commit("First", film__bin=FILM, a__txt="1")
    made.push(project.full_name, "main")
    return made
