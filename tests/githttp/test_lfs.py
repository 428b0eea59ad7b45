"""Real git-lfs against the real server: what is sent once, what comes back, and what nobody gets."""

import hashlib
import json
import os
import socket
from base64 import b64encode
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from sqlalchemy import select

from framework.accounts.signin.tokens import create_token
from framework.database.session import read_transaction
from framework.gitcore.lfs_pointer import Pointer
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.operations import create_project
from framework.projects.members.people import add_person
from framework.repositories.catalog import lfs_objects
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.models import LfsObject, Repository, StagedLfs
from framework.storage.current import store
from tests.githttp.client import Person, Work
from tests.githttp.conftest import MIB, House

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


def test_a_push_says_nothing_about_locks(work: Work, project: ProjectAccess) -> None:
    work.commit("Second", film__bin=FILM[1:])
    said = work.push(project.full_name, "main").stderr
    assert "lock" not in said.lower()
    asked = work.git("lfs", "locks", "--remote", work.person.address(project.full_name), check=False)
    assert asked.returncode != 0
    assert "no file locks" in asked.stderr


def test_what_is_there_is_not_sent_again(work: Work, alice: Person, project: ProjectAccess) -> None:
    before = objects_in_store(project)
    work.commit("The same film twice", again__bin=FILM)
    work.push(project.full_name, "main")
    assert batch(alice, project.full_name, "upload", FILM) == [{"oid": oid_of(FILM), "size": len(FILM)}]
    assert objects_in_store(project) == before


def test_pull_fetch_and_prune(work: Work, alice: Person, project: ProjectAccess) -> None:
    copy = alice.clone(project.full_name, "copy")
    work.commit("Second", film__bin=FILM[1:])
    work.push(project.full_name, "main")
    copy.git("pull", "-q")
    assert (copy.folder / "film.bin").read_bytes() == FILM[1:]
    copy.git("lfs", "fetch", "--all")
    assert "2 local objects" in copy.git("lfs", "prune", "--verify-remote", "--dry-run").stdout
    copy.git("-c", "lfs.fetchrecentrefsdays=0", "-c", "lfs.pruneoffsetdays=0", "lfs", "prune", "--verify-remote")
    copy.git("checkout", "-q", "HEAD~1")
    assert (copy.folder / "film.bin").read_bytes() == FILM


def test_quota_and_status_count_it(work: Work, project: ProjectAccess) -> None:
    with read_transaction() as session:
        stored = session.get_one(Repository, project.repository_id).stored_bytes
    assert len(FILM) < stored < len(FILM) + MIB // 2


def test_projects_share_no_object(house: House, work: Work, alice: Person, project: ProjectAccess) -> None:
    other = create_project(house.people["alice"], name=f"{project.name}-other", description="", visibility="private")
    [line] = batch(alice, other.full_name, "download", FILM)
    assert line["error"]["code"] == 404
    work.push(other.full_name, "main")
    assert [key.rpartition("/")[2][:64] for key in objects_in_store(other)] == [oid_of(FILM)]
    assert {key[-32:] for key in objects_in_store(other)}.isdisjoint(key[-32:] for key in objects_in_store(project))


def test_the_objects_of_a_refused_push_can_be_fetched_by_nobody_else(
    house: House, work: Work, alice: Person, person: Callable[..., Person], project: ProjectAccess
) -> None:
    add_person(house.people["alice"], project, person="bob", role="writer")
    secret = os.urandom(MIB)
    work.git("commit", "-q", "--amend", "-m", "Rewritten")
    work.commit("Second", secret__bin=secret)
    refused = work.push(project.full_name, "--force", "main", check=False)
    assert "main is a protected branch" in refused.stderr
    assert waiting(project) == {oid_of(secret): "received"}
    [line] = batch(person("bob"), project.full_name, "download", secret)
    assert line["error"]["code"] == 404
    status, said, _headers = ask(person("bob"), project.full_name, f"objects/{oid_of(secret)}", b"", "GET")
    assert (status, said["message"]) == (404, f"There is no Git LFS object {oid_of(secret)} in this project.")
    [line] = batch(alice, project.full_name, "download", secret)
    assert fetched(line["actions"]["download"]) == secret
    work.push(project.full_name, "main:side")
    assert oid_of(secret) in named(project)
    assert waiting(project) == {}


def test_a_client_without_credentials_of_its_own_gets_them_from_the_answer(
    work: Work, alice: Person, project: ProjectAccess
) -> None:
    film = os.urandom(1000)
    [line] = batch(alice, project.full_name, "upload", film)
    upload = line["actions"]["upload"]
    request = Request(upload["href"], film, upload.get("header", {}), method="PUT")
    with urlopen(request) as answer:
        assert answer.status == 200
    if verify := line["actions"].get("verify"):
        document = json.dumps({"oid": oid_of(film), "size": len(film)}).encode()
        with urlopen(Request(verify["href"], document, verify["header"])) as answer:
            assert answer.status == 200
    assert waiting(project)[oid_of(film)] == "received"
    [line] = batch(alice, project.full_name, "download", film)
    assert fetched(line["actions"]["download"]) == film


def test_a_push_without_its_objects_is_refused(work: Work, project: ProjectAccess) -> None:
    before = read_snapshot(project.repository_id)
    missing = os.urandom(1000)
    work.commit("Second", new__bin=missing, other__bin=missing[1:])
    said = work.push(project.full_name, "--no-verify", "main", check=False).stderr
    lines = " ".join(line.removeprefix("remote:").strip() for line in said.splitlines())
    assert "needs 2 Git LFS objects that the project does not have" in lines
    assert any(
        f"{oid_of(content)} (“{path}”)" in lines for content, path in ((missing, "new.bin"), (missing[1:], "other.bin"))
    )
    assert "git lfs push --all" in lines
    assert read_snapshot(project.repository_id) == before
    work.push(project.full_name, "main")
    assert len(named(project)) == 3


def test_an_object_with_a_token_that_works_is_refused(house: House, work: Work, project: ProjectAccess) -> None:
    before = read_snapshot(project.repository_id)
    content = FILM + f" {create_token(house.people['alice'].id, 'laptop', ['read'])}".encode()
    work.commit("Second", new__bin=content)
    said = work.push(project.full_name, "main", check=False).stderr
    assert f"“Git LFS object {oid_of(content)}” contains an access token of this server that works" in said
    assert named(project) == {oid_of(FILM)}
    assert waiting(project) == {oid_of(content): "offered"}
    assert read_snapshot(project.repository_id) == before


def test_a_pointer_that_tells_another_size_is_refused(work: Work, project: ProjectAccess) -> None:
    work.commit("Lies", lie__txt=Pointer(oid_of(FILM), 5).text)
    said = work.push(project.full_name, "--no-verify", "main", check=False).stderr
    assert oid_of(FILM) in said.replace("\nremote: ", "")


def test_nobody_and_who_may_not(
    work: Work, person: Callable[..., Person], project: ProjectAccess, house: House
) -> None:
    objects = {"operation": "download", "objects": [{"oid": oid_of(FILM), "size": len(FILM)}]}
    answers = [ask(person(""), name, "objects/batch", objects) for name in (project.full_name, "alice/missing")]
    for status, said, headers in answers:
        assert (status, said) == (401, answers[0][1])
        assert headers["LFS-Authenticate"] == headers["WWW-Authenticate"]
        assert headers["Content-Type"] == "application/vnd.git-lfs+json"
    charlie = [ask(person("charlie"), name, "objects/batch", objects) for name in (project.full_name, "alice/missing")]
    assert [(status, said) for status, said, _headers in charlie] == [(404, charlie[0][1])] * 2
    assert ask(person("charlie"), project.full_name, f"objects/{oid_of(FILM)}", b"", "GET")[0] == 404
    assert ask(person(""), project.full_name, f"objects/{oid_of(FILM)}", b"", "GET")[0] == 401
    assert ask(person(""), project.full_name, "locks/verify", {})[0] == 401


def test_tokens(work: Work, person: Callable[..., Person], project: ProjectAccess, house: House) -> None:
    account = house.people["alice"].id
    reader = person("alice", create_token(account, "laptop", ["read"]))
    assert (lfs_work(reader).person.clone(project.full_name, "copy").folder / "film.bin").read_bytes() == FILM
    upload = {"operation": "upload", "objects": [{"oid": oid_of(b"x"), "size": 1}]}
    status, said, _headers = ask(reader, project.full_name, "objects/batch", upload)
    assert status == 403
    assert "This token may only read" in said["message"]
    writer = lfs_work(person("alice", create_token(account, "build", ["write"])))
    writer.commit("By a token", film__bin=FILM[2:])
    writer.push(project.full_name, "main:side")
    assert oid_of(FILM[2:]) in named(project)


def test_a_push_that_creates_its_project_brings_its_objects(alice: Person, project: ProjectAccess) -> None:
    work = lfs_work(alice)
    work.commit("First", film__bin=FILM)
    work.push(f"alice/made-{project.name}", "main")
    assert (alice.clone(f"alice/made-{project.name}", "copy").folder / "film.bin").read_bytes() == FILM


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


SHORT_FILM = FILM[:1000]
WRONG = {"short": SHORT_FILM[:-1], "other": SHORT_FILM[1:] + b"x", "long": SHORT_FILM + b"x", "empty": b""}


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


GOOD = {"oid": "0" * 64, "size": 1}


@pytest.mark.deployments("embedded")
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
