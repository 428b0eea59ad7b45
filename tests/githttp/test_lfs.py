"""Real git-lfs against the real server: what is sent once, what comes back, and what nobody gets."""

import json
import os
from collections.abc import Callable
from urllib.request import Request, urlopen

from framework.accounts.signin.tokens import create_token
from framework.database.session import read_transaction
from framework.gitcore.lfs.pointer import Pointer
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.operations import create_project
from framework.projects.members.people import add_person
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.models import Repository
from tests.githttp.client import Person, Work
from tests.githttp.conftest import MIB, House
from tests.githttp.lfs_client import FILM, ask, batch, fetched, lfs_work, named, objects_in_store, oid_of, waiting, work

__all__ = ["work"]


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
    work.git("config", "lfs.transfer.maxretries", "1")  # git-lfs waits longer before each of its eight retries
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
