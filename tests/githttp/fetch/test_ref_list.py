"""The list of refs that is made without git: the same bytes that git prints, for whatever is asked."""

import io
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.database.session import transaction
from framework.gitcore.pkt_line import FLUSH, pkt
from framework.githttp.fetch import fetching
from framework.githttp.fetch.fetching import asks_for_bundles
from framework.githttp.fetch.ref_list import MOST_PREFIXES, RefListRequest, read_ref_list_request
from framework.projects.core.access import ProjectAccess
from framework.repositories.cache.copies import lease_copy
from framework.repositories.catalog.snapshot import Snapshot
from framework.repositories.models import Repository
from tests.githttp.client import Person

NAMES = ("refs/heads/main", "refs/heads/a/b", "refs/heads/ä", "refs/heads/z", "refs/tags/v1", "refs/tags/v1.0")
PREFIXES = ("HEAD", "refs/heads/", "refs/tags/", "refs/heads/a", "refs/heads/main", "refs/tags/v1", "refs/", "nothing")


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty repository, in which each example writes its refs."""
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run(["git", "init", "-q", "--bare", str(folder)], check=True)
    return folder


@pytest.fixture(scope="module")
def commit(bare: Path) -> str:
    """The only commit."""
    names = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    tree = subprocess.run(
        ["git", "-C", str(bare), "mktree"], input=b"", capture_output=True, check=True
    ).stdout.decode()
    made = ["git", *names, "-C", str(bare), "commit-tree", "-m", "One", tree.strip()]
    return subprocess.run(made, capture_output=True, check=True, text=True).stdout.strip()


def snapshot_of(refs: dict[str, str], default_branch: str) -> Snapshot:
    """A version with these refs."""
    return Snapshot("0" * 32, 1, 1, "hash", 0, default_branch, refs, frozenset())


def said_by_git(bare: Path, snapshot: Snapshot, lines: list[bytes]) -> bytes:
    """What upload-pack prints for this request and these refs."""
    (bare / "HEAD").write_text(f"ref: refs/heads/{snapshot.default_branch}\n")
    refs = sorted(snapshot.refs.items(), key=lambda ref: ref[0].encode())
    listed = "".join(f"{sha} {name}\n" for name, sha in refs)
    (bare / "packed-refs").write_text(f"# pack-refs with: sorted\n{listed}")
    body = pkt(lines[0]) + pkt(b"object-format=sha1") + b"0001" + b"".join(map(pkt, lines[1:])) + FLUSH
    command = ["git", "-C", str(bare), "upload-pack", "--strict", "--stateless-rpc", "."]
    environment = {"GIT_PROTOCOL": "version=2", "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, input=body, capture_output=True, check=True, env=environment).stdout


@given(
    names=st.sets(st.sampled_from(NAMES)),
    default_branch=st.sampled_from(["main", "missing"]),
    options=st.sets(st.sampled_from([b"peel", b"symrefs", b"unborn"])),
    prefixes=st.lists(st.sampled_from(PREFIXES), max_size=3),
)
def test_it_is_what_git_prints(
    bare: Path, commit: str, names: set[str], default_branch: str, options: set[bytes], prefixes: list[str]
) -> None:
    snapshot = snapshot_of(dict.fromkeys(names, commit), default_branch)
    lines = [b"command=ls-refs", *sorted(options), *(f"ref-prefix {prefix}".encode() for prefix in prefixes)]
    request = read_ref_list_request(lines)
    assert request
    answer = request.answer(snapshot)
    if answer is None:
        assert b"peel" in options
        assert any(name.startswith("refs/tags/") for name in names)
    else:
        assert answer == said_by_git(bare, snapshot, lines)


def test_what_tags_point_to_is_asked_of_git_once_a_version(commit: str) -> None:
    snapshot = snapshot_of({"refs/heads/main": commit, "refs/tags/v1": commit}, "main")
    request = RefListRequest(frozenset({b"command=ls-refs", b"peel"}), (b"refs/",))
    assert request.answer(snapshot) is None
    request.remember(snapshot, b"said" + FLUSH)
    assert request.answer(snapshot) == b"said" + FLUSH
    assert RefListRequest(request.options, (b"refs/tags/",)).answer(snapshot) is None
    assert request.answer(Snapshot("0" * 32, 1, 2, "next", 0, "main", snapshot.refs, frozenset())) is None


MANY = [b"ref-prefix refs/%d" % number for number in range(MOST_PREFIXES + 1)]


@pytest.mark.parametrize("more", [[b"object-format=sha256"], [b"nothing-we-know"], MANY])
def test_what_it_does_not_know_is_left_to_git(more: list[bytes]) -> None:
    assert read_ref_list_request([b"command=ls-refs", *more]) is None
    assert read_ref_list_request([b"command=ls-refs", b"agent=git/2.40.1", b"session-id=1"])


def test_a_request_for_bundles_is_told_apart() -> None:
    asked = io.BytesIO(pkt(b"command=bundle-uri\n") + FLUSH)
    assert asks_for_bundles(asked)
    assert asked.tell() == 0
    assert not asks_for_bundles(io.BytesIO(pkt(b"command=ls-refs\n") + FLUSH))


def test_a_list_of_refs_is_none_of_a_database_that_knows_less_than_the_copy(
    alice: Person, project: ProjectAccess
) -> None:
    work = alice.work()
    work.commit("First", a__txt="1")
    work.push(project.full_name, "main")
    with lease_copy(project.repository_id):
        pass
    body = pkt(b"command=ls-refs\n") + b"0001" + pkt(b"symrefs\n") + FLUSH
    assert b"refs/heads/main" in b"".join(fetching.serve(project.repository_id, "version=2", io.BytesIO(body), {}))
    with transaction() as session:
        session.get_one(Repository, project.repository_id).entry_hash = "0" * 64
    told = b"".join(fetching.serve(project.repository_id, "version=2", io.BytesIO(body), {}))
    assert told[4:].startswith(b"ERR This project is being recovered")
