"""Real git clones and fetches from the real server, for those who may and nobody else."""

import json
import os
import subprocess
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from framework.accounts.core.account import Account
from framework.accounts.signin.tokens import create_token
from framework.celery.jobs import track_progress
from framework.gitcore.pack_writer import blob_name
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.operations import create_project
from framework.repositories.maintenance.consolidation import RepackRequest, consolidate
from framework.repositories.object_keys import new_id
from framework.repositories.write.branch_writer import write
from framework.repositories.write.commit import do_nothing
from framework.repositories.write.operations import Put, Write
from tests.cast import PASSWORD
from tests.githttp.conftest import House
from tests.servers.application.gunicorn import LiveServer

LARGE = os.urandom(3 << 20)


@dataclass(frozen=True)
class Client:
    """A person's git, with an empty home and nobody to ask for a password."""

    folder: Path
    url: str

    def run(self, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "GIT_TERMINAL_PROMPT": "0"}
        return subprocess.run(
            ["git", *arguments], cwd=self.folder, env=environment, check=check, capture_output=True, text=True
        )

    def address(self, project: ProjectAccess, *, name: str = "", password: str = "") -> str:
        """The clone address, with a user name and password in it when they are given."""
        return self.url.replace("://", f"://{name}:{password}@" if name else "://") + f"{project.path}.git"


@pytest.fixture
def alice(house: House) -> Account:
    return house.people["alice"]


@pytest.fixture
def project(alice: Account, tmp_path: Path) -> Callable[[str], ProjectAccess]:
    """Makes a project with three versions, with a large file in the second."""

    def make(visibility: str) -> ProjectAccess:
        access = create_project(alice, name=new_id()[:12], description="", visibility=visibility)
        for number, files in enumerate([{"a.txt": b"1"}, {"b/large": LARGE}, {"a.txt": b"2"}], 1):
            puts = [_put(tmp_path / f"{access.name}-{number}", path, content) for path, content in files.items()]
            wanted = Write(access.repository_id, "main", puts, f"Version {number}", alice.author, alice.name)
            write(wanted, precheck=do_nothing, in_transaction=do_nothing)
        return access

    return make


@pytest.fixture
def git(house: House, tmp_path: Path) -> Client:
    folder = tmp_path / "home"
    folder.mkdir()
    return Client(folder, house.server.url)


def test_anybody_clones_a_public_project(house: House, git: Client, project: Callable[[str], ProjectAccess]) -> None:
    access = project("public")
    git.run("clone", git.address(access), "copy")
    assert (git.folder / "copy" / "b" / "large").read_bytes() == LARGE
    assert (git.folder / "copy" / "a.txt").read_bytes() == b"2"
    log = git.run("-C", "copy", "log", "--format=%an <%ae> %s").stdout.splitlines()
    assert log == [f"{house.people['alice'].author} Version {number}" for number in (3, 2, 1)]
    assert git.run("-C", "copy", "fsck", "--strict").stderr == ""


@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_every_protocol_version_is_served(git: Client, project: Callable[[str], ProjectAccess], version: str) -> None:
    access = project("public")
    git.run("-c", f"protocol.version={version}", "clone", git.address(access), "copy")
    assert (git.folder / "copy" / "a.txt").read_bytes() == b"2"


@pytest.mark.parametrize(
    "options",
    [
        ["--depth=1"],
        ["--filter=blob:none"],
        pytest.param(["--filter=blob:limit=1k"], marks=pytest.mark.long),
        pytest.param(["--single-branch"], marks=pytest.mark.long),
        pytest.param(["--bare"], marks=pytest.mark.long),
    ],
)
def test_partial_clones(git: Client, project: Callable[[str], ProjectAccess], options: list[str]) -> None:
    access = project("public")
    git.run("clone", *options, git.address(access), "copy")
    assert git.run("-C", "copy", "show", "HEAD:a.txt").stdout == "2"


def test_a_clone_is_sent_the_deltas_as_they_lie(
    git: Client, project: Callable[[str], ProjectAccess], alice: Account, tmp_path: Path
) -> None:
    """Versions of a large file, of which the clone gets the newest whole and the others as what they differ in."""
    access = project("public")
    for number in range(4):
        puts = [_put(tmp_path / f"large-{number}", "b/large", LARGE + b"%d" % number)]
        wanted = Write(access.repository_id, "main", puts, f"Large {number}", alice.author, alice.name)
        write(wanted, precheck=do_nothing, in_transaction=do_nothing)
    with track_progress("consolidation") as work:
        consolidate(RepackRequest(access.repository_id), work)
    git.run("clone", "--bare", git.address(access), "copy")
    (pack,) = (git.folder / "copy" / "objects" / "pack").glob("*.pack")
    assert pack.stat().st_size < len(LARGE) * 1.01
    sizes = git.run("-C", "copy", "log", "--raw", "--no-abbrev", "--format=", "--", "b/large").stdout
    assert len(sizes.splitlines()) == 5
    assert git.run("-C", "copy", "fsck", "--strict").stderr == ""


def test_fetch_brings_what_is_new(
    git: Client, project: Callable[[str], ProjectAccess], alice: Account, tmp_path: Path
) -> None:
    access = project("public")
    git.run("clone", git.address(access), "copy")
    puts = [_put(tmp_path / "new", "new.txt", b"new")]
    wanted = Write(access.repository_id, "main", puts, "Later", alice.author, alice.name)
    write(wanted, precheck=do_nothing, in_transaction=do_nothing)
    git.run("-C", "copy", "pull")
    assert (git.folder / "copy" / "new.txt").read_bytes() == b"new"


def test_a_private_project_asks_for_name_and_password(
    git: Client, project: Callable[[str], ProjectAccess], alice: Account
) -> None:
    access = project("private")
    refused = git.run("clone", git.address(access), "nobody", check=False)
    assert refused.returncode != 0
    assert "could not read Username" in refused.stderr
    password = PASSWORD.replace(" ", "%20")
    git.run("clone", git.address(access, name="alice", password=password), "by-password")
    git.run("clone", git.address(access, name="alice%40example.org", password=password), "by-mail")
    token = create_token(alice.id, "laptop", ["read"])
    git.run("clone", git.address(access, name="alice", password=token), "by-token")
    assert (git.folder / "by-token" / "a.txt").read_bytes() == b"2"


def test_a_private_and_a_missing_project_answer_alike(house: House, project: Callable[[str], ProjectAccess]) -> None:
    access = project("private")
    for headers, status in (({}, 401), (_basic("charlie", PASSWORD), 404), (_basic("alice", "wrong"), 401)):
        private, missing = (_refs(house.server, name, headers) for name in (access.name, "nosuch"))
        assert private == missing
        assert private[0] == status


def test_the_clone_address_leads_a_browser_to_the_project(
    house: House, project: Callable[[str], ProjectAccess]
) -> None:
    address = house.server.url + project("public").path
    with urlopen(f"{address}.git") as answer:
        assert answer.url == address


def test_an_empty_project_can_be_cloned(git: Client, alice: Account) -> None:
    empty = create_project(alice, name=new_id()[:12], description="", visibility="public")
    assert "empty repository" in git.run("clone", git.address(empty), "copy").stderr


def test_a_body_that_is_not_gzip_is_refused(house: House, project: Callable[[str], ProjectAccess]) -> None:
    address = f"{house.server.url}{project('public').path}.git/git-upload-pack"
    request = Request(address, b"not gzip", {"Content-Encoding": "gzip", "Accept": "application/json"})
    with pytest.raises(HTTPError) as refusal:
        urlopen(request)
    with refusal.value as answer:
        assert (answer.code, json.load(answer)["detail"]) == (
            400,
            "The request's body is not valid gzip; repeat the command.",
        )


def _refs(server: LiveServer, name: str, headers: Mapping[str, str]) -> tuple[int, bytes, str | None]:
    request = Request(f"{server.url}/alice/{name}.git/info/refs?service=git-upload-pack", headers=dict(headers))
    with pytest.raises(HTTPError) as refusal:
        urlopen(request)
    with refusal.value as answer:
        return answer.code, answer.read(), answer.headers["WWW-Authenticate"]


def _basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{name}:{password}".encode()).decode()}


def _put(file: Path, path: str, content: bytes) -> Put:
    file.write_bytes(content)
    with file.open("rb") as source:
        return Put(path, file, len(content), blob_name(source, len(content)))
