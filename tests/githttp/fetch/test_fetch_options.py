"""What real clients ask: parts of histories and of files, a long history; and clients that are not git."""

import gzip
import hashlib
import http.client
import os
import shutil
import socket
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pygit2
import pytest
from dulwich import porcelain

from framework.projects.core.access import ProjectAccess
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.write.quarantine import DOWNGRADED
from tests.githttp.client import Person, Work
from tests.githttp.conftest import MIB, House
from tests.githttp.protocol.wire import everything, pack_of, push_body
from tests.memory import children, growing_by
from tests.servers.application.gunicorn import gunicorn
from tests.servers.run import Run

DAY = 86_400
COMMITS = 20_000
START = 1_600_000_000


@pytest.fixture
def work(alice: Person, project: ProjectAccess) -> Work:
    """Alice's working copy with ten commits, a day each, and a side branch; the project has them."""
    made = alice.work()
    made.git("fast-import", "--quiet", given=history(10))
    made.git("branch", "side", "main~5")
    made.git("tag", "v3", "main~7")
    made.push(project.full_name, "main", "side", "v3")
    return made


def history(count: int) -> bytes:
    """So many commits for `git fast-import`: one file of ten, and one folder of a hundred, change with each."""
    return b"".join(_commits(count))


def _commits(count: int) -> Iterator[bytes]:
    for number in range(count):
        message, content = b"Commit %d" % number, b"Line %d\n" % number * 20
        yield b"commit refs/heads/main\ncommitter A <a@example.org> %d +0000\n" % (START + number * DAY)
        yield b"data %d\n%s\n" % (len(message), message)
        for path in (b"file-%d" % (number % 10), b"folder-%d/file" % (number % 100)):
            yield b"M 100644 inline %s\ndata %d\n%s\n" % (path, len(content), content)


def count(copy: Work, name: str = "HEAD") -> int:
    return int(copy.git("rev-list", "--count", name).stdout)


def check(copy: Work) -> None:
    downgraded = [part for message in DOWNGRADED.split(",") for part in ("-c", f"fsck.{message}")]
    assert copy.git(*downgraded, "fsck", "--strict").stderr == ""


@pytest.mark.parametrize("version", ["0", "2"])
def test_shallow_clones_deepen(alice: Person, project: ProjectAccess, work: Work, version: str) -> None:
    alice.git("config", "--global", "protocol.version", version)
    address = alice.address(project.full_name)
    alice.git("clone", "-q", "--depth=2", address, "copy")
    copy = Work(alice, "copy")
    assert (count(copy), copy.git("branch", "-r").stdout.split()[-1]) == (2, "origin/main")
    copy.git("fetch", "-q", "--deepen=3")
    assert count(copy) == 5
    copy.git("fetch", "-q", "--depth=1")
    copy.git("fetch", "-q", "--unshallow")
    assert count(copy) == 10
    alice.git("clone", "-q", f"--shallow-since={START + int(6.5 * DAY)}", address, "since")
    assert count(Work(alice, "since")) == 3
    alice.git("clone", "-q", "--shallow-exclude=v3", address, "exclude")
    assert count(Work(alice, "exclude")) == 7
    for name in ("copy", "since", "exclude"):
        check(Work(alice, name))


@pytest.mark.parametrize("wanted", ["blob:none", "blob:limit=100", "tree:0"])
def test_partial_clones_fetch_the_rest_when_it_is_needed(
    alice: Person, project: ProjectAccess, work: Work, wanted: str
) -> None:
    alice.git("clone", "-q", f"--filter={wanted}", "--no-checkout", alice.address(project.full_name), "copy")
    copy = Work(alice, "copy")
    missing = copy.git("rev-list", "--objects", "--all", "--missing=print").stdout.count("?")
    assert missing > 5
    copy.git("checkout", "-q", "main~3")
    assert (copy.folder / "file-6").read_bytes() == b"Line 6\n" * 20
    assert copy.git("show", "main~8:file-1").stdout == "Line 1\n" * 20


def test_one_branch_and_its_tags(alice: Person, project: ProjectAccess, work: Work) -> None:
    alice.git("clone", "-q", "--single-branch", "--branch=side", alice.address(project.full_name), "copy")
    copy = Work(alice, "copy")
    assert (count(copy), copy.git("tag").stdout.split()) == (5, ["v3"])
    alice.git("clone", "-q", "--no-tags", alice.address(project.full_name), "bare")
    assert Work(alice, "bare").git("tag").stdout == ""
    alice.git("clone", "-q", "--mirror", alice.address(project.full_name), "mirror")
    assert Work(alice, "mirror").git("for-each-ref").stdout == work.git("for-each-ref").stdout


@pytest.mark.long
def test_a_long_history(alice: Person, project: ProjectAccess) -> None:
    work = alice.work()
    work.git("fast-import", "--quiet", given=history(COMMITS))
    work.push(project.full_name, "main")
    copy = alice.clone(project.full_name, "copy")
    assert count(copy) == COMMITS
    check(copy)
    work.git("reset", "-q", "--hard", "main")
    work.commit("One more", new="1")
    work.push(project.full_name, "main")
    copy.git("reset", "-q", "--hard", "HEAD~50")
    copy.commit("Mine", mine="1")
    said = copy.git("fetch", "--progress", more={"GIT_TRACE_PACKET": "1"}).stderr
    assert "fetch> have" in said
    assert count(copy, "origin/main") == COMMITS + 1


@pytest.mark.parametrize("version", ["0", "2"])
def test_what_no_version_held_is_not_given(alice: Person, project: ProjectAccess, work: Work, version: str) -> None:
    unknown = hashlib.sha1(b"No object of anybody").hexdigest()
    fetched = work.git(
        "-c", f"protocol.version={version}", "fetch", alice.address(project.full_name), unknown, check=False
    )
    assert fetched.returncode != 0
    assert "not our ref" in fetched.stderr or "unadvertised object" in fetched.stderr


def test_dulwich_clones_and_pushes(alice: Person, project: ProjectAccess, work: Work, tmp_path: Path) -> None:
    address = alice.address(project.full_name)
    with Path(os.devnull).open("wb") as nowhere:
        copy = porcelain.clone(address, str(tmp_path / "dulwich"), errstream=nowhere)
        (tmp_path / "dulwich" / "new.txt").write_text("from dulwich")
        porcelain.add(copy, [str(tmp_path / "dulwich" / "new.txt")])
        made = porcelain.commit(
            copy, message=b"By dulwich", author=b"A <a@example.org>", committer=b"A <a@example.org>"
        )
        porcelain.push(copy, address, "refs/heads/main", outstream=nowhere, errstream=nowhere)
        copy.close()
    assert read_snapshot(project.repository_id).branches["main"] == made.decode()


def test_libgit2_clones_and_pushes(alice: Person, project: ProjectAccess, work: Work, tmp_path: Path) -> None:
    callbacks = pygit2.RemoteCallbacks(credentials=pygit2.UserPass(alice.name, alice.password))
    copy = pygit2.clone_repository(
        f"{alice.url}/{project.full_name}.git", str(tmp_path / "libgit2"), callbacks=callbacks
    )
    (tmp_path / "libgit2" / "new.txt").write_text("from libgit2")
    copy.index.add("new.txt")
    person = pygit2.Signature("A", "a@example.org")
    parents = [copy.head.target]
    made = copy.create_commit("HEAD", person, person, "By libgit2", copy.index.write_tree(), parents)
    copy.remotes["origin"].push(["refs/heads/main"], callbacks=callbacks)
    assert read_snapshot(project.repository_id).branches["main"] == str(made)
    copy.free()


def test_a_body_is_awaited_with_100_continue(alice: Person, project: ProjectAccess, work: Work) -> None:
    old, tip = work.sha("main"), work.commit("Second", a="2")
    body = gzip.compress(push_body([(old, tip, "refs/heads/main")], pack_of(work, *everything(work, tip))))
    secret = b64encode(f"{alice.name}:{alice.password}".encode()).decode()
    head = (
        f"POST /{project.full_name}.git/git-receive-pack HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Basic {secret}\r\n"
        "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", urlsplit(alice.url).port or 0)) as connection:
        connection.sendall(head.encode())
        assert connection.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        for start in range(0, len(body), 100):
            part = body[start : start + 100]
            connection.sendall(b"%x\r\n%s\r\n" % (len(part), part))
        connection.sendall(b"0\r\n\r\n")
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert b"ok refs/heads/main" in answer.read()


@pytest.mark.long
def test_large_files_pass_in_constant_memory(
    run: Run, house: House, alice: Person, project: ProjectAccess, tmp_path: Path
) -> None:
    """The server may have 30 MiB more than for a small file, and each git of its 60 MiB in all."""
    environment = {name: text for name, text in house.server.environment.items() if name not in {"BASE_URL", "PORT"}}
    with gunicorn(run, {**environment, "PATH": limited_git(tmp_path, megabytes=60)}, stack_kib=512) as server:
        alice = Person(alice.name, alice.folder, server.url, alice.password)
        work = alice.work()
        for name, size in {"small": 2 * MIB, "large": 60 * MIB}.items():
            work.commit(name, **{name: os.urandom(size)})
            (worker,) = children(server.process.pid)
            with growing_by(30 * MIB if name == "large" else 1 << 40, worker):
                work.push(project.full_name, "main")
                alice.clone(project.full_name, name)
    assert (alice.folder / "large" / "large").stat().st_size == 60 * MIB


def limited_git(folder: Path, *, megabytes: int) -> str:
    """A PATH whose git reads and writes packs in so much private memory at most, whatever the server lets it have."""
    (folder / "bin").mkdir()
    program = folder / "bin" / "git"
    program.write_text(
        "#!/bin/sh\n"
        'case " $* " in *" index-pack "* | *" upload-pack "* | *" pack-objects "*)\n'
        '  while [ "$(ulimit -H -d)" = unlimited ]; do :; done  # until the server has set its own limit\n'
        f"  ulimit -S -d {megabytes * 1024} ;;\n"
        "esac\n"
        f'exec {shutil.which("git")} "$@"\n'
    )
    program.chmod(0o755)
    return f"{program.parent}:{os.environ['PATH']}"


def test_a_request_that_inflates_without_end_is_cut(alice: Person, project: ProjectAccess, work: Work) -> None:
    bomb = gzip.compress(b"0032want " + b"0" * (70 * MIB), 9)
    secret = b64encode(f"{alice.name}:{alice.password}".encode()).decode()
    connection = http.client.HTTPConnection("localhost", urlsplit(alice.url).port or 0)
    headers = {"Authorization": f"Basic {secret}", "Content-Encoding": "gzip"}
    connection.request("POST", f"/{project.full_name}.git/git-upload-pack", bomb, headers)
    answer = connection.getresponse()
    assert (answer.status, b"larger than 64 MiB" in answer.read()) == (413, True)
    connection.close()
