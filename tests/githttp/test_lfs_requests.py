"""Git LFS by single requests: living addresses, wrong bytes, parts, and requests that no client sends."""

import socket
from base64 import b64encode
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.operations import create_project
from framework.repositories.catalog import lfs_objects
from framework.storage.current import store
from tests.githttp.client import Person, Work
from tests.githttp.conftest import House
from tests.githttp.lfs_client import (
    FILM,
    GOOD,
    SHORT_FILM,
    WRONG,
    ask,
    batch,
    fetch,
    objects_in_store,
    oid_of,
    put,
    waiting,
    work,
)

__all__ = ["work"]


def test_a_living_address_cannot_change_what_was_verified(house: House, alice: Person, project: ProjectAccess) -> None:
    [line] = batch(alice, project.full_name, "upload", FILM)
    address = line["actions"]["upload"]["href"]
    if house.settings.s3_bucket is None:
        assert address.startswith(f"{alice.url}/{project.full_name}.git/info/lfs/objects/")
        assert put(alice, address, FILM) == 200
        assert put(alice, address, FILM[::-1]) == 200, "it is there, so the body is not looked at"
    else:
        assert line["actions"]["upload"]["expires_in"] <= 60
        sent = {"oid": oid_of(FILM), "size": len(FILM)}
        assert ask(alice, project.full_name, "objects/verify", sent)[0] == 404
        assert put(None, address, FILM) == 200
        assert ask(alice, project.full_name, "objects/verify", sent)[0] == 200
        assert put(None, address, FILM[::-1]) == 200
        assert ask(alice, project.full_name, "objects/verify", sent)[0] == 200
    found = lfs_objects.read_received(project.repository_id, [oid_of(FILM)])[oid_of(FILM)]
    assert store().read(f"repos/{project.repository_id}/lfs/{found.oid}-{found.name}") == FILM


@pytest.mark.parametrize("sent", WRONG.values(), ids=WRONG.keys())
def test_wrong_bytes_leave_nothing(house: House, alice: Person, project: ProjectAccess, sent: bytes) -> None:
    [line] = batch(alice, project.full_name, "upload", SHORT_FILM)
    address, told = line["actions"]["upload"]["href"], {"oid": oid_of(SHORT_FILM), "size": len(SHORT_FILM)}
    if house.settings.s3_bucket is None:
        assert put(alice, address, sent) == 422
        assert objects_in_store(project) == []
    elif len(sent) != len(SHORT_FILM):
        assert put(None, address, sent) == 403
        assert objects_in_store(project) == []
    else:
        assert put(None, address, sent) == 200
        status, said, _headers = ask(alice, project.full_name, "objects/verify", told)
        assert (status, "other bytes arrived" in said["message"]) == (422, True)
        assert put(None, address, SHORT_FILM) == 200, "and may be sent once more"
        assert ask(alice, project.full_name, "objects/verify", told)[0] == 200
        return
    assert waiting(project) == {oid_of(SHORT_FILM): "offered"}
    assert list((house.settings.data / "scratch").glob("*")) == []


def test_a_body_that_breaks_off_leaves_nothing(house: House, alice: Person, project: ProjectAccess) -> None:
    """The application's own address is there on every deployment."""
    batch(alice, project.full_name, "upload", FILM)
    secret = b64encode(f"alice:{alice.password}".encode()).decode()
    head = f"PUT /{project.full_name}.git/info/lfs/objects/{oid_of(FILM)} HTTP/1.1\r\nHost: localhost\r\n"
    head += f"Authorization: Basic {secret}\r\nContent-Length: {len(FILM)}\r\n\r\n"
    host, port = urlsplit(alice.url).netloc.split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head.encode() + FILM[: len(FILM) // 2])
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1 << 16)
    assert objects_in_store(project) == []
    assert waiting(project) == {oid_of(FILM): "offered"}
    assert list((house.settings.data / "scratch").glob("*")) == []


def test_a_part_of_an_object(work: Work, alice: Person, project: ProjectAccess) -> None:
    whole = fetch(alice, project, FILM)
    assert (whole[0], whole[1], whole[2]["Accept-Ranges"]) == (200, FILM, "bytes")
    for asked, (start, end) in {"0-9": (0, 10), "100-": (100, len(FILM)), "-5": (len(FILM) - 5, len(FILM))}.items():
        status, body, headers = fetch(alice, project, FILM, Range=f"bytes={asked}")
        assert (status, body) == (206, FILM[start:end])
        assert headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(FILM)}"
    status, _body, headers = fetch(alice, project, FILM, Range=f"bytes={len(FILM)}-")
    assert (status, headers["Content-Range"]) == (416, f"bytes */{len(FILM)}")
    changed = {"Range": "bytes=0-9", "If-Range": '"another"'}
    assert fetch(alice, project, FILM, **changed)[:2] == (200, FILM)
    same = {"Range": "bytes=0-9", "If-Range": f'"{oid_of(FILM)}"'}
    assert fetch(alice, project, FILM, **same)[:2] == (206, FILM[:10])


@pytest.mark.parametrize(
    ("document", "status", "told"),
    [
        (b"{", 422, "its body is no JSON"),
        (b"[" * 100_000, 422, "its body is no JSON"),
        ([], 422, "it is no JSON object"),
        ({"operation": "delete", "objects": []}, 422, "neither upload nor download"),
        ({"operation": {}, "objects": []}, 422, "neither upload nor download"),
        ({"operation": ["upload"], "objects": []}, 422, "neither upload nor download"),
        ({"operation": "upload"}, 422, "it has no list of objects"),
        ({"operation": "upload", "objects": ["x"]}, 422, "64 hex digits"),
        ({"operation": "upload", "objects": [{**GOOD, "oid": "../" + "0" * 61}]}, 422, "64 hex digits"),
        ({"operation": "upload", "objects": [{**GOOD, "oid": "A" * 64}]}, 422, "64 hex digits"),
        ({"operation": "upload", "objects": [{**GOOD, "size": -1}]}, 422, "no size"),
        ({"operation": "upload", "objects": [{**GOOD, "size": "1"}]}, 422, "no size"),
        ({"operation": "upload", "objects": [{**GOOD, "size": True}]}, 422, "no size"),
        ({"operation": "upload", "objects": [], "hash_algo": "sha512"}, 409, "use hash_algo sha256"),
        ({"operation": "upload", "objects": [GOOD] * 1001}, 413, "this one names 1,001"),
    ],
)
def test_requests_that_no_git_lfs_sends(
    alice: Person, project: ProjectAccess, document: object, status: int, told: str
) -> None:
    answered, said, _headers = ask(alice, project.full_name, "objects/batch", document)
    assert answered == status
    assert told in said["message"]
    assert waiting(project) == {}


def test_limits_are_told_before_a_byte_is_sent(house: House, person: Callable[..., Person]) -> None:
    """A file may have 2 GiB, and an owner 5; who asks again is not counted twice."""
    bob = person("bob")
    project = create_project(house.people["bob"], name="films", description="", visibility="private")
    gib = 1 << 30
    sizes = [2 * gib + 1, 2 * gib, 2 * gib, 2 * gib, gib]
    objects = [{"oid": f"{number:064}", "size": size} for number, size in enumerate(sizes)]
    for _time in range(2):
        asked = {"operation": "upload", "objects": objects}
        _status, said, _headers = ask(bob, project.full_name, "objects/batch", asked)
        too_large, *rest = said["objects"]
        sentence = "has 2,147,483,649 bytes; a file in Git LFS may have 2,147,483,648 at most"
        assert sentence in too_large["error"]["message"]
        assert [line.get("error", {}).get("code") for line in rest] == [None, None, 507, None]
        assert "The projects of bob together may hold 5 GiB" in rest[2]["error"]["message"]
    assert len(waiting(project)) == 3
