"""Bundles: a clone downloads the store's own packs first, and asks git only for what is newer."""

from base64 import b64encode
from collections.abc import Callable
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from framework.gitcore import git
from framework.githttp.fetch import bundles
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.operations import update_project
from framework.repositories.serve import bundle
from tests.cast import on_each_deployment_in_full
from tests.githttp.client import Person, Work
from tests.githttp.conftest import LARGE, House, pack_neatly

pytestmark = on_each_deployment_in_full


def get(person: Person, project: ProjectAccess, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer to a GET of the project's bundle."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    if person.name:
        names["Authorization"] = "Basic " + b64encode(f"{person.name}:{person.password}".encode()).decode()
    request = Request(f"{person.url}{project.path}.git/bundle", headers=names)
    try:
        with urlopen(request) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except HTTPError as refusal:
        with refusal:
            return refusal.code, dict(refusal.headers), refusal.read()


def test_a_clone_takes_the_bundle_and_then_what_came_later(
    alice: Person, project: ProjectAccess, consolidated: Work
) -> None:
    later = consolidated.commit("Later", b="later")
    consolidated.push(project.full_name, "HEAD:main")
    address = alice.address(project.full_name)
    said = alice.git(
        "clone", f"--bundle-uri={address}/bundle", address, "copy", more={"GIT_TRACE2_EVENT": "/dev/stderr"}
    )
    copy = Work(alice, "copy")
    assert copy.sha("HEAD") == later
    assert copy.sha("refs/bundles/side") == consolidated.sha("HEAD~2")
    assert copy.git("cat-file", "-t", "v1").stdout == "tag\n"
    assert (copy.folder / "large").read_bytes() == LARGE[3:]
    copy.git("fsck", "--full", "--strict")
    assert "warning" not in said.stderr
    received = len(list((copy.folder / ".git" / "objects" / "pack").glob("*.pack")))
    assert received == 2, "the bundle's, and one of what came later"


def test_a_bundle_can_be_cloned_by_itself(alice: Person, project: ProjectAccess, consolidated: Work) -> None:
    _status, _headers, body = get(alice, project)
    (alice.folder / "file.bundle").write_bytes(body)
    assert "is okay" in alice.git("-C", "work", "bundle", "verify", "../file.bundle").stderr
    alice.git("clone", "-q", "file.bundle", "copy")
    assert Work(alice, "copy").sha("HEAD") == consolidated.sha("HEAD")


def test_who_may_not_clone_gets_no_bundle(
    house: House, alice: Person, person: Callable[..., Person], project: ProjectAccess, consolidated: Work
) -> None:
    answers = [get(person(name), project)[0] for name in ("", "bob", "alice")]
    assert answers == [401, 404, 200]
    account = house.people["alice"]
    update_project(account, project, name=project.name, description="", visibility="public")
    nobody = person("")
    assert get(nobody, project)[0] == 200
    address = nobody.address(project.full_name)
    nobody.git("clone", "-q", f"--bundle-uri={address}/bundle", address, "copy")
    assert Work(nobody, "copy").sha("HEAD") == consolidated.sha("HEAD")


def test_a_project_that_was_not_consolidated_has_none(alice: Person, project: ProjectAccess) -> None:
    work = alice.work()
    work.commit("First", a="a")
    work.push(project.full_name, "HEAD:main")
    status, _headers, body = get(alice, project)
    assert (status, body) == (404, b"This project has no bundle yet; clone it without one.\n")


def test_a_broken_download_goes_on_where_it_broke_off(
    alice: Person, project: ProjectAccess, consolidated: Work
) -> None:
    _status, headers, whole = get(alice, project)
    assert len(whole) == int(headers["Content-Length"])
    size = len(whole)
    for start, end in [(0, 10), (20, 300), (size - 25, size), (100, size - 100), (size - 20, size)]:
        status, told, body = get(alice, project, Range=f"bytes={start}-{end - 1}", If_Range=headers["ETag"])
        assert (status, body) == (206, whole[start:end])
        assert told["Content-Range"] == f"bytes {start}-{end - 1}/{size}"
    assert get(alice, project, Range="bytes=-20")[2] == whole[-20:]
    status, told, _body = get(alice, project, Range=f"bytes={size}-")
    assert (status, told["Content-Range"]) == (416, f"bytes */{size}")
    for ignored in ("bytes=0-1,5-6", "items=0-5"):
        assert get(alice, project, Range=ignored)[::2] == (200, whole)
    consolidated.commit("Later", b="later")
    consolidated.push(project.full_name, "HEAD:main")
    pack_neatly(project)
    assert get(alice, project, Range="bytes=5-9", If_Range=headers["ETag"])[0] == 200, "another bundle begins anew"


def test_upload_pack_tells_of_a_large_bundle_where_it_can(
    project: ProjectAccess, consolidated: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "https://example.org/alice/project.git/bundle"
    monkeypatch.setattr(git, "version", lambda: "2.47.1")
    assert bundles.settings_for(project.repository_id, address) == {}, "it is too small to be worth it"
    monkeypatch.setattr(bundle, "WORTHWHILE_BYTES", 1000)
    told = bundles.settings_for(project.repository_id, address)
    assert told["GIT_CONFIG_COUNT"] == "4"
    assert told["GIT_CONFIG_KEY_3"] == "bundle.consolidated.uri"
    assert told["GIT_CONFIG_VALUE_3"] == address
    for old in ("2.39.5", None):
        monkeypatch.setattr(git, "version", lambda old=old: old)
        assert bundles.settings_for(project.repository_id, address) == {}
